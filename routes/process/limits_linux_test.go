package process

import (
	"errors"
	"os"
	"testing"
	"time"
)

// TestLimits are in force before the first line of a script. ulimit counts
// kibibytes of memory and blocks of 512 bytes of files.
func TestLimits(t *testing.T) {
	o := &Order{
		Argv: []string{"/bin/sh", "-c", "ulimit -v; ulimit -t; ulimit -n; ulimit -f"}, Dir: "/", Keep: [2]int{1 << 10, 1 << 10}, Linger: time.Second,
		Limits: &Limits{Memory: 256 << 20, CPU: 7 * time.Second, Files: 32, FileSize: 1 << 20},
	}
	p, _, err := Start(o, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	if e := p.Attend(t.Context(), soon()); e != Ended {
		t.Errorf("event %d", e)
	}
	p.Reap()
	if out, errs := outputs(p); out != "262144\n7\n32\n2048\n" {
		t.Errorf("got %q, %q", out, errs)
	}
}

// TestLimitAvailable says what to do instead.
func TestLimitAvailable(t *testing.T) {
	if err := LimitFiles.Available(nil); err != nil {
		t.Error(err)
	}
	err := LimitProcesses.Available(nil)
	if why, ok := errors.AsType[*Error](err); os.Geteuid() == 0 && (!ok || why.Message == "" || why.Remedy == "") {
		t.Errorf("got %v", err)
	}
}
