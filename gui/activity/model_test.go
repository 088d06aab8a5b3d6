package activity

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"homehook/agent/control"
	"homehook/gui/feed"
)

// storm does to a model and its ledger what may happen, at random.
type storm struct {
	*rand.Rand
	m    *model
	l    *ledger
	h    *hands
	next int // number of the next delivery
}

var stormQueries = []control.Query{{}, {Claim: "shop"}, {State: control.Dead}, {Route: "deploy"}, {Search: "p3"}, {Claim: "garage", State: control.Succeeded}}

func (s *storm) query() control.Query { return stormQueries[s.IntN(len(stormQueries))] }

// tell has the ledger hold deliveries, and the model know.
func (s *storm) tell(all ...control.Delivery) {
	for _, d := range all {
		s.l.put(d)
	}
	s.m.apply(feed.Changes{Deliveries: all})
}

// fresh is a delivery that nobody knows.
func (s *storm) fresh(at time.Time) control.Delivery {
	s.next++
	return some(s.next, at)
}

func (s *storm) blow() {
	switch s.IntN(12) {
	case 0, 1: // some arrive
		var all []control.Delivery
		for range 1 + s.IntN(30) {
			s.h.now = s.h.now.Add(time.Duration(s.IntN(2000)) * time.Microsecond)
			all = append(all, s.fresh(s.h.now))
		}
		s.tell(all...)
	case 2: // one comes late
		s.tell(s.fresh(s.h.now.Add(-time.Duration(s.IntN(300)) * time.Second)))
	case 3, 4: // one changes
		if len(s.l.rows) > 0 {
			d := s.l.rows[s.IntN(len(s.l.rows))]
			d.State, d.Attempts = states[s.IntN(len(states))], d.Attempts+1
			s.tell(d)
		}
	case 5: // the oldest go
		s.l.rows = s.l.rows[:len(s.l.rows)-min(s.IntN(3), len(s.l.rows))]
		s.m.apply(feed.Changes{Anew: true})
	case 6: // a person scrolls
		at := s.IntN(s.m.total() + 1)
		s.m.anchor = at
		s.m.see(at, min(at+25, s.m.total()))
	case 7: // or filters
		if s.IntN(10) == 0 {
			s.m.load(s.query())
		}
	default: // an answer comes
		s.h.step(func(n int) int { return s.IntN(n+1) - 1 })
	}
}

// Whatever arrives, changes and goes while a person scrolls and filters, and in
// whatever order answers come: in the end each position shows the right delivery.
func TestModelShowsTheLedger(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := &storm{Rand: rand.New(rand.NewPCG(seed, 1)), next: 100_000}
			s.m, s.l, s.h = newBench(s.IntN(900))
			s.l.unoutlined, s.l.impatient = seed%5 == 4, seed%2 == 0
			s.m.load(s.query())
			for range 400 {
				s.blow()
			}
			s.h.rest(t)
			// What is read page by page does not know what has gone.
			s.m.apply(feed.Changes{Anew: s.m.query.Search != "" || s.m.unoutlined()})
			s.h.rest(t)
			check(t, s.m, s.l, s.h)
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

// Reading anew before it is known how much there is does not move what is known.
func TestAnewBeforeOutline(t *testing.T) {
	m, l, h := newBench(3000)
	m.load(control.Query{})
	for !m.ready {
		h.step(func(n int) int { return n - 1 })
	}
	m.see(0, 25)
	m.apply(feed.Changes{Anew: true})
	h.rest(t)
	want := l.chosen(m.query)
	for at := range m.total() {
		if d := m.row(at); d != nil && d.ID != want[at].ID {
			t.Fatalf("row %d is %s, want %s", at, d.ID, want[at].ID)
		}
	}
	check(t, m, l, h)
}

// A list that was short when it was first read does not stay in memory as it grows.
func TestHeadIsBounded(t *testing.T) {
	m, l, h := newBench(3)
	m.load(control.Query{})
	h.rest(t)
	for i := range 100 {
		var c feed.Changes
		for j := range 100 {
			h.now = h.now.Add(2 * time.Millisecond)
			d := some(10_000+i*100+j, h.now)
			l.put(d)
			c.Deliveries = append(c.Deliveries, d)
		}
		m.apply(c)
		h.rest(t)
		if len(m.head) > maxHead+100 {
			t.Fatalf("the head has %d rows", len(m.head))
		}
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
