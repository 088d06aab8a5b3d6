package control

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestNotRunning(t *testing.T) {
	path := newSocketPath(t)
	c := NewClient(path)
	defer c.Close()
	ctx := t.Context()
	calls := map[string]func() error{
		"status":      func() error { _, err := c.Status(ctx); return err },
		"relays":      func() error { _, err := c.Relays(ctx); return err },
		"claims":      func() error { _, err := c.Claims(ctx); return err },
		"routes":      func() error { _, err := c.Routes(ctx); return err },
		"credentials": func() error { _, err := c.Credentials(ctx); return err },
		"set":         func() error { return c.SetCredential(ctx, "x", "y") },
		"remove":      func() error { return c.RemoveCredential(ctx, "x") },
		"deliveries":  func() error { _, _, err := c.Deliveries(ctx, Query{}); return err },
		"delivery":    func() error { _, err := c.Delivery(ctx, "x"); return err },
		"replay":      func() error { _, err := c.Replay(ctx, "x", Replay{}); return err },
		"retry":       func() error { _, err := c.Retry(ctx, "x"); return err },
		"route test":  func() error { _, err := c.RouteTest(ctx, RouteTest{}); return err },
		"export":      func() error { return c.Export(ctx, io.Discard, Export{Format: FormatHAR}) },
		"pause":       func() error { _, err := c.Pause(ctx, 0); return err },
		"resume":      func() error { _, err := c.Resume(ctx); return err },
		"release":     func() error { return c.ReleaseClaim(ctx, "x", false) },
		"events":      func() error { return c.Events(ctx, 0, func(Event) error { return nil }) },
	}
	for name, call := range calls {
		err := call()
		if !errors.Is(err, ErrNotRunning) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "http://") {
			t.Errorf("%s: %v, want ErrNotRunning that names the socket", name, err)
		}
	}
}

func TestClientSurvivesARestart(t *testing.T) {
	srv := startServer(t, newFakeBackend(), nil)
	if _, err := srv.client.Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := srv.stop(); err != nil {
		t.Fatal(err)
	}
	b := newFakeBackend()
	l, err := Listen(srv.path)
	if err != nil {
		t.Fatal(err)
	}
	defer serve(t, b, l)()
	if err := srv.client.SetCredential(t.Context(), "x", "y"); err != nil {
		t.Errorf("after the restart: %v", err)
	}
}

// serve runs a server on l; the returned function ends it.
func serve(t *testing.T, b Backend, l net.Listener) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := NewServer(b, discardLog()).Serve(ctx, l); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return func() { cancel(); wg.Wait() }
}

// oddServer answers every request with handler; it stands for an agent of
// another version, or a broken one.
func oddServer(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	path := newSocketPath(t)
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	hs := &http.Server{Handler: handler}
	var wg sync.WaitGroup
	wg.Go(func() { _ = hs.Serve(l) })
	c := NewClient(path)
	t.Cleanup(func() { c.Close(); _ = hs.Close(); wg.Wait() })
	return c
}

func TestOddAnswers(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{"not JSON", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }, "read answer of agent: "},
		{"empty", func(http.ResponseWriter, *http.Request) {}, "read answer of agent: "},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"version":`)
		}, "read answer of agent: unexpected EOF"},
		{"plain error", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusTeapot) }, "the agent answered 418 I'm a teapot"},
		{"problem without detail", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"title":"Not Found","status":200}`)
		}, "not found"},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://evil.example/", http.StatusFound)
		}, "the agent answered 302 Found"},
		{"no answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "ask agent: EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := oddServer(t, tt.handler).Status(t.Context())
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestClientEndsWithItsContext(t *testing.T) {
	c := startServer(t, newFakeBackend(), nil).client
	ctx, cancel := context.WithCancel(t.Context())
	err := c.Events(ctx, 0, func(Event) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("events: %v, want context.Canceled", err)
	}
	if _, err := c.Status(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("status: %v, want context.Canceled", err)
	}
}

func TestSilentAgent(t *testing.T) {
	release := make(chan struct{})
	c := oddServer(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, ": then nothing more\n\n")
		_ = http.NewResponseController(w).Flush()
		<-release
	})
	defer close(release)
	c.silence = 30 * time.Millisecond
	if err := c.Events(t.Context(), 0, func(Event) error { return nil }); !errors.Is(err, errSilent) {
		t.Errorf("events: %v, want errSilent", err)
	}
}

func TestReadEvents(t *testing.T) {
	tests := []struct {
		name, stream string
		want         int
		err          string
	}{
		{"nothing", "", 0, "EOF"},
		{"comments", ": a\n\n: b\n\n", 0, "EOF"},
		{"one", "id: 1\nevent: status\ndata: {\"seq\":1}\n\n", 1, "EOF"},
		{"carriage returns", "id: 1\r\ndata:{\"seq\":1}\r\n\r\n", 1, "EOF"},
		{"data in two lines", "data: {\"seq\":\ndata: 1}\n\n", 1, "EOF"},
		{"unknown members", "data: {\"seq\":1,\"later\":{}}\nretry: 5\n\n", 1, "EOF"},
		{"cut off", "data: {\"seq\":1}\n\ndata: {\"seq\":2}\n", 1, "EOF"},
		{"not JSON", "data: x\n\n", 0, "read event of agent: "},
		{"long line", "data: " + strings.Repeat("x", maxEvent+1), 0, "read events of agent: "},
		{"long event", strings.Repeat("data: "+strings.Repeat("x", 1<<16)+"\n", 17), 0, "read event of agent: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := 0
			err := readEvents(strings.NewReader(tt.stream), func(Event) error { n++; return nil })
			if err == nil || !strings.HasPrefix(err.Error(), tt.err) || n != tt.want {
				t.Errorf("%d events and %v, want %d and %q", n, err, tt.want, tt.err)
			}
		})
	}
}

func FuzzReadEvents(f *testing.F) {
	for _, seed := range []string{"", ": a\n\n", "id: 1\ndata: {\"seq\":1}\n\n", "data:\n\n", "data: {\"delivery\":{\"received\":\"x\"}}\n\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, stream string) {
		n := 0
		if err := readEvents(strings.NewReader(stream), func(Event) error { n++; return nil }); err == nil {
			t.Error("the end of a stream is not an error")
		}
		if most := strings.Count(stream, "data:"); n > most {
			t.Errorf("%d events from %d lines of data", n, most)
		}
	})
}

func TestPathThatCanNotBe(t *testing.T) {
	c := NewClient(filepath.Join(newSocketPath(t), "below", "a", "socket"))
	defer c.Close()
	if _, err := c.Status(t.Context()); !errors.Is(err, ErrNotRunning) {
		t.Errorf("%v, want ErrNotRunning", err)
	}
}
