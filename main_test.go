package main_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// compiled is where the programs of this module are, once a test has asked for
// them: to link them anew for each would take longer than most of the tests.
var compiled struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	// The tests that run at once wait most of their time, and may be more than
	// there are processors. The command line is read later and has the last word.
	flag.Set("test.parallel", "8")
	var err error
	if compiled.dir, err = os.MkdirTemp("", "homehook-programs-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(compiled.dir)
	os.Exit(code)
}

func compile() {
	cmd := exec.Command("go", "build", "-o", compiled.dir+string(filepath.Separator), "./cmd/homehook", "./cmd/homehook-relay")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		compiled.err = fmt.Errorf("%w: %s", err, out)
	}
}

// build returns a folder of the test's own with both programs in it.
func build(t *testing.T) (dir string) {
	t.Helper()
	compiled.once.Do(compile)
	if compiled.err != nil {
		t.Fatal(compiled.err)
	}
	programs, err := os.ReadDir(compiled.dir)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for _, p := range programs {
		if err := os.Link(filepath.Join(compiled.dir, p.Name()), filepath.Join(dir, p.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
