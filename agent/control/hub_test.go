package control

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// drain returns what is in the channel now, and whether it is still open.
func drain(events <-chan Event) (got []Event, open bool) {
	for {
		select {
		case e, ok := <-events:
			if !ok {
				return got, false
			}
			got = append(got, e)
		default:
			return got, true
		}
	}
}

// publishN publishes n deliveries with ids 0 to n-1.
func publishN(h *Hub, n int) {
	for i := range n {
		h.Publish(Event{Type: EventDelivery, Delivery: &Delivery{ID: strconv.Itoa(i)}})
	}
}

func TestHubSubscribe(t *testing.T) {
	tests := []struct {
		name      string
		published int
		after     func(base uint64) uint64 // base is the number before the first event
		first     string                   // type of the first event, "" if there is none
		seqs      int                      // how many events come at once, the first included
	}{
		{"from now, empty hub", 0, func(uint64) uint64 { return 0 }, EventStart, 1},
		{"from now", 5, func(uint64) uint64 { return 0 }, EventStart, 1},
		{"nothing missed", 5, func(b uint64) uint64 { return b + 5 }, "", 0},
		{"some missed", 5, func(b uint64) uint64 { return b + 2 }, EventDelivery, 3},
		{"all missed", 5, func(b uint64) uint64 { return b }, EventDelivery, 5},
		{"before this agent", 5, func(b uint64) uint64 { return b - 1 }, EventGap, 6},
		{"before this agent, which is silent", 0, func(b uint64) uint64 { return b - 100 }, EventGap, 1},
		{"a number of the future", 5, func(b uint64) uint64 { return b + 6 }, EventGap, 6},
		{"ring just full", RingSize, func(b uint64) uint64 { return b }, EventDelivery, RingSize},
		{"one fell out", RingSize + 1, func(b uint64) uint64 { return b }, EventGap, RingSize + 1},
		{"one fell out, not needed", RingSize + 1, func(b uint64) uint64 { return b + 1 }, EventDelivery, RingSize},
		{"ring went round twice", 3 * RingSize, func(b uint64) uint64 { return b + RingSize }, EventGap, RingSize + 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := NewHub()
			base := h.last
			publishN(h, tt.published)
			events, cancel := h.Subscribe(tt.after(base))
			defer cancel()
			got, open := drain(events)
			if !open || len(got) != tt.seqs {
				t.Fatalf("%d events, open %t; want %d, open", len(got), open, tt.seqs)
			}
			if tt.seqs > 0 && got[0].Type != tt.first {
				t.Errorf("first event is %q, want %q", got[0].Type, tt.first)
			}
			publishN(h, 1)
			live, _ := drain(events)
			checkUnbroken(t, append(got, live...), base+uint64(tt.published)+1)
		})
	}
}

// checkUnbroken checks that numbers grow by one up to last, a start or gap
// giving the number before the one that follows.
func checkUnbroken(t *testing.T, got []Event, last uint64) {
	t.Helper()
	for i := 1; i < len(got); i++ {
		if got[i].Seq != got[i-1].Seq+1 {
			t.Fatalf("event %d after event %d", got[i].Seq, got[i-1].Seq)
		}
	}
	if n := len(got); n == 0 || got[n-1].Seq != last {
		t.Fatalf("%d events that do not end at %d", n, last)
	}
}

func TestHubDropsTheSlow(t *testing.T) {
	h := NewHub()
	slow, cancelSlow := h.Subscribe(0)
	defer cancelSlow()
	quick, cancelQuick := h.Subscribe(0)
	defer cancelQuick()
	last := uint64(0)
	for range 2 * subscriberBuffer {
		publishN(h, 1)
		got, _ := drain(quick)
		last = got[len(got)-1].Seq
	}
	got, open := drain(slow)
	if open || len(got) == 0 {
		t.Fatalf("slow subscriber: %d events, open %t; want some and closed", len(got), open)
	}
	if h.Subscribers() != 1 {
		t.Errorf("%d subscribers, want the quick one", h.Subscribers())
	}
	resumed, cancel := h.Subscribe(got[len(got)-1].Seq)
	defer cancel()
	rest, _ := drain(resumed)
	checkUnbroken(t, append(got, rest...), last)
}

