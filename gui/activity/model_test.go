package activity

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"homehook/agent/control"
	"homehook/gui/feed"
)

// ledger is a history in memory, which answers as the agent's does.
type ledger struct {
	rows       []control.Delivery // newest first
	unoutlined bool               // as an older agent
	impatient  bool               // its pages of a search are short
	err        error
	asked      int // pages
}

func cursorOf(d *control.Delivery) string {
	return string(binary.BigEndian.AppendUint64(nil, uint64(d.Received.UnixNano()))) + d.ID
}

// order sorts newest first.
func order(a, b control.Delivery) int {
	if c := b.Received.Compare(a.Received); c != 0 {
		return c
	}
	return strings.Compare(b.ID, a.ID)
}

func (l *ledger) chosen(q control.Query) []control.Delivery {
	var all []control.Delivery
	for i := range l.rows {
		d := &l.rows[i]
		if chooses(&q, d) && (q.Search == "" || strings.Contains(d.Path, q.Search)) {
			all = append(all, *d)
		}
	}
	return all
}

func (l *ledger) Deliveries(_ context.Context, q control.Query) ([]control.Delivery, string, error) {
	if l.asked++; l.err != nil {
		return nil, "", l.err
	}
	all := l.chosen(q)
	if q.Cursor != "" {
		at := slices.IndexFunc(all, func(d control.Delivery) bool { return cursorOf(&d) < q.Cursor })
		if at < 0 {
			return nil, "", nil
		}
		all = all[at:]
	}
	limit := q.Limit
	if l.impatient && q.Search != "" {
		limit = 1 + len(all)%7
	}
	if len(all) <= limit {
		return all, "", nil
	}
	return slices.Clone(all[:limit]), cursorOf(&all[limit-1]), nil
}

func (l *ledger) Outline(_ context.Context, q control.Query) (*control.Outline, error) {
	if l.unoutlined || q.Search != "" {
		return nil, control.ErrNotFound
	}
	all := l.chosen(q)
	o := &control.Outline{Count: int64(len(all))}
	for i := q.Limit; i < len(all); i += q.Limit {
		o.Cursors = append(o.Cursors, cursorOf(&all[i-1]))
	}
	return o, l.err
}

// put adds a delivery, or makes one another.
func (l *ledger) put(d control.Delivery) {
	if i := slices.IndexFunc(l.rows, func(e control.Delivery) bool { return e.ID == d.ID }); i >= 0 {
		l.rows[i] = d
		return
	}
	at, _ := slices.BinarySearchFunc(l.rows, d, order)
	l.rows = slices.Insert(l.rows, at, d)
}

// hands do what the model asks for when a test says so, in the order it says.
type hands struct {
	work   []func(context.Context) func()
	thens  []func()
	timers []*timer
	now    time.Time
}

type timer struct {
	at   time.Time
	do   func()
	over bool
}

func (h *hands) Go(work func(context.Context) func()) { h.work = append(h.work, work) }

func (h *hands) After(d time.Duration, f func()) func() {
	t := &timer{at: h.now.Add(d), do: f}
	h.timers = append(h.timers, t)
	return func() { t.over = true }
}

// step does one of the things that wait; false if nothing does.
func (h *hands) step(pick func(n int) int) bool {
	h.timers = slices.DeleteFunc(h.timers, func(t *timer) bool { return t.over })
	n := pick(len(h.work) + len(h.thens) + len(h.timers))
	switch {
	case n < 0:
		return false
	case n < len(h.work):
		work := h.work[n]
		h.work = slices.Delete(h.work, n, n+1)
		h.thens = append(h.thens, work(context.Background()))
	case n < len(h.work)+len(h.thens):
		n -= len(h.work)
		then := h.thens[n]
		h.thens = slices.Delete(h.thens, n, n+1)
		then()
	default:
		t := h.timers[n-len(h.work)-len(h.thens)]
		t.over = true
		if t.at.After(h.now) {
			h.now = t.at
		}
		t.do()
	}
	return true
}

// rest does all that waits.
func (h *hands) rest(t *testing.T) {
	t.Helper()
	for range 100_000 {
		if !h.step(func(n int) int { return n - 1 }) {
			return
		}
	}
	t.Fatal("the model does not come to rest")
}

func some(n int, at time.Time) control.Delivery {
	return control.Delivery{
		ID: fmt.Sprintf("%08d", n), Claim: []string{"garage", "shop"}[n%2], State: control.Received,
		Method: "POST", Path: fmt.Sprintf("/p%d/q%d", n%5, n), Received: at.UTC().Truncate(time.Microsecond), Route: []string{"", "deploy"}[n/2%2],
	}
}

