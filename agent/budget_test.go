package agent

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
)

func TestBudgetServesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(10)
		if n, ok := b.take(t.Context(), 8); n != 8 || !ok {
			t.Fatalf("the first: %d, %v", n, ok)
		}
		var mu sync.Mutex
		var order []string
		want := func(name string, n int64) {
			go func() {
				b.take(context.Background(), n)
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
			}()
			synctest.Wait()
		}
		want("large", 100) // all there is
		want("small", 1)   // would fit, and is not to overtake
		if b.try(1) {
			t.Error("overtaken by one who does not wait")
		}
		if len(order) > 0 {
			t.Errorf("served at once: %v", order)
		}
		b.give(8)
		synctest.Wait()
		if len(order) != 1 || order[0] != "large" {
			t.Fatalf("served: %v", order)
		}
		b.give(10)
		synctest.Wait()
		if len(order) != 2 {
			t.Fatalf("served: %v", order)
		}
		b.give(1)
		if !b.try(10) {
			t.Error("not all was given back")
		}
	})
}

func TestBudgetIsLeft(t *testing.T) {
	b := newBudget(1)
	b.try(1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok := b.take(ctx, 1); ok {
		t.Error("taken although there was nothing")
	}
	b.give(1)
	if !b.try(1) || len(b.waiting) > 0 {
		t.Error("who left is still waited for")
	}
}

// inUse is how many bytes are taken.
func (b *budget) inUse() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}
