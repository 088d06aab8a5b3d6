package agent

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"homehook/agent/history"
	"homehook/routes"
)

// TestRestartKillsWhatIsLeft: the script of an attempt that the agent did not
// survive does not run beside the next one, and a script of another delivery is
// left alone.
func TestRestartKillsWhatIsLeft(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\ncd "+dir+"\n"+
		`p=$(cat left); [ -d /proc/$p ] && [ "$(cut -d' ' -f3 /proc/$p/stat)" != Z ] && echo beside >>runs; echo run >>runs`+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", fmt.Sprintf("  - {name: s, claim: garage, match: /s, unverified: true, parallel: 1, script: {command: [%q]}}\n", script)))
	id, other := newID(), newID()
	h.crashed(t, func(j *history.Journal) { begun(t, j, sent{id: id, line: "POST /s"}, 1) })
	orphan(t, id, filepath.Join(dir, "left"))
	orphan(t, other, filepath.Join(dir, "other"))
	h = openHome(t, h.dir)
	if rec := h.record(t, id, "succeeded"); rec.Attempts != 2 {
		t.Errorf("%+v", rec.Delivery)
	}
	if runs, err := os.ReadFile(filepath.Join(dir, "runs")); err != nil || string(runs) != "run\n" {
		t.Errorf("%q, %v", runs, err)
	}
	if !lives(t, filepath.Join(dir, "other")) {
		t.Error("the script of another delivery was killed")
	}
}

// orphan leaves a script behind as an agent does that is killed, and its number
// in a file.
func orphan(t *testing.T, id, file string) {
	t.Helper()
	c := exec.Command("/bin/sh", "-c", `sleep 60 >/dev/null 2>&1 & echo $! >"$0"`, file)
	c.Env = append(os.Environ(), "HOMEHOOK_DELIVERY="+id)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	if !lives(t, file) {
		t.Fatal("it does not run")
	}
	t.Cleanup(func() { routes.SweepDelivery(id) })
}

func lives(t *testing.T, file string) bool {
	t.Helper()
	number, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(number)) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
