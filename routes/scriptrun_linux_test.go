package routes

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"homehook/routes/process"
)

// TestPipeTakesPart has more to say than the pipe takes at once.
func TestPipeTakesPart(t *testing.T) {
	input := strings.Repeat("0123456789", 30_000)
	r := &run{order: process.Order{Argv: []string{self(t), "play", "cat"}, Dir: "/", Env: os.Environ(), Keep: [2]int{1 << 20, 1 << 20}, Linger: time.Second}}
	p, rest, err := process.Start(&r.order, []byte(input), true)
	if err != nil {
		t.Fatal(err)
	}
	if len(rest) == 0 || p.Input() == nil {
		t.Fatal("the pipe took all")
	}
	r.proc = p
	r.feed(rest, nil, true)
	if e := p.Attend(t.Context(), time.Now().Add(10*time.Second)); e != process.Ended {
		t.Fatalf("event %d", e)
	}
	p.Reap()
	if got, _ := p.Output(); r.upload.join(nil) != nil || string(got) != input {
		t.Errorf("got %d bytes", len(got))
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
