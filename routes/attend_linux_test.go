package routes

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// begin starts the test binary in a role, outside of any route.
func begin(t *testing.T, input string, play ...string) (*process, *pipes, []byte) {
	t.Helper()
	var p pipes
	rest, err := p.open([]byte(input), true)
	if err != nil {
		t.Fatal(err)
	}
	proc, err := startProcess(&order{argv: append([]string{self(t), "play"}, play...), dir: "/", env: os.Environ(), keep: [2]int{1 << 20, 1 << 20}}, &p)
	p.closeChild()
	if err != nil {
		t.Fatal(err)
	}
	return proc, &p, rest
}

// TestAttendWithoutDescriptors waits as on kernels before 5.3.
func TestAttendWithoutDescriptors(t *testing.T) {
	proc, _, _ := begin(t, "", "exit", "4")
	proc.drop(2)
	if e := proc.attend(t.Context(), time.Now().Add(10*time.Second), time.Second, nil); e != ended {
		t.Fatalf("event %d", e)
	}
	proc.reap()
	if proc.exit() != 4 || string(proc.kept[0].kept) != "to the sender" || string(proc.kept[1].kept) != "to the history" {
		t.Errorf("exit %d, %q, %q", proc.exit(), proc.kept[0].kept, proc.kept[1].kept)
	}
}

// TestPipeTakesPart has more to say than the pipe takes at once.
func TestPipeTakesPart(t *testing.T) {
	input := strings.Repeat("0123456789", 30_000)
	proc, p, rest := begin(t, input, "cat")
	if len(rest) == 0 || p.in == nil {
		t.Fatal("the pipe took all")
	}
	r := &run{proc: proc, in: p.in, broken: make(chan struct{}), gone: make(chan struct{})}
	r.feed(rest, nil, true)
	if e := proc.attend(t.Context(), time.Now().Add(10*time.Second), time.Second, r.broken); e != ended {
		t.Fatalf("event %d", e)
	}
	r.reap()
	if err := r.upload.join(nil); err != nil || string(proc.kept[0].kept) != input {
		t.Errorf("got %d bytes, %v", len(proc.kept[0].kept), err)
	}
}

// TestNoDescriptorsLeft counts what a run leaves open.
func TestNoDescriptorsLeft(t *testing.T) {
	r := scriptRoute(t, ScriptSpec{}, "cat")
	count := func() int {
		list, _ := os.ReadDir("/proc/self/fd")
		return len(list)
	}
	run := func() {
		for _, body := range []string{"", "short", strings.Repeat("x", 100_000)} {
			x, d, _ := stored(t, "POST / HTTP/1.1\r\nHost: a\r\n\r\n", body)
			if res := r.Serve(t.Context(), d, x); res.Err != nil {
				t.Fatal(res.Err)
			}
		}
	}
	run()
	before := count()
	for range 10 {
		run()
	}
	if after := count(); after > before+2 {
		t.Errorf("%d descriptors, then %d", before, after)
	}
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid > 0 || err != syscall.ECHILD {
		t.Errorf("a child is left unreaped: %d, %v", pid, err)
	}
}
