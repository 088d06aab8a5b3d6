package routes

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestCompileLooksIntoPrograms has scripts that no system would start.
func TestCompileLooksIntoPrograms(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the end of the name says how a file is started")
	}
	path := filepath.Join(t.TempDir(), "program")
	for _, tt := range []struct {
		name, content string
		ok            bool
	}{
		{"script", "#!/bin/sh\necho\n", true},
		{"program", "\x7fELF\x02\x01\x01", true},
		{"program of a mac", "\xcf\xfa\xed\xfe\x07", true},
		{"program for two processors", "\xca\xfe\xba\xbe\x00", true},
		{"program of windows", "MZ\x90\x00", true},
		{"no first line", "echo\n", false},
		{"blank line before", "\n#!/bin/sh\n", false},
		{"byte order mark", "\ufeff#!/bin/sh\n", false},
		{"empty", "", false},
		{"short", "#", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			os.Remove(path)
			if err := os.WriteFile(path, []byte(tt.content), 0o755); err != nil {
				t.Fatal(err)
			}
			s := Spec{Claim: "c", Match: "/", Unverified: true, Script: &ScriptSpec{Command: []string{path}}}
			table, problems := Compile([]Spec{s})
			if tt.ok && table == nil {
				t.Fatalf("got %+v", problems)
			}
			if !tt.ok && (len(problems) != 1 || problems[0].Path != "[0].script.command[0]" || !strings.Contains(problems[0].Remedy, "#!/bin/sh")) {
				t.Errorf("got %+v", problems)
			}
		})
	}
}

// TestCompileDoesNotReadSecretPrograms has one that may be run but not read.
func TestCompileDoesNotReadSecretPrograms(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("text"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o100); err != nil {
		t.Fatal(err)
	}
	if f, err := os.Open(path); err == nil {
		f.Close()
		t.Skip("this user reads everything")
	}
	s := Spec{Claim: "c", Match: "/", Unverified: true, Script: &ScriptSpec{Command: []string{path}}}
	if _, problems := Compile([]Spec{s}); problems != nil {
		t.Errorf("got %+v", problems)
	}
}
