package service

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the units of the packages anew")

// packages is where the units of the packages are.
const packages = "../installer/systemd"

// TestPackagedUnits holds that the packages ship what install writes.
func TestPackagedUnits(t *testing.T) {
	for _, scope := range []Scope{User, System} {
		t.Run(string(scope), func(t *testing.T) {
			got := unit(Options{Scope: scope, Program: "/usr/bin/homehook"}, nil)
			file := filepath.Join(packages, string(scope), unitName)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("run this test with -update (-packaged +installed):\n%s", diff)
			}
		})
	}
}

func TestUnit(t *testing.T) {
	tests := []struct {
		name string
		o    Options
		env  []string
		want []string
		not  []string
	}{
		{
			name: "user", o: Options{Scope: User, Program: "/home/ann/my bin/100%/homehook"},
			want: []string{`ExecStart="/home/ann/my bin/100%%/homehook" run --service`, "WantedBy=default.target"},
			not:  []string{"Environment=", "User=", "ProtectHome", "PrivateUsers=", "ProtectSystem="},
		},
		{
			name: "user with folders elsewhere", o: Options{Scope: User, Program: "/usr/bin/homehook"},
			env:  []string{"HOMEHOOK_HOME=/srv/my hooks", `XDG_STATE_HOME=/a"b\c`},
			want: []string{`Environment="HOMEHOOK_HOME=/srv/my hooks"`, `Environment="XDG_STATE_HOME=/a\"b\\c"`},
		},
		{
			name: "system", o: Options{Scope: System, Program: "/usr/bin/homehook"},
			want: []string{"ExecStart=/usr/bin/homehook run --service --system", "User=homehook", "ProtectHome=yes", "WantedBy=multi-user.target"},
		},
		{
			name: "system as a person", o: Options{Scope: System, Program: "/usr/bin/homehook", Account: "ann"},
			want: []string{"User=ann"},
			not:  []string{"ProtectHome", "User=homehook"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lines := strings.Split(unit(tt.o, tt.env), "\n")
			for _, want := range tt.want {
				if !contains(lines, func(line string) bool { return line == want }) {
					t.Errorf("no line %s", want)
				}
			}
			for _, not := range append(tt.not, "@") {
				if contains(lines, func(line string) bool { return strings.HasPrefix(line, not) }) {
					t.Errorf("a line begins with %s", not)
				}
			}
		})
	}
}

func contains(lines []string, is func(string) bool) bool {
	for _, line := range lines {
		if is(line) {
			return true
		}
	}
	return false
}

// exposure says how much of the system each packaged unit may leave open to what
// runs in it, in tenths, by the measure of systemd-analyze security.
var exposure = []struct {
	unit, limit string
	// drop-in states what is so of what runs in a unit without the unit's doing.
	dropIn string
}{
	{unit: "system/homehook.service", limit: "45"},
	{unit: "system/homehook-relay.service", limit: "20"},
	// The measure takes every unit for one of the system's manager, which would
	// run it as root. That of a user has no rights but the user's to give away, and
	// with NoNewPrivileges none can be gained.
	{unit: "user/homehook.service", limit: "45", dropIn: "[Service]\nUser=daemon\nCapabilityBoundingSet=\n"},
}

func TestUnitsAreClosed(t *testing.T) {
	analyze := systemdAnalyze(t)
	for _, tt := range exposure {
		t.Run(tt.unit, func(t *testing.T) {
			file := copyUnit(t, tt.unit, "")
			if tt.dropIn != "" {
				writeFile(t, filepath.Join(file+".d", "is.conf"), tt.dropIn)
			}
			out, err := exec.Command(analyze, "security", "--no-pager", "--offline=true", "--threshold="+tt.limit, file).CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			t.Log(string(out[max(0, len(out)-100):]))
		})
	}
}

// TestUnitsAreClean holds that systemd finds nothing in the units to complain of.
func TestUnitsAreClean(t *testing.T) {
	analyze := systemdAnalyze(t)
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir()) // for the units of users
	program, err := os.Executable()          // one that is there
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"system/homehook.service", "system/homehook-relay.service", "system/homehook-relay.socket", "user/homehook.service"} {
		t.Run(name, func(t *testing.T) {
			args := []string{"verify", "--man=no", copyUnit(t, name, program)}
			if strings.HasPrefix(name, "user/") {
				args = append([]string{"--user"}, args...)
			}
			if strings.HasSuffix(name, ".socket") {
				copyUnitTo(t, filepath.Dir(args[len(args)-1]), "system/homehook-relay.service", program)
			}
			out, err := exec.Command(analyze, args...).CombinedOutput()
			// It ends well whatever it says of a value.
			if err != nil || len(out) > 0 {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func systemdAnalyze(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	return path
}

// copyUnit copies a packaged unit to a folder of its own, with another program
// in it if that is not empty.
func copyUnit(t *testing.T, name, program string) string {
	t.Helper()
	return copyUnitTo(t, t.TempDir(), name, program)
}

func copyUnitTo(t *testing.T, dir, name, program string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(packages, name))
	if err != nil {
		t.Fatal(err)
	}
	if program != "" {
		lines := strings.Split(string(text), "\n")
		for i, line := range lines {
			if rest, ok := strings.CutPrefix(line, "ExecStart="); ok {
				_, args, _ := strings.Cut(rest, " ")
				lines[i] = "ExecStart=" + unitWord(program) + " " + args
			}
		}
		text = []byte(strings.Join(lines, "\n"))
	}
	return writeFile(t, filepath.Join(dir, filepath.Base(name)), string(text))
}

func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
