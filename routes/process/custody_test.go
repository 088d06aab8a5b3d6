//go:build unix

package process

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestInterpreter(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"#!/bin/sh\n": "/bin/sh", "#! /usr/bin/env python3\nx": "/usr/bin/env", "#!/bin/sh": "/bin/sh", "#!sh\n": "", "#!\n/bin/sh\n": "", "\x7fELF": "", "": "", "x#!/bin/sh": "",
	} {
		path := filepath.Join(dir, "x")
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		if got := Interpreter(path); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := Interpreter(filepath.Join(dir, "none")); got != "" {
		t.Errorf("of nothing: %q", got)
	}
}

// TestCustody has a program, and what reads it, that others can change.
func TestCustody(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{"program": "#!" + at("reader") + "\n", "reader": "\x7fELF", "file": ""} {
		if err := os.WriteFile(at(name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	o := &Order{Argv: []string{at("program")}, Code: NewCode(at("program"), at("file"))}
	for name, want := range map[string]string{
		"program": "it can be changed by others (0775); see that it is what it was, then run: chmod go-w " + at("program"),
		"reader":  at("reader") + " can be changed by others (0775)", "file": at("file") + " can be changed by others (0775)",
		".": "its folder " + dir + " can be changed by others (0775)",
	} {
		if err := o.custody(); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(at(name), 0o775); err != nil {
			t.Fatal(err)
		}
		o.Code.files[0].checked = time.Time{} // as after a moment
		if err := o.custody(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
		if p, _, err := Start(o, nil, true); p != nil || err == nil {
			t.Errorf("%s: it was started", name)
		}
		if err := os.Chmod(at(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// The first line of another file is another interpreter, at once.
	if err := os.WriteFile(at("other"), []byte("#!"+at("file")+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(at("file"), 0o777); err != nil {
		t.Fatal(err)
	}
	o.Code = NewCode(at("program"))
	if err := o.custody(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(at("other"), at("program")); err != nil {
		t.Fatal(err)
	}
	if err := o.custody(); err == nil || !strings.HasPrefix(err.Error(), at("file")+" can be changed by others (0777)") {
		t.Errorf("another interpreter: %v", err)
	}
	o.Code = NewCode(at("file"))
	os.Remove(at("file"))
	if err := o.custody(); err == nil {
		t.Error("a file that is gone is fine")
	}
}

// BenchmarkCustody is what it costs each start.
func BenchmarkCustody(b *testing.B) {
	path := filepath.Join(b.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
		b.Fatal(err)
	}
	o := &Order{Argv: []string{path}, Code: NewCode(path)}
	for b.Loop() {
		if err := o.custody(); err != nil {
			b.Fatal(err)
		}
	}
}
