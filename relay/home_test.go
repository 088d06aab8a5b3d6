package relay

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/http1"
)

// home is an agent that keeps a journal, as ours does: it takes each delivery
// over by its id, and puts those that come from the queue in their order.
type home struct {
	// Answer, if not nil, answers in the place of 202 or 200. It is told how
	// often the delivery has come, this time included.
	Answer func(x *http1.Exchange, times int)

	// Foreign makes it an agent that knows nothing of the journal.
	Foreign bool

	mu      sync.Mutex
	times   map[string]int
	ran     []string            // paths, in the order in which they would be run
	known   map[string]bool     // ids
	waiting map[string][]string // by the id before, the ids that wait for it
	paths   map[string]string   // by id
	heads   []string
	bodies  []string
}

func (h *home) handle(_ context.Context, x *http1.Exchange) {
	body, err := io.ReadAll(x.Request.Body)
	if err != nil {
		return
	}
	times := h.take(x.Request, body)
	if h.Answer != nil {
		h.Answer(x, times)
		return
	}
	keep(x, 200, "done")
}

// keep answers that the delivery is in the journal.
func keep(x *http1.Exchange, status int, text string) {
	id, _ := x.Request.Get("Homehook-Delivery")
	x.Start(status, nil)
	x.Field("Homehook-Accepted", string(id))
	x.EndLength(int64(len(text)))
	io.WriteString(x.Writer, text)
	x.Finish()
}

// take notes a delivery, and returns how often it has come.
func (h *home) take(r *http1.Request, body []byte) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.times == nil {
		h.times, h.known, h.waiting, h.paths = map[string]int{}, map[string]bool{}, map[string][]string{}, map[string]string{}
	}
	id := field(r, "Homehook-Delivery")
	h.times[id]++
	h.heads, h.bodies = append(h.heads, string(r.Raw())), append(h.bodies, string(body))
	if h.times[id] > 1 && !h.Foreign {
		return h.times[id]
	}
	h.paths[id] = string(r.Target)
	before := field(r, "Homehook-After")
	if before == "" || before == noneBefore || h.known[before] {
		h.run(id)
	} else {
		h.waiting[before] = append(h.waiting[before], id)
	}
	return h.times[id]
}

func (h *home) run(id string) {
	h.ran, h.known[id] = append(h.ran, h.paths[id]), true
	for _, next := range h.waiting[id] {
		h.run(next)
	}
	delete(h.waiting, id)
}

func (h *home) order() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.ran)
}

// last returns the head that came last.
func (h *home) last() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.heads) == 0 {
		return ""
	}
	return h.heads[len(h.heads)-1]
}

func field(r *http1.Request, name string) string {
	v, _ := r.Get(name)
	return string(v)
}

// queued is how many deliveries of the claim "garage" are in the queue.
func (tr *testRelay) queued() int {
	n, _, _ := tr.queue().Count("garage")
	return n
}

// emptied waits until the queue of the claim "garage" is empty.
func (tr *testRelay) emptied(t testing.TB) {
	t.Helper()
	waitFor(t, "the queue is empty", func() bool { return tr.queued() == 0 })
}

// postOf is a request with a short body.
func postOf(path string) string {
	body := "body of " + path
	return fmt.Sprintf("POST /~garage%s HTTP/1.1\r\nHost: relay\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

// accepted sends a delivery that the relay has to accept, and returns how long
// that took.
func (tr *testRelay) accepted(t testing.TB, path string) time.Duration {
	t.Helper()
	start := time.Now()
	if status, body := tr.ask(t, postOf(path)); status != 202 {
		t.Fatalf("%s: %d %q, want 202", path, status, body)
	}
	return time.Since(start)
}

// fill has the relay accept deliveries with the paths /0, /1 and so on.
func (tr *testRelay) fill(t testing.TB, n int) (paths []string) {
	t.Helper()
	nc := tr.conn(t)
	nc.SetDeadline(time.Now().Add(2 * time.Minute))
	s := &rawConn{t, nc, bufio.NewReader(nc)}
	for i := range n {
		path := "/" + itoa(i)
		paths = append(paths, path)
		s.send(strings.Replace(postOf(path), "Connection: close\r\n", "", 1))
		if head := s.head(); !strings.HasPrefix(head, "HTTP/1.1 202 ") {
			t.Fatalf("%s: %q", path, head)
		}
		s.takes("accepted\n")
	}
	nc.Close()
	return paths
}
