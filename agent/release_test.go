package agent

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
)

// claimsOf starts a relay that has a claims API and tells what was asked of it.
func claimsOf(t *testing.T) (addr string, asked func() string) {
	t.Helper()
	var mu sync.Mutex
	var said []string
	m := pretend(t, nil, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Upgrade") == "PTTH/1.0" {
			idle(w)
			return true
		}
		if !strings.HasPrefix(r.URL.Path, "/api/claims") {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		if r.Method != http.MethodGet {
			said = append(said, r.Method)
		}
		switch r.Method {
		case http.MethodGet:
			return answering(200, "Content-Type: application/json", "[]")(w, r)
		case http.MethodDelete:
			return answering(204, "X: y", "")(w, r)
		}
		return answering(200, "Content-Type: application/json", `{"url":"https://garage.relay.example/","queued":3}`)(w, r)
	})
	return m.server.Listener.Addr().String(), func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(said, " ")
	}
}

// idle grants a link as a relay of ours does, on which nothing comes.
func idle(w http.ResponseWriter) {
	nc, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer nc.Close()
	io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\nPTTH-Ping: 20\r\nPTTH-Max-Conns: 4\r\n\r\n")
	io.Copy(io.Discard, nc)
}

// TestPausedClaimKeepsItsURL: what was last known of a claim is shown while
// there are no links to ask over.
func TestPausedClaimKeepsItsURL(t *testing.T) {
	addr, _ := claimsOf(t)
	h := startHome(t, storing(addr, "", respondRoute))
	claim := func() control.Claim {
		t.Helper()
		list, err := h.client.Claims(t.Context())
		if err != nil || len(list) != 1 {
			t.Fatalf("%v, %v", list, err)
		}
		return list[0]
	}
	const url = "https://garage.relay.example/"
	eventually(t, "the relay has told", func() bool { return claim().URL == url })
	for range 2 { // pausing again does not forget
		if err := (&backend{h.Agent}).Pause(0); err != nil {
			t.Fatal(err)
		}
		if c := claim(); c.URL != url || c.Queued != 3 || c.Connected || c.Links != 0 {
			t.Errorf("%+v", c)
		}
	}
	// What another relay said says nothing of this one.
	other, _ := claimsOf(t)
	h.write(t, storing(other, "", respondRoute))
	eventually(t, "the change counts", func() bool { return claim().URL == "" })
}

// TestReleaseWhilePaused: no resume takes a claim anew that was just given back,
// however soon it comes.
func TestReleaseWhilePaused(t *testing.T) {
	addr, asked := claimsOf(t)
	h := startHome(t, storing(addr, "", "  []\n"))
	eventually(t, "the claim is taken", func() bool { return asked() == "PUT" })
	b := &backend{h.Agent}
	if err := b.Pause(0); err != nil {
		t.Fatal(err)
	}
	if err := b.ReleaseClaim(t.Context(), "garage", true); err != nil {
		t.Fatal(err)
	}
	if err := b.Resume(); err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	n := len(h.keepers)
	h.mu.Unlock()
	if list := b.Claims(); n != 0 || len(list) != 0 || h.inbox.claimOf("garage") != nil {
		t.Errorf("%d keepers, claims %+v", n, list)
	}
	eventually(t, "the file is read again", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.config.Path != "" && len(h.config.Claims) == 0
	})
	if s := asked(); s != "PUT DELETE" {
		t.Errorf("the relay was asked %q", s)
	}
}

// TestResumeDuringARelease: while a claim is given back it gets no links.
func TestResumeDuringARelease(t *testing.T) {
	addr, asked := claimsOf(t)
	h := startHome(t, storing(addr, "", "  []\n"))
	eventually(t, "the claim is taken", func() bool { return asked() == "PUT" })
	b := &backend{h.Agent}
	if err := b.Pause(0); err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	h.releasing["garage"] = true
	h.mu.Unlock()
	if err := b.Resume(); err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.keepers) != 0 {
		t.Error("it has links")
	}
}

// TestPauseIsLogged: a pause without an end names none.
func TestPauseIsLogged(t *testing.T) {
	var log bytes.Buffer
	store, err := credentials.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	a := &Agent{
		opts: Options{Credentials: store},
		log:  slog.New(slog.NewTextHandler(&log, nil)), config: &config.Config{},
		pausing: pausing{path: filepath.Join(t.TempDir(), "paused.json")}, inbox: &inbox{executor: newExecutor(nil)},
	}
	if err := a.pause(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); !strings.Contains(text, "msg=paused") || strings.Contains(text, "until") {
		t.Errorf("%s", text)
	}
}
