package process

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPinIsKept reads a program again only when it looks otherwise.
func TestPinIsKept(t *testing.T) {
	digest, err := Digest("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	p := NewPin("/bin/sh", strings.ToUpper(digest))
	if err := p.Check(); err != nil || p.seen == (fileState{}) {
		t.Fatalf("%v, %+v", err, p.seen)
	}
	p.want[0]++ // not looked at again
	if err := p.Check(); err != nil {
		t.Error(err)
	}
	if n := testing.AllocsPerRun(10, func() { p.Check() }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

// TestPinHolds starts a program as long as it is the one that was approved.
func TestPinHolds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "script")
	os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755)
	digest, err := Digest(path)
	if err != nil {
		t.Fatal(err)
	}
	o := &Order{Argv: []string{path}, Dir: "/", Pin: NewPin(path, digest), Linger: time.Second}
	p, _, err := Start(o, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	if e := p.Attend(t.Context(), soon()); e != Ended {
		t.Errorf("event %d", e)
	}
	p.Reap()
	os.WriteFile(path, []byte("#!/bin/sh\nexit 1\n"), 0o755)
	if p, _, err := Start(o, nil, true); p != nil || err == nil || !strings.Contains(err.Error(), "has changed") {
		t.Errorf("another program was started: %v", err)
	}
}

func TestNewPin(t *testing.T) {
	for _, bad := range []string{"", "x", strings.Repeat("0", 63), strings.Repeat("0", 66), strings.Repeat("g", 64)} {
		if NewPin("/bin/sh", bad) != nil {
			t.Errorf("%q is taken for a digest", bad)
		}
	}
}
