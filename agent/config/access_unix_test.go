//go:build unix

package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const sample = "relays: [{name: mine, url: \"https://relay.example.com\"}]\n"

// place writes a sample configuration and gives its path.
func place(t *testing.T, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAccess(t *testing.T) {
	tests := []struct {
		name string
		make func(t *testing.T) string
		want string // in the error; PATH and DIR stand for the real ones
	}{
		{"private", func(t *testing.T) string { return place(t, 0o600) }, ""},
		{"readable", func(t *testing.T) string { return place(t, 0o644) }, ""},
		{"group", func(t *testing.T) string { return place(t, 0o664) }, ""},
		{"open file", func(t *testing.T) string { return place(t, 0o666) }, "PATH: config can be changed by others (0666); run: chmod 600 PATH"},
		{"open folder", func(t *testing.T) string {
			path := place(t, 0o600)
			chmod(t, filepath.Dir(path), 0o777)
			return path
		}, "PATH: config can be changed by others: its folder DIR is open to them (0777); run: chmod go-w DIR"},
		{"link", func(t *testing.T) string { return link(t, place(t, 0o600)) }, ""},
		{"link to open file", func(t *testing.T) string { return link(t, place(t, 0o666)) }, "can be changed by others (0666)"},
		{"link into open folder", func(t *testing.T) string {
			path := place(t, 0o600)
			chmod(t, filepath.Dir(path), 0o777)
			return link(t, path)
		}, "is open to them (0777)"},
		{"named pipe", func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "config.yaml")
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}, "PATH: this is not a regular file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := tt.make(t)
			_, err := Load(path)
			want := strings.NewReplacer("PATH", path, "DIR", filepath.Dir(path)).Replace(tt.want)
			if got := errText(err); tt.want == "" && err != nil || !strings.Contains(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			if _, ok := errors.AsType[Problems](err); err != nil && !ok {
				t.Errorf("got %T, want Problems", err)
			}
			// What is not loaded is not edited either.
			if edit := AddClaim(path, Claim{Name: "garage"}); (err == nil) != (edit == nil) {
				t.Errorf("Load says %v, AddClaim %v", err, edit)
			}
		})
	}
}

// TestAccessOfRoot has root look at another user's file, and not obey it.
func TestAccessOfRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	path := place(t, 0o600)
	if err := os.Chown(path, 12345, 12345); err != nil {
		t.Skip(err)
	}
	if _, err := Load(path); err != nil {
		t.Errorf("to look at: %v", err)
	}
	want := path + ": config belongs to another user (uid 12345); run as root: chown 0 " + path
	if _, err := LoadToRun(path); errText(err) != want {
		t.Errorf("to obey: %v, want %s", err, want)
	}
	if err := os.Chown(path, 0, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(filepath.Dir(path), 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadToRun(path); !strings.Contains(errText(err), "its folder "+filepath.Dir(path)+" belongs to another user (uid 12345)") {
		t.Errorf("in another's folder: %v", err)
	}
}

func TestEditMode(t *testing.T) {
	path := place(t, 0o644)
	if err := AddClaim(link(t, path), Claim{Name: "garage"}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode(); got != 0o600 {
		t.Errorf("mode is %v, want -rw-------", got)
	}
}

// TestEditLink holds that a symbolic link stays one.
func TestEditLink(t *testing.T) {
	path := place(t, 0o600)
	through := link(t, path)
	if err := AddClaim(through, Claim{Name: "garage"}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(through); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	if cfg, err := Load(path); err != nil || len(cfg.Claims) != 1 {
		t.Errorf("the file was not changed: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := AddClaim(through, Claim{Name: "attic"}); err == nil {
		t.Error("an edit through a link to nothing did not fail")
	}
}

// TestEditOwner holds that root's edit leaves the file to its user.
func TestEditOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	path := place(t, 0o600)
	if err := os.Chown(path, 12345, 12345); err != nil {
		t.Skip(err)
	}
	if err := AddClaim(path, Claim{Name: "garage"}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if st := info.Sys().(*syscall.Stat_t); st.Uid != 12345 || st.Gid != 12345 {
		t.Errorf("owner is now %d:%d", st.Uid, st.Gid)
	}
}

// TestEditReaders holds that root's edits leave the configuration of the system's
// agent readable for its account, and nobody else.
func TestEditReaders(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	tests := []struct {
		name     string
		uid, gid int
		mode     os.FileMode // of the file; 0 for a new one in a folder for the group
		want     os.FileMode
	}{
		{"the group's to read", 0, 12345, 0o640, 0o640},
		{"a new one", 0, 12345, 0, 0o640},
		{"closed to the group", 0, 12345, 0o600, 0o600},
		{"of root alone", 0, 0, 0o644, 0o600},
		{"a user's", 12345, 12345, 0o640, 0o600},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := place(t, 0o600)
			owned := path
			if tt.mode == 0 {
				owned = filepath.Dir(path)
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				chmod(t, owned, 0o750)
			} else {
				chmod(t, path, tt.mode)
			}
			if err := os.Chown(owned, tt.uid, tt.gid); err != nil {
				t.Skip(err)
			}
			if err := AddRelay(path, Relay{Name: "other", URL: "https://relay.example.com"}); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			st := info.Sys().(*syscall.Stat_t)
			if info.Mode().Perm() != tt.want || int(st.Uid) != tt.uid || tt.want == 0o640 && int(st.Gid) != tt.gid {
				t.Errorf("it is now %#o of %d:%d", info.Mode().Perm(), st.Uid, st.Gid)
			}
		})
	}
}

func link(t *testing.T, to string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}
