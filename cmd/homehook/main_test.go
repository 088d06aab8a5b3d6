package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"homehook": main})
}

// TestScript runs the scripts below testdata/script with the true main. Each
// has a HOMEHOOK_HOME and a temporary folder of its own, and these commands
// besides the usual ones:
//
//	relay start           a relay in this process; its address is $RELAY, a token $TOKEN
//	relay stop|restart    the same relay at the same address
//	relay token NAME      another token becomes $TOKEN
//	fake KIND             what answers in a relay's place, at $FAKE: portal, stripped, certificate, hostile
//	proxy [PASSWORD]      an HTTP proxy at $PROXY that knows the relay as relay.test, and its log proxy.log
//	start NAME COMMAND    a process in the background, with NAME.out and NAME.err;
//	                      <FILE before the command is its stdin
//	end NAME [SIGNAL]     a signal (INT, TERM, KILL) to it; it must end with 0 but after KILL
//	signal NAME SIGNAL    only the signal
//	await REGEXP COMMAND  the command until its output matches
//	awaitfile REGEXP FILE the same with a file
//	exits CODE COMMAND    the command, which must exit with that code
//	keys PATH KEY...      stdout is JSON, and what is at PATH has these keys
//	value PATH TEXT       stdout is JSON, and at PATH is TEXT
//	setenv NAME PATH      a variable becomes what is at PATH of stdout
//	count PATH N          stdout is JSON, and at PATH is an array of N
//	grepenv NAME REGEXP FILE  a variable becomes the first group of what matches
//	append FILE TO        FILE is added to TO, with variables such as $WORK filled in
//	fill FILE N           FILE has N bytes, in lines of 100
//	empty DIR             a folder that has nothing in it, or is not there
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			bin, err := exec.LookPath("homehook")
			if err != nil {
				return err
			}
			e.Setenv("HOMEHOOK", bin)
			e.Setenv("HOMEHOOK_HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("TZ", "UTC")
			// A process under the race detector rests for a second at its end.
			e.Setenv("GORACE", "atexit_sleep_ms=0")
			e.Values[benchKey{}] = &bench{background: make(map[string]*process)}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"relay": cmdRelay, "fake": cmdFake, "proxy": cmdProxy, "start": cmdStart, "end": cmdEnd, "signal": cmdSignal,
			"await": cmdAwait, "awaitfile": cmdAwaitFile, "exits": cmdExits,
			"keys": cmdKeys, "value": cmdValue, "setenv": cmdSetenv, "count": cmdCount, "empty": cmdEmpty, "append": cmdAppend, "fill": cmdFill,
			"grepenv": cmdGrepenv,
		},
		RequireExplicitExec: true,
	})
}

// TestNothingInTheWayOfTheScripts says early why scripts would fail that run
// this program as the script of a route.
func TestNothingInTheWayOfTheScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing there")
	}
	bin, err := exec.LookPath("homehook")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{bin, filepath.Dir(bin)} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode()&0o022 != 0 {
			t.Errorf("%s can be changed by others (%v): run the tests with umask 022", path, info.Mode())
		}
	}
}

// TestEveryVerbHasAScript keeps the scripts complete.
func TestEveryVerbHasAScript(t *testing.T) {
	k, err := newParser(&grammar{}, os.Stdout, os.Stderr, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range k.Model.Children {
		if node.Hidden {
			continue
		}
		var text []byte
		for _, pattern := range []string{node.Name + ".txtar", node.Name + "-*.txtar"} {
			names, err := filepath.Glob(filepath.Join("testdata", "script", pattern))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				script, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				text = append(text, script...)
			}
		}
		for _, leaf := range node.Leaves(true) {
			if call := "homehook " + leaf.Path(); !strings.Contains(string(text), call) {
				t.Errorf("no script of %s runs %q", node.Name, call)
			}
			if !strings.Contains(leaf.Detail, "Example") {
				t.Errorf("the help of %q shows no example", leaf.Path())
			}
		}
		if !strings.Contains(node.Detail, "Example") {
			t.Errorf("the help of %q shows no example", node.Name)
		}
	}
}
