//go:build unix

package credentials

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestMode(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	dir := filepath.Join(t.TempDir(), "state")
	s := open(t, dir)
	if err := s.Set("a", "v"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700 | os.ModeDir, s.path: 0o600, s.keyFile(): 0o600} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != want {
			t.Errorf("mode of %s is %v, want %v (%v)", path, info.Mode(), want, err)
		}
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(t *testing.T, dir, path string)
		want  string // DIR and PATH stand for the real ones
	}{
		{"file readable by group", func(t *testing.T, _, path string) { chmod(t, path, 0o640) }, "PATH is open to others (0640); run: chmod 600 PATH"},
		{"file readable by all", func(t *testing.T, _, path string) { chmod(t, path, 0o604) }, "PATH is open to others (0604)"},
		{"file is a link", func(t *testing.T, _, path string) {
			real := filepath.Join(t.TempDir(), "real")
			if err := os.Rename(path, real); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(real, path); err != nil {
				t.Fatal(err)
			}
		}, "PATH is a symbolic link"},
		{"file is a pipe", func(t *testing.T, _, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "PATH is not a regular file"},
		{"file of another user", func(t *testing.T, _, path string) { chown(t, path) }, "PATH belongs to another user (uid 12345,"},
		{"folder writable by group", func(t *testing.T, dir, _ string) { chmod(t, dir, 0o770) }, "folder DIR can be changed by others (0770); run: chmod 700 DIR"},
		{"folder of another user", func(t *testing.T, dir, _ string) { chown(t, dir) }, "DIR belongs to another user (uid 12345,"},
		{"folder is a link", func(t *testing.T, dir, _ string) {
			if err := os.Rename(dir, dir+".real"); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(dir+".real", dir); err != nil {
				t.Fatal(err)
			}
		}, "folder DIR is a symbolic link"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			s := open(t, dir)
			if err := s.Set("a", "v"); err != nil {
				t.Fatal(err)
			}
			tt.spoil(t, dir, s.path)
			want := strings.NewReplacer("DIR", dir, "PATH", s.path).Replace(tt.want)
			_, err := Open(dir)
			for verb, err := range map[string]error{"Open": err, "Set": s.Set("a", "w")} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s: got %v, want %q", verb, err, want)
				}
			}
		})
	}
}

// TestStaleLock holds that the lock of a process that died keeps nobody out.
func TestStaleLock(t *testing.T) {
	s := open(t, t.TempDir())
	if err := os.WriteFile(s.plain+".lock", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := s.Set("a", "v"); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > lockWait {
		t.Errorf("it took %v", took)
	}
}

func TestLocked(t *testing.T) {
	s := open(t, t.TempDir())
	unlock, err := tryLock(s.plain + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tryLock(s.plain + ".lock"); err != errHeld {
		t.Errorf("second lock: %v, want errHeld", err)
	}
	unlock()
	if unlock, err = tryLock(s.plain + ".lock"); err != nil {
		t.Fatalf("lock after unlock: %v", err)
	}
	unlock()
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func chown(t *testing.T, path string) {
	t.Helper()
	if err := os.Chown(path, 12345, 12345); err != nil {
		t.Skip(err)
	}
}

// TestKeyFileRefused holds that a root key that others can read or have put there is
// not used, and that the names can be listed all the same.
func TestKeyFileRefused(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(t *testing.T, path string)
		want  string // PATH stands for the real one
	}{
		{"readable by group", func(t *testing.T, path string) { chmod(t, path, 0o640) }, "PATH is open to others (0640); run: chmod 600 PATH"},
		{"of another user", chown, "PATH belongs to another user (uid 12345,"},
		{"a link", func(t *testing.T, path string) {
			if err := os.Rename(path, path+".real"); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(path+".real", path); err != nil {
				t.Fatal(err)
			}
		}, "PATH is a symbolic link"},
		{"a folder", func(t *testing.T, path string) {
			remove(t, path)
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "PATH is not a regular file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := sealedStore(t)
			path := filepath.Join(dir, keyFileName)
			tt.spoil(t, path)
			s := open(t, dir)
			wantLost(t, s, strings.ReplaceAll(tt.want, "PATH", path))
		})
	}
}

// TestHandedRefused holds which files are taken for what systemd hands over.
func TestHandedRefused(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(t *testing.T, path string)
		want  string // PATH stands for the real one, "" for none
	}{
		{"as systemd does", func(*testing.T, string) {}, ""},
		{"as systemd does with an access list", func(t *testing.T, path string) { chmod(t, path, 0o440) }, ""},
		{"readable by all", func(t *testing.T, path string) { chmod(t, path, 0o444) }, "PATH can be read or changed by others (0444); let systemd hand it over, or run: chmod 400 PATH"},
		{"writable by group", func(t *testing.T, path string) { chmod(t, path, 0o660) }, "PATH can be read or changed by others (0660)"},
		{"of another user", chown, "PATH belongs to another user (uid 12345)"},
		{"not a key", func(t *testing.T, path string) {
			chmod(t, path, 0o600)
			write(t, path, "s3cret")
		}, "PATH holds no root key (32 random bytes in base64 or hexadecimal digits); make one with: head -c 32 /dev/urandom | base64 | systemd-creds encrypt --name=homehook-root-key - FILE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := handed(t, secretText(newSecret()))
			tt.spoil(t, path)
			s := openWith(t, Options{Dir: t.TempDir(), New: []Place{PlaceSystemd, PlaceFile}})
			if tt.want == "" {
				set(t, s, "a", "v")
				return
			}
			// One that is there is not passed over for another place.
			wantError(t, "Set", s.Set("a", "v"), nil, strings.ReplaceAll(tt.want, "PATH", path))
			if names := filesIn(t, s.dir); len(names) > 0 {
				t.Errorf("files were made: %q", names)
			}
		})
	}
}
