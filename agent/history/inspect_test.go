package history

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestInspectInUse(t *testing.T) {
	j := openTest(t, Options{})
	add(t, j, 1, 100)
	in, err := j.Inspect(t.Context())
	if err != nil || !in.Verified || in.Unverified != "" || len(in.Exposed) > 0 || in.Size < 4096 {
		t.Errorf("%+v, %v", in, err)
	}
	add(t, j, 101, 110) // it goes on
	if runtime.GOOS == "windows" {
		return
	}
	check(t, os.Chmod(j.w.path+"-wal", 0o644))
	if in, err := j.Inspect(t.Context()); err != nil || len(in.Exposed) != 1 || in.Exposed[0] != j.w.path+"-wal" {
		t.Errorf("%+v, %v", in, err)
	}
}

// TestInspectLargeFile does not read what takes long.
func TestInspectLargeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	check(t, os.WriteFile(path, nil, 0o600))
	check(t, os.Truncate(path, maxVerified+1)) // it has no contents to speak of
	in, err := Inspect(t.Context(), path)
	if err != nil || in.Verified || in.Unverified == "" || in.Size != maxVerified+1 {
		t.Errorf("%+v, %v", in, err)
	}
}

func TestInspectStops(t *testing.T) {
	j := openTest(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if in, err := j.Inspect(ctx); err != nil || in.Verified || in.Unverified == "" {
		t.Errorf("%+v, %v", in, err)
	}
}

// TestInspectOpensNothingElse: who looks may be root, and who has the folder another.
func TestInspectOpensNothingElse(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a right of their own there")
	}
	other := filepath.Join(t.TempDir(), "other")
	check(t, os.WriteFile(other, []byte("not a database"), 0o600))
	for _, suffix := range []string{"", "-wal"} {
		path := filepath.Join(t.TempDir(), "history.db")
		if suffix != "" {
			check(t, os.WriteFile(path, nil, 0o600))
		}
		check(t, os.Symlink(other, path+suffix))
		in, err := Inspect(t.Context(), path)
		if err == nil || !strings.Contains(err.Error(), path+suffix+" is not a plain file; remove it") || in.Size != 0 {
			t.Errorf("%+v, %v", in, err)
		}
	}
}

// TestInspectUnused looks at files that no agent has.
func TestInspectUnused(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(t *testing.T, path string)
		sound bool
		want  string // part of the error, or of what says why it was not verified
	}{
		{"good", func(*testing.T, string) {}, true, ""},
		{"gone", func(t *testing.T, path string) { check(t, os.Remove(path)) }, false, "look at history"},
		{"empty", func(t *testing.T, path string) { check(t, os.Truncate(path, 0)) }, false, ""},
		{"of something else", func(t *testing.T, path string) {
			check(t, os.WriteFile(path, bytes.Repeat([]byte("not a database\n"), 1000), 0o600))
		}, false, "not a database"},
		{"torn", func(t *testing.T, path string) {
			data, err := os.ReadFile(path)
			check(t, err)
			copy(data[8192:], bytes.Repeat([]byte{0xa5}, 16384))
			check(t, os.WriteFile(path, data, 0o600))
		}, false, "read history"},
		{"not closed", func(t *testing.T, path string) {
			check(t, os.WriteFile(path+"-wal", []byte("left"), 0o600))
		}, false, "did not end in order"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "history.db")
			j, err := Open(t.Context(), path, Options{})
			check(t, err)
			add(t, j, 1, 200)
			check(t, j.Close())
			tt.spoil(t, path)
			before, _ := filepath.Glob(path + "*")
			in, err := Inspect(t.Context(), path)
			said := in.Unverified
			if err != nil {
				said = err.Error()
			}
			if in.Verified != tt.sound || !strings.Contains(said, tt.want) || (said == "") != (tt.want == "") {
				t.Errorf("%+v, %v; want verified %t and %q", in, err, tt.sound, tt.want)
			}
			if tt.name == "gone" && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("error %v", err)
			}
			after, _ := filepath.Glob(path + "*")
			diff(t, after, before)
		})
	}
}

func TestInspectCannotWrite(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("modes keep nobody out")
	}
	path := filepath.Join(t.TempDir(), "history.db")
	check(t, os.WriteFile(path, nil, 0o400))
	if _, err := Inspect(t.Context(), path); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error %v", err)
	}
}

func TestSpace(t *testing.T) {
	if free, total, err := Space(t.TempDir()); err != nil || free < 0 || total < free {
		t.Errorf("%d of %d, %v", free, total, err)
	}
}
