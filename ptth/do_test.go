package ptth_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"homehook/http1"
	"homehook/ptth"
)

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// warm carries one good exchange, so that the state it leaves is there for
// the next one to be confused with.
func warm(t testing.TB, a *agent, l *ptth.Link) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); a.answer(ok) }()
	got, err := run(t, l, "GET /warm HTTP/1.1\r\nHost: h\r\n\r\n")
	within(t, done, "answer")
	if err != nil || got != (result{200, "ok", true}) {
		t.Fatalf("first exchange: %+v, %v", got, err)
	}
}

// TestAnswers holds what a relay makes of each kind of answer, and whether
// the link may be used again: when in doubt, it may not.
func TestAnswers(t *testing.T) {
	tests := []struct {
		name, method, answer string
		closes               bool // the agent closes behind its answer
		want                 result
		fails                bool
	}{
		{"length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", false, result{200, "hi", true}, false},
		{"empty", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, result{200, "", true}, false},
		{"chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", false, result{200, "hi", true}, false},
		{"bare LF, no reason", "GET", "HTTP/1.1 200\nContent-Length: 2\n\nhi", false, result{200, "hi", true}, false},
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", false, result{200, "", true}, false},
		{"204", "DELETE", "HTTP/1.1 204 \r\n\r\n", false, result{204, "", true}, false},
		{"204 with a length", "DELETE", "HTTP/1.1 204 \r\nContent-Length: 3\r\n\r\n", false, result{204, "", true}, false},
		{"304", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", false, result{304, "", true}, false},
		{"100 first", "POST", "HTTP/1.1 100 Continue\r\n\r\n" + ok, false, result{200, "ok", true}, false},
		{"102 and 103 first", "GET", "HTTP/1.1 102 X\r\n\r\nHTTP/1.1 103 X\r\nLink: a\r\n\r\n" + ok, false, result{200, "ok", true}, false},
		{"500", "GET", "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", false, result{500, "", true}, false},
		{"close asked", "GET", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", true, result{200, "hi", false}, false},
		{"no length", "GET", "HTTP/1.1 200 OK\r\n\r\nhi", true, result{200, "hi", false}, false},
		{"1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", true, result{200, "hi", false}, false},
		{"1.0 without a length", "GET", "HTTP/1.0 200 OK\r\n\r\nhi", true, result{200, "hi", false}, false},
		{"1.0 kept", "GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", false, result{200, "hi", true}, false},
		{"more than asked", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi" + ok, false, result{200, "hi", false}, false},
		{"more than asked to HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", false, result{200, "", false}, false},

		{"body cut", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", true, result{200, "hi", false}, true},
		{"chunks cut", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", true, result{200, "hi", false}, true},
		{"head cut", "GET", "HTTP/1.1 200 OK\r\nContent-", true, result{}, true},
		{"closed", "GET", "", true, result{}, true},
		{"closed behind 103", "GET", "HTTP/1.1 103 X\r\n\r\n", true, result{}, true},
		{"not HTTP", "GET", "hello\r\n\r\n", false, result{}, true},
		{"PTTH", "GET", "PTTH/1.0 200 OK\r\n\r\n", false, result{}, true},
		{"two lengths", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", false, result{}, true},
		{"field without a colon", "GET", "HTTP/1.1 200 OK\r\nA\r\n\r\n", false, result{}, true},
		{"unasked switch", "GET", "HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", false, result{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, l := rawAgent(t, newRelay(t, nil), modern)
			warm(t, a, l)
			done := make(chan struct{})
			go func() {
				defer close(done)
				a.answer(tt.answer)
				if tt.closes {
					a.Close()
				}
			}()
			got, err := run(t, l, tt.method+" /a HTTP/1.1\r\nHost: h\r\n\r\n")
			within(t, done, "agent")
			if got != tt.want || (err != nil) != tt.fails {
				t.Errorf("got %+v, %v; want %+v, fails %v", got, err, tt.want, tt.fails)
			}
			if errors.Is(err, ptth.ErrNotSent) {
				t.Error("a request that was seen counts as not sent")
			}
			if unasked := tt.name == "unasked switch"; unasked != errors.Is(err, ptth.ErrSwitched) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestRequestBytes holds what reaches the agent.
func TestRequestBytes(t *testing.T) {
	tests := []struct{ name, send, want string }{
		{"no body", "GET /a%2e?b HTTP/1.1\r\nhost: h\r\nX:1\r\n\r\n", "GET /a%2e?b HTTP/1.1\r\nhost: h\r\nX:1\r\n\r\n"},
		{"length 0", "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"},
		{"small", "POST / HTTP/1.1\r\nContent-Length: 2\r\nA: b\r\n\r\nhi", "POST / HTTP/1.1\r\nA: b\r\nContent-Length: 2\r\n\r\nhi"},
		{"HEAD", "HEAD / HTTP/1.1\r\n\r\n", "HEAD / HTTP/1.1\r\n\r\n"},
		{"from 1.0", "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi", "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"},
		{
			"chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nhi\r\n0\r\n\r\n",
			"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		},
		{
			"trailers", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\nHost: evil\r\n\r\n",
			"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n",
		},
		{
			"empty chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		},
		{"hop by hop", "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: PTTH/1.0\r\nTE: trailers\r\nA: b\r\n\r\n", "GET / HTTP/1.1\r\nA: b\r\n\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, l := rawAgent(t, newRelay(t, nil), modern)
			got := make(chan string, 1)
			go func() {
				b := make([]byte, len(tt.want))
				n, _ := io.ReadFull(a.r, b)
				a.send("HTTP/1.1 204 X\r\n\r\n")
				got <- string(b[:n])
			}()
			if r, err := run(t, l, tt.send); err != nil || !r.Again {
				t.Errorf("%+v, %v", r, err)
			}
			if g := within(t, got, "request"); g != tt.want {
				t.Errorf("got %q, want %q", g, tt.want)
			}
		})
	}
}

// TestOneWrite: a head and a small body arrive in one piece, because some
// agents take one read for one message.
func TestOneWrite(t *testing.T) {
	a, l := rawAgent(t, newRelay(t, nil), modern)
	for _, size := range []int{1, 1000, 10_000} {
		read := make(chan int, 1)
		go func() {
			b := make([]byte, 64<<10)
			n, _ := a.Read(b)
			a.send(ok)
			read <- n
		}()
		if _, err := run(t, l, fmt.Sprintf("POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size))); err != nil {
			t.Fatal(err)
		}
		if n := within(t, read, "request"); n < size+38 {
			t.Errorf("%d bytes of body: the first read got %d bytes", size, n)
		}
	}
}

func TestResponseTrailers(t *testing.T) {
	a, l := rawAgent(t, newRelay(t, nil), modern)
	go a.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n")
	res, err := l.Do(carry(sent(t, "GET / HTTP/1.1\r\n\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(res.Body); err != nil || string(b) != "hi" {
		t.Fatalf("got %q, %v", b, err)
	}
	if v, _ := res.Body.Trailer().Get("x-sum"); string(v) != "1" {
		t.Errorf("trailer: got %q", v)
	}
	if !l.Done() {
		t.Error("the link is spent")
	}
}

func TestEarlyHints(t *testing.T) {
	a, l := rawAgent(t, newRelay(t, nil), modern)
	go a.answer("HTTP/1.1 100 X\r\n\r\nHTTP/1.1 103 X\r\nLink: a\r\n\r\nHTTP/1.1 103 X\r\nLink: b\r\n\r\n" + ok)
	var links []string
	c := carry(sent(t, "GET / HTTP/1.1\r\n\r\n"))
	c.Early = func(r *http1.Response) {
		v, _ := r.Get("Link")
		links = append(links, string(v))
	}
	if got, err := finish(l, c); err != nil || got != (result{200, "ok", true}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got := strings.Join(links, " "); got != "a b" {
		t.Errorf("hints: got %q", got)
	}
}

// TestUnreadAnswer: a link whose answer was not read to its end is spent.
func TestUnreadAnswer(t *testing.T) {
	a, l := rawAgent(t, newRelay(t, nil), modern)
	go a.answer(ok)
	if _, err := l.Do(carry(sent(t, "GET / HTTP/1.1\r\n\r\n"))); err != nil {
		t.Fatal(err)
	}
	if l.Done() {
		t.Error("the link would be used again")
	}
}

// TestNotSent: a reset that is known before the write means that the request
// may go elsewhere.
func TestNotSent(t *testing.T) {
	a, l := rawAgent(t, newRelay(t, nil), modern)
	warm(t, a, l)
	a.SetLinger(0)
	a.Close()
	until(t, "the reset shows", func() bool { return l.Check() == http1.PeerGone })
	c := carry(sent(t, "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"))
	got, err := finish(l, c)
	if !errors.Is(err, ptth.ErrNotSent) || got.Again {
		t.Errorf("got %+v, %v", got, err)
	}
	// The same call does it on another link, body and all.
	link := home(t, newRelay(t, nil), echo)
	if got, err := finish(link, c); err != nil || got != (result{200, "hi", true}) {
		t.Errorf("on another link: got %+v, %v", got, err)
	}
}

// TestMaybeSent: what an agent may have seen is never called unsent, even if
// it closed while the request was on its way.
func TestMaybeSent(t *testing.T) {
	for _, size := range []int{2, 60_000, 10 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			a, l := rawAgent(t, newRelay(t, nil), modern)
			warm(t, a, l)
			done := make(chan struct{})
			go func() {
				defer close(done)
				a.request()
				a.SetLinger(0)
				a.Close()
			}()
			got, err := run(t, l, fmt.Sprintf("POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size)))
			within(t, done, "agent")
			if err == nil || errors.Is(err, ptth.ErrNotSent) || got.Again {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// TestDoneBehindFailure: what is still under way on a link must not answer a
// later request.
func TestDoneBehindFailure(t *testing.T) {
	t.Parallel()
	a, l := rawAgent(t, newRelay(t, nil), modern)
	warm(t, a, l)
	c := carry(sent(t, "GET /slow HTTP/1.1\r\n\r\n"))
	c.Gone = func() bool { return true }
	if _, err := l.Do(c); !errors.Is(err, ptth.ErrSenderGone) {
		t.Fatalf("got %v, want %v", err, ptth.ErrSenderGone)
	}
	if !l.Done() {
		return
	}
	a.request()
	a.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
	until(t, "the late answer is there", func() bool { return l.Check() != http1.PeerSilent })
	got, err := run(t, l, "GET /other HTTP/1.1\r\n\r\n")
	t.Errorf("the link goes on, and the next request gets %+v, %v", got, err)
}
