package process

import (
	"testing"
)

// TestAttendWithoutDescriptors waits as on kernels before 5.3.
func TestAttendWithoutDescriptors(t *testing.T) {
	p, _ := start(t, Order{}, "", "exit", "4")
	p.drop(2)
	if e := p.Attend(t.Context(), soon()); e != Ended {
		t.Fatalf("event %d", e)
	}
	p.Reap()
	if out, errs := outputs(p); p.Exit() != 4 || out != "the answer" || errs != "and what went wrong" {
		t.Errorf("exit %d, %q, %q", p.Exit(), out, errs)
	}
}
