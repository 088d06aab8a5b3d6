package queue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
)

// public compares the fields that belong to the caller.
var public = cmpopts.IgnoreUnexported(Item{})

// What is put comes back as it was, also after a restart.
func TestPutListBody(t *testing.T) {
	for _, tt := range []struct {
		name  string
		size  int
		files int
	}{
		{"no body", 0, 0},
		{"one byte", 1, 0},
		{"the largest in a row", inRow, 0},
		{"the smallest in a file", inRow + 1, 1},
		{"large", 3 << 20, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := openTest(t, Options{})
			content := bytes.Repeat([]byte("homehook"), tt.size/8+1)[:tt.size]
			it := &Item{
				ID: testID(1), Claim: "garage", Received: epoch, Attempts: 2, Head: []byte("POST / HTTP/1.1\r\nX: \xff\r\n\r\n"),
				Origin: []byte(`{"a":1}`), Trailer: []byte("T: 1\r\n"),
			}
			check(t, q.Put(t.Context(), it, spoolOf(t, q, content), Limits{}))
			if it.Seq == 0 || it.Size != int64(tt.size) {
				t.Errorf("seq %d, size %d", it.Seq, it.Size)
			}
			if got := files(t, q); got != tt.files {
				t.Errorf("%d files", got)
			}
			for _, restarted := range []bool{false, true} {
				if restarted {
					check(t, q.Close())
					q = openAt(t, q.opts.Dir, Options{})
				} else if got := body(t, q, it); !bytes.Equal(got, content) {
					t.Errorf("the item that was put has a body of %d bytes", len(got))
				}
				items := list(t, q, "garage")
				diff(t, items, []*Item{it}, public)
				for range 2 {
					if got := body(t, q, items[0]); !bytes.Equal(got, content) {
						t.Errorf("restarted %t: a body of %d bytes, want %d", restarted, len(got), len(content))
					}
				}
			}
			check(t, q.Done(t.Context(), list(t, q, "garage")[0]))
			if got := files(t, q); got != 0 {
				t.Errorf("%d files after Done", got)
			}
		})
	}
}

func TestPutWithoutSpool(t *testing.T) {
	q := openTest(t, Options{})
	check(t, q.Put(t.Context(), numbered("garage", 1), nil, Limits{}))
	if got := body(t, q, list(t, q, "garage")[0]); len(got) != 0 {
		t.Errorf("body %q", got)
	}
}

func TestPutRefusesMisuse(t *testing.T) {
	q := openTest(t, Options{})
	it := put(t, q, "garage", 1, 1)[0]
	it.Size = 7
	closed := q.NewSpool()
	check(t, closed.Close())
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range map[string]error{
		"no id":         q.Put(t.Context(), &Item{Claim: "garage"}, nil, Limits{}),
		"no claim":      q.Put(t.Context(), &Item{ID: "x"}, nil, Limits{}),
		"put before":    q.Put(t.Context(), it, nil, Limits{}),
		"listed":        q.Put(t.Context(), list(t, q, "garage")[0], nil, Limits{}),
		"closed spool":  q.Put(t.Context(), numbered("garage", 2), closed, Limits{}),
		"ended context": q.Put(ended, numbered("garage", 2), nil, Limits{}),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if it.Size != 7 {
		t.Error("a refused Put changed the size")
	}
	diff(t, ids(list(t, q, "garage")), testIDs(1))
	if n, _, _ := q.Count("garage"); n != 1 {
		t.Errorf("it counts %d", n)
	}
}

// Lines are in order of Put, apart from each other, and stay so.
func TestOrder(t *testing.T) {
	q := openTest(t, Options{})
	put(t, q, "garage", 1, 20)
	put(t, q, "attic", 21, 22)
	put(t, q, "garage", 23, 24)
	var want []int
	for n := range 20 {
		want = append(want, n+1)
	}
	check(t, q.Close())
	q = openAt(t, q.opts.Dir, Options{})
	put(t, q, "garage", 25, 25)
	diff(t, ids(list(t, q, "garage")), testIDs(append(want, 23, 24, 25)...))
	diff(t, ids(list(t, q, "attic")), testIDs(21, 22))
	diff(t, ids(list(t, q, "cellar")), testIDs())
	diff(t, q.Claims(), []string{"attic", "garage"})
}

// A line that ran empty does not begin with used numbers after a restart, and
// a clock that is set back does not turn the order around.
func TestSeqGrows(t *testing.T) {
	now := time.Now()
	q := openTest(t, Options{Now: func() time.Time { return now }})
	first := put(t, q, "garage", 1, 1)[0]
	now = now.Add(-time.Hour)
	second := put(t, q, "garage", 2, 2)[0]
	if second.Seq <= first.Seq {
		t.Errorf("%d came after %d", second.Seq, first.Seq)
	}
	for _, it := range []*Item{first, second} {
		check(t, q.Done(t.Context(), it))
	}
	check(t, q.Close())
	q = openAt(t, q.opts.Dir, Options{})
	if third := put(t, q, "garage", 3, 3)[0]; third.Seq <= second.Seq {
		t.Errorf("%d came after %d", third.Seq, second.Seq)
	}
}

func TestListWindows(t *testing.T) {
	q := openTest(t, Options{})
	items := put(t, q, "garage", 1, 9)
	each := items[0].bytes()
	big := numbered("garage", 10)
	check(t, q.Put(t.Context(), big, spoolOf(t, q, large(10, 1<<20)), Limits{}))
	for _, tt := range []struct {
		name  string
		after int64
		items int
		bytes int64
		want  []int
	}{
		{"all", 0, 0, 0, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{"items", 0, 3, 0, []int{1, 2, 3}},
		{"from the middle", items[3].Seq, 2, 0, []int{5, 6}},
		{"bytes", 0, 0, 4*each + 1, []int{1, 2, 3, 4}},
		{"at least one", items[8].Seq, 0, 10, []int{10}},
		{"a file counts", items[6].Seq, 0, 1 << 20, []int{8, 9}},
		{"nothing behind", big.Seq, 0, 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := q.List(t.Context(), "garage", tt.after, tt.items, tt.bytes)
			check(t, err)
			diff(t, ids(got), testIDs(tt.want...))
		})
	}
}

// A Put whose context ends before the writer has come to it leaves nothing.
func TestPutWithdrawn(t *testing.T) {
	for _, size := range []int{10, inRow + 10} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			q := holding(t)
			ctx, cancel := context.WithCancel(t.Context())
			s := spoolOf(t, q, large(1, size))
			it := numbered("garage", 1)
			result := make(chan error, 1)
			go func() { result <- q.Put(ctx, it, s, Limits{}) }()
			wait(t, "the put is pending", func() bool { return pending(q) == 1 })
			cancel()
			if err := <-result; !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
			if n, bytes, _ := q.Count("garage"); n != 0 || bytes != 0 || len(q.Claims()) != 0 {
				t.Errorf("it counts %d items, %d bytes", n, bytes)
			}
			release(q)
			check(t, q.Put(t.Context(), it, s, Limits{})) // both may be put again
			diff(t, ids(list(t, q, "garage")), testIDs(1))
			if got := q.Stats().Puts; got != 1 {
				t.Errorf("%d puts", got)
			}
		})
	}
}

