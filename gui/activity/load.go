package activity

import (
	"context"
	"math"
	"slices"
	"time"

	"homehook/agent/control"
)

const (
	// maxHead is how long the head becomes before the older part of it goes to the
	// tail, and headAnew how much of it is read then.
	maxHead  = 4000
	headAnew = control.MaxLimit
	// instant is what times of deliveries differ by at least, if they differ.
	instant = time.Microsecond
)

// load begins with a query from its first page.
func (m *model) load(q control.Query) {
	m.stop()
	m.query, m.head, m.tail, m.seq = q, nil, tail{}, sequence{}
	m.ready, m.err, m.loading = false, nil, true
	m.anchor, m.chosen, m.fresh = 0, -1, 0
	start := m.log.begin()
	q.Limit = pageSize
	m.run(func(ctx context.Context) func() {
		rows, next, err := m.journal.Deliveries(ctx, q)
		return func() { m.gotFirst(rows, next, start, err) }
	})
	m.changed()
}

// gotFirst shows the first page, and asks where all others begin.
func (m *model) gotFirst(rows []control.Delivery, next string, start int, err error) {
	since := m.log.end(start)
	m.loading = false
	if m.err = err; err != nil {
		m.changed()
		return
	}
	m.ready, m.head, m.seq.next = true, pointers(rows), next
	m.replay(since)
	if next != "" && m.query.Search == "" {
		m.outline()
	}
	m.changed()
	m.see(m.from, m.to)
}

// outline asks where the pages behind the head begin. Until that is known, nothing
// is read on.
func (m *model) outline() {
	m.seq.reading = true
	q := m.query
	q.Until, q.Limit = boundary(m.head), pageSize
	m.run(func(ctx context.Context) func() {
		o, err := m.journal.Outline(ctx, q)
		return func() {
			m.seq.reading = false
			if err == nil {
				old := m.head
				m.head = newerThan(old, q.Until)
				m.tail, m.seq.next = newTail(q.Until, o), ""
				m.carry(old[len(m.head):], 0)
			}
			m.changed()
			m.see(m.from, m.to)
		}
	})
}

// boundary is the time that parts head and tail: the last row of the head goes to
// the tail, with all that were received at the same time, since where a page ends
// some of those may be missing.
func boundary(head []*control.Delivery) time.Time {
	return head[len(head)-1].Received.Add(instant)
}

// newerThan are those that were not received before a time.
func newerThan(rows []*control.Delivery, at time.Time) []*control.Delivery {
	n, _ := slices.BinarySearchFunc(rows, at, func(d *control.Delivery, at time.Time) int {
		if d.Received.Before(at) {
			return 1
		}
		return -1
	})
	return rows[:n:n]
}

// carry has rows shown at places of the tail until their pages are there.
func (m *model) carry(rows []*control.Delivery, at int) {
	if m.tail.carried == nil {
		m.tail.carried = map[int]*control.Delivery{}
	}
	for i, d := range rows {
		m.tail.carried[at+i] = d
	}
}

// anew is what rebuild has read.
type anew struct {
	rows    []control.Delivery
	next    string
	until   time.Time
	outline *control.Outline // nil if there is none
}

// rebuild reads head and outline anew beside what is shown, and then takes their
// place: after changes that are not known, and as the head grows.
func (m *model) rebuild() {
	if !m.ready {
		m.again.done()
		if !m.loading {
			m.load(m.query)
		}
		return
	}
	start, q := m.log.begin(), m.query
	q.Limit = min(max(len(m.head), pageSize), headAnew)
	m.run(func(ctx context.Context) func() {
		a, err := m.readAnew(ctx, q)
		return func() {
			since := m.log.end(start)
			m.again.done()
			if err == nil {
				m.replace(a)
				m.replay(since)
			}
			m.changed()
			m.see(m.from, m.to)
		}
	})
}

func (m *model) readAnew(ctx context.Context, q control.Query) (*anew, error) {
	rows, next, err := m.journal.Deliveries(ctx, q)
	if err != nil {
		return nil, err
	}
	a := &anew{rows: rows, next: next}
	if next == "" || q.Search != "" || len(rows) == 0 {
		return a, nil
	}
	a.until = boundary(pointers(rows))
	q.Until, q.Limit = a.until, pageSize
	if o, err := m.journal.Outline(ctx, q); err == nil {
		a.outline = o
	}
	return a, ctx.Err()
}

// replace puts what was read anew in the place of what is shown. Rows that are in
// sight stay where they are.
func (m *model) replace(a *anew) {
	oldHead, oldTail, oldTotal := m.head, m.tail, m.total()
	if m.seq.next != "" || a.next != "" && a.outline == nil {
		oldTotal = math.MaxInt // one of both is not known as a whole
	}
	anchor, chosen := m.row(m.anchor), m.row(m.chosen)
	pages, chosenAt, anchorAt, fresh := oldTail.pages, m.chosen, m.anchor, m.fresh
	due := m.again.waits
	m.stop()
	if due {
		m.again.due()
	}
	m.head, m.tail, m.seq = pointers(a.rows), tail{}, sequence{next: a.next}
	if a.outline != nil {
		m.head = newerThan(m.head, a.until)
		m.tail, m.seq.next = newTail(a.until, a.outline), ""
	}
	shift := m.shifted(oldHead, oldTotal)
	for at, d := range oldTail.carried {
		m.carryTo(len(oldHead)+at+shift, d)
	}
	for n, p := range pages {
		for i, d := range p.rows {
			m.carryTo(len(oldHead)+n*pageSize+i+shift, d)
		}
	}
	for at, d := range oldHead {
		m.carryTo(at+shift, d)
	}
	m.anchor, m.chosen = m.placed(anchor, anchorAt, shift), m.placed(chosen, chosenAt, shift)
	m.fresh = max(fresh+m.anchor-anchorAt, 0)
	if anchorAt == 0 {
		m.anchor, m.fresh = 0, 0
	}
}

// shifted is how many rows came above those that were known, as far as it shows:
// those that come late, in the middle, mostly come near the beginning.
func (m *model) shifted(oldHead []*control.Delivery, oldTotal int) int {
	above := 0
	if len(oldHead) > 0 {
		above = max(indexOf(m.head, oldHead[0].ID), 0)
	}
	return max(m.total()-oldTotal, above)
}

// placed is where a row that was at a place is now.
func (m *model) placed(d *control.Delivery, at, shift int) int {
	if at < 0 {
		return at
	}
	if d != nil {
		if i := indexOf(m.head, d.ID); i >= 0 {
			return i
		}
	}
	return min(at+shift, max(m.total()-1, 0))
}

// carryTo is carry of one row, if the place is in the tail.
func (m *model) carryTo(at int, d *control.Delivery) {
	if at -= len(m.head); at >= 0 && at < m.tail.count {
		m.carry([]*control.Delivery{d}, at)
	}
}

func indexOf(rows []*control.Delivery, id string) int {
	return slices.IndexFunc(rows, func(d *control.Delivery) bool { return d.ID == id })
}
