package credentials

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// mover moves a root key to and fro and sets a credential, for ever.
func mover(dir string) int {
	s, err := Open(dir)
	for i := 0; err == nil; i++ {
		to := PlaceSystemd
		if i%2 == 1 {
			to = PlaceFile
		}
		if err = s.Move(context.Background(), to, Options{}); err == nil {
			err = s.Set("moved", fmt.Sprint(i))
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// TestKilled kills a process time and again while it moves the root key: nothing is
// ever lost.
func TestKilled(t *testing.T) {
	handed(t, secretText(newSecret()))
	dir := sealedStore(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 25 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(20+i*7)*time.Millisecond)
		cmd := exec.CommandContext(ctx, self)
		cmd.Env = append(os.Environ(), moverVariable+"="+dir)
		out, _ := cmd.CombinedOutput()
		cancel()
		if len(out) > 0 {
			t.Fatalf("%s", out)
		}
		s := open(t, dir)
		if lost := wantRest(t, s, fmt.Sprint("kill ", i)); lost != "" {
			t.Fatalf("lost: %s", lost)
		}
		if err := s.Damage(); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir)
	if _, err := s.Get("moved"); err != nil {
		t.Errorf("nothing was ever moved: %v", err)
	}
	for _, to := range []Place{PlaceFile, PlaceSystemd} {
		if err := s.Move(t.Context(), to, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Lstat(filepath.Join(dir, keyFileName)); err == nil {
		t.Error("the key file is left")
	}
}
