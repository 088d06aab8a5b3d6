package agent

import (
	"cmp"
	"fmt"
	"time"

	"homehook/agent/history"
	"homehook/routes"
)

// Several handlers may be owed to one delivery: those of each route that takes
// it. Each runs until it has succeeded or is given up, by itself: none waits for
// another that fails, and none runs again because another does. What became of
// each is in the journal, as the attempts that were made, so that after a crash
// or a pause only those go on that still have to.

// step is one handler that a delivery is owed.
type step struct {
	route  *routes.Route
	params routes.Params
	place  int
	kind   string
	first  bool // makes the answer

	runs  int  // so far
	tries int  // of those, since the delivery came or the user had it retried
	cut   bool // the end of the agent has cut off the last one
	rated bool // has been counted against the rate of its route

	done   bool      // has succeeded
	over   bool      // is given up
	due    time.Time // when it is to run again; zero for in this turn
	reason string    // why it failed or waits
	remark string    // what is worth knowing of its success
}

// stepsOf are the handlers of the routes that take a delivery, with what its
// attempts say of them: those up to number renewed are from before the user had
// it retried.
func stepsOf(taken []routes.Taken, log []history.Attempt, renewed int) []step {
	var steps []step
	for i, t := range taken {
		for place, kind := range t.Route.Kinds() {
			steps = append(steps, step{route: t.Route, params: t.Params, place: place, kind: kind, first: i == 0 && place == 0})
		}
	}
	for i := range log {
		a := &log[i]
		if s := stepOf(steps, a); s != nil {
			s.learn(a, a.Number > renewed)
		} else if len(steps) > 0 {
			// By a route that is not there any more, or has another name.
			steps[0].cut = a.Error == history.Interrupted
			if len(steps) == 1 {
				steps[0].runs++
			}
		}
	}
	for i := range steps {
		for k := range steps {
			steps[i].rated = steps[i].rated || steps[k].rated && steps[k].route == steps[i].route
		}
	}
	return steps
}

// stepOf is the step that an attempt was of, nil for none.
func stepOf(steps []step, a *history.Attempt) *step {
	for i := range steps {
		s := &steps[i]
		if s.route.Name == a.Route && s.place == a.Place && s.kind == cmp.Or(a.Handler, s.kind) {
			return s
		}
	}
	return nil
}

// learn takes in what an attempt came to. recent says that it counts against
// those that the step has.
func (s *step) learn(a *history.Attempt, recent bool) {
	s.runs++
	s.cut, s.rated = a.Error == history.Interrupted, true
	switch {
	case a.Error == "" && a.Status > 0 && a.Status < 400:
		s.done = true
	case recent:
		s.tries++
		s.over = a.GivenUp
		s.reason = failureOf(a, s.route)
	}
}

// failureOf says why an attempt failed.
func failureOf(a *history.Attempt, route *routes.Route) string {
	switch {
	case a.Error == history.Interrupted && a.GivenUp && route.AtMostOnce():
		return reasonAtMostOnce
	case a.Error == history.Interrupted && a.GivenUp:
		return reasonPoison
	case a.Error != "":
		return a.Error
	}
	return fmt.Sprintf("the handler answered %d", a.Status)
}

const (
	reasonPoison     = "quarantined: the agent died twice while it ran; retry it to run it once more"
	reasonAtMostOnce = "interrupted: the agent stopped while it ran, and the route runs a delivery at most once"
)

// owed reports whether the step has to run yet.
func (s *step) owed() bool { return !s.done && !s.over }

// name tells the step from the others of its delivery.
func (s *step) name() string {
	return fmt.Sprintf("%s (handler %d of route %q)", s.kind, s.place+1, s.route.Name)
}

// survive takes in that the end of the agent has cut off a run: it may be that
// the handler is not to run again.
func (t *turn) survive(lost *history.Attempt) {
	if len(t.steps) == 0 {
		return
	}
	s := stepOf(t.steps, lost)
	if s == nil {
		s = &t.steps[0]
	}
	lost.Handler, lost.Route = cmp.Or(lost.Handler, s.kind), cmp.Or(lost.Route, s.route.Name)
	poison := s.cut
	lost.GivenUp = poison || s.route.AtMostOnce()
	s.learn(lost, true)
	if poison {
		s.reason = reasonPoison
	}
}

// conclusion is the record of a delivery behind its turn.
func (t *turn) conclusion(j *job) *history.Record {
	end := j.ends(history.Succeeded, "")
	end.Route = t.steps[0].route.Name
	for i := range t.steps {
		if s := &t.steps[i]; s.owed() && (end.Due.IsZero() || s.due.Before(end.Due)) {
			end.State, end.Due = history.Waiting, s.due
		}
	}
	if end.State != history.Waiting {
		for i := range t.steps {
			if t.steps[i].over {
				end.State = history.Dead
			}
		}
	}
	end.Reason = t.reason(j, end.State)
	return end
}

// reason says in words why a delivery is in a state, of several handlers with
// their names.
func (t *turn) reason(j *job, state string) (text string) {
	add := func(s *step, what string) {
		if what == "" {
			return
		}
		if len(t.steps) > 1 {
			what = s.name() + ": " + what
		}
		if text != "" {
			text += "; "
		}
		text += what
	}
	for i := range t.steps {
		s := &t.steps[i]
		switch {
		case state == history.Succeeded && s.remark != "":
			add(s, s.remark)
		case state == history.Succeeded && s.runs > 1:
			add(s, fmt.Sprintf("succeeded at attempt %d", s.runs))
		case state != history.Succeeded && !s.done:
			add(s, s.reason)
		}
	}
	if text == "" && state == history.Succeeded {
		return j.remark
	}
	if j.replay && j.remark != "" && text != j.remark {
		text += "; " + j.remark
	}
	return text
}
