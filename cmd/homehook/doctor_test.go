package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"homehook/agent/control"
	"homehook/service"
)

// TestDoctor prints what an agent has found.
func TestDoctor(t *testing.T) {
	good := control.Finding{Check: "agent", State: control.FindingOK, Text: "runs, version 1"}
	warning := control.Finding{Check: "claim", Subject: "garage", State: control.FindingWarning, Text: "not linked yet", Remedy: "see why: homehook relay test mine"}
	bad := control.Finding{Check: "relay", Subject: "mine", State: control.FindingProblem, Text: "answer: Server: \x1b[2J", Remedy: "check it"}
	tests := []struct {
		name  string
		found []control.Finding
		steps []verbStep
	}{
		{"good", []control.Finding{good}, []verbStep{
			{"doctor", exitDone, "✓ agent         runs, version 1\n\nno problem found, 0 warnings\n", ""},
			{"doctor --json", exitDone, `"ok": true`, ""},
		}},
		{"warning", []control.Finding{good, warning}, []verbStep{
			{"doctor", exitDone, "! claim         garage: not linked yet\n                → see why: homehook relay test mine\n\nno problem found, 1 warning\n", ""},
		}},
		{"problem", []control.Finding{good, bad, warning}, []verbStep{
			{"doctor", exitFailed, "✗ relay         mine: answer: Server: \\x1b[2J\n                → check it\n", "homehook: 1 problem found\n"},
			{"doctor --json", exitFailed, `"ok": false`, ""},
			{"doctor relay", exitUsage, "", "unexpected argument"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, out, errs := withAgent(t, &fakeAgent{found: tt.found})
			runSteps(t, a, out, errs, tt.steps)
		})
	}
}

// TestDoctorCanBeInterrupted while it waits for a relay.
func TestDoctorCanBeInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	relay := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	defer relay.Close()
	a, out, errs := newTestApp(t)
	home := t.TempDir()
	p := service.Paths{Config: filepath.Join(home, "config.yaml"), State: filepath.Join(home, "state"), Runtime: filepath.Join(home, "run")}
	a.paths = func() (service.Paths, error) { return p, nil }
	if err := os.WriteFile(p.Config, []byte("relays: [{name: slow, url: \""+relay.URL+"\"}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := a.execute(ctx, []string{"doctor"}); code != exitFailed || out.Len() > 0 || !strings.Contains(errs.String(), "homehook: interrupted") {
		t.Errorf("code %d, stdout %q, stderr %q", code, out, errs)
	}
}