// TestHubNumbers has a journal number the changes of deliveries; what else
// happens takes no number of its own, so that none is lost in a restart.
func TestHubNumbers(t *testing.T) {
	h := NewHubAt(100)
	for _, e := range []Event{
		{Type: EventStatus},
		{Type: EventDelivery, Seq: 105},
		{Type: EventStatus, Seq: 900},
		{Type: EventConfig},
		{Type: EventDelivery, Seq: 106},
		{Type: EventDelivery},
		{Type: EventDelivery, Seq: 50},
	} {
		h.Publish(e)
	}
	tests := []struct {
		name  string
		after uint64
		want  string
	}{
		{"before all", 100, "status 100, delivery 105, status 105, config 105, delivery 106, delivery 107, delivery 108"},
		{"between numbers", 103, "delivery 105, status 105, config 105, delivery 106, delivery 107, delivery 108"},
		{"a number that several share", 105, "status 105, config 105, delivery 106, delivery 107, delivery 108"},
		{"the newest", 108, ""},
		{"one above", 109, "gap 100, status 100, delivery 105, status 105, config 105, delivery 106, delivery 107, delivery 108"},
		{"one below", 99, "gap 100, status 100, delivery 105, status 105, config 105, delivery 106, delivery 107, delivery 108"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			events, cancel := h.Subscribe(tt.after)
			defer cancel()
			got, _ := drain(events)
			var texts []string
			for _, e := range got {
				texts = append(texts, fmt.Sprintf("%s %d", e.Type, e.Seq))
			}
			if text := strings.Join(texts, ", "); text != tt.want {
				t.Errorf("after %d: %s\nwant %s", tt.after, text, tt.want)
			}
		})
	}
}

// TestHubForgetsWhatSharesANumber lets an event fall out of the ring that has
// the number a client asks for: it may have missed that one.
func TestHubForgetsWhatSharesANumber(t *testing.T) {
	h := NewHubAt(100)
	h.Publish(Event{Type: EventDelivery, Seq: 101})
	h.Publish(Event{Type: EventStatus})
	publishN(h, RingSize)
	events, cancel := h.Subscribe(101)
	defer cancel()
	if got, _ := drain(events); got[0].Type != EventGap || got[0].Seq != 101 || len(got) != RingSize+1 {
		t.Errorf("%d events, first %+v; want a gap and the ring", len(got), got[0])
	}
}

func TestHubEnds(t *testing.T) {
	h := NewHub()
	events, cancel := h.Subscribe(0)
	publishN(h, 2)
	h.Close()
	h.Close()
	h.Publish(Event{Type: EventStatus})
	if got, open := drain(events); len(got) != 3 || open {
		t.Errorf("%d events, open %t; want 3, closed", len(got), open)
	}
	cancel()
	cancel()
	late, cancelLate := h.Subscribe(0)
	cancelLate()
	if _, open := drain(late); open {
		t.Error("a subscription on a closed hub stays open")
	}
}

func TestHubNumbersGrowOverRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := NewHub()
		publishN(first, 10)
		time.Sleep(time.Millisecond) // a restart takes longer
		if second := NewHub(); second.last <= first.last {
			t.Errorf("second hub starts at %d, the first is at %d", second.last, first.last)
		}
	})
}

func TestHubConcurrently(t *testing.T) {
	h := NewHub()
	base := h.last
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { publishN(h, 500) })
	}
	for range 4 {
		wg.Go(func() { follow(t, h, base, base+2000) })
	}
	wg.Wait()
	if h.Subscribers() != 0 {
		t.Errorf("%d subscribers are left", h.Subscribers())
	}
}

// follow reads to event last, resuming when it is dropped; no event may come
// out of order, and none may be skipped without a gap.
func follow(t *testing.T, h *Hub, after, last uint64) {
	for after < last {
		events, cancel := h.Subscribe(after)
		for e := range events {
			if e.Seq != after+1 && e.Type != EventGap {
				t.Errorf("event %d after event %d", e.Seq, after)
				cancel()
				return
			}
			if after = e.Seq; after == last {
				break
			}
		}
		cancel()
	}
}
