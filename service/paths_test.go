package service

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shortDir makes a temporary folder whose path leaves room for a socket, as
// that of t.TempDir does not everywhere.
func shortDir(t *testing.T) string {
	t.Helper()
	base := ""
	if runtime.GOOS != "windows" {
		base = "/tmp"
	}
	dir, err := os.MkdirTemp(base, "hh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestHome(t *testing.T) {
	home := shortDir(t)
	t.Setenv("HOMEHOOK_HOME", home)
	got, err := UserPaths()
	if err != nil {
		t.Fatal(err)
	}
	want := Paths{
		Config:  filepath.Join(home, "config.yaml"),
		State:   filepath.Join(home, "state"),
		Runtime: filepath.Join(home, "run"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("paths differ (-want +got):\n%s", diff)
	}
	if got, want := got.History(), filepath.Join(home, "state", "history.db"); got != want {
		t.Errorf("History() = %q, want %q", got, want)
	}
	if runtime.GOOS != "windows" {
		if got, want := got.Socket(), filepath.Join(home, "run", "homehook.sock"); got != want {
			t.Errorf("Socket() = %q, want %q", got, want)
		}
	}
}

// TestHomeRelative holds that agent and command line meet even if they are
// started in different folders later: the path is made absolute at once.
func TestHomeRelative(t *testing.T) {
	dir := shortDir(t)
	t.Chdir(dir)
	t.Setenv("HOMEHOOK_HOME", "portable")
	got, err := UserPaths()
	if err != nil {
		t.Fatal(err)
	}
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(wd, "portable", "config.yaml"); got.Config != want {
		t.Errorf("Config = %q, want %q", got.Config, want)
	}
}

// platformCase is one environment and the paths that follow from it.
type platformCase struct {
	name string
	env  map[string]string
	want Paths
	err  string
}

func testPlatform(t *testing.T, tests []platformCase) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := platformPaths(func(name string) string { return tt.env[name] })
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Fatalf("got error %v, want %q", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("paths differ (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSystemPaths holds that the system's agent depends on no user.
func TestSystemPaths(t *testing.T) {
	t.Setenv("HOMEHOOK_HOME", shortDir(t))
	p := SystemPaths()
	for _, path := range []string{p.Config, p.State, p.Runtime} {
		if !filepath.IsAbs(path) || !strings.Contains(strings.ToLower(path), "homehook") {
			t.Errorf("path %q of %+v", path, p)
		}
	}
	if err := p.checkSocket(); err != nil {
		t.Error(err)
	}
}

func TestMake(t *testing.T) {
	home := filepath.Join(shortDir(t), "new")
	t.Setenv("HOMEHOOK_HOME", home)
	p, err := UserPaths()
	if err != nil {
		t.Fatal(err)
	}
	for _, round := range []string{"first", "second"} {
		if err := p.Make(); err != nil {
			t.Fatalf("%s Make: %v", round, err)
		}
	}
	for _, dir := range []string{home, p.State, p.Runtime} {
		info, err := os.Stat(dir)
		if err != nil || !info.IsDir() {
			t.Errorf("folder %s was not made: %v", dir, err)
			continue
		}
		if got := info.Mode().Perm(); runtime.GOOS != "windows" && got != 0o700 {
			t.Errorf("mode of %s is %#o, want 0700", dir, got)
		}
	}
	if _, err := os.Stat(p.Config); err == nil {
		t.Error("Make wrote a configuration")
	}
}
