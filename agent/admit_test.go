package agent

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/http1"
	"homehook/ptth"
)

// only returns the one delivery in the history once it has ended.
func only(t *testing.T, h *home, q control.Query) control.Delivery {
	t.Helper()
	var d control.Delivery
	eventually(t, "the history has its end", func() bool {
		list, _, err := h.client.Deliveries(t.Context(), q)
		if err != nil || len(list) > 1 {
			t.Fatalf("history: %v, %v", list, err)
		}
		if len(list) == 1 {
			d = list[0]
		}
		return len(list) == 1 && d.State != control.Running
	})
	return d
}

// TestStrangersRequestIsRejected: what a relay sends for another name runs
// nothing, is answered 404 and stands in the history.
func TestStrangersRequestIsRejected(t *testing.T) {
	var runs atomic.Int32
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { runs.Add(1) }))
	defer app.Close()
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, conf(r.addr, fmt.Sprintf("  - {name: app, claim: garage, match: /, unverified: true, forward: {to: %q}}\n", app.URL)))
	got, err := r.send("", "POST /x HTTP/1.1\r\nX-Forwarded-Prefix: /~other\u202e", "abc")
	if err != nil || got.status != 404 {
		t.Fatalf("%v, %v", got, err)
	}
	d := only(t, h, control.Query{})
	if d.State != control.Rejected || d.Reason != "the relay sent it for /~other???, which you have not claimed" || d.Route != "" || d.Attempts != 0 || d.Size != 3 {
		t.Errorf("%+v", d)
	}
	if runs.Load() != 0 {
		t.Error("the app was asked")
	}
	if got, err := r.send("", "POST /x HTTP/1.1\r\nX-Forwarded-Prefix: /~garage", "abc"); err != nil || got.status != 200 || runs.Load() != 1 {
		t.Errorf("its own: %v, %v", got, err)
	}
}

// TestStrangerIsWarnedOfOnce: a relay that mixes up names does not fill the log.
func TestStrangerIsWarnedOfOnce(t *testing.T) {
	var log bytes.Buffer
	in := &inbox{log: slog.New(slog.NewTextHandler(&log, nil))}
	k := &keeper{claim: config.Claim{Name: "garage", Relay: "mine"}}
	k.setURL("https://garage.relay.example/")
	for range 5 {
		no := in.admit(k, ptth.About{}, request(t, "/x", "Host: other.relay.example\r\n"), &note{})
		if no == nil || no.status != 404 {
			t.Fatalf("%+v", no)
		}
	}
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "relay sent a request for other.relay.example, which you have not claimed") || !strings.Contains(text, "level=WARN") {
		t.Errorf("logged %q", text)
	}
	if no := in.admit(k, ptth.About{}, request(t, "/x", "Host: garage.relay.example\r\n"), &note{}); no != nil {
		t.Errorf("its own: %+v", no)
	}
}

// TestMaxBodyAtHome: a relay that passes on more than the claim takes does not
// get it past the agent, and nothing of it counts as a success.
func TestMaxBodyAtHome(t *testing.T) {
	var runs atomic.Int32
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n, err := io.Copy(io.Discard, r.Body); err == nil {
			runs.Add(1)
			fmt.Fprint(w, n)
		}
	}))
	defer app.Close()
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	text := strings.Replace(conf(r.addr, fmt.Sprintf("  - {name: app, claim: garage, match: /app, unverified: true, forward: {to: %q}}\n", app.URL)+
		"  - {name: fixed, claim: garage, match: /, unverified: true, respond: {body: ok}}\n"), "max_links: 16", "max_links: 16, max_body: 200000", 1)
	h := startHome(t, text)
	for _, path := range []string{"/app", "/fixed"} {
		for _, tt := range []struct {
			name   string
			size   int64
			framed bool
			ok     bool
		}{
			{"announced", 200_001, true, false},
			{"announced, far", 1 << 40, true, false},
			{"chunked", 200_001, false, false},
			{"chunked without end", 1 << 40, false, false},
			{"announced, allowed", 200_000, true, true},
			{"chunked, allowed", 200_000, false, true},
		} {
			t.Run(path+" "+tt.name, func(t *testing.T) {
				asked := fmt.Sprintf("%s/%d/%t", path, tt.size, tt.framed)
				head := fmt.Sprintf("POST %s?%s HTTP/1.1\r\nHost: garage.test\r\n", path, asked)
				got := sendBody(t, r, head, tt.size, tt.framed)
				want := 413
				if tt.ok {
					want = 200
				}
				if got != want {
					t.Errorf("status %d, want %d", got, want)
				}
				d := only(t, h, control.Query{Search: asked})
				if tt.ok != (d.State == control.Succeeded) || tt.ok && d.Size != tt.size || d.Status != want {
					t.Errorf("%+v", d)
				}
				if !tt.ok && d.State == control.Succeeded {
					t.Error("a part counts as a success")
				}
			})
		}
	}
	if n := runs.Load(); n != 2 {
		t.Errorf("the app took %d bodies whole, want 2", n)
	}
}

// endless is a body of n bytes.
type endless struct{ n int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.n == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), e.n))
	e.n -= int64(n)
	return n, nil
}

// sendBody sends a body down a fresh link until the agent has had enough.
func sendBody(t *testing.T, r *testRelay, head string, size int64, framed bool) int {
	t.Helper()
	n := size
	if !framed {
		n = -1
	}
	req, err := http1.ParseRequest([]byte(head), &endless{size}, n)
	if err != nil {
		t.Fatal(err)
	}
	var link *ptth.Link
	select {
	case link = <-r.links:
	case <-time.After(patient):
		t.Fatal("no link")
	}
	defer link.Close()
	res, err := link.Do(&ptth.Call{Request: req, Wait: 5 * time.Second, Head: func(w *http1.Writer) {
		w.StartRequest(req.Method, req.Target)
		w.CopyFields(&req.Head, http1.HopByHop)
	}})
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, res.Body)
	link.Close()
	link.Done()
	return res.Status
}

// TestWholeTargets: over a link that leaves the prefix of path mode on, routes
// and apps see what is behind it, and the delivery says what was taken off.
func TestWholeTargets(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r.RequestURI)
	}))
	defer app.Close()
	h := startHome(t, conf("127.0.0.1:1", fmt.Sprintf("  - {name: app, claim: garage, match: /x/, unverified: true, forward: {to: %q}}\n", app.URL)))
	eventually(t, "the agent runs", func() bool { return h.inbox.table.Load() != nil })
	k := &keeper{claim: config.Claim{Name: "garage", Relay: "test"}}
	link := &fakeLink{about: ptth.About{Dialect: ptth.DialectReverseHTTP, Whole: true}}
	for _, target := range []string{"/garage/x/1?q", "/~garage/x/2"} {
		var out bytes.Buffer
		x := http1.NewExchange(request(t, target, "Host: gw.example\r\n"), &out)
		h.inbox.take(k, link, x)
		if x.Status != 200 {
			t.Errorf("%s: %q", target, out.String())
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(seen, " "); got != "/x/1?q /x/2" {
		t.Errorf("the app saw %s", got)
	}
	if d := only(t, h, control.Query{Search: "/garage/x/1"}); d.Path != "/x/1" || d.State != control.Succeeded {
		t.Errorf("%+v", d)
	}
}
