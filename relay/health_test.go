package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"homehook/http1"
)

func TestHealthy(t *testing.T) {
	t.Parallel()
	var combined syncBuffer
	tr := serveRelay(t, Options{AccessLog: true, CombinedLog: &combined, MaxConns: 1})
	waitFor(t, "it is well", func() bool { return tr.Healthy(t.Context()) == nil })
	waitFor(t, "the look at itself has let go of the only connection", func() bool { return tr.held() == 0 })
	full, err := net.Dial("tcp", tr.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	waitFor(t, "no more connections are taken", func() bool { return tr.held() == 1 })
	if err := tr.Healthy(t.Context()); err != nil {
		t.Errorf("with as many connections as there may be: %v", err)
	}
	if text := combined.String() + tr.log.String(); strings.Contains(text, "healthz") {
		t.Errorf("the relay logs its own requests:\n%s", text)
	}
	tr.stop()
	if err := tr.Healthy(t.Context()); !errors.Is(err, errNotServing) {
		t.Errorf("a relay that has ended: %v", err)
	}
}

func TestHealthyWithTLS(t *testing.T) {
	t.Parallel()
	server, _ := testTLS(t)
	tr := serveRelay(t, Options{TLS: server})
	waitFor(t, "it is well", func() bool { return tr.Healthy(t.Context()) == nil })
	tr.stop()

	tr = serveRelay(t, Options{TLS: &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return nil, errors.New("there is none")
	}}})
	waitFor(t, "it is well without a certificate, which it would not find anew", func() bool { return tr.Healthy(t.Context()) == nil })
}

// TestUnhealthy breaks one part after the other.
func TestUnhealthy(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		spoil func(*testing.T, *testRelay) (mend func())
		want  string
	}{
		{"the store is busy for ever", func(t *testing.T, tr *testRelay) func() {
			c, err := tr.store.db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return func() { c.Close() }
		}, "the relay's data do not answer"},
		{"the queue is closed", func(t *testing.T, tr *testRelay) func() {
			tr.queue().Close()
			return func() {}
		}, "the queue does not answer"},
		{"the directory is locked for ever", func(t *testing.T, tr *testRelay) func() {
			tr.dir.mu.Lock()
			return tr.dir.mu.Unlock
		}, "no answer on 127.0.0.1:"},
		{"nobody looks after the links", func(t *testing.T, tr *testRelay) func() {
			c := tr.dir.claim([]byte("garage"))
			c.mu.Lock()
			time.Sleep(2 * sweepEvery) // it is what is tested: the sweep has come to the lock
			tr.swept.Store(time.Now().Add(-2 * sweepOverdue).UnixNano())
			return c.mu.Unlock
		}, "the links have not been looked after for 2m"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tr := startRelay(t, Options{})
			tr.dial(t, "garage", func(context.Context, *http1.Exchange) {})
			waitFor(t, "it is well", func() bool { return tr.Healthy(t.Context()) == nil })
			mend := tt.spoil(t, tr)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			err := tr.Healthy(ctx)
			mend()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestReachable(t *testing.T) {
	for addr, want := range map[string]string{
		"0.0.0.0:80": "127.0.0.1:80", "[::]:80": "[::1]:80 127.0.0.1:80", "192.0.2.1:443": "192.0.2.1:443", "[2001:db8::1]:443": "[2001:db8::1]:443",
	} {
		a, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Trim(fmt.Sprint(reachable(a)), "[]"); got != strings.Trim(want, "[]") {
			t.Errorf("%s: got %s, want %s", addr, got, want)
		}
	}
}

// TestSeveralListeners serves on three doors, of which one ends.
func TestSeveralListeners(t *testing.T) {
	t.Parallel()
	var listeners []net.Listener
	for range 3 {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listeners = append(listeners, ln)
	}
	ready := make(chan struct{})
	r := openRelay(t, Options{Ready: func() { close(ready) }, Log: slog.New(slog.DiscardHandler)})
	done := make(chan error, 1)
	go func() { done <- r.Serve(t.Context(), listeners...) }()
	<-ready
	for _, ln := range listeners {
		res, err := http.Get("http://" + ln.Addr().String() + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	if err := r.Healthy(t.Context()); err != nil {
		t.Error(err)
	}
	listeners[1].Close() // as if it had broken: nobody would come in any more
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("ended with %v", err)
	}
	for _, ln := range listeners {
		if nc, err := net.Dial("tcp", ln.Addr().String()); err == nil {
			t.Error("a listener is open")
			nc.Close()
		}
	}
}

// TestRelayTellsItsVersion holds that agents learn it, and strangers do not.
func TestRelayTellsItsVersion(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{Version: "v1.2.3"})
	for token, want := range map[string]string{tr.token: "v1.2.3", "hh_other": "", "": ""} {
		req, err := http.NewRequest("GET", "http://"+tr.addr+"/api/claims", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if got := res.Header.Get("Homehook-Relay-Version"); got != want {
			t.Errorf("with token %q: got %q", token, got)
		}
	}
}

// held is how many connections of senders there are.
func (tr *testRelay) held() int {
	tr.conns.mu.Lock()
	defer tr.conns.mu.Unlock()
	return len(tr.conns.all)
}

// movedCarrier is a carrier from an address.
type movedCarrier struct {
	restingCarrier
	addr string
}

func (m *movedCarrier) RemoteAddr() string { return m.addr }

// TestMovedAgent pings links at once that come from another address than the
// newest.
func TestMovedAgent(t *testing.T) {
	t.Parallel()
	long := time.Now().Add(-time.Minute)
	old := func(addr string, idle time.Time, ping time.Duration) *link {
		l := &link{Carrier: &movedCarrier{restingCarrier{since: idle}, addr}}
		l.traits.Ping = ping
		return l
	}
	c := &claim{idle: []*link{
		old("192.0.2.1:1000", long, time.Hour),
		old("192.0.2.1:1001", time.Now(), time.Hour), // it was there a moment ago
		old("192.0.2.1:1002", long, 0),               // it would take a ping for a request
		old("[2001:db8::1]:1000", long, time.Hour),
		old("192.0.2.2:1000", long, time.Hour),
	}}
	c.doubtLocked(old("192.0.2.9:1000", long, 0)) // who does not know pings says nothing
	c.doubtLocked(old("192.0.2.2:2000", time.Now(), time.Hour))
	got := ""
	for _, l := range c.idle {
		got += fmt.Sprint(l.moved, " ")
		if moved := l.moved; moved != c.settleMoved(l) || c.settleMoved(l) {
			t.Error("the doubt does not end")
		}
	}
	if want := "true false false true false "; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
