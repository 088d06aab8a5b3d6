package queue

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// A delivery that is done before its Put is written costs no write at all.
func TestDoneCancelsPut(t *testing.T) {
	for _, size := range []int{10, inRow + 10} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			q := holding(t)
			s := spoolOf(t, q, large(1, size))
			it := numbered("garage", 1)
			result := make(chan error, 1)
			go func() { result <- q.Put(t.Context(), it, s, Limits{}) }()
			wait(t, "the put is pending", func() bool { return pending(q) == 1 })
			check(t, q.Done(t.Context(), it))
			check(t, <-result)
			check(t, q.Done(t.Context(), it)) // twice is nothing
			if got, want := q.Stats(), (Stats{Cancelled: 1}); got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
			if n, bytes, _ := q.Count("garage"); n != 0 || bytes != 0 {
				t.Errorf("it counts %d items, %d bytes", n, bytes)
			}
			check(t, s.Close())
			if got := files(t, q); got != 0 {
				t.Errorf("%d files", got)
			}
		})
	}
}

// The answer from home may come before the relay has even begun to Put.
func TestDoneBeforePut(t *testing.T) {
	q := openTest(t, Options{})
	it := numbered("garage", 1)
	check(t, q.Done(t.Context(), it))
	check(t, q.Put(t.Context(), it, spoolOf(t, q, bodyOf(1)), Limits{Items: 1}))
	if got, want := q.Stats(), (Stats{Cancelled: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	diff(t, q.Claims(), []string{})
}

// A Done that comes while the writer has the row is written behind it.
func TestDoneWhileWritten(t *testing.T) {
	q := openTest(t, Options{})
	check(t, q.Close())
	// The writer is at rest now; what it does is played by hand.
	q.closed = false
	it := numbered("garage", 1)
	o := newOp(opPut, it)
	if done, err := q.enter(o, 0, Limits{}); done || err != nil {
		t.Fatal(done, err)
	}
	if done, err := q.submit(o); done || err != nil {
		t.Fatal(done, err)
	}
	b, _ := q.take()
	d, err := q.finish(it)
	check(t, err)
	if d == nil || it.state != over {
		t.Fatalf("done %v, state %v", d, it.state)
	}
	for _, refused := range []bool{false, true} {
		if refused {
			q.refuse(b, broken(nil))
			continue
		}
		next, _ := q.take()
		if len(next.ops) != 1 || next.ops[0] != d {
			t.Fatalf("next come %d ops", len(next.ops))
		}
	}
	// Its Put has failed; it was done all the same.
	if err := <-o.tell; err != nil {
		t.Errorf("put: %v", err)
	}
	check(t, q.w.writeDone(d)) // finds that there is nothing to delete
	q.closed = true
}

func TestDoneTwice(t *testing.T) {
	q := openTest(t, Options{})
	it := put(t, q, "garage", 1, 2)[0]
	// The drain has another item of the same delivery.
	other := list(t, q, "garage")[0]
	for _, it := range []*Item{it, other, other, it} {
		check(t, q.Done(t.Context(), it))
	}
	if n, _, _ := q.Count("garage"); n != 1 || q.Stats().Dones != 1 {
		t.Errorf("it counts %d, %+v", n, q.Stats())
	}
	diff(t, ids(list(t, q, "garage")), testIDs(2))
}

// Done costs no fsync, unless a file goes with it.
func TestDoneSyncs(t *testing.T) {
	q := openTest(t, Options{})
	put(t, q, "garage", 1, 1)
	check(t, q.Put(t.Context(), numbered("garage", 2), spoolOf(t, q, large(2, inRow)), Limits{}))
	for i, want := range []int64{0, 1} {
		before := q.Stats().Syncs
		check(t, q.Done(t.Context(), list(t, q, "garage")[0]))
		if got := q.Stats().Syncs - before; got != want {
			t.Errorf("item %d: %d syncs, want %d", i, got, want)
		}
	}
	if s := q.Stats(); s.Files != 1 || s.Dones != 2 {
		t.Errorf("%+v", s)
	}
}

func TestDoneWithEndedContext(t *testing.T) {
	q := openTest(t, Options{})
	it := put(t, q, "garage", 1, 1)[0]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.Done(ctx, it); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	diff(t, ids(list(t, q, "garage")), testIDs()) // at once
	wait(t, "it is written", func() bool { return q.Stats().Dones == 1 })
}

func TestCount(t *testing.T) {
	q := openTest(t, Options{})
	type state struct {
		items  int
		bytes  int64
		oldest time.Time
	}
	counted := func() state {
		n, bytes, oldest := q.Count("garage")
		return state{n, bytes, oldest.UTC()}
	}
	if got := counted(); got != (state{}) {
		t.Errorf("at first: %+v", got)
	}
	items := put(t, q, "garage", 1, 3)
	sum := items[0].bytes() + items[1].bytes() + items[2].bytes()
	want := state{3, sum, items[0].Received}
	for _, step := range []struct {
		name string
		do   func()
		want state
	}{
		{"put", func() {}, want},
		{"restarted", func() { check(t, q.Close()); q = openAt(t, q.opts.Dir, Options{}) }, want},
		{"the second done", func() { check(t, q.Done(t.Context(), list(t, q, "garage")[1])) }, state{2, sum - items[1].bytes(), items[0].Received}},
		{"the first done", func() { check(t, q.Done(t.Context(), list(t, q, "garage")[0])) }, state{1, items[2].bytes(), items[2].Received}},
		{"all done", func() { check(t, q.Done(t.Context(), list(t, q, "garage")[0])) }, state{}},
	} {
		step.do()
		if got := counted(); got != step.want {
			t.Errorf("%s: %+v, want %+v", step.name, got, step.want)
		}
	}
	diff(t, q.Claims(), []string{})
}

// Attempts are known at once and survive a clean restart.
func TestTried(t *testing.T) {
	q := openTest(t, Options{round: time.Hour})
	put(t, q, "garage", 1, 2)
	it := list(t, q, "garage")[0]
	q.Tried(it)
	q.Tried(it)
	for _, restarted := range []bool{false, true} {
		if restarted {
			check(t, q.Close())
			q = openAt(t, q.opts.Dir, Options{})
		}
		items := list(t, q, "garage")
		if it.Attempts != 2 || items[0].Attempts != 2 || items[1].Attempts != 0 {
			t.Errorf("restarted %t: attempts %d, %d, %d", restarted, it.Attempts, items[0].Attempts, items[1].Attempts)
		}
	}
	q.Tried(list(t, q, "garage")[1])
	wait(t, "it is written by itself", func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		return len(q.tried) == 0
	})
	if got := list(t, q, "garage")[1].Attempts; got != 1 {
		t.Errorf("%d attempts", got)
	}
}

func TestDiscard(t *testing.T) {
	q := openTest(t, Options{})
	put(t, q, "garage", 1, 300) // more than a slice
	put(t, q, "attic", 301, 302)
	check(t, q.Put(t.Context(), numbered("garage", 303), spoolOf(t, q, large(3, inRow)), Limits{}))
	check(t, q.Done(t.Context(), list(t, q, "garage")[0]))
	n, err := q.Discard(t.Context(), "garage")
	if err != nil || n != 300 {
		t.Errorf("discarded %d, error %v", n, err)
	}
	diff(t, q.Claims(), []string{"attic"})
	diff(t, ids(list(t, q, "garage")), testIDs())
	diff(t, ids(list(t, q, "attic")), testIDs(301, 302))
	if s := q.Stats(); s.Discarded != 300 || files(t, q) != 0 {
		t.Errorf("%+v, %d files", s, files(t, q))
	}
	if n, err := q.Discard(t.Context(), "nobody's"); n != 0 || err != nil {
		t.Errorf("discarded %d, error %v", n, err)
	}
	put(t, q, "garage", 304, 304)
	diff(t, ids(list(t, q, "garage")), testIDs(304))
}
