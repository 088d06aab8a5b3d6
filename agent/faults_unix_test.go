//go:build unix

package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"homehook/agent/control"
)

// TestProgramComesLater: a program on a disk that is not there yet keeps only its
// own route from working, and no other route gets what is meant for it.
func TestProgramComesLater(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "disk", "run")
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", fmt.Sprintf(`  - {name: later, claim: garage, match: /later, unverified: true, background: true, script: {command: [%s]}}
  - {name: rest, claim: garage, match: /, unverified: true, respond: {status: 200}}
`, program)))
	faults := func() (found []control.Finding) {
		for _, f := range (&backend{h.Agent}).Status().Findings {
			if f.Check == checkScripts {
				found = append(found, f)
			}
		}
		return found
	}
	if f := faults(); len(f) != 1 || !strings.Contains(f[0].Text, program+" cannot be found") || f[0].Remedy == "" {
		t.Errorf("status finds %+v", f)
	}
	early := sent{id: newID(), line: "POST /later", after: "none"}
	r.must(t, early)
	other := sent{id: newID(), mode: answerHold, line: "POST /other"}
	if g := r.must(t, other); g.status != 200 {
		t.Errorf("the other route answers %+v", g)
	}
	if rec := h.record(t, early.id, "waiting"); rec.Route != "later" || !strings.Contains(rec.Reason, "no such file") {
		t.Errorf("it waits at route %q for %q", rec.Route, rec.Reason)
	}
	// Nor does it spoil what the user names the route for.
	again, err := h.client.Replay(t.Context(), other.id, control.Replay{Route: "later", Confirm: true})
	if err != nil || again.Route != "later" || !strings.Contains(again.Reason, "no such file") {
		t.Errorf("run again by the route that has no program yet: %+v, %v", again, err)
	}
	if err := os.Mkdir(filepath.Dir(program), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, []byte("#!/bin/sh\nexit 0\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	h.record(t, early.id, "succeeded")
	eventually(t, "status finds nothing any more", func() bool { return len(faults()) == 0 })
}
