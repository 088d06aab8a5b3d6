package history

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

func queued(o op, n int) *item {
	it := newItem(o)
	it.copy(numbered(n), 1<<20)
	return it
}

// The tokens tell the taker, at any time, whether there is work and how urgent
// it is.
func TestQueueTokens(t *testing.T) {
	q := newQueue(10, 1<<20)
	tokens := func(after string, ready, hurry int) {
		t.Helper()
		if len(q.ready) != ready || len(q.hurry) != hurry {
			t.Errorf("after %s: ready %d, hurry %d; want %d, %d", after, len(q.ready), len(q.hurry), ready, hurry)
		}
	}
	check(t, q.put(queued(opFinish, 1)))
	tokens("a finish", 1, 0)
	check(t, q.put(queued(opBegin, 2)))
	check(t, q.put(queued(opFinish, 3)))
	tokens("a begin", 1, 1)
	<-q.ready
	<-q.hurry
	q.take(nil, 1, 1<<20)
	tokens("taking the first finish", 1, 1)
	q.take(nil, 1, 1<<20)
	tokens("taking the begin", 1, 0)
	q.take(nil, 1, 1<<20)
	tokens("taking all", 0, 0)
	if settled, _ := q.settled(); settled {
		t.Error("settled while the batch is under way")
	}
	q.done()
	if settled, err := q.settled(); !settled || err != nil {
		t.Errorf("settled %t, error %v", settled, err)
	}
	q.close()
	tokens("close", 1, 1)
}

func TestQueueLimits(t *testing.T) {
	q := newQueue(1000, 1<<20)
	for n := range 100 {
		check(t, q.put(queued(opBegin, n)))
	}
	next := 0
	for _, tt := range []struct{ items, bytes, want int }{
		{10, 1 << 20, 10}, {10, 1, 1}, {1, 1 << 20, 1}, {1000, 3000, 6}, {1000, 1 << 20, 82}, {10, 10, 0},
	} {
		batch, _ := q.take(nil, tt.items, tt.bytes)
		if len(batch) != tt.want {
			t.Fatalf("limit %d items, %d bytes: got %d, want %d", tt.items, tt.bytes, len(batch), tt.want)
		}
		for _, it := range batch {
			if it.rec.ID != testID(next) {
				t.Fatalf("got %s, want %s", it.rec.ID, testID(next))
			}
			next++
		}
	}
}

func TestQueueBlocksWhenFull(t *testing.T) {
	for _, tt := range []struct {
		name         string
		items, bytes int
	}{{"items", 2, 1 << 20}, {"bytes", 100, 1000}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newQueue(tt.items, tt.bytes)
				var mu sync.Mutex
				var outcome []error
				put := func(o op, n int) {
					err := q.put(queued(o, n))
					mu.Lock()
					defer mu.Unlock()
					outcome = append(outcome, err)
				}
				returned := func(want int) {
					t.Helper()
					synctest.Wait()
					mu.Lock()
					defer mu.Unlock()
					if len(outcome) != want {
						t.Fatalf("%d puts have returned, want %d", len(outcome), want)
					}
				}
				put(opBegin, 1)
				put(opBegin, 2)
				for n := 3; n <= 6; n++ {
					go put(opBegin, n)
				}
				returned(2)
				put(opFlush, 0) // carries nothing, so it passes
				returned(3)
				q.take(nil, 1, 1<<20)
				q.take(nil, 1, 1<<20)
				returned(4) // one place was the flush's
				q.close()
				returned(7)
				closed := 0
				for _, err := range outcome {
					if errors.Is(err, ErrClosed) {
						closed++
					}
				}
				if closed != 3 {
					t.Errorf("%d puts were told of the close, want 3", closed)
				}
				if batch, last := q.take(nil, 10, 1<<20); len(batch) != 2 || last {
					t.Errorf("after close: %d items, last %t", len(batch), last)
				}
				if batch, last := q.take(nil, 10, 1<<20); len(batch) != 0 || !last {
					t.Errorf("in the end: %d items, last %t", len(batch), last)
				}
			})
		})
	}
}

// A queue that never runs empty must not grow.
func TestQueueStaysSmall(t *testing.T) {
	q := newQueue(16, 1<<20)
	check(t, q.put(queued(opBegin, 0)))
	for n := 1; n < 10_000; n++ {
		check(t, q.put(queued(opBegin, n)))
		batch, _ := q.take(nil, 1, 1<<20)
		if batch[0].rec.ID != testID(n-1) {
			t.Fatalf("got %s, want %s", batch[0].rec.ID, testID(n-1))
		}
		batch[0].recycle()
	}
	if cap(q.items) > 256 {
		t.Errorf("room for %d items", cap(q.items))
	}
}

func TestQueueHurries(t *testing.T) {
	for _, tt := range []struct {
		name         string
		items, bytes int
		it           *item
		want         bool
	}{
		{"a finish", 100, 1 << 20, queued(opFinish, 1), false},
		{"a begin", 100, 1 << 20, queued(opBegin, 1), true},
		{"a flush", 100, 1 << 20, queued(opFlush, 1), true},
		{"half of the items", 1, 1 << 20, queued(opFinish, 1), true},
		{"half of the bytes", 100, 800, queued(opFinish, 1), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := newQueue(tt.items, tt.bytes)
			check(t, q.put(tt.it))
			if len(q.ready) != 1 || (len(q.hurry) == 1) != tt.want {
				t.Errorf("ready %d, hurry %d", len(q.ready), len(q.hurry))
			}
		})
	}
}
