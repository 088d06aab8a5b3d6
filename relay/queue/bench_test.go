package queue

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// benchItem is a delivery of size bytes, of which about 300 are the head.
func benchItem(n int64) *Item {
	return &Item{
		ID: fmt.Sprintf("01890000-0000-7000-8000-%012d", n), Claim: "garage", Received: time.Now(),
		Head: bytes.Repeat([]byte("Header-Name: v\r\n"), 18), Origin: []byte(`{"remote":"203.0.113.9:40312","proto":"HTTP/1.1"}`),
	}
}

func benchQueue(b *testing.B, o Options) *Queue {
	b.Helper()
	o.Dir, o.Reserve = b.TempDir(), -1
	q, err := Open(b.Context(), o)
	check(b, err)
	b.Cleanup(func() { check(b, q.Close()) })
	return q
}

// benchPut puts one item, as a request does.
func benchPut(b *testing.B, q *Queue, n int64, body []byte) *Item {
	s := q.NewSpool()
	defer s.Close()
	if _, err := s.Write(body); err != nil {
		b.Error(err)
	}
	it := benchItem(n)
	if err := q.Put(b.Context(), it, s, Limits{Items: -1, Bytes: -1}); err != nil {
		b.Error(err)
	}
	return it
}

// BenchmarkPut measures durable Puts by several callers, and beside them what
// the disk does in the same folder: appends of the same size to one file, each
// with an fsync of its own.
func BenchmarkPut(b *testing.B) {
	for _, size := range []int{1 << 10, 4 << 10} {
		for _, callers := range []int{1, 64} {
			b.Run(fmt.Sprintf("%dKiB/%d", size>>10, callers), func(b *testing.B) {
				q := benchQueue(b, Options{})
				body := bytes.Repeat([]byte("x"), size)
				var n atomic.Int64
				var wg sync.WaitGroup
				b.ReportAllocs()
				b.ResetTimer()
				start := time.Now()
				for range callers {
					wg.Go(func() {
						for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
							benchPut(b, q, i, body)
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "puts/s")
				b.ReportMetric(float64(b.N)/float64(q.Stats().Commits), "puts/commit")
			})
		}
		b.Run(fmt.Sprintf("%dKiB/disk", size>>10), func(b *testing.B) { benchDisk(b, size) })
	}
}

// benchDisk appends to a file with an fsync after each.
func benchDisk(b *testing.B, size int) {
	f, err := os.Create(filepath.Join(b.TempDir(), "appended"))
	check(b, err)
	defer f.Close()
	data := bytes.Repeat([]byte("x"), size)
	start := time.Now()
	for b.Loop() {
		if _, err := f.Write(data); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "appends/s")
}

// BenchmarkPutPaced puts 200 deliveries of 4 KiB a second for as many as b.N,
// and reports how long they take.
func BenchmarkPutPaced(b *testing.B) {
	q := benchQueue(b, Options{})
	body := bytes.Repeat([]byte("x"), 4<<10)
	took := make([]time.Duration, b.N)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var wg sync.WaitGroup
	for i := range took {
		<-tick.C
		wg.Go(func() {
			began := time.Now()
			benchPut(b, q, int64(i), body)
			took[i] = time.Since(began)
		})
	}
	wg.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
}

// BenchmarkDrain lists and forgets what is queued, in windows of 64 items, as
// the relay does.
func BenchmarkDrain(b *testing.B) {
	q := benchQueue(b, Options{})
	body := bytes.Repeat([]byte("x"), 1<<10)
	var n atomic.Int64
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
				benchPut(b, q, i, body)
			}
		})
	}
	wg.Wait()
	b.ResetTimer()
	start := time.Now()
	for after := int64(0); ; {
		items, err := q.List(b.Context(), "garage", after, 64, 0)
		check(b, err)
		if len(items) == 0 {
			break
		}
		for _, it := range items {
			after = it.Seq
			wg.Go(func() {
				q.Tried(it)
				if err := q.Done(b.Context(), it); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
	}
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "items/s")
}
