package agent

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// rawApp answers each connection with the bytes of the test.
func rawApp(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer nc.Close()
				if req, err := http.ReadRequest(bufio.NewReader(nc)); err == nil {
					io.Copy(io.Discard, req.Body)
					io.WriteString(nc, answer)
				}
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	return "http://" + l.Addr().String()
}

// TestNonsenseOfHandlers is row 60 of the bad inputs: what a handler says that
// is no answer becomes a 502 with its name in the history, to senders who wait
// and for nobody.
func TestNonsenseOfHandlers(t *testing.T) {
	for name, answer := range map[string]string{
		"a line end in a value": "HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\nContent-Length: 0\r\n\r\n",
		"no status":             "X: a\r\n\r\nhello",
		"two lengths":           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"nothing":               "",
	} {
		t.Run(name, func(t *testing.T) {
			r := startRelay(t, "127.0.0.1:0", "hh_secret")
			h := startHome(t, storing(r.addr, "", fmt.Sprintf("  - {name: app, claim: garage, match: /, unverified: true, forward: {to: %q}}\n", rawApp(t, answer))))
			for _, mode := range []string{answerHold, answerThrough} {
				s := sent{id: newID(), mode: mode, line: "POST /app"}
				if g := r.must(t, s); g.status != 502 || strings.Contains(g.body, "Set-Cookie") {
					t.Errorf("%s: %+v", mode, g)
				}
				if rec := h.record(t, s.id, "dead"); rec.Reason == "" || rec.Log[0].Handler != "forward" || rec.Log[0].Route != "app" {
					t.Errorf("%s: %+v", mode, rec)
				}
			}
			s := sent{id: newID(), line: "POST /app", after: "none"}
			r.must(t, s)
			h.record(t, s.id, "waiting")
		})
	}
}

// TestBodyThatBreaksOff: the sender sees that the answer is not whole, and it
// is not repeated to anybody as if it were.
func TestBodyThatBreaksOff(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", fmt.Sprintf("  - {name: app, claim: garage, match: /, unverified: true, forward: {to: %q}}\n",
		rawApp(t, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"))))
	s := sent{id: newID(), line: "POST /app"}
	if g, err := r.deliver(s); err == nil {
		t.Errorf("%+v", g)
	}
	h.record(t, s.id, "dead")
	if g := r.must(t, s); g.status != 202 || g.accepted != s.id {
		t.Errorf("again: %+v", g)
	}
}

// TestCaptureIsCut: of a long answer the sender gets all, and the history what
// it keeps.
func TestCaptureIsCut(t *testing.T) {
	const size = 3 << 20
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		io.Copy(w, io.LimitReader(zeros{}, size))
	})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", a.route("app", "")))
	s := sent{id: newID(), line: "POST /app"}
	if g := r.must(t, s); len(g.body) != size {
		t.Errorf("%d bytes", len(g.body))
	}
	if log := h.record(t, s.id, "succeeded").Log[0]; len(log.ResponseBody) != 256<<10 || log.ResponseSize != size || !log.ResponseTruncated {
		t.Errorf("%d of %d bytes are kept", len(log.ResponseBody), log.ResponseSize)
	}
	if g := r.must(t, s); g.status != 202 || g.accepted != s.id {
		t.Errorf("again: %d, %q", g.status, g.accepted)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
