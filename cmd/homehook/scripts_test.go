package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// earlyEnd finds the end of a script before its end, with a word that looks as
// if it were meant for a process.
var earlyEnd = regexp.MustCompile(`(?m)^(\[[^\]]*\] )?(! )?stop [a-z]+( |$)`)

// TestScriptsRunWhole holds that no script ends a process with "stop", which is
// testscript's own word for the end of the script, and hides all that follows.
func TestScriptsRunWhole(t *testing.T) {
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if line := earlyEnd.Find(text); line != nil {
			t.Errorf("%s ends at %q; a process is ended with end", path, line)
		}
	}
}