// bench is a model with a ledger of n deliveries, one a second.
func newBench(n int) (*model, *ledger, *hands) {
	h := &hands{now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	l := &ledger{}
	for i := range n {
		d := some(i, h.now.Add(time.Duration(i-n)*time.Second))
		d.State = control.Succeeded
		l.rows = append(l.rows, d)
	}
	slices.SortFunc(l.rows, order)
	m := newModel(l, h, func() {})
	m.now = func() time.Time { return h.now }
	return m, l, h
}

// check holds each position of the model against the ledger.
func check(t *testing.T, m *model, l *ledger, h *hands) {
	t.Helper()
	want := l.chosen(m.query)
	for at := 0; m.query.Search != "" || m.unoutlined(); at = m.total() {
		m.see(max(at-20, 0), at)
		h.rest(t)
		if !m.more() {
			break
		}
	}
	if m.total() != len(want) {
		t.Fatalf("%d rows, want %d (head %d)", m.total(), len(want), len(m.head))
	}
	for at := 0; at < len(want); at += 20 {
		m.see(at, min(at+20, len(want)))
		h.rest(t)
		if m.total() != len(want) {
			t.Fatalf("%d rows after looking at %d, want %d", m.total(), at, len(want))
		}
		for i := at; i < min(at+20, len(want)); i++ {
			if d := m.row(i); d == nil || *d != want[i] {
				t.Fatalf("row %d of %d (head %d) is %+v, want %+v", i, len(want), len(m.head), d, want[i])
			}
		}
	}
	if n := len(m.tail.pages); n > maxPages {
		t.Errorf("%d pages are held", n)
	}
}

func (m *model) unoutlined() bool { return !m.tail.there() }

// Whatever arrives, changes and goes while a person scrolls and filters, and in
// whatever order answers come: in the end each position shows the right delivery.
func TestModelShowsTheLedger(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			m, l, h := newBench(r.IntN(900))
			l.unoutlined = seed%5 == 4
			l.impatient = seed%2 == 0
			queries := []control.Query{{}, {Claim: "shop"}, {State: control.Dead}, {Route: "deploy"}, {Search: "p3"}, {Claim: "garage", State: control.Succeeded}}
			m.load(queries[r.IntN(len(queries))])
			next := 100_000
			for range 400 {
				switch r.IntN(12) {
				case 0, 1: // some arrive
					var c feed.Changes
					for range 1 + r.IntN(30) {
						h.now = h.now.Add(time.Duration(r.IntN(2000)) * time.Microsecond)
						d := some(next, h.now)
						next++
						l.put(d)
						c.Deliveries = append(c.Deliveries, d)
					}
					m.apply(c)
				case 2: // one comes late
					d := some(next, h.now.Add(-time.Duration(r.IntN(300))*time.Second))
					next++
					l.put(d)
					m.apply(feed.Changes{Deliveries: []control.Delivery{d}})
				case 3, 4: // one changes
					if len(l.rows) > 0 {
						d := l.rows[r.IntN(len(l.rows))]
						d.State, d.Attempts = states[r.IntN(len(states))], d.Attempts+1
						l.put(d)
						m.apply(feed.Changes{Deliveries: []control.Delivery{d}})
					}
				case 5: // the oldest go
					l.rows = l.rows[:len(l.rows)-min(r.IntN(3), len(l.rows))]
					m.apply(feed.Changes{Anew: true})
				case 6:
					at := r.IntN(m.total() + 1)
					m.anchor = at
					m.see(at, min(at+25, m.total()))
				case 7:
					if r.IntN(10) == 0 {
						m.load(queries[r.IntN(len(queries))])
					}
				default:
					h.step(func(n int) int { return r.IntN(n+1) - 1 })
				}
			}
			h.rest(t)
			m.apply(feed.Changes{Anew: m.query.Search != "" || m.unoutlined()})
			h.rest(t)
			check(t, m, l, h)
		})
	}
}

// Rows in sight and the one chosen stay what they are while others arrive above.
func TestAnchor(t *testing.T) {
	m, l, h := newBench(3000)
	m.load(control.Query{})
	h.rest(t)
	m.see(1500, 1525)
	h.rest(t)
	m.anchor, m.chosen = 1500, 1503
	top, chosen := m.row(1500).ID, m.row(1503).ID
	for i := range 20 {
		var c feed.Changes
		for j := range 500 {
			h.now = h.now.Add(time.Millisecond)
			d := some(10_000+i*500+j, h.now)
			l.put(d)
			c.Deliveries = append(c.Deliveries, d)
		}
		m.apply(c)
		h.rest(t)
		m.see(m.anchor, m.anchor+25)
		h.rest(t)
		if got := m.row(m.anchor); got == nil || got.ID != top {
			t.Fatalf("after %d: the row at the top is %+v, want %s", (i+1)*500, got, top)
		}
		if got := m.row(m.chosen); got == nil || got.ID != chosen {
			t.Fatalf("after %d: the row chosen is %+v, want %s", (i+1)*500, got, chosen)
		}
	}
	if m.fresh != 10_000 {
		t.Errorf("%d new rows, want 10000", m.fresh)
	}
	if len(m.head) > maxHead+500 || len(m.tail.pages) > maxPages || len(m.tail.carried) > maxHead+(maxPages+10)*pageSize {
		t.Errorf("holds %d rows of the head, %d pages and %d others", len(m.head), len(m.tail.pages), len(m.tail.carried))
	}
	check(t, m, l, h)
}

// A first page that cannot be read is read again when it is asked for.
func TestModelFails(t *testing.T) {
	m, l, h := newBench(10)
	l.err = errors.New("no")
	m.load(control.Query{})
	h.rest(t)
	if m.ready || m.err == nil {
		t.Fatal("no error is known")
	}
	l.err = nil
	m.retry()
	h.rest(t)
	check(t, m, l, h)
}

// A search that finds nothing for long goes on by itself until the rows in sight
// are filled, and not further.
func TestSearchReadsAsFarAsIsSeen(t *testing.T) {
	m, l, h := newBench(5000)
	l.impatient = true
	m.load(control.Query{Search: "p3"})
	m.see(0, 25)
	h.rest(t)
	if n := m.total(); n < 25 || n > 25+2*pageSize || !m.more() {
		t.Errorf("%d rows are read, more %t", n, m.more())
	}
	check(t, m, l, h)
}
