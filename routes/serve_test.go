package routes

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"homehook/http1"
)

func TestRespond(t *testing.T) {
	for _, tt := range []struct {
		name    string
		spec    RespondSpec
		request string
		want    string
	}{
		{"nothing", RespondSpec{}, getOnce, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
		{
			"text",
			RespondSpec{Status: 202, Body: "queued\n", Headers: map[string]string{"X-B": "2", "X-A": "1"}},
			getOnce,
			"HTTP/1.1 202 Accepted\r\nX-A: 1\r\nX-B: 2\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\nContent-Length: 7\r\n\r\nqueued\n",
		},
		{
			"json",
			RespondSpec{Body: `{"ok": true}`},
			getOnce,
			"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\nContent-Length: 12\r\n\r\n{\"ok\": true}",
		},
		{
			"typed",
			RespondSpec{Body: "<p>", Headers: map[string]string{"content-type": "text/html"}},
			getOnce,
			"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\nContent-Length: 3\r\n\r\n<p>",
		},
		{
			"head",
			RespondSpec{Body: "x"},
			strings.Replace(getOnce, "GET", "HEAD", 1),
			"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\nContent-Length: 1\r\n\r\n",
		},
		{"no content", RespondSpec{Status: 204}, getOnce, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"},
		{
			"bad body",
			RespondSpec{},
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
			"HTTP/1.1 400 Bad Request\r\nVary: Accept\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: 41\r\n\r\na chunk size is not a hexadecimal number\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := serveRoute(t, compileOne(t, Spec{Respond: &tt.spec}))
			if diff := cmp.Diff(tt.want, ask(t, f.addr, tt.request)); diff != "" {
				t.Error(diff)
			}
			if r := f.result(t); r.Handler != "respond" || r.Exit != -1 || (r.Err != nil) != (r.status == 400) {
				t.Errorf("result %+v", r)
			}
		})
	}
}

// TestRespondReadsTheBody checks that the history sees what a fixed answer has
// no use for, and that the connection goes on.
func TestRespondReadsTheBody(t *testing.T) {
	r := compileOne(t, Spec{Respond: &RespondSpec{Body: "ok"}})
	for _, size := range []int{0, 10, maxWhole + 1, consumeMax + 100_000} {
		body := strings.Repeat("x", size)
		x, d, _ := stored(t, "POST / HTTP/1.1\r\nHost: a\r\n\r\n", body)
		seen := 0
		d.Request.Body.Tap(func(p []byte) { seen += len(p) })
		if res := r.Serve(t.Context(), d, x); res.Err != nil || seen < min(size, consumeMax) {
			t.Errorf("%d bytes: saw %d, %+v", size, seen, res)
		}
	}
}

// stored makes an exchange of a stored request, as a replay has it.
func stored(t testing.TB, head, body string) (*http1.Exchange, *Delivery, *bytes.Buffer) {
	t.Helper()
	r, err := http1.ParseRequest([]byte(head), strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	return http1.NewExchange(r, &out), &Delivery{ID: "7", Claim: "c", Route: "r", Attempt: 2, Request: r}, &out
}

func TestServeStoredRequests(t *testing.T) {
	body := strings.Repeat("0123456789", 20_000)
	for _, tt := range []struct {
		name  string
		route *Route
	}{
		{"forward", compileOne(t, Spec{Forward: &ForwardSpec{To: "http://" + echoServer(t)}})},
		{"script", scriptRoute(t, ScriptSpec{}, "cat")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, b := range []string{"", "short", body} {
				x, d, out := stored(t, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", b)
				res := tt.route.Serve(t.Context(), d, x)
				if res.Err != nil || x.Status != 200 || !x.Finished() || !strings.HasSuffix(out.String(), "\r\n\r\n"+b) {
					t.Errorf("%d bytes: %+v, %q", len(b), res, out.String()[:min(out.Len(), 200)])
				}
			}
		})
	}
}

// faulty is a handler that panics.
type faulty struct{ begun bool }

var _ handler = (*faulty)(nil)

func (f *faulty) serve(_ context.Context, _ *Delivery, x *http1.Exchange) Result {
	x.Start(200, nil)
	if !f.begun {
		x.Status = 0
	}
	panic("boo")
}

func (f *faulty) plan(*Delivery) Plan { return Plan{} }

func (f *faulty) close() {}

func TestServeSurvivesAFault(t *testing.T) {
	for _, begun := range []bool{false, true} {
		r := &Route{Name: "r", handlers: []placed{{"faulty", &faulty{begun}}}}
		f := serveRoute(t, r)
		got := ask(t, f.addr, getOnce)
		if whole := strings.HasSuffix(got, "this route is broken\n"); whole == begun {
			t.Errorf("got %q", got)
		}
		if res := f.result(t); res.Err == nil || res.Handler != "faulty" || !strings.Contains(res.Err.Error(), "boo") || res.finished == begun {
			t.Errorf("result %+v", res)
		}
	}
}
