package wizard

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"homehook/gui/stage"
	"homehook/relay"
)

// press presses a key where the focus is.
func press(s *stage.Stage, key fyne.KeyName) {
	e := &fyne.KeyEvent{Name: key}
	if f := s.Window.Canvas().Focused(); f != nil {
		f.TypedKey(e)
	} else if typed := s.Window.Canvas().OnTypedKey(); typed != nil {
		typed(e)
	}
}

// arrive waits until a step is shown and has nothing to do.
func arrive(s *stage.Stage, w *wizard, at int) {
	s.Settle(func() bool { return w.at == at && !w.busy })
}

// target is a program at home; it counts what it gets.
func target(t *testing.T, status int) (url string, got *int) {
	t.Helper()
	got = new(int)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		*got++
		w.WriteHeader(status)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, got
}

// private is a relay that wants a token, and some tokens.
func private(t *testing.T, n int) (address string, tokens []string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + l.Addr().String(), serveOn(t, l, n)
}

// serve has a relay at an address, with some tokens.
func serve(t *testing.T, address string, n int) (tokens []string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, l, n)
}

func serveOn(t *testing.T, l net.Listener, n int) (tokens []string) {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	r, err := relay.New(t.Context(), relay.Options{Data: filepath.Join(t.TempDir(), "relay"), Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var served sync.WaitGroup
	served.Go(func() { _ = r.Serve(ctx, l) })
	t.Cleanup(func() {
		stop()
		served.Wait()
		_ = r.Close()
	})
	for i := range n {
		token, err := r.CreateToken(t.Context(), "home"+strconv.Itoa(i), 10)
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	return tokens
}

// write types into what has the focus.
func write(s *stage.Stage, text string) { test.Type(s.Window.Canvas().Focused(), text) }

// empty empties the entry that has the focus.
func empty(s *stage.Stage) {
	if e, ok := s.Window.Canvas().Focused().(*entry); ok {
		e.SetText("")
	}
}

// focusOn goes on with Tab until that has the focus.
func focusOn(t *testing.T, s *stage.Stage, want fyne.Focusable) {
	t.Helper()
	c := s.Window.Canvas()
	for range 60 {
		if c.Focused() == want {
			return
		}
		c.FocusNext()
	}
	t.Fatalf("Tab does not reach %T", want)
}

// sees says whether a text is seen in the wizard.
func (w *wizard) sees(text string) bool { return stage.Sees(w.desk.Window, text) }
