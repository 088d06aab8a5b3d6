package routes

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// orphan runs the test binary as a script whose agent was killed: as the leader
// of a group, or in one whose leader has ended, and a child of nobody here.
func orphan(t *testing.T, id string, play ...string) {
	t.Helper()
	c := exec.Command("/bin/sh", append([]string{"-c", `"$0" "$@" >/dev/null 2>&1 &`, self(t), "play"}, play...)...)
	c.Env = append(os.Environ(), deliveryVariable+id)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
}

// TestSweepDelivery kills what is left of a delivery, with all that belongs to
// it, and nothing of another one whose id begins alike.
func TestSweepDelivery(t *testing.T) {
	c, other := newCensus(t), newCensus(t)
	orphan(t, "0199-left", "tree", c.addr)
	orphan(t, "0199-left-not", "tree", other.addr)
	orphan(t, "0199-lef", "hold", other.addr)
	all, others := c.arrive(t, 4), other.arrive(t, 5)
	own := exec.Command(self(t), "play", "hold", other.addr)
	own.Env = append(os.Environ(), deliveryVariable+"0199-left")
	if err := own.Start(); err != nil {
		t.Fatal(err)
	}
	defer own.Wait()
	defer own.Process.Kill()
	others = append(others, other.arrive(t, 1)...)
	if n := SweepDelivery("0199-none", "0199-left", ""); n != 4 {
		t.Errorf("%d processes were killed, want 4", n)
	}
	if n := alive(all); n != 0 {
		t.Errorf("%d are left", n)
	}
	if n := alive(others); n != len(others) {
		t.Errorf("%d of %d others live", n, len(others))
	}
	if n := SweepDelivery("0199-left"); n != 0 {
		t.Errorf("%d processes were killed the second time", n)
	}
	if n := SweepDelivery("0199-left-not", "0199-lef"); n != 5 {
		t.Errorf("%d of the others were killed", n)
	}
}
