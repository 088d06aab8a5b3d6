package activity

import (
	"context"
	"time"

	"homehook/agent/control"
)

const (
	// late is how long a delivery may take from its arrival until a search finds it.
	late = time.Minute
	// probePages are read at most to look for new finds of a search.
	probePages = 20
)

// readOn reads the next page of a list that is read one page after the other.
func (m *model) readOn() {
	if m.seq.reading || m.seq.err != nil || m.seq.next == "" {
		return
	}
	m.seq.reading = true
	start, q := m.log.begin(), m.query
	q.Cursor, q.Limit = m.seq.next, pageSize
	m.run(func(ctx context.Context) func() {
		rows, next, err := m.journal.Deliveries(ctx, q)
		return func() {
			since := m.log.end(start)
			m.seq.reading = false
			if m.seq.err = err; err == nil {
				m.head, m.seq.next = append(m.head, pointers(rows)...), next
				m.replay(since)
			}
			m.changed()
			m.see(m.from, m.to)
		}
	})
	m.changed()
}

// ask looks for new finds of a search among the newest deliveries.
func (m *model) ask() {
	if !m.ready {
		m.probe.done()
		return
	}
	q := m.query
	q.Limit = pageSize
	if since := m.newest(); since.After(q.Since) {
		q.Since = since
	}
	m.run(func(ctx context.Context) func() {
		var found []control.Delivery
		var err error
		for range probePages {
			var page []control.Delivery
			page, q.Cursor, err = m.journal.Deliveries(ctx, q)
			found = append(found, page...)
			if err != nil || q.Cursor == "" {
				break
			}
		}
		return func() {
			m.probe.done()
			if err != nil {
				return
			}
			if q.Cursor != "" {
				m.again.due()
			}
			for i := range found {
				m.upsert(&found[i])
			}
			m.changed()
		}
	})
}

// newest is the time from which on there may be finds that are not known.
func (m *model) newest() time.Time {
	since := m.now().Add(-late)
	if n := min(len(m.head), pageSize/2); n > 0 && m.head[n-1].Received.Before(since) {
		since = m.head[n-1].Received
	}
	return since
}

// repeat does something again and again as it becomes due, but not more often than
// a pace allows, which is slower where it takes long.
type repeat struct {
	m     *model
	run   func()
	least time.Duration // between two

	waits bool // a run is to come
	busy  bool // one is under way
	again bool // and another is due after it
	began time.Time
	last  time.Time
	pace  time.Duration
	stop  func()
}

// due has it done soon.
func (r *repeat) due() {
	if r.busy || r.waits {
		r.again = r.busy
		return
	}
	r.waits = true
	r.stop = r.m.crew.After(max(r.last.Add(max(r.pace, r.least)).Sub(r.m.now()), 0), func() {
		r.waits, r.busy, r.began = false, true, r.m.now()
		r.run()
	})
}

// done says that a run has ended.
func (r *repeat) done() {
	r.last = r.m.now()
	r.pace = 10 * r.last.Sub(r.began)
	r.busy = false
	if r.again {
		r.again = false
		r.due()
	}
}

// end forgets what is due or under way.
func (r *repeat) end() {
	if r.stop != nil {
		r.stop()
	}
	r.waits, r.busy, r.again = false, false, false
}
