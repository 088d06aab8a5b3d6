package control

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// told is what events say, in order.
func told(all []Event) string {
	var texts []string
	for _, e := range all {
		text := fmt.Sprintf("%s %d", e.Type, e.Seq)
		if e.Delivery != nil {
			text += " " + e.Delivery.ID
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

// TestResumeOverARestart asks an agent that has just started for what its
// predecessor told, or would have told.
func TestResumeOverARestart(t *testing.T) {
	tests := []struct {
		name  string
		after uint64
		want  string
	}{
		{"everything", 1, "delivery 10 a, delivery 20 b, delivery 30 c, status 30, delivery 40 d"},
		{"some of it", 10, "delivery 20 b, delivery 30 c, status 30, delivery 40 d"},
		{"a number that is there no more", 15, "delivery 20 b, delivery 30 c, status 30, delivery 40 d"},
		{"nothing happened", 30, "delivery 40 d"},
		{"a number that was never given", 50, "gap 30, delivery 40 d"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newFakeBackend()
			b.change(10, "a")
			b.change(20, "b")
			b.change(30, "c")
			b.Hub = NewHubAt(30)
			c := startServer(t, b, nil).client
			b.Publish(b.change(40, "d"))
			if got := told(collect(t, c, tt.after, 40)); got != tt.want {
				t.Errorf("after %d: %s\nwant %s", tt.after, got, tt.want)
			}
		})
	}
}

// TestResumeIsNeverTornFromTheRing makes as many changes as the ring forgets,
// and more while a client reads what it missed.
func TestResumeIsNeverTornFromTheRing(t *testing.T) {
	const before = 3*RingSize + 7
	b := newFakeBackend()
	b.Hub = NewHubAt(1)
	seq := uint64(1)
	publish := func(n int) {
		for range n {
			seq += 3 // other numbers are of changes that newer ones of the same delivery replaced
			b.Publish(b.change(seq, fmt.Sprint(seq)))
		}
	}
	publish(before)
	reads := 0
	b.flushed = func() {
		if reads++; reads < 8 {
			publish(RingSize / 4)
		}
	}
	c := startServer(t, b, nil).client
	var got []uint64
	after := uint64(1)
	const last = 1 + 3*(before+7*RingSize/4)
	for range 100 { // a reader that lags behind is sent away, and comes back
		err := c.Events(t.Context(), after, func(e Event) error {
			after = e.Seq
			if e.Type == EventGap {
				t.Errorf("gap at %d", e.Seq)
			}
			if e.Type == EventDelivery {
				got = append(got, e.Seq)
			}
			if e.Seq >= last {
				return errEnough
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			break
		}
	}
	want := uint64(1)
	for _, n := range got {
		if want += 3; n != want {
			t.Fatalf("change %d where %d was due", n, want)
		}
	}
	if want != last {
		t.Errorf("the changes end with %d, not %d", want, last)
	}
}

func TestResumeFailsWithAGap(t *testing.T) {
	tests := []struct {
		name string
		err  error
	}{
		{"no longer known", fmt.Errorf("changes are %w", ErrGap)},
		{"history cannot be read", errors.New("disk is gone")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newFakeBackend()
			b.Hub = NewHubAt(30)
			b.err = tt.err
			c := startServer(t, b, nil).client
			b.Publish(Event{Type: EventDelivery, Seq: 40, Delivery: &Delivery{ID: "d"}})
			if got := told(collect(t, c, 10, 40)); got != "gap 30, delivery 40 d" {
				t.Errorf("got %s", got)
			}
		})
	}
}
