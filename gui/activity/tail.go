package activity

import (
	"context"
	"time"

	"homehook/agent/control"
)

const (
	// maxPages are held of the tail, those that were looked at last.
	maxPages = 50
	// maxFlights are the pages that are asked for at one time.
	maxFlights = 2
	// pageRetry is when a page that could not be read is asked for again.
	pageRetry = 2 * time.Second
)

// tail are the older deliveries, of which only pages that were looked at are in
// memory. Positions count from its own beginning.
type tail struct {
	until   time.Time // all that was received before it is in the tail
	count   int
	cursors []string // of each page, the first has none
	pages   map[int]*page
	places  map[string]int            // of each delivery in pages
	carried map[int]*control.Delivery // what was shown at a place before its page is there
	flying  map[int]bool              // pages that are asked for
	failed  map[int]bool              // pages that could not be read
	tick    int
}

// page is a page and when it was looked at last.
type page struct {
	rows []*control.Delivery
	used int
}

// newTail is one of which no page is there yet.
func newTail(until time.Time, o *control.Outline) tail {
	return tail{
		until: until, count: int(o.Count), cursors: append([]string{""}, o.Cursors...),
		pages: map[int]*page{}, places: map[string]int{}, flying: map[int]bool{},
	}
}

// there says whether an outline is known.
func (t *tail) there() bool { return t.pages != nil }

func (t *tail) row(at int) *control.Delivery {
	if p := t.pages[at/pageSize]; p != nil {
		if i := at % pageSize; i < len(p.rows) {
			return p.rows[i]
		}
		return nil
	}
	return t.carried[at]
}

func (t *tail) find(id string) (at int, ok bool) {
	at, ok = t.places[id]
	return at, ok
}

// put makes d what is shown at a place that find gave.
func (t *tail) put(at int, d *control.Delivery) {
	t.pages[at/pageSize].rows[at%pageSize] = d
}

// expected is how many rows a page has.
func (t *tail) expected(n int) int { return min(t.count-n*pageSize, pageSize) }

// add keeps a page, and drops the one that was not looked at for longest if there
// are too many.
func (t *tail) add(n int, rows []*control.Delivery) {
	t.tick++
	t.pages[n] = &page{rows: rows, used: t.tick}
	for i, d := range rows {
		t.places[d.ID] = n*pageSize + i
		delete(t.carried, n*pageSize+i)
	}
	if len(t.pages) <= maxPages {
		return
	}
	oldest := n
	for i, p := range t.pages {
		if p.used < t.pages[oldest].used {
			oldest = i
		}
	}
	for i, d := range t.pages[oldest].rows {
		if t.places[d.ID] == oldest*pageSize+i {
			delete(t.places, d.ID)
		}
	}
	delete(t.pages, oldest)
}

// fetchPages asks for pages in sight that are missing, and then for those beside.
func (m *model) fetchPages() {
	t := &m.tail
	from, to := m.from-len(m.head), m.to-len(m.head)
	if to <= 0 {
		return
	}
	first, last := max(from, 0)/pageSize, (to-1)/pageSize
	for n := first; n <= last; n++ {
		if p := t.pages[n]; p != nil {
			t.tick++
			p.used = t.tick
			continue
		}
		m.fetchPage(n)
	}
	m.fetchPage((to + pageSize/2) / pageSize)
	m.fetchPage((max(from, pageSize/2) - pageSize/2) / pageSize)
}

// fetchPage asks for a page, unless it is there or enough are asked for: then it is
// asked for when one of those has come, if it is still in sight.
func (m *model) fetchPage(n int) {
	t := &m.tail
	if n >= len(t.cursors) || t.expected(n) <= 0 || t.pages[n] != nil || t.flying[n] || t.failed[n] || len(t.flying) >= maxFlights {
		return
	}
	if t.flying == nil {
		t.flying = map[int]bool{}
	}
	t.flying[n] = true
	q, start := m.query, m.log.begin()
	q.Until, q.Cursor, q.Limit = t.until, t.cursors[n], t.expected(n)
	m.run(func(ctx context.Context) func() {
		rows, _, err := m.journal.Deliveries(ctx, q)
		return func() {
			delete(m.tail.flying, n)
			m.gotPage(n, rows, start, err)
		}
	})
}

// gotPage takes in a page.
func (m *model) gotPage(n int, rows []control.Delivery, start int, err error) {
	since := m.log.end(start)
	if err != nil {
		if m.tail.failed == nil {
			m.tail.failed = map[int]bool{}
		}
		m.tail.failed[n] = true
		m.crew.After(pageRetry, func() {
			delete(m.tail.failed, n)
			m.see(m.from, m.to)
		})
		m.changed()
		return
	}
	m.tail.add(n, pointers(rows))
	if len(rows) != m.tail.expected(n) || m.overlaps(n) {
		m.again.due() // some have gone since the outline
	}
	m.replay(since)
	m.changed()
	m.see(m.from, m.to)
}

// overlaps says whether a page has rows of those beside it: it reaches further than
// the outline says, because some of its own are no more.
func (m *model) overlaps(n int) bool {
	before, p, after := m.tail.pages[n-1], m.tail.pages[n], m.tail.pages[n+1]
	if len(p.rows) == 0 {
		return false
	}
	follows := func(a, b *page) bool {
		if a == nil || b == nil || len(a.rows) == 0 || len(b.rows) == 0 {
			return true
		}
		last, first := a.rows[len(a.rows)-1], b.rows[0]
		return last.ID != first.ID && !last.Received.Before(first.Received)
	}
	return !follows(before, p) || !follows(p, after)
}

func pointers(rows []control.Delivery) []*control.Delivery {
	all := make([]*control.Delivery, len(rows))
	for i := range rows {
		all[i] = &rows[i]
	}
	return all
}
