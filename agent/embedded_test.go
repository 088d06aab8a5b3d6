package agent

import (
	"errors"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
)

// embedding stands for what runs embedded relays.
type embedding struct {
	names chan []string
	up    atomic.Bool // it serves what it is to
}

func (e *embedding) Embed(relays []config.Relay) {
	names := []string{}
	for _, r := range relays {
		names = append(names, r.Name+" "+r.Token)
	}
	e.names <- names
}

func (e *embedding) Serves(config.Relay) bool { return e.up.Load() }

func (e *embedding) Findings() []control.Finding {
	return []control.Finding{{Check: "relay", Subject: "here", State: control.FindingProblem, Text: "it does not run"}}
}

const embeddedConf = `relays: [{name: here, url: "http://127.0.0.1:1", embedded: true}, {name: mine, url: "http://127.0.0.1:2"}]
claims: [{name: garage, relay: here}]
`

// The relays that are embedded are run, as the configuration has them, and what is
// wrong with them is in the status.
func TestEmbeddedRelaysAreRun(t *testing.T) {
	before := startHome(t, "")
	before.stop()
	e := &embedding{names: make(chan []string, 8)}
	before.write(t, embeddedConf)
	h := &home{dir: before.dir, client: before.client}
	before.opts.Embedded, before.opts.Ready = e, nil
	var err error
	if h.Agent, err = New(t.Context(), before.opts); err != nil {
		t.Fatal(err)
	}
	h.run(t)
	if got := <-e.names; !slices.Equal(got, []string{"here relay/here"}) {
		t.Errorf("at the start: %q", got)
	}
	s, err := h.client.Status(t.Context())
	if err != nil || len(s.Findings) != 1 || s.Findings[0].Text != "it does not run" || !s.Relays[0].Embedded || s.Relays[1].Embedded {
		t.Errorf("%+v, %v", s, err)
	}
	// Whoever has the address while the relay does not run is not shown the token.
	refusal := func() string { return (&backend{h.Agent}).Claims()[0].Error }
	if got := refusal(); got != errUnembedded.Error() {
		t.Errorf("linked to a relay that does not run: %q", got)
	}
	if _, err := h.client.TestRelay(t.Context(), control.RelayTest{Name: "here"}, func(control.RelayStep) {}); !errors.Is(err, control.ErrConflict) {
		t.Errorf("tried a relay that does not run: %v", err)
	}
	e.up.Store(true)
	h.Announce()
	if got := refusal(); got == errUnembedded.Error() {
		t.Error("it is not linked to, though it runs")
	}
	h.write(t, strings.Replace(embeddedConf, "embedded: true", "token: relay/here", 1))
	eventually(t, "none is run", func() bool { return len(<-e.names) == 0 })
	if err := h.SetCredential("relay/here", "hh_other"); err != nil {
		t.Error(err)
	}
	if v, err := h.opts.Credentials.Get("relay/here"); err != nil || v != "hh_other" {
		t.Error(v, err)
	}
}

// An agent that cannot run them says so, and nobody is asked for a token that is
// made by itself.
func TestEmbeddedRelayIsNotRun(t *testing.T) {
	h := startHome(t, embeddedConf)
	s, err := h.client.Status(t.Context())
	if err != nil || len(s.Findings) != 1 || s.Findings[0].Subject != "here" || s.Findings[0].Remedy != "start it with: homehook run" {
		t.Errorf("%+v, %v", s, err)
	}
	c, err := config.Parse("config.yaml", []byte(embeddedConf))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Table.Close()
	none := func(string) (string, error) { return "", credentials.ErrNotFound }
	if found := Findings(c, none); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}

// The doctor does not show the token of an embedded relay that does not run to whoever
// has its address.
func TestEmbeddedRelayIsNotExamined(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r := config.Relay{Name: "here", URL: "http://" + l.Addr().String(), Token: "relay/here", Embedded: true}
	a := &Agent{opts: Options{Embedded: &embedding{}}}
	for name, d := range map[string]*doctor{"no agent": {}, "an agent": {running: &backend{a}}} {
		if v := d.examine(t.Context(), r); v != nil {
			t.Errorf("%s: examined: %+v", name, v)
		}
	}
}
