package routes

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		value string
		want  time.Duration
	}{
		{"", 0},
		{"0", 0},
		{"120", 2 * time.Minute},
		{"86401", 24 * time.Hour},
		{"99999999999999999999999", 24 * time.Hour},
		{"-1", 0},
		{"1.5", 0},
		{"soon", 0},
		{"Sun, 01 Mar 2026 12:01:00 GMT", time.Minute},
		{"Sun, 01 Mar 2026 11:59:00 GMT", 0},
		{"Mon, 01 Mar 2100 11:59:00 GMT", 24 * time.Hour},
	} {
		if got := readRetryAfter(tt.value, now); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.value, got, tt.want)
		}
	}
}

// verdict is what a result says about another attempt.
type verdict struct {
	kind  Failure
	retry bool
	after time.Duration
}

func verdictOf(r Result) verdict { return verdict{r.Failure, r.Retry, r.RetryAfter} }

func TestForwardFailures(t *testing.T) {
	for _, tt := range []struct {
		response string
		want     verdict
	}{
		{"200 OK\r\nRetry-After: 5", verdict{}},
		{"302 Found", verdict{}},
		{"400 Bad Request\r\nRetry-After: 5", verdict{FailedStatus, false, 0}},
		{"404 Not Found", verdict{FailedStatus, false, 0}},
		{"408 Request Timeout", verdict{FailedStatus, true, 0}},
		{"410 Gone", verdict{FailedStatus, false, 0}},
		{"425 Too Early", verdict{FailedStatus, true, 0}},
		{"429 Too Many Requests\r\nRetry-After: 7", verdict{FailedStatus, true, 7 * time.Second}},
		{"500 Internal Server Error", verdict{FailedStatus, true, 0}},
		{"503 Service Unavailable\r\nRetry-After: 90", verdict{FailedStatus, true, 90 * time.Second}},
	} {
		t.Run(tt.response[:3], func(t *testing.T) {
			s := answers(t, "HTTP/1.1 "+tt.response+"\r\nContent-Length: 0\r\n\r\n")
			r := compileOne(t, Spec{Forward: &ForwardSpec{To: "http://" + s.addr}})
			x, d, _ := stored(t, "POST / HTTP/1.1\r\nHost: a\r\n", "")
			if res := r.Serve(t.Context(), d, x); res.Err != nil || verdictOf(res) != tt.want {
				t.Errorf("got %+v, want %+v", res, tt.want)
			}
		})
	}
}

// TestTargetsThatGiveNoAnswer: what never answers, breaks off or answers what
// is none is unreachable, and may not be the next time.
func TestTargetsThatGiveNoAnswer(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	deaf := newServer(t, func(s *server, nc net.Conn, br *bufio.Reader) {
		s.readHead(br)
		br.ReadByte() // until the other side gives up
	})
	for _, tt := range []struct {
		name, addr string
		status     int
	}{
		{"refuses", nobody.Addr().String(), 502},
		{"deaf", deaf.addr, 504},
		{"closes", answersOnce(t, "").addr, 502},
		{"field with a line in it", answersOnce(t, "X: a\r\nSet-Cookie: b\r\n\r\n").addr, 502},
		{"no status", answersOnce(t, "HTTP/1.1 \r\n\r\n").addr, 502},
		{"breaks off", answersOnce(t, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort").addr, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := compileOne(t, Spec{Forward: &ForwardSpec{To: "http://" + tt.addr, Timeout: Duration(200 * time.Millisecond)}})
			x, d, _ := stored(t, "POST / HTTP/1.1\r\nHost: a\r\n", "")
			res := r.Serve(t.Context(), d, x)
			if res.Err == nil || res.Handler != "forward" || verdictOf(res) != (verdict{FailedUnreachable, true, 0}) || x.Status != tt.status {
				t.Errorf("status %d, got %+v", x.Status, res)
			}
		})
	}
}

func TestScriptFailures(t *testing.T) {
	for _, tt := range []struct {
		play       []string
		background bool
		want       verdict
	}{
		{[]string{"exit", "0"}, true, verdict{}},
		{[]string{"exit", "3"}, false, verdict{FailedScript, false, 0}},
		{[]string{"exit", "3"}, true, verdict{FailedScript, true, 0}},
		{[]string{"exit", "75"}, false, verdict{FailedScript, true, 0}},
	} {
		t.Run(fmt.Sprintf("%s background %t", tt.play[1], tt.background), func(t *testing.T) {
			r := scriptRoute(t, ScriptSpec{}, tt.play...)
			r.rules.background = tt.background
			x, d, _ := stored(t, "POST / HTTP/1.1\r\nHost: a\r\n", "body")
			if res := r.Serve(t.Context(), d, x); verdictOf(res) != tt.want {
				t.Errorf("got %+v, want %+v", res, tt.want)
			}
		})
	}
}

func TestOtherFailures(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	answer := func(status int) *Route { return compileOne(t, Spec{Respond: &RespondSpec{Status: status}}) }
	forward := compileOne(t, Spec{Forward: &ForwardSpec{To: "http://" + answers(t, "").addr}})
	for _, tt := range []struct {
		name   string
		route  *Route
		ctx    context.Context
		method string
		want   verdict
	}{
		{"configured 503", answer(503), t.Context(), "POST", verdict{FailedStatus, false, 0}},
		{"configured 204", answer(204), t.Context(), "POST", verdict{}},
		{"tunnel", forward, t.Context(), "CONNECT", verdict{FailedRequest, false, 0}},
		{"agent stops", forward, ended, "POST", verdict{FailedStopped, true, 0}},
		{"fault", &Route{handlers: []placed{{"faulty", &faulty{}}}}, t.Context(), "POST", verdict{FailedFault, false, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			target := map[bool]string{false: "/", true: "a:443"}[tt.method == "CONNECT"]
			x, d, _ := stored(t, tt.method+" "+target+" HTTP/1.1\r\nHost: a:443\r\n", "")
			if res := tt.route.Serve(tt.ctx, d, x); verdictOf(res) != tt.want {
				t.Errorf("got %+v, want %+v", res, tt.want)
			}
		})
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "0", "120", "99999999999999999999", "-1", "Sun, 01 Mar 2026 12:01:00 GMT", "Sunday, 01-Mar-26 12:01:00 GMT"} {
		f.Add(seed)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value string) {
		if d := readRetryAfter(value, now); d < 0 || d > maxRetryAfter {
			t.Errorf("%q: %s", value, d)
		}
	})
}
