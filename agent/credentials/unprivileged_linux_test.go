package credentials

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// unprivileged has the modes of files bind the rest of the test even where it runs
// as root. Its thread gives up what lets root pass, and ends with the test.
func unprivileged(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		t.Fatal(err)
	}
	sets[0].Effective &^= 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_DAC_READ_SEARCH
	if err := unix.Capset(&header, &sets[0]); err != nil {
		t.Fatal(err)
	}
}

// unsynced lets a folder be written to and not be opened: a rename in it is done,
// and syncing it fails.
func unsynced(t *testing.T, dir string) {
	t.Helper()
	chmod(t, dir, 0o300)
	t.Cleanup(func() { chmod(t, dir, 0o700) })
}

// TestFirstPlaced has the folder fail to sync when the first sealed file is in place:
// the root key that it is sealed under is not taken away.
func TestFirstPlaced(t *testing.T) {
	unprivileged(t)
	s := open(t, t.TempDir())
	err := s.change(t.Context(), func(d *draft) error {
		k, err := d.root()
		if err != nil {
			return err
		}
		d.put("a", []sealedValue{k.seal("a", "v", time.Now(), time.Time{})})
		unsynced(t, s.dir)
		return nil
	})
	wantError(t, "change", err, errPlaced, "it is written, but may not outlast a power cut")
	chmod(t, s.dir, 0o700)
	wantValue(t, s, "a", "v")
	wantValue(t, open(t, s.dir), "a", "v")
}

// TestMovePlaced has the folder fail to sync when the root key is moved: neither the
// new one nor the old one is taken away, since a power cut decides which is wanted.
func TestMovePlaced(t *testing.T) {
	unprivileged(t)
	handed(t, secretText(newSecret()))
	s := open(t, sealedStore(t))
	for _, to := range []Place{PlaceSystemd, PlaceFile} {
		v, unlock, err := s.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		k, err := s.rootOf(v.sealed)
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.makeAt(t.Context(), to, nil, false)
		if err != nil {
			t.Fatal(err)
		}
		d := newDraft(m)
		unsynced(t, s.dir)
		err = s.settle(d, nil, s.reseal(d, v, k))
		unlock()
		chmod(t, s.dir, 0o700)
		wantError(t, "settle", err, errPlaced, "the root key is in the place "+string(to)+" now, but: ")
		for _, one := range []*Store{s, open(t, s.dir)} {
			if lost := wantRest(t, one, "moved to "+string(to)); lost != "" || one.Place() != to {
				t.Errorf("lost: %q, Place() = %q", lost, one.Place())
			}
		}
		if _, err := os.Lstat(s.keyFile()); err != nil {
			t.Errorf("moved to %s: %v", to, err)
		}
	}
}

// TestKeyUnsynced holds that a root key that may not outlast a power cut is not used.
func TestKeyUnsynced(t *testing.T) {
	unprivileged(t)
	s := open(t, t.TempDir())
	unsynced(t, s.dir)
	wantError(t, "Set", s.Set("a", "v"), errPlaced, "keep root key in file")
	chmod(t, s.dir, 0o700)
	if names := filesIn(t, s.dir); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}
}

// TestReadOnlyPlain takes over a former file that its owner has closed to writing:
// nothing of it is left in the clear, and nothing is lost.
func TestReadOnlyPlain(t *testing.T) {
	unprivileged(t)
	for _, tt := range []struct {
		name  string
		after func(*Store) error // nil: it is there when the store is opened
	}{
		{"at the start", nil},
		{"with a move", func(s *Store) error { return s.Move(context.Background(), PlaceFile, Options{}) }},
		{"with a change", func(s *Store) error { return s.Set("b", "v") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			unprivileged(t) // each test has a thread of its own
			dir := t.TempDir()
			s := open(t, dir)
			if err := os.WriteFile(s.plain, older(t), 0o400); err != nil {
				t.Fatal(err)
			}
			if tt.after == nil {
				s = open(t, dir)
			} else if err := tt.after(s); err != nil {
				t.Error(err)
			}
			for _, one := range []*Store{s, open(t, dir)} {
				wantValue(t, one, "relay/mine", "0123456789abcdef")
			}
			if diff := cmp.Diff([]string{keyFileName, sealedName}, filesIn(t, dir)); diff != "" {
				t.Errorf("files differ (-want +got):\n%s", diff)
			}
		})
	}
}

// TestReadOnlyTaken holds that what is left of a former file, closed to writing, is
// removed at the next start.
func TestReadOnlyTaken(t *testing.T) {
	unprivileged(t)
	dir := sealedStore(t)
	taken := filepath.Join(dir, takenName)
	if err := os.WriteFile(taken, older(t), 0o400); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	if _, err := os.Lstat(taken); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	if err := s.Damage(); err != nil {
		t.Error(err)
	}
}
