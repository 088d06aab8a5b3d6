package agent

import (
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	start := time.Now()
	t.Run("young outages are retried within a quarter second", func(t *testing.T) {
		var b backoff
		for now := start; now.Sub(start) < young; now = now.Add(100 * time.Millisecond) {
			if w := b.next(now, false, 0); w > shortest {
				t.Fatalf("wait of %v after %v", w, now.Sub(start))
			}
		}
	})
	t.Run("long ones less and less, never more than a minute", func(t *testing.T) {
		var b backoff
		b.next(start, false, 0)
		now := start.Add(young)
		for range 20 {
			if w := b.next(now, false, 0); w > longest {
				t.Fatalf("wait of %v", w)
			}
		}
		if b.ceiling != longest {
			t.Errorf("ceiling %v", b.ceiling)
		}
	})
	t.Run("a refusal raises the ceiling at once", func(t *testing.T) {
		var b backoff
		b.next(start, true, 0)
		if b.ceiling < patience {
			t.Errorf("ceiling %v", b.ceiling)
		}
	})
	t.Run("the relay's wish counts", func(t *testing.T) {
		var b backoff
		if w := b.next(start, true, 20*time.Second); w < 20*time.Second {
			t.Errorf("wait %v", w)
		}
		if w := b.next(start, true, time.Hour); w > longest {
			t.Errorf("wait %v", w)
		}
	})
}
