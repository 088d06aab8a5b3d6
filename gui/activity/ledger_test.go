package activity

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"homehook/agent/control"
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
