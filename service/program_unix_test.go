//go:build unix

package service

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// placeForPrograms is a new folder that is fit for the program of a service, as no
// folder for temporary files is: in the checkout, or where root keeps programs.
func placeForPrograms(t *testing.T) string {
	t.Helper()
	var unfit error
	for _, parent := range []string{".", "/usr/local"} {
		base, err := os.MkdirTemp(parent, "program-")
		if err != nil {
			continue // not root
		}
		t.Cleanup(func() { os.RemoveAll(base) })
		if base, err = filepath.Abs(base); err != nil {
			t.Fatal(err)
		}
		if unfit = (Options{Scope: System, Account: "nobody-of-this-name", Program: base}).checkPlace(); unfit == nil {
			return base
		}
	}
	t.Skipf("nothing in this checkout could be a service's program: %v", unfit)
	return ""
}

// TestCheckProgram holds which programs no service is made of: those that
// somebody else could change, and those that will be gone.
func TestCheckProgram(t *testing.T) {
	base := placeForPrograms(t)
	program := filepath.Join(base, "bin", "homehook")
	tests := []struct {
		name    string
		o       Options
		dir     os.FileMode // of the folder of the program
		file    os.FileMode
		program string // if another
		want    string // DIR stands for the folder
	}{
		{name: "fine", o: Options{Scope: User}, dir: 0o755, file: 0o755},
		{name: "group may write", o: Options{Scope: User}, dir: 0o775, file: 0o775},
		{name: "all may write", o: Options{Scope: User}, dir: 0o755, file: 0o757, want: "DIR/homehook can be changed by others (0757)"},
		{name: "all may write to the folder", o: Options{Scope: User}, dir: 0o757, file: 0o755, want: "run: chmod go-w DIR"},
		{name: "the system's, group may write", o: Options{Scope: System}, dir: 0o775, file: 0o755, want: "DIR can be changed by others (0775)"},
		{name: "relative", o: Options{Scope: User}, dir: 0o755, file: 0o755, program: "bin/homehook", want: "no absolute path"},
		{name: "not there", o: Options{Scope: User}, dir: 0o755, file: 0o755, program: "/nowhere/homehook", want: "no such file"},
		{name: "a folder", o: Options{Scope: User}, dir: 0o755, file: 0o755, program: "/usr", want: "/usr is no program"},
		{name: "odd", o: Options{Scope: User}, dir: 0o755, file: 0o755, program: "/usr/{{x}}", want: "characters in it that no definition"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			place(t, filepath.Dir(program), tt.dir, tt.file)
			tt.o.Program = program
			if tt.program != "" {
				tt.o.Program = tt.program
			}
			err := tt.o.checkProgram()
			want := strings.ReplaceAll(tt.want, "DIR", filepath.Dir(program))
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}

// place makes a program in a folder, with these modes.
func place(t *testing.T, dir string, mode, file os.FileMode) {
	t.Helper()
	program := filepath.Join(dir, "homehook")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	mkdir(t, dir, mode)
	if err := os.WriteFile(program, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(program, file); err != nil {
		t.Fatal(err)
	}
}

func TestCheckPlace(t *testing.T) {
	for program, want := range map[string]string{
		"/tmp/homehook":             "folder for temporary files",
		"/var/tmp/x/homehook":       "folder for temporary files",
		"/home/ann/bin/homehook":    "into which the system's service does not see",
		"/root/homehook":            "into which the system's service does not see",
		"/nowhere/at/all/home/hook": "no such file",
	} {
		err := Options{Scope: System, Program: program}.checkPlace()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", program, err, want)
		}
	}
}

func TestCheckRoot(t *testing.T) {
	if err := (Options{Scope: System, Account: "root", Program: "/bin/sh"}).check(); err == nil || !strings.Contains(err.Error(), "does not run as root") {
		t.Errorf("got %v", err)
	}
	if os.Geteuid() != 0 {
		t.Skip("this is not root")
	}
	if err := (Options{Scope: User, Program: "/bin/sh"}).check(); err == nil || !strings.Contains(err.Error(), "run it as the user whose service it is") {
		t.Errorf("got %v", err)
	}
}
