package history

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// benchRecord is a delivery of 1 KiB with one attempt, as the forward handler
// leaves it.
func benchRecord() Record {
	return Record{
		Delivery: Delivery{
			Claim: "garage", Relay: "mine", State: Running, Method: "POST", Path: "/github/homehook", Remote: "203.0.113.9:40312",
			Size: 1024, BodySHA256: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		},
		Head: bytes.Repeat([]byte("Header-Name: v\r\n"), 18),
		Body: bytes.Repeat([]byte("0123456789abcdef"), 64),
	}
}

func benchFinish(r *Record) {
	r.State, r.Status, r.DurationMS, r.Route, r.Attempts = Succeeded, 200, 1.25, "deploy", 1
	r.Log = []Attempt{{
		Number: 1, Route: "deploy", Handler: "forward", Started: r.Received, DurationMS: 1.25, Status: 200, Exit: -1,
		ResponseHead: bytes.Repeat([]byte("Header-Name: v\r\n"), 8), ResponseBody: []byte("ok, thank you"), ResponseSize: 13,
	}}
}

func benchJournal(b *testing.B, o Options) *Journal {
	b.Helper()
	j, err := Open(b.Context(), filepath.Join(b.TempDir(), "history.db"), o)
	if err != nil {
		b.Fatal(err)
	}
	return j
}

// BenchmarkPairs measures Begin followed by Finish, including the time until
// all of it is committed. A durable Begin brings the body, any other leaves it
// to Finish, as the agent does. Run it with -cpu 1 for the rate of one core.
func BenchmarkPairs(b *testing.B) {
	for _, bm := range []struct {
		name    string
		durable bool
		callers int
	}{
		{"through/1", false, 1},
		{"through/64", false, 64},
		{"durable/1", true, 1},
		{"durable/64", true, 64},
	} {
		b.Run(bm.name, func(b *testing.B) {
			j := benchJournal(b, Options{})
			var n atomic.Int64
			var wg sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			start := time.Now()
			for range bm.callers {
				wg.Go(func() { benchPairs(b, j, bm.durable, &n) })
			}
			wg.Wait()
			if err := j.Close(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "pairs/s")
		})
	}
}

// benchPairs is one caller; n counts the deliveries of all of them.
func benchPairs(b *testing.B, j *Journal, durable bool, n *atomic.Int64) {
	r := benchRecord()
	body := r.Body
	for id := n.Add(1); id <= int64(b.N); id = n.Add(1) {
		r.ID, r.State, r.Received, r.Log = benchID(id), Running, time.Now(), r.Log[:0]
		if r.Body = nil; durable {
			r.Body = body
		}
		if err := j.Begin(&r, durable); err != nil {
			b.Error(err)
		}
		benchFinish(&r)
		r.Body = body
		if err := j.Finish(&r); err != nil {
			b.Error(err)
		}
	}
}

func benchID(n int64) string { return fmt.Sprintf("01890000-0000-7000-8000-%012d", n) }

// BenchmarkBegin measures how long one Begin takes whose journal is at rest,
// and reports the median and the 99th percentile.
func BenchmarkBegin(b *testing.B) {
	for _, durable := range []bool{false, true} {
		b.Run(fmt.Sprintf("durable=%t", durable), func(b *testing.B) {
			j := benchJournal(b, Options{Linger: -1})
			r := benchRecord()
			r.Body = nil
			var took []time.Duration
			for n := int64(1); b.Loop(); n++ {
				r.ID, r.State, r.Received, r.Log = benchID(n), Running, time.Now(), r.Log[:0]
				began := time.Now()
				if err := j.Begin(&r, durable); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
				benchFinish(&r)
				if err := j.Finish(&r); err != nil {
					b.Fatal(err)
				}
				if err := j.Flush(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			if err := j.Close(); err != nil {
				b.Fatal(err)
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1000, "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1000, "p99-µs")
		})
	}
}

// BenchmarkRead measures listings and searches over 200,000 small deliveries.
// The command bench/history does so over a million that differ more.
func BenchmarkRead(b *testing.B) {
	j := benchJournal(b, Options{})
	r := benchRecord()
	for n := range 200_000 {
		r.ID, r.Received = testID(n), epoch.Add(time.Duration(n)*time.Second)
		benchFinish(&r)
		if n%50_000 == 0 {
			r.State, r.Claim = Dead, "rare"
		}
		if err := j.Finish(&r); err != nil {
			b.Fatal(err)
		}
		r.Claim = "garage"
	}
	if err := j.Index(b.Context()); err != nil {
		b.Fatal(err)
	}
	for _, bm := range []struct {
		name string
		q    Query
	}{
		{"page", Query{}},
		{"page in the middle", Query{Until: epoch.Add(100_000 * time.Second)}},
		{"rare state", Query{State: Dead}},
		{"rare claim", Query{Claim: "rare"}},
		{"rare status", Query{Status: 418}},
		{"search that hits", Query{Search: "homehook"}},
		{"search that misses", Query{Search: "no such text"}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := j.List(b.Context(), bm.q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("get", func(b *testing.B) {
		for b.Loop() {
			if _, err := j.Get(b.Context(), testID(150_000)[:9]); err != nil {
				b.Fatal(err)
			}
		}
	})
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkIndex measures how long a delivery takes to be indexed for searches.
func BenchmarkIndex(b *testing.B) {
	j := benchJournal(b, Options{Keep: -1, MaxSize: -1})
	random := rand.New(rand.NewPCG(1, 2))
	r := benchRecord()
	for n := range b.N {
		r.ID, r.Received, r.Body, r.Log = testID(n), epoch.Add(time.Duration(n)*time.Second), r.Body[:0], r.Log[:0]
		for range 60 {
			r.Body = fmt.Appendf(r.Body, "w%d ", int(random.ExpFloat64()*5000))
		}
		for range 10 {
			r.Body = fmt.Appendf(r.Body, "%x ", random.Uint64())
		}
		benchFinish(&r)
		if err := j.Finish(&r); err != nil {
			b.Fatal(err)
		}
	}
	if err := j.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	if err := j.Index(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
}
