package agent

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"homehook/agent/control"
)

// TestHeadsAtTheEdgeAreRun: what a relay accepts is read from the journal and run, and
// goes on to a program whole, with what relay and agent add to it.
func TestHeadsAtTheEdgeAreRun(t *testing.T) {
	var whole atomic.Int32
	program := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if len(r.Header.Values("X-Many")) > 0 && r.Header.Get("X-Last") != "" && r.Header.Get("X-Forwarded-For") != "" {
			whole.Add(1)
		}
	}))
	t.Cleanup(program.Close)
	r := startTrueRelay(t)
	const routes = "  - {match: POST /forward, unverified: true, forward: {to: %q}}\n  - {match: POST /respond, unverified: true, respond: {body: ok}}\n"
	h := linkedHome(t, r, fmt.Sprintf(routes, program.URL))
	sent := 0
	for _, fields := range []int{119, 120, 127, 128} {
		for _, size := range []int{0, 60 << 10, 64 << 10} {
			for _, path := range []string{"forward", "respond"} {
				if answer := r.send(t, path, fields, size); !strings.HasPrefix(answer, "HTTP/1.1 20") {
					t.Fatalf("%s, %d fields, %d bytes: %.200q", path, fields, size, answer)
				}
				sent++
			}
		}
	}
	newest := ""
	eventually(t, "all are done", func() bool {
		list, _, err := h.client.Deliveries(context.Background(), control.Query{Limit: 100})
		if err != nil {
			return false
		}
		done := 0
		if len(list) > 0 {
			newest = list[0].ID
		}
		for _, d := range list {
			if d.State == control.Dead {
				t.Fatalf("%+v", d)
			}
			if d.State == control.Succeeded {
				done++
			}
		}
		return done == sent
	})
	again, err := h.client.Replay(t.Context(), newest, control.Replay{})
	if err != nil || again.State != control.Succeeded {
		t.Errorf("replayed: %+v, %v", again, err)
	}
	if got := int(whole.Load()); got != sent/2 {
		t.Errorf("%d of %d came whole", got, sent/2)
	}
}

// send posts a request with so many fields, whose head has so many bytes or a few more.
func (r *trueRelay) send(t *testing.T, path string, fields, size int) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "POST /~garage/%s HTTP/1.1\r\nHost: r\r\nConnection: close\r\nContent-Length: 2\r\n", path)
	for i := 3; i < fields-1; i++ {
		fmt.Fprintf(&b, "X-Many: %d\r\n", i)
	}
	fill := max(size-b.Len()-len("X-Last: \r\n\r\n"), 1)
	fmt.Fprintf(&b, "X-Last: %s\r\n\r\nhi", strings.Repeat("x", fill))
	nc, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := io.WriteString(nc, b.String()); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(nc)
	return string(answer)
}