// holding is a queue whose writer waits for many Puts before it writes any.
func holding(t testing.TB) *Queue {
	t.Helper()
	q := openTest(t, Options{Linger: time.Hour})
	q.mu.Lock()
	q.expect = 1000
	q.signalLocked()
	q.mu.Unlock()
	return q
}

func pending(q *Queue) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.puts
}

// release has the writer of such a queue go on.
func release(q *Queue) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.expect = 0
	q.signalLocked()
}

// Puts of many callers share commits.
func TestGroupCommit(t *testing.T) {
	q := openTest(t, Options{Linger: 50 * time.Millisecond})
	const callers, each = 32, 20
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for i := range each {
				if err := q.Put(t.Context(), numbered("garage", caller*each+i), nil, Limits{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	s := q.Stats()
	if s.Puts != callers*each || s.Commits > s.Puts/4 || s.Syncs != s.Commits {
		t.Errorf("%+v", s)
	}
	if got := len(list(t, q, "garage")); got != callers*each {
		t.Errorf("%d items", got)
	}
}

// Puts, Dones and Discards of everything at once end in what was not done.
func TestEverythingAtOnce(t *testing.T) {
	q := openTest(t, Options{Linger: 100 * time.Microsecond})
	claims := []string{"a", "b", "c", "d"}
	var mu sync.Mutex
	want := make(map[string]bool)
	var wg sync.WaitGroup
	for caller := range 16 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(caller)))
			for i := range 60 {
				it := numbered(claims[r.IntN(len(claims))], caller*1000+i)
				s := q.NewSpool()
				size := 100
				if r.IntN(10) == 0 {
					size = inRow + 100
				}
				_, _ = s.Write(large(i, size))
				var both sync.WaitGroup
				done := r.IntN(3) > 0
				if done {
					both.Go(func() {
						if err := q.Done(t.Context(), it); err != nil {
							t.Error(err)
						}
					})
				}
				if err := q.Put(t.Context(), it, s, Limits{}); err != nil {
					t.Error(err)
				}
				q.Tried(it)
				both.Wait()
				check(t, s.Close())
				if !done {
					mu.Lock()
					want[it.ID] = true
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	for range 2 {
		n, withFile := 0, 0
		for _, claim := range claims {
			items := list(t, q, claim)
			var sum int64
			for _, it := range items {
				sum += it.bytes()
				if it.file != "" {
					withFile++
				}
				if !want[it.ID] || int64(len(body(t, q, it))) != it.Size || it.Attempts != 1 {
					t.Errorf("%s: wanted %t, size %d, attempts %d", it.ID, want[it.ID], it.Size, it.Attempts)
				}
			}
			n += len(items)
			if count, bytes, _ := q.Count(claim); count != len(items) || bytes != sum {
				t.Errorf("%s counts %d items, %d bytes; there are %d, %d", claim, count, bytes, len(items), sum)
			}
		}
		if n != len(want) || files(t, q) != withFile {
			t.Errorf("%d items, want %d; %d files, want %d", n, len(want), files(t, q), withFile)
		}
		check(t, q.Close())
		q = openAt(t, q.opts.Dir, Options{})
	}
}
