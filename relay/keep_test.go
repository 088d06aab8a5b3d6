package relay

import (
	"slices"
	"strings"
	"testing"

	"homehook/http1"
)

// TestKeptAsItCame: what was kept reaches home as what was not, to the byte, but
// for what the relay says of the delivery.
func TestKeptAsItCame(t *testing.T) {
	requests := []struct{ name, request string }{
		{"path mode", "POST /~garage/a%2Fb?c=d HTTP/1.1\r\nhOST: relay:80\r\nx-A: 1\r\nX-a:  2 \r\nForwarded: for=evil\r\nHomehook-After: x\r\nContent-Length: 5\r\n\r\nhello"},
		{"escaped tilde", "PUT /%7Egarage HTTP/1.1\r\nHost: r\r\nContent-Length: 0\r\n\r\n"},
		{"host mode", "PATCH /x HTTP/1.1\r\nHost: garage.localhost\r\nVia: 1.0 a\r\n\r\n"},
		{"absolute", "POST http://garage.localhost?q HTTP/1.1\r\nHost: other\r\n\r\n"},
		{"HTTP/1.0", "POST /~garage/ HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi"},
		{"hops", "OPTIONS /~garage/ HTTP/1.1\r\nHost: r\r\nMax-Forwards: 5\r\n\r\n"},
		{"trailers", "POST /~garage/ HTTP/1.1\r\nHost: r\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 5\r\nHost: evil\r\n\r\n"},
		{"binary and long", "POST /~garage/ HTTP/1.1\r\nHost: r\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("\x00\xff\r", 100_000)},
	}
	for _, tt := range requests {
		t.Run(tt.name, func(t *testing.T) {
			var heads, bodies [2]string
			for i, mode := range []string{answerHold, answerStore} {
				tr := startRelay(t, Options{})
				tr.claimOf(t, claimRecord{Name: "garage", Answer: mode})
				h := &home{Answer: func(x *http1.Exchange, _ int) {
					if got := x.Request.Body.Trailer().Raw(); strings.Contains(tt.request, "X-Sum: 5") && string(got) != "X-Sum: 5\r\n" {
						t.Errorf("trailers %q", got)
					}
					keep(x, 200, "")
				}}
				tr.agent(t, "garage", 1, h.handle)
				tr.rawEnd(t, tt.request)
				tr.emptied(t)
				heads[i], bodies[i] = withoutOurs(h.last()), h.bodies[0]
			}
			if heads[0] != heads[1] || bodies[0] != bodies[1] {
				t.Errorf("at once:\n%s%.100q\nkept:\n%s%.100q", heads[0], bodies[0], heads[1], bodies[1])
			}
		})
	}
}

// withoutOurs leaves out of a head what is said of the delivery, and the relay's
// name and framing, which depend on the run.
func withoutOurs(head string) string {
	var kept []string
	for line := range strings.Lines(head) {
		name, _, _ := strings.Cut(line, ":")
		switch {
		case strings.HasPrefix(name, "Homehook-"), name == "Transfer-Encoding", name == "Content-Length", strings.Contains(line, "homehook-"):
		default:
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// TestKeptInEveryDialect sends what waits over each kind of link, to agents of
// ours and to others.
func TestKeptInEveryDialect(t *testing.T) {
	for _, dialect := range append([]string{parkedMode}, allDialects...) {
		for _, foreign := range []bool{false, true} {
			name := dialect + " ours"
			if foreign {
				name = dialect + " foreign"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				tr := startRelay(t, Options{})
				tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
				paths := tr.fill(t, 20)
				h := &home{Foreign: foreign}
				agent := tr.agentOf
				if foreign {
					h.Answer = func(x *http1.Exchange, _ int) { x.Text(200, "done") }
					agent = tr.foreignOf
				}
				agent(t, dialect, "garage", 2, h.handle)
				defer func() {
					if t.Failed() {
						t.Log(tr.log)
					}
				}()
				tr.emptied(t)
				for i, got := range h.order() {
					if strings.TrimPrefix(got, "/~garage") != paths[i] {
						t.Fatalf("number %d is %s", i, got)
					}
				}
				if got := len(h.order()); got != len(paths) {
					t.Errorf("%d arrived, want %d", got, len(paths))
				}
				if !slices.Contains(h.bodies, "body of "+paths[0]) {
					t.Errorf("bodies %q", h.bodies)
				}
				if strings.Contains(h.last(), "Homehook-After: ") == foreign {
					t.Errorf("head %q", h.last())
				}
			})
		}
	}
}
