//go:build unix

package service

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMakeRefuses(t *testing.T) {
	tests := []struct {
		name string
		make func(t *testing.T, dir string)
		want string // DIR stands for the folder; empty: Make succeeds
	}{
		{"symbolic link", func(t *testing.T, dir string) {
			if err := os.Symlink(t.TempDir(), dir); err != nil {
				t.Fatal(err)
			}
		}, "folder DIR is a symbolic link"},
		{"link to nothing", func(t *testing.T, dir string) {
			if err := os.Symlink("nowhere", dir); err != nil {
				t.Fatal(err)
			}
		}, "folder DIR is a symbolic link"},
		{"file", func(t *testing.T, dir string) {
			if err := os.WriteFile(dir, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "DIR is not a folder"},
		{"writable by others", func(t *testing.T, dir string) { mkdir(t, dir, 0o777) }, "folder DIR can be changed by others (0777); run: chmod 700 DIR"},
		{"writable by group", func(t *testing.T, dir string) { mkdir(t, dir, 0o770) }, "folder DIR can be changed by others (0770); run: chmod 700 DIR"},
		{"sticky", func(t *testing.T, dir string) { mkdir(t, dir, 0o777|os.ModeSticky) }, "can be changed by others"},
		{"readable", func(t *testing.T, dir string) { mkdir(t, dir, 0o755) }, ""},
		{"another user's", func(t *testing.T, dir string) {
			mkdir(t, dir, 0o700)
			if err := os.Chown(dir, 12345, 12345); err != nil {
				t.Skip(err)
			}
		}, "folder DIR belongs to another user (uid 12345,"},
	}
	for _, tt := range tests {
		for _, which := range []string{"state", "run"} {
			t.Run(tt.name+"/"+which, func(t *testing.T) {
				home := shortDir(t)
				t.Setenv("HOMEHOOK_HOME", home)
				dir := filepath.Join(home, which)
				tt.make(t, dir)
				p, err := UserPaths()
				if err != nil {
					t.Fatal(err)
				}
				err = p.Make()
				want := strings.ReplaceAll(tt.want, "DIR", dir)
				if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
					t.Fatalf("got %v, want %q", err, want)
				}
				if err != nil && !errors.Is(err, ErrRefused) {
					t.Errorf("%v would be tried again and again", err)
				}
				if info, err := os.Stat(dir); want == "" && (err != nil || info.Mode().Perm() != 0o700) {
					t.Errorf("folder was left as it is: %v, %v", info.Mode(), err)
				}
			})
		}
	}
}

// TestMakeConfigFolder holds that the configuration's folder may be shared
// with the user's group, as ~/.config/homehook made by hand often is.
func TestMakeConfigFolder(t *testing.T) {
	for mode, ok := range map[os.FileMode]bool{0o700: true, 0o755: true, 0o775: true, 0o777: false} {
		home := filepath.Join(shortDir(t), "home")
		mkdir(t, home, mode)
		t.Setenv("HOMEHOOK_HOME", home)
		p, err := UserPaths()
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Make(); (err == nil) != ok {
			t.Errorf("%#o: got %v", mode, err)
		}
		if info, _ := os.Stat(home); info.Mode().Perm() != mode {
			t.Errorf("mode %#o became %#o", mode, info.Mode().Perm())
		}
	}
}

func TestSocketTooLong(t *testing.T) {
	dir := "/" + strings.Repeat("d", maxSocket-len("//run/homehook.sock"))
	t.Setenv("HOMEHOOK_HOME", dir)
	if p, err := UserPaths(); err != nil || len(p.Socket()) != maxSocket {
		t.Errorf("a path of %d bytes is refused: %v", maxSocket, err)
	}
	t.Setenv("HOMEHOOK_HOME", dir+"d")
	_, err := UserPaths()
	if err == nil || !strings.Contains(err.Error(), "set HOMEHOOK_HOME to a folder with a shorter path") {
		t.Errorf("got %v, want the remedy", err)
	}
	if err := (Paths{Config: "/x/c", State: "/x/s", Runtime: dir + "/long"}).Make(); err == nil {
		t.Error("Make made folders for a socket that cannot be")
	}
}

func mkdir(t *testing.T, dir string, mode os.FileMode) {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, mode); err != nil {
		t.Fatal(err)
	}
}
