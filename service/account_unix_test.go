//go:build unix

package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestLookUp(t *testing.T) {
	if _, err := lookUp("nobody-of-this-name"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	a, err := lookUpID(0)
	if err != nil || a.name != "root" {
		t.Fatalf("got %+v, %v", a, err)
	}
	if a, err = lookUp("root"); err != nil || a.uid != 0 || a.gid != 0 {
		t.Errorf("got %+v, %v", a, err)
	}
	if !ownedBy(0, "root") || ownedBy(1, "root") || ownedBy(0, "nobody-of-this-name") {
		t.Error("owners are mixed up")
	}
}

// TestOwn holds who may read and who may change what the system's service has.
func TestOwn(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	a := account{name: "svc", uid: 12345, gid: 12346}
	tests := []struct {
		name   string
		before func(t *testing.T, p Paths)
		config string // mode and owners of the configuration afterwards
	}{
		{"nothing is there", func(*testing.T, Paths) {}, "640 0:12346"},
		{"a configuration of root's", func(t *testing.T, p Paths) { put(t, p.Config, 0o600, 0, 0) }, "640 0:12346"},
		{"one that all may read", func(t *testing.T, p Paths) { put(t, p.Config, 0o644, 0, 0) }, "640 0:12346"},
		{"one of the account's", func(t *testing.T, p Paths) { put(t, p.Config, 0o600, a.uid, a.gid) }, "600 12345:12346"},
		{"state of another account", func(t *testing.T, p Paths) {
			mkdir(t, p.State, 0o755)
			if err := os.Chown(p.State, 777, 777); err != nil {
				t.Fatal(err)
			}
		}, "640 0:12346"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			p := Paths{Config: filepath.Join(dir, "etc", "config.yaml"), State: filepath.Join(dir, "state")}
			tt.before(t, p)
			for range 2 { // the second time all is so already
				if err := a.own(p); err != nil {
					t.Fatal(err)
				}
				for path, want := range map[string]string{filepath.Dir(p.Config): "750 0:12346", p.Config: tt.config, p.State: "700 12345:12346"} {
					if got := modeAndOwner(t, path); got != want {
						t.Errorf("%s is %s, want %s", path, got, want)
					}
				}
			}
		})
	}
}

func TestOwnRefuses(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	dir := t.TempDir()
	p := Paths{Config: filepath.Join(dir, "etc", "config.yaml"), State: filepath.Join(dir, "state")}
	if err := os.Symlink(t.TempDir(), p.State); err != nil {
		t.Fatal(err)
	}
	if err := (account{uid: 12345, gid: 12345}).own(p); err == nil || !strings.Contains(err.Error(), "is not a folder") {
		t.Errorf("a link in the place of the state is followed: %v", err)
	}
}

func put(t *testing.T, path string, mode os.FileMode, uid, gid int) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(path, []byte("relays: []\n"), 0o600), os.Chmod(path, mode), os.Chown(path, uid, gid)); err != nil {
		t.Fatal(err)
	}
}

func modeAndOwner(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	return fmt.Sprintf("%o %d:%d", info.Mode().Perm(), st.Uid, st.Gid)
}

// TestOwnLeavesAnothersState holds that a state with files of another account is
// not handed over by halves, which no agent would start with.
func TestOwnLeavesAnothersState(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	a := account{name: "svc", uid: 12345, gid: 12346}
	tests := []struct {
		name    string
		owner   int // of history.db
		account account
		want    string // part of the error, with DIR for the state; empty for none
	}{
		{"the account's", 12345, a, ""},
		{"root's", 0, a, ""},
		{"another's", 777, a, "DIR/history.db belongs to uid 777, and the service is to run as svc; move the folder away, or hand it all over: homehook service stop --system && chown -hR svc: DIR"},
		{"of one with a name", 65534, a, "keep that account: homehook service install --system --account nobody, or hand"},
		{"before there is an account", 777, account{name: "homehook", uid: nobodyYet}, "the service is to run as homehook; move the folder away"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			p := Paths{Config: filepath.Join(dir, "etc", "config.yaml"), State: filepath.Join(dir, "state")}
			mkdir(t, p.State, 0o700)
			put(t, filepath.Join(p.State, "history.db"), 0o600, tt.owner, tt.owner)
			err := tt.account.own(p)
			want := strings.ReplaceAll(tt.want, "DIR", p.State)
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Fatalf("got %v, want %q", err, want)
			}
			if _, err := os.Stat(filepath.Dir(p.Config)); want != "" && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("something was changed before: %v", err)
			}
			if got := modeAndOwner(t, p.State); want != "" && got != "700 0:0" {
				t.Errorf("the folder is %s", got)
			}
		})
	}
}
