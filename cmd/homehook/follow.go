package main

import (
	"context"
	"slices"
	"time"

	"homehook/agent/control"
)

const (
	// redialEvery is the interval of looks for an agent that went away.
	redialEvery = 200 * time.Millisecond

	// overlap is how far before the last event the history is read again when
	// events were missed: what ended late may have come that long before, and
	// the relay, which dates deliveries, may have another clock.
	overlap = time.Hour

	// remembered is how many deliveries are known as told, and how many are
	// read from the history at most.
	remembered = 1 << 14

	// statesOfEach is how many states of a delivery are told, reckoned high:
	// what waits between attempts is told more than once.
	statesOfEach = 4
)

// follower tells of deliveries as they end, over restarts of the agent. What
// ended while it was not listening it reads from the history.
type follower struct {
	client *control.Client
	each   func(*control.Delivery) error
	begin  func() // called when listening has begun; nil for nothing
	lost   func() // called when the agent goes away
	found  func() // called when it is back

	last  time.Time // of the newest event, by the agent's clock
	after uint64    // its number
	old   memory    // had ended before the first subscription
	told  memory

	back bool // the agent went away and came back
}

// follow runs until ctx ends, and returns nil then. The error is that of each,
// or of a first look that finds no agent.
func (f *follower) follow(ctx context.Context) error {
	for away := false; ; {
		var failed error
		err := f.client.Events(ctx, f.after, func(e control.Event) error {
			if away {
				away, f.back = false, true
				f.found()
			}
			failed = f.take(ctx, e)
			return failed
		})
		switch {
		case ctx.Err() != nil:
			return nil
		case failed != nil:
			return failed
		case f.last.IsZero():
			return err
		}
		if !away {
			away = true
			f.lost()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(redialEvery):
		}
	}
}

// take handles one event.
func (f *follower) take(ctx context.Context, e control.Event) error {
	switch {
	case f.last.IsZero():
		if err := f.history(ctx, e.Time, f.skip); err != nil {
			return err
		}
		if f.begin != nil {
			f.begin()
		}
	// One that resumes gets a start from an agent that has no number to go by.
	case e.Type == control.EventGap, e.Type == control.EventStart:
		if err := f.history(ctx, f.last, f.tellMissed); err != nil {
			return err
		}
	case e.Type == control.EventDelivery && e.Delivery != nil && !underWay(e.Delivery):
		tell := f.tell
		if f.back {
			tell = f.tellMissed // the agent tells again of what has changed in no way to be seen
		}
		if err := tell(e.Delivery); err != nil {
			return err
		}
	}
	f.after, f.last = e.Seq, e.Time
	return nil
}

// history calls each for every delivery that the history has since overlap
// before a moment and that has ended, oldest first.
func (f *follower) history(ctx context.Context, until time.Time, each func(*control.Delivery) error) error {
	found, err := deliveries(ctx, f.client, control.Query{Since: until.Add(-overlap)}, remembered)
	if err != nil {
		return err
	}
	for i := range slices.Backward(found) {
		d := &found[i]
		if underWay(d) {
			continue // its event is still to come
		}
		if err := each(d); err != nil {
			return err
		}
	}
	return nil
}

// underWay reports whether a delivery is on its way to an end, or to the next
// attempt.
func underWay(d *control.Delivery) bool {
	return d.State == control.Received || d.State == control.Running
}

// skip keeps what has ended before the first subscription from being told
// later. Its event, if there is one after all, counts nevertheless.
func (f *follower) skip(d *control.Delivery) error {
	f.old.add(d.ID + d.State)
	return nil
}

// tellMissed passes on what no event told.
func (f *follower) tellMissed(d *control.Delivery) error {
	if f.old.known[d.ID+d.State] {
		return nil
	}
	return f.tell(d)
}

// tell passes a delivery on unless it was in the same state before.
func (f *follower) tell(d *control.Delivery) error {
	if !f.told.add(d.ID + d.State) {
		return nil
	}
	return f.each(d)
}

// memory knows the last names that were added to it.
type memory struct {
	known map[string]bool
	order []string
	next  int
}

// add reports whether name is new, and remembers it.
func (m *memory) add(name string) bool {
	if m.known[name] {
		return false
	}
	if m.known == nil {
		m.known = make(map[string]bool)
	}
	m.known[name] = true
	if len(m.order) < statesOfEach*remembered {
		m.order = append(m.order, name)
		return true
	}
	delete(m.known, m.order[m.next])
	m.order[m.next] = name
	m.next = (m.next + 1) % len(m.order)
	return true
}
