package agent

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"homehook/agent/control"
	"homehook/agent/history"
)

func TestPauseAndResume(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, _ int) {})
	h := startHome(t, storing(r.addr, "", a.route("app", "")))
	r.must(t, sent{line: "GET /nowhere"})
	if _, err := h.client.Pause(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	state := func(want string, paused bool) func() bool {
		return func() bool {
			s, err := h.client.Status(t.Context())
			return err == nil && s.State == want && s.Paused == paused && s.Relays[0].State == want
		}
	}
	eventually(t, "paused", state(control.StatePaused, true))
	eventually(t, "the links are gone", func() bool {
		link := <-r.links
		defer link.Close()
		_, err := carry(link, sent{line: "GET /nowhere"})
		return err != nil
	})
	r.forget()

	// A pause outlives the agent, and what is unfinished waits with it.
	id := newID()
	h.crashed(t, func(j *history.Journal) { begun(t, j, sent{id: id, line: "POST /app"}, 0) })
	h = openHome(t, h.dir)
	eventually(t, "still paused", state(control.StatePaused, true))
	if len(a.bodies()) > 0 || len(r.links) > 0 {
		t.Error("it does not pause")
	}
	if _, err := h.client.Pause(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if s, err := h.client.Status(t.Context()); err != nil || time.Until(s.PausedUntil) < 59*time.Minute {
		t.Errorf("%+v, %v", s, err)
	}
	for range 2 {
		if _, err := h.client.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "resumed", state(control.StateConnected, false))
	h.record(t, id, "succeeded")
	if g := r.must(t, sent{line: "POST /app"}); g.status != 200 {
		t.Errorf("%+v", g)
	}
}

func TestPauseEndsByItself(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", respondRoute))
	r.must(t, sent{})
	if err := (&backend{h.Agent}).Pause(50 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	paused := func() bool {
		s, err := h.client.Status(t.Context())
		return err == nil && s.Paused
	}
	eventually(t, "it is over", func() bool { return !paused() })
	if _, err := os.Stat(pausePath(h.history())); !os.IsNotExist(err) {
		t.Errorf("the file of the pause: %v", err)
	}

	// One that ended while no agent ran is over.
	if err := (&backend{h.Agent}).Pause(100 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	h.stop()
	<-time.After(150 * time.Millisecond)
	h = openHome(t, h.dir)
	if paused() {
		t.Error("paused for ever")
	}
}

// TestPauseThatIsNotKept: a pause that could not be written down leaves nothing
// behind that would pause the next agent, and does not end the one before it.
func TestPauseThatIsNotKept(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", respondRoute))
	r.must(t, sent{})
	paused := func() bool {
		t.Helper()
		s, err := h.client.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s.Paused
	}
	path := pausePath(h.history())
	if err := os.MkdirAll(filepath.Join(path, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := (&backend{h.Agent}).Pause(0); err == nil || paused() {
		t.Errorf("paused without a file: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".paused*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	h.stop()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "{", "\x00\x00\x00", `{"until": "soon"}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var log lockedLog
		a := &Agent{log: slog.New(slog.NewTextHandler(&log, nil)), pausing: pausing{path: path}}
		if err := a.recallPause(); err != nil || a.pausing.paused || !strings.Contains(log.String(), "level=WARN") {
			t.Errorf("%q: paused %t, %v; log %s", text, a.pausing.paused, err, log.String())
		}
	}
	h = openHome(t, h.dir)
	if paused() {
		t.Error("a file that says nothing pauses")
	}
	for range 2 {
		if err := (&backend{h.Agent}).Pause(time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	h.stop()
	if h = openHome(t, h.dir); !paused() {
		t.Error("not paused any more")
	}
}
