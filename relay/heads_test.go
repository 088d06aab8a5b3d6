package relay

import (
	"fmt"
	"net/http"
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

// TestHeadsAtTheEdgeInHTTP2: the same for senders in HTTP/2.
func TestHeadsAtTheEdgeInHTTP2(t *testing.T) {
	for _, answer := range []string{answerThrough, answerHold} {
		var got seen
		tr, client, _ := startTLSIn(t, answer, Options{}, got.record)
		for _, fields := range []int{119, 120, 128, 129} {
			for _, size := range []int{1, 400} { // 400 times 128 is 50 KiB
				r, err := http.NewRequestWithContext(t.Context(), "POST", "https://"+tr.addr+"/~garage/", strings.NewReader("hi"))
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("User-Agent", "")
				r.Header.Set("X-Last", "1")
				r.Header.Set("Accept-Encoding", "identity")
				for range fields - 4 { // those two, Host and Content-Length
					r.Header.Add("X-Many", strings.Repeat("x", size))
				}
				before := got.count()
				res, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				if ok := res.StatusCode == 200; ok != (fields <= 128) || ok != (got.count() == before+1) || !ok && res.StatusCode != 431 {
					t.Errorf("%s: %d fields: %d, %d deliveries", answer, fields, res.StatusCode, got.count()-before)
				} else if ok {
					readable(t, got.last(t))
				}
			}
		}
	}
}
