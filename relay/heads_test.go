package relay

import (
	"fmt"
	"strings"
	"testing"

	"homehook/http1"
)

// headOf is a request with so many fields, whose head has so many
// bytes with its blank line.
func headOf(host string, fields, size int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "POST /~garage/x HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: 2\r\n", host)
	for i := 3; i < fields-1; i++ {
		fmt.Fprintf(&b, "X-%d: %d\r\n", i, i)
	}
	const last = "X-Last: "
	fill := max(size-b.Len()-len(last)-len("\r\n\r\n"), 1)
	b.WriteString(last + strings.Repeat("x", fill) + "\r\n")
	return b.String()
}

// edges are heads at the limits of the public edge.
var edges = []struct {
	name string
	head string
	ok   bool
}{
	{"119 fields", headOf("r", 119, 0), true},
	{"120 fields", headOf("r", 120, 0), true},
	{"127 fields", headOf("r", 127, 0), true},
	{"128 fields", headOf("r", 128, 0), true},
	{"129 fields", headOf("r", 129, 0), false},
	{"60 KiB", headOf("r", 10, 60<<10), true},
	{"64 KiB", headOf("r", 10, 64<<10), true},
	{"64 KiB of 128 fields", headOf("r", 128, 64<<10), true},
	{"64 KiB with the longest host", headOf(strings.Repeat("h", maxHost), 128, 64<<10), true},
	{"a host that is too long", headOf(strings.Repeat("h", maxHost+1), 10, 0), false},
	{"more than 64 KiB", headOf("r", 10, 64<<10+1), false},
}

// TestHeadsAtTheEdge: what the edge accepts can be read at home, with all that the
// relay adds to it, in each dialect, and again by who has stored it.
func TestHeadsAtTheEdge(t *testing.T) { everyDialect(t, Options{}, headsAtTheEdge) }

func headsAtTheEdge(t *testing.T, tr *testRelay, _ string, got *seen) {
	for _, tt := range edges {
		t.Run(tt.name, func(t *testing.T) {
			before := got.count()
			answer := tr.rawEnd(t, tt.head+"\r\nhi")
			if ok := strings.HasPrefix(answer, "HTTP/1.1 200 "); ok != tt.ok || !ok && !strings.HasPrefix(answer, "HTTP/1.1 4") {
				t.Fatalf("got %.100q", answer)
			}
			if came := got.count() - before; (came == 1) != tt.ok {
				t.Fatalf("%d deliveries", came)
			}
			if tt.ok {
				readable(t, got.last(t))
			}
		})
	}
}

// readable checks that a head can be read again by who has stored it.
func readable(t *testing.T, head string) {
	t.Helper()
	r, err := http1.ParseRequest([]byte(head), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := r.Get("X-Last"); !ok {
		t.Errorf("the last field is missing in %.200q", head)
	}
	if most := http1.GrownFields; strings.Count(head, "\r\n") > most || len(head) > http1.GrownHead {
		t.Errorf("%d lines, %d bytes", strings.Count(head, "\r\n"), len(head))
	}
}

// TestHeadsAtTheEdgeFromTheQueue: what was accepted while home was away can be read
// when the queue is drained, in each dialect.
func TestHeadsAtTheEdgeFromTheQueue(t *testing.T) {
	for _, dialect := range append([]string{parkedMode}, allDialects...) {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			tr := startRelay(t, Options{})
			tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
			accepted := 0
			for _, tt := range edges {
				answer := tr.rawEnd(t, tt.head+"\r\nhi")
				if ok := strings.HasPrefix(answer, "HTTP/1.1 202 "); ok != tt.ok {
					t.Fatalf("%s: got %.100q", tt.name, answer)
				} else if ok {
					accepted++
				}
			}
			var h home
			tr.agentOf(t, dialect, "garage", 1, h.handle)
			waitFor(t, "all deliveries are home", func() bool {
				h.mu.Lock()
				defer h.mu.Unlock()
				return len(h.heads) >= accepted
			})
			h.mu.Lock()
			defer h.mu.Unlock()
			for _, head := range h.heads {
				readable(t, head)
			}
		})
	}
}
