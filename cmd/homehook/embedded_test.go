package main

import (
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
)

// embeddedAgent keeps credentials and counts what it is told.
type embeddedAgent struct {
	mu     sync.Mutex
	stored map[string]string
	told   int
}

func (a *embeddedAgent) get(name string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if v, ok := a.stored[name]; ok {
		return v, nil
	}
	return "", credentials.ErrNotFound
}

func (a *embeddedAgent) SetCredential(name, value string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stored[name] = value
	return nil
}

func (a *embeddedAgent) Announce() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.told++
}

func (a *embeddedAgent) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.told
}

// freePort is a port of loopback that was free just now, and stays taken until free.
func freePort(t *testing.T) (address string, free func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l.Addr().String(), func() { l.Close() }
}

func answers(address string) bool {
	c, err := net.Dial("tcp", address)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// eventuallyTrue polls until ok.
func eventuallyTrue(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("never came true: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// begin takes up the work in a folder.
func (a *embeddedAgent) begin(t *testing.T, dir string) *embedded {
	e := newEmbedded(dir, slog.New(slog.NewTextHandler(t.Output(), nil)))
	e.retry = 10 * time.Millisecond
	e.run(t.Context(), a.get, a)
	return e
}

func embeddedEntry(address, token string) []config.Relay {
	return []config.Relay{{Name: "here", URL: "http://" + address, Token: token, Embedded: true}}
}

// embeddedFinding is what is wrong, "" for nothing.
func embeddedFinding(e *embedded) string {
	if f := e.Findings(); len(f) > 0 && f[0].Subject == "here" && f[0].State == control.FindingProblem && f[0].Remedy != "" {
		return f[0].Text
	}
	return ""
}

// The embedded relay follows what is wanted of it.
func TestEmbedded(t *testing.T) {
	defer goleak.VerifyNone(t)
	a := &embeddedAgent{stored: map[string]string{}}
	e := a.begin(t, t.TempDir())
	first, free := freePort(t)
	e.Embed(embeddedEntry(first, "relay/here"))
	if text := embeddedFinding(e); !strings.Contains(text, "in use") && !strings.Contains(text, "Only one usage") {
		t.Errorf("the port is taken: %q", text)
	}
	if e.Serves(embeddedEntry(first, "")[0]) {
		t.Error("another program has the port, and would be shown the token")
	}
	free()
	eventuallyTrue(t, "it is tried again", func() bool { return len(e.Findings()) == 0 && answers(first) })
	eventuallyTrue(t, "the agent is told twice", func() bool { return a.count() == 2 })
	token, err := a.get("relay/here")
	if err != nil || !strings.HasPrefix(token, "hh_") || !e.Serves(embeddedEntry(first, "")[0]) {
		t.Errorf("token %q, %v", token, err)
	}
	second, free := freePort(t)
	free()
	e.Embed(embeddedEntry(second, "relay/here"))
	if !answers(second) || answers(first) || e.Serves(embeddedEntry(first, "")[0]) {
		t.Error("it has not moved to the other port")
	}
	e.Embed(nil)
	if answers(second) || len(e.Findings()) > 0 || e.Serves(embeddedEntry(second, "")[0]) {
		t.Error("it runs though none is wanted")
	}
	e.close()
	e.Embed(nil) // of one that has ended, which waits for nobody
}

// Another start finds its token good; one that is lost is made anew, and another text
// of that name is left alone.
func TestEmbeddedToken(t *testing.T) {
	defer goleak.VerifyNone(t)
	a := &embeddedAgent{stored: map[string]string{}}
	first, free := freePort(t)
	free()
	dir := t.TempDir()
	e := a.begin(t, dir)
	e.Embed(embeddedEntry(first, "relay/here"))
	e.close()
	token, err := a.get("relay/here")
	if err != nil {
		t.Fatal(err)
	}
	e = a.begin(t, dir)
	e.Embed(embeddedEntry(first, "relay/here"))
	if v, _ := a.get("relay/here"); v != token || !answers(first) {
		t.Errorf("token %q, was %q", v, token)
	}
	e.Embed(embeddedEntry(first, "relay/another"))
	if v, _ := a.get("relay/another"); !strings.HasPrefix(v, "hh_") || v == token {
		t.Errorf("another token is %q", v)
	}
	e.close()
	e = a.begin(t, t.TempDir())
	e.Embed(embeddedEntry(first, "relay/here"))
	if text := embeddedFinding(e); !strings.Contains(text, `the credential "relay/here" is there already`) {
		t.Errorf("a credential of another relay: %q", text)
	}
	if v, _ := a.get("relay/here"); v != token {
		t.Error("it was written over")
	}
	e.close()
}
