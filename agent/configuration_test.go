package agent

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"homehook/agent/control"
)

// TestChangeOfConfiguration changes the file through the control API; what a client
// asks next is as the new file has it.
func TestChangeOfConfiguration(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	before := conf(r.addr, "- {name: a, match: /a, unverified: true, respond: {status: 200}} # mine")
	h := startHome(t, before)
	c, err := h.client.Configuration(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c.Text != before || c.Path != h.path() || len(c.Relays) != 1 || len(c.Claims) != 1 || len(c.Routes) != 1 || c.Routes[0].Name != "a" || len(c.Problems) > 0 {
		t.Fatalf("got %+v", c)
	}
	add := control.ConfigEdit{Op: control.EditAdd, Part: control.PartRoute, YAML: "name: b\nmatch: /b\nunverified: true\nrespond: {}\n"}
	claim := control.ConfigEdit{Op: control.EditAdd, Part: control.PartClaim, Values: map[string]any{"name": "second", "relay": c.Relays[0].Name}}
	off := control.ConfigEdit{Op: control.EditSet, Part: control.PartRoute, Name: "a", Values: map[string]any{
		"name": "a", "claim": c.Claims[0].Name, "match": "/a", "unverified": true, "respond": map[string]any{"status": 200},
	}}
	change := control.ConfigChange{Digest: c.Digest, Edits: []control.ConfigEdit{add, claim, off}, DryRun: true}
	dry, err := h.client.ChangeConfiguration(t.Context(), change)
	if err != nil || dry.Written || len(dry.Problems) > 0 || len(dry.Routes) != 2 {
		t.Fatalf("dry: %+v, %v", dry, err)
	}
	if now, _ := os.ReadFile(h.path()); string(now) != before {
		t.Errorf("a dry run changed the file:\n%s", now)
	}
	change.DryRun = false
	done, err := h.client.ChangeConfiguration(t.Context(), change)
	if err != nil || !done.Written || done.Text != dry.Text {
		t.Fatalf("got %+v, %v", done, err)
	}
	claims, err := h.client.Claims(t.Context())
	if err != nil || len(claims) != 2 {
		t.Errorf("claims: %+v, %v", claims, err)
	}
	routes, err := h.client.Routes(t.Context())
	if err != nil || len(routes) != 2 || routes[1].Name != "b" {
		t.Errorf("routes: %+v, %v", routes, err)
	}
	if now, _ := os.ReadFile(h.path()); string(now) != done.Text || !strings.Contains(string(now), "# mine") {
		t.Errorf("the file is\n%s", now)
	}
	if _, err := h.client.ChangeConfiguration(t.Context(), change); !errors.Is(err, control.ErrConflict) {
		t.Errorf("second change with the old digest: %v", err)
	}
}

// TestChangeWithProblems leaves file and agent as they are.
func TestChangeWithProblems(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, conf(r.addr, "- {name: a, match: /a, unverified: true, respond: {}}"))
	got, err := h.client.ChangeConfiguration(t.Context(), control.ConfigChange{Edits: []control.ConfigEdit{{
		Op: control.EditSet, Part: control.PartRoute, Name: "a", YAML: "name: a\nmatch: /a\nunverified: true\nforward: {to: nowhere}\n",
	}}})
	if err != nil || got.Written || len(got.Problems) != 1 {
		t.Fatalf("got %+v, %v", got, err)
	}
	p := got.Problems[0]
	if p.Part != control.PartRoute || p.Name != "a" || p.Field != "forward.to" || p.Line == 0 || !strings.Contains(strings.Split(got.Text, "\n")[p.Line-1], "nowhere") {
		t.Errorf("got %+v", p)
	}
	if _, err := h.client.ChangeConfiguration(t.Context(), control.ConfigChange{Edits: []control.ConfigEdit{{Op: control.EditRemove, Part: control.PartRoute, Name: "z"}}}); !errors.Is(err, control.ErrInvalid) {
		t.Errorf("removal of what is not there: %v", err)
	}
	st, err := h.client.Status(t.Context())
	if err != nil || st.ConfigError != "" {
		t.Errorf("status: %+v, %v", st, err)
	}
}

// TestApproveOverControl writes down the digest of a program, which the agent then
// has in use.
func TestApproveOverControl(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	exe, _ = filepath.EvalSymlinks(exe)
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, conf(r.addr, "- {name: a, match: /a, unverified: true, respond: {}}\n- {name: b, match: /b, unverified: true, script: {command: ['"+exe+"']}}"))
	done, err := h.client.ApproveRoute(t.Context(), "b")
	if err != nil || len(done) != 1 || done[0].SHA256 == "" || done[0].Program != exe {
		t.Fatalf("got %+v, %v", done, err)
	}
	if spec := h.inbox.specOf("b"); spec == nil || spec.Script.SHA256 != done[0].SHA256 {
		t.Errorf("in use is %+v", spec)
	}
	for name, want := range map[string]error{"a": control.ErrInvalid, "none": control.ErrNotFound} {
		if _, err := h.client.ApproveRoute(t.Context(), name); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
	}
}
