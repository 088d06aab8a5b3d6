package agent

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/agent/control"
)

// backlog sends n deliveries as a relay drains its queue: in order, so many on
// their way at once, each with the one before it. It returns their ids.
func backlog(t testing.TB, r *testRelay, n, window int, line string, body string) []string {
	t.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = newID()
	}
	slots, began := make(chan struct{}, window), time.Now()
	var wg sync.WaitGroup
	for i := range ids {
		slots <- struct{}{}
		// The link is taken in the order of the queue.
		link := <-r.links
		wg.Go(func() {
			defer func() { <-slots }()
			after := "none"
			if i > 0 {
				after = ids[i-1]
			}
			g, err := carry(link, sent{id: ids[i], mode: answerStore, line: line + strconv.Itoa(i), body: body, after: after, received: began.Add(time.Duration(i) * time.Microsecond)})
			if err != nil || g.status != 202 || g.accepted != ids[i] {
				t.Errorf("%d: %+v, %v", i, g, err)
			}
			if link.Done() {
				r.links <- link
			} else {
				link.Close()
			}
		})
	}
	wg.Wait()
	return ids
}

// settled returns when a delivery has succeeded.
func (h *home) settled(t testing.TB, last string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if rec, err := h.client.Delivery(t.Context(), last); err == nil && rec.State == "succeeded" {
			return
		}
		<-time.After(5 * time.Millisecond)
	}
	t.Fatal("the last delivery has not run")
}

// resident is the memory of this process in MiB.
func resident(t testing.TB) int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kb / 1024
		}
	}
	return 0
}

// BenchmarkDrain takes a backlog of webhooks in, writes each down for good and
// runs it, in order, to a fixed answer. It states deliveries a second.
func BenchmarkDrain(b *testing.B) {
	for _, size := range []int{100, 4000} {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			r := startRelay(b, "127.0.0.1:0", "hh_secret")
			h := startHome(b, storing(r.addr, "", "  - {name: all, claim: garage, match: /, unverified: true, respond: {status: 200}}\n"))
			r.must(b, sent{})
			b.ResetTimer()
			began := time.Now()
			ids := backlog(b, r, b.N, 64, "POST /n/", strings.Repeat("x", size))
			h.settled(b, ids[len(ids)-1])
			b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "deliveries/s")
			b.ReportMetric(float64(resident(b)), "MiB-RSS")
		})
	}
}

// TestDrain holds what a backlog of 10,000 has to show: all of it arrives, in
// order, and the agent keeps within its memory.
func TestDrain(t *testing.T) {
	if testing.Short() {
		t.Skip("drains 10,000 deliveries")
	}
	n := 10_000
	if raceEnabled {
		n = 500
	}
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", "  - {name: all, claim: garage, match: /, unverified: true, respond: {status: 200}}\n"))
	r.must(t, sent{})
	began := time.Now()
	ids := backlog(t, r, n, 64, "POST /n/", strings.Repeat("x", 1000))
	h.settled(t, ids[n-1])
	took := time.Since(began)
	runtime.GC()
	t.Logf("%d deliveries in %s, %.0f/s, %d MiB", n, took.Round(time.Millisecond), float64(n)/took.Seconds(), resident(t))
	seen, cursor := n, ""
	for {
		page, next, err := h.client.Deliveries(t.Context(), control.Query{State: "succeeded", Limit: 1000, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page {
			if d.Path == "/hello" {
				continue
			}
			if seen--; d.ID != ids[seen] || d.Path != fmt.Sprint("/n/", seen) {
				t.Fatalf("delivery %d is %s %s", seen, d.ID, d.Path)
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	if seen != 0 {
		t.Errorf("%d are missing", seen)
	}
	// Links, relay and client are in this process too.
	if most := 160; resident(t) > most {
		t.Errorf("%d MiB are in use", resident(t))
	}
}

// BenchmarkThrough is the way of a delivery that is not written down, with the
// history off. The allocations are those of both ends.
func BenchmarkThrough(b *testing.B) {
	r := startRelay(b, "127.0.0.1:0", "hh_secret")
	startHome(b, conf(r.addr, respondRoute)+"history: {off: true}\n")
	if _, err := r.send(id, "POST /hello HTTP/1.1", "abc"); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if got, err := r.send(id, "POST /hello HTTP/1.1", "abc"); err != nil || got.status != 201 {
			b.Fatal(got, err)
		}
	}
}
