//go:build unix

package service

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func init() { children["become"] = becomeChild }

// becomeChild becomes nobody and tells what it is then.
func becomeChild() int {
	home := os.Getenv("HOMEHOOK_TEST_DIR")
	p := Paths{Config: filepath.Join(home, "etc", "config.yaml"), State: filepath.Join(home, "state"), Runtime: filepath.Join(home, "run")}
	if err := Become("nobody", p); err != nil {
		fmt.Println("error:", err)
		return 1
	}
	groups, err := os.Getgroups()
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	dir, err := os.Getwd()
	fmt.Println(os.Getuid(), os.Geteuid(), os.Getgid(), groups, dir, err, os.Getenv("USER"), os.Getenv("LOGNAME"))
	if err := p.Make(); err != nil {
		fmt.Println("error:", err)
		return 1
	}
	// What it may write is its own, and no more.
	fmt.Println(os.WriteFile(filepath.Join(p.State, "x"), nil, 0o666))
	fmt.Println(os.WriteFile(p.Config, nil, 0o600) != nil, syscall.Setuid(0) != nil)
	if err := Become("nobody", p); err != nil { // it is already
		fmt.Println("error:", err)
	}
	if err := Become("daemon", p); err != nil {
		fmt.Println(err)
	}
	return 0
}

// TestBecome holds that a service which root starts is the account's wholly.
func TestBecome(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	a, err := lookUp("nobody")
	if err != nil {
		t.Skip(err)
	}
	home := shortDir(t)
	if err := os.Chmod(home, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"=become", "HOMEHOOK_TEST_DIR="+home)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	want := []string{
		fmt.Sprintf("%d %d %d [%d] / <nil> nobody nobody", a.uid, a.uid, a.gid, a.gid),
		"<nil>", "true true", "only root can run the service as daemon",
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	for name, want := range map[string]string{"etc": "drwxr-x--- 0", "state": fmt.Sprintf("drwx------ %d", a.uid), "run": fmt.Sprintf("drwx------ %d", a.uid), "state/x": fmt.Sprintf("-rw------- %d", a.uid)} {
		info, err := os.Stat(filepath.Join(home, name))
		if err != nil {
			t.Fatal(err)
		}
		st := info.Sys().(*syscall.Stat_t)
		if got := fmt.Sprintf("%v %d", info.Mode(), st.Uid); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestBecomeRefuses(t *testing.T) {
	if err := Become("no-such-user", Paths{}); err == nil || !strings.Contains(err.Error(), "no-such-user") {
		t.Errorf("got %v", err)
	}
	if err := Become("root", Paths{}); err == nil || !strings.Contains(err.Error(), "does not run as root") {
		t.Errorf("got %v", err)
	}
}
