package agent

import (
	"errors"
	"time"

	"homehook/agent/config"
	"homehook/agent/history"
	"homehook/faults/point"
	"homehook/http1"
	"homehook/routes"
)

// turn is one turn of a delivery that is written down, in which all of its
// handlers run that have to.
type turn struct {
	claim *config.Claim
	rec   *history.Record
	table *routes.Table // of the route alone, to be closed; nil for one of the configuration
	d     routes.Delivery
	n     note
	read  bool // a handler has read the body of d
	steps []step
	leave func() // lets go others of the sender's id; nil for nobody
}

// left lets go who waits for the delivery to have begun, or not to.
func (t *turn) left() {
	if t.leave != nil {
		t.leave()
	}
}

// run carries a delivery to its handlers and writes down what came of it. With
// again it has been put back into its line.
func (in *inbox) run(j *job) (again bool) {
	rec, err := in.fetch(j)
	if err != nil {
		in.unreadable(j, err)
		return false
	}
	if j.old && !in.inOrder(j, rec) {
		return true
	}
	if j.live == nil {
		in.owe(j)
	}
	t := turn{rec: rec}
	end := in.prepare(j, &t)
	if t.table != nil {
		defer t.table.Close()
	}
	defer t.left()
	if end == nil {
		if err := in.steps(j, &t); err != nil {
			in.unreadable(j, err)
			return false
		}
		end = t.conclusion(j)
	}
	in.conclude(j, end)
	return false
}

// steps runs the handlers of a delivery that have to run now, in their order.
// One that fails keeps none of the others from running.
func (in *inbox) steps(j *job, t *turn) error {
	ran := false
	for i := range t.steps {
		s := &t.steps[i]
		switch now := time.Now(); {
		case !s.owed():
			continue
		case ran && (in.stopping.Err() != nil || in.work.Err() != nil):
			s.due, s.reason = now, "the agent stopped before its turn"
			continue
		case !j.hurried && now.Before(j.due[dueKey{s.route.Name, s.place}]):
			s.due = j.due[dueKey{s.route.Name, s.place}]
			continue
		case !in.paced(j, t, s, now):
			if j.checked == "" && t.rec.Checked == "" {
				j.checked = "\n" // it waits, and not for a check
			}
			continue
		}
		if !s.first {
			in.unanswered(j)
		}
		if err := in.start(j, t, s); err != nil {
			return err
		}
		t.left()
		point.Reach("agent.started")
		in.attempt(j, t, s)
		ran = true
	}
	j.remind(t.steps)
	return nil
}

// remind notes when handlers are to run again, where there are several.
func (j *job) remind(steps []step) {
	j.due = nil
	for i := range steps {
		if s := &steps[i]; s.owed() && len(steps) > 1 {
			if j.due == nil {
				j.due = make(map[dueKey]time.Time)
			}
			j.due[dueKey{s.route.Name, s.place}] = s.due.Round(0) // by the calendar, which a sleep does not stop
		}
	}
}

// unanswered lets a sender go who gets no answer of this turn.
func (in *inbox) unanswered(j *job) {
	if j.live != nil {
		in.settleAnswer(j, false, 0, time.Time{}, 0)
		j.live.end()
		j.live = nil
	}
}

// start writes down that a handler begins, so that an agent after a crash knows
// of it, and of when and what; and before that, what those before it have come
// to. A fixed answer does nothing that anybody would have to know of, and
// nothing that the agent could die of.
func (in *inbox) start(j *job, t *turn, s *step) error {
	if len(t.steps) == 1 && s.route.Fixed() {
		return nil
	}
	if len(j.pending) > 0 {
		// Between two handlers the delivery runs on; an attempt that was cut off
		// twice in a row is found, and the handler not run again.
		if err := in.journal.Finish(j.ends(history.Running, "")); err != nil {
			return err
		}
	}
	_, err := in.journal.Start(j.id, history.Attempt{
		Number: j.attempts + 1, Route: s.route.Name, Handler: s.kind, Place: s.place, Started: time.Now(), Exit: -1,
	}, s.route.AtMostOnce())
	return err
}

// owe notes what a sender got who had no answer from here: the relay, or the
// agent in its stead, said that the delivery is taken.
func (in *inbox) owe(j *job) {
	if j.status != 0 || j.replay || j.unkept {
		return
	}
	if j.status = config.DefaultAccepted; in.claimOf(j.claim) != nil {
		j.status = acceptedStatus(in.claimOf(j.claim))
	}
}

// fetch returns all of a delivery.
func (in *inbox) fetch(j *job) (*history.Record, error) {
	if j.rec != nil {
		return j.rec, nil
	}
	return in.journal.Original(in.work, j.id)
}

// unreadable has a delivery tried again soon that the journal does not give.
// Nothing can be written down of that, so nothing is.
func (in *inbox) unreadable(j *job, err error) {
	in.free(j)
	if in.work.Err() != nil {
		return // the next agent finds it as it is
	}
	in.log.Error("delivery cannot be read from the journal", "delivery", j.id, "claim", j.claim, "error", err)
	switch {
	case errors.Is(err, history.ErrIncomplete):
		in.conclude(j, j.ends(history.Dead, "what was kept of it cannot be read any more"))
	case !errors.Is(err, history.ErrNotFound) && !errors.Is(err, history.ErrEnded):
		in.executor.schedule(j, j.line.lane, time.Now().Add(pauses[0]))
	}
}

// inOrder reports whether an old delivery is not before its time.
func (in *inbox) inOrder(j *job, rec *history.Record) bool {
	before, known := in.ranBefore(rec.Head)
	return in.executor.inOrder(j, before, func() bool { return !known && !in.sequenceOf(j.claim).has(before) })
}

// ranBefore is the delivery before that of a head in the relay's queue which had
// or will have a run, and whether the journal has it. Those that ended without
// one lead on to the one before them.
func (in *inbox) ranBefore(head []byte) (id string, known bool) {
	const far = 64 // more of them in a row are not looked at
	id = predecessor(head)
	for range far {
		if id == "" {
			return "", true
		}
		d, found, err := in.journal.Find(in.work, id)
		if err != nil || !found || d.State != history.Duplicate && d.State != history.Rejected {
			return id, found || err != nil
		}
		rec, err := in.journal.Original(in.work, id)
		if err != nil {
			return "", true
		}
		id = predecessor(rec.Head)
	}
	return "", true
}

// predecessor is the delivery that the relay's queue had before that of a head.
func predecessor(head []byte) string {
	r, err := http1.ParseRequest(head, nil, 0)
	if err != nil {
		return ""
	}
	if id, _ := r.Get("Homehook-After"); isUUID(id) {
		return string(id)
	}
	return ""
}

// free gives back what a job holds besides its place, and lets go who waits
// for it.
func (in *inbox) free(j *job) {
	in.kept.give(j.held)
	j.held, j.rec, j.checked, j.trace = 0, nil, "", nil
	j.live.end()
	j.live = nil
	if j.ended != nil {
		close(j.ended)
		j.ended = nil
	}
}
