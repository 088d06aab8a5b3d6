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
	// events were missed. Deliveries overtake each other by what they take.
	overlap = time.Minute

	// remembered is how many deliveries are known as told, and most read from
	// the history for one gap.
	remembered = 1 << 14
)

// follower tells of deliveries as they end, over restarts of the agent. What
// ended while it was not listening it reads from the history.
type follower struct {
	client *control.Client
	each   func(*control.Delivery) error
	begin  func() // called when listening has begun; nil for nothing
	lost   func() // called when the agent goes away
	found  func() // called when it is back

	begun time.Time // of the first subscription, by the agent's clock
	last  time.Time // of the newest event
	after uint64    // its number
	told  memory
}

// follow runs until ctx ends, and returns nil then. The error is that of each,
// or of a first look that finds no agent.
func (f *follower) follow(ctx context.Context) error {
	for away := false; ; {
		var failed error
		err := f.client.Events(ctx, f.after, func(e control.Event) error {
			if away {
				away = false
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
		case f.begun.IsZero():
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
	case f.begun.IsZero():
		f.begun = e.Time
		if f.begin != nil {
			f.begin()
		}
	case e.Type == control.EventGap:
		if err := f.catchUp(ctx); err != nil {
			return err
		}
	case e.Type == control.EventDelivery && e.Delivery != nil:
		if err := f.tell(e.Delivery); err != nil {
			return err
		}
	}
	f.after, f.last = e.Seq, e.Time
	return nil
}

// catchUp tells what the history has and no event told.
func (f *follower) catchUp(ctx context.Context) error {
	since := f.last.Add(-overlap)
	if since.Before(f.begun) {
		since = f.begun
	}
	missed, err := deliveries(ctx, f.client, control.Query{Since: since}, remembered)
	if err != nil {
		return err
	}
	for i := range slices.Backward(missed) { // oldest first
		d := &missed[i]
		if d.State == control.Received || d.State == control.Running {
			continue // its event is still to come
		}
		if err := f.tell(d); err != nil {
			return err
		}
	}
	return nil
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
	if len(m.order) < remembered {
		m.order = append(m.order, name)
		return true
	}
	delete(m.known, m.order[m.next])
	m.order[m.next] = name
	m.next = (m.next + 1) % remembered
	return true
}
