package agent

import (
	"net/http"
	"os"
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
	// Of a file that was cut off only the wish is known.
	h.stop()
	if err := os.WriteFile(pausePath(h.history()), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	h = openHome(t, h.dir)
	if !paused() {
		t.Error("not paused")
	}
}
