package agent

import (
	"cmp"
	"fmt"
	"sync"
	"time"

	"homehook/routes"
)

// turns give deliveries that wait for the rate of their route their times, one
// behind the other, so that they do not all come back for the same place. The
// zero value is ready.
type turns struct {
	mu   sync.Mutex
	last map[string]time.Time // given, by route
}

// after returns the time for one more delivery of a route, not before a time and
// apart from the one before it.
func (t *turns) after(route string, earliest time.Time, apart time.Duration) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		t.last = make(map[string]time.Time)
	}
	if next := t.last[route].Add(apart); next.After(earliest) {
		earliest = next
	}
	t.last[route] = earliest
	return earliest
}

// waits reports whether deliveries of a route have times that are to come.
func (t *turns) waits(route string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last[route].After(now)
}

// clear forgets the times of all routes.
func (t *turns) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.last)
}

// rateOf is the rate of a route in words, and how far apart its deliveries are
// at that.
func (in *inbox) rateOf(route *routes.Route) (text string, apart time.Duration) {
	spec := in.specOf(route.Name)
	if spec == nil || spec.Rate == nil || spec.Rate.Limit < 1 {
		return "a rate", 0
	}
	per := cmp.Or(time.Duration(spec.Rate.Per), time.Minute)
	return fmt.Sprintf("%d deliveries in %s", spec.Rate.Limit, routes.Duration(per)), per / time.Duration(spec.Rate.Limit)
}

// overRate counts a delivery for whose answer somebody waits against the rate of
// its route, and returns its rejection if there is no place for it.
func (in *inbox) overRate(route *routes.Route) *rejection {
	ok, wait := route.Take(time.Now())
	if ok {
		return nil
	}
	rate, _ := in.rateOf(route)
	return &rejection{
		status: 429, text: "this address takes no more requests just now", retry: max(wait, time.Second),
		reason: fmt.Sprintf("over the rate of route %q, which takes %s", route.Name, rate),
	}
}

// paced reports whether a step may run now as far as the rate of its route goes.
// If not, it has its time for that. A delivery counts once, however many handlers
// and attempts it has; what the user runs does not count.
func (in *inbox) paced(j *job, t *turn, s *step, now time.Time) bool {
	if s.rated || j.replay || j.hurried || j.admitted == s.route.Name {
		return true
	}
	rate, apart := in.rateOf(s.route)
	ok, wait := false, time.Duration(0)
	// Who waits already comes before those that come now.
	if j.slot || !in.turns.waits(s.route.Name, now) {
		ok, wait = s.route.Take(now)
	}
	for i := range t.steps {
		if o := &t.steps[i]; o.route == s.route {
			o.rated = ok
			if !ok && o.owed() {
				o.reason = fmt.Sprintf("its route takes %s; its turn comes later", rate)
			}
		}
	}
	if ok {
		return true
	}
	due := now.Add(wait)
	if !j.slot {
		due = in.turns.after(s.route.Name, due, apart)
		j.slot = true
	}
	for i := range t.steps {
		if o := &t.steps[i]; o.route == s.route {
			o.due = due
		}
	}
	return false
}
