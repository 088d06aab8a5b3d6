package routes

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"homehook/routes/process"
)

// scriptText returns a route that runs a script for sh.
func scriptText(t testing.TB, s ScriptSpec, text string) *Route {
	t.Helper()
	dir, err := os.MkdirTemp("", "script") // which other users may enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	os.Chmod(dir, 0o755)
	path := filepath.Join(dir, "script")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	s.Command = append([]string{path}, s.Command...)
	return compileOne(t, Spec{Script: &s})
}

// sayScript runs a route for a stored request and returns what it answered.
func sayScript(t testing.TB, r *Route, body string) (string, Result) {
	t.Helper()
	x, d, out := stored(t, "POST / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n", body)
	res := r.Serve(t.Context(), d, x)
	_, answer, err := readResponse(bufio.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return answer, res
}

func TestScriptLimits(t *testing.T) {
	r := scriptText(t, ScriptSpec{Limits: &LimitsSpec{Memory: 256 << 20, CPU: Duration(7 * time.Second), Files: 32, FileSize: 1 << 20}}, "ulimit -v; ulimit -t; ulimit -n; ulimit -f; cat\n")
	got, res := sayScript(t, r, "body")
	// ulimit counts kibibytes of memory and blocks of 512 bytes of files.
	if want := "262144\n7\n32\n2048\nbody"; got != want || res.Err != nil {
		t.Errorf("got %q, %+v", got, res)
	}
}

func TestScriptLimitsHold(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		limits     LimitsSpec
		want       string
	}{
		{"cpu", "while :; do :; done", LimitsSpec{CPU: Duration(time.Second)}, "CPU time limit exceeded"},
		{"file size", "head -c 100000 /dev/zero > $HOMEHOOK_HEADERS_FILE-x", LimitsSpec{FileSize: 1000}, "exit status"},
		{"files", "exec 3</dev/null 4</dev/null 5</dev/null 6</dev/null", LimitsSpec{Files: 4}, "exit status"},
		{"memory", "head -c 80000000 /dev/zero | tail", LimitsSpec{Memory: 32 << 20}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := scriptText(t, ScriptSpec{Limits: &tt.limits}, tt.text+"; code=$?; rm -f $HOMEHOOK_HEADERS_FILE-x; exit $code")
			_, res := sayScript(t, r, "")
			if res.Err == nil || !strings.Contains(res.Err.Error(), tt.want) {
				t.Errorf("result %+v, %s", res, res.Output)
			}
		})
	}
}

// TestScriptLimitsLeaveNothing starts many limited scripts at once: none is left
// as it waits, and none is kept from ending with all it started.
func TestScriptLimitsLeaveNothing(t *testing.T) {
	c := newCensus(t)
	r := scriptRoute(t, ScriptSpec{Timeout: Duration(2 * time.Second), Limits: &LimitsSpec{Files: 256}}, "tree", c.addr)
	r.handlers[0].handler.(*scripter).grace = 100 * time.Millisecond
	f := serveRoute(t, r)
	for range 4 {
		io.WriteString(dial(t, f.addr), getOnce)
	}
	all := c.arrive(t, 16)
	for range 4 {
		if res := f.result(t); res.Err == nil || res.Exit != 137 {
			t.Errorf("result %+v", res)
		}
	}
	if alive(all) != 0 {
		t.Errorf("%d processes are left", alive(all))
	}
	path := filepath.Join(t.TempDir(), "script")
	os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755)
	r = compileOne(t, Spec{Script: &ScriptSpec{Command: []string{path}, Limits: &LimitsSpec{Files: 256}}})
	os.WriteFile(path, []byte("no interpreter"), 0o755)
	if _, res := sayScript(t, r, ""); res.Err == nil || res.Exit != -1 || !strings.HasSuffix(res.Err.Error(), "exec format error") {
		t.Errorf("result %+v", res)
	}
}

func TestLimitsReports(t *testing.T) {
	for _, tt := range []struct {
		key    string
		limits LimitsSpec
		want   string
	}{
		{"memory", LimitsSpec{Memory: 1000}, "no program can run"},
		{"files", LimitsSpec{Files: 2}, "no program can run"},
		{"files", LimitsSpec{Files: -1}, "no program can run"},
		{"cpu", LimitsSpec{CPU: Duration(1500 * time.Millisecond)}, "whole seconds"},
	} {
		_, problems := Compile([]Spec{{Claim: "c", Match: "/", Unverified: true, Script: &ScriptSpec{Command: []string{self(t)}, Limits: &tt.limits}}})
		if len(problems) != 1 || problems[0].Path != "[0].script.limits."+tt.key || !strings.Contains(problems[0].Message, tt.want) || problems[0].Remedy == "" {
			t.Errorf("%+v: got %+v", tt.limits, problems)
		}
	}
	if os.Geteuid() == 0 {
		_, problems := Compile([]Spec{{Claim: "c", Match: "/", Unverified: true, Script: &ScriptSpec{Command: []string{self(t)}, Limits: &LimitsSpec{Processes: 5}}}})
		if len(problems) != 1 || !strings.Contains(problems[0].Message, "how many processes root has") {
			t.Errorf("got %+v", problems)
		}
	}
}

// TestScriptUser runs a script as somebody else, who may read what is meant for
// the script, and nothing else of the agent's.
func TestScriptUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can start programs of others")
	}
	secret := filepath.Join(t.TempDir(), "secret")
	os.WriteFile(secret, []byte("x"), 0o600)
	r := scriptText(t, ScriptSpec{
		User:  "nobody",
		Files: map[string]string{"VALUE": "of a file"}, Env: map[string]string{"SECRET": secret},
	}, `id -u; id -G; echo "$HOME $USER $LOGNAME ${SHELL-none}"; pwd; cat $HOMEHOOK_HEADERS_FILE $VALUE; cat; cat $SECRET 2>/dev/null; true`)
	got, res := sayScript(t, r, "<body>")
	if want := "65534\n65534\n/ nobody nobody none\n/\nHost: a\r\nX-A: b\r\nof a file<body>"; got != want || res.Err != nil {
		t.Errorf("got %q, want %q, %+v", got, want, res)
	}
}

func TestScriptUserLimits(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can start programs of others")
	}
	spec := ScriptSpec{User: "nobody", Limits: &LimitsSpec{Processes: 500, Files: 64}, Command: []string{self(t)}}
	nobody, err := process.LookUpAccount("nobody")
	if err != nil {
		t.Fatal(err)
	}
	if process.LimitFiles.Available(nobody) != nil {
		_, problems := Compile([]Spec{{Claim: "c", Match: "/", Unverified: true, Script: &spec}})
		if len(problems) != 2 || !strings.Contains(problems[0].Message, "SYS_RESOURCE") {
			t.Errorf("got %+v", problems)
		}
		return
	}
	spec.Command = nil
	r := scriptText(t, spec, "ulimit -n; ulimit -p 2>/dev/null || ulimit -u")
	if got, res := sayScript(t, r, ""); got != "64\n500\n" || res.Err != nil {
		t.Errorf("got %q, %+v", got, res)
	}
}

// TestScriptUserIsEnded kills what a script of another user has started.
func TestScriptUserIsEnded(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can start programs of others")
	}
	mark := t.TempDir()
	r := scriptText(t, ScriptSpec{User: "nobody", Timeout: Duration(300 * time.Millisecond), Env: map[string]string{"MARK": mark}}, "trap '' TERM\nsetsid sleep 1000 & sleep 1000 & echo $$; while :; do sleep 1; done")
	r.handlers[0].handler.(*scripter).grace = 200 * time.Millisecond
	if _, res := sayScript(t, r, ""); res.Exit != 137 {
		t.Errorf("result %+v", res)
	}
	all, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range all {
		if env, err := os.ReadFile(path); err == nil && strings.Contains(string(env), "MARK="+mark+"\x00") {
			t.Errorf("%s is left", path)
		}
	}
}

func TestUserReports(t *testing.T) {
	for user, want := range map[string]string{"no-such-user": "no such user", "": ""} {
		_, problems := Compile([]Spec{{Claim: "c", Match: "/", Unverified: true, Script: &ScriptSpec{Command: []string{self(t)}, User: user}}})
		if want == "" && len(problems) > 0 || want != "" && (len(problems) != 1 || !strings.Contains(problems[0].Message, want) || problems[0].Remedy == "") {
			t.Errorf("%q: got %+v", user, problems)
		}
	}
}

func TestScriptPin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "script")
	write := func(text string) string {
		os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755)
		digest, err := Digest(path)
		if err != nil {
			t.Fatal(err)
		}
		return digest
	}
	good := write("echo good\n")
	r := compileOne(t, Spec{Script: &ScriptSpec{Command: []string{path}, SHA256: strings.ToUpper(good)}})
	run := func(want bool, name string) {
		t.Helper()
		got, res := sayScript(t, r, "body")
		if ran := res.Exit == 0; ran != want || !want && (!strings.Contains(res.Err.Error(), "changed since you approved it") || strings.Contains(got, path)) {
			t.Errorf("%s: got %q, %+v", name, got, res)
		}
	}
	run(true, "as approved")
	write("echo evil\n")
	run(false, "changed")
	write("echo good\n")
	run(true, "changed back")
	info, _ := os.Stat(path)
	old := info.ModTime().Add(-time.Hour)
	os.Chtimes(path, old, old)
	run(true, "touched")
	write("echo evil\n")
	os.Chtimes(path, old, old)
	run(false, "changed with its time set back")
	os.Remove(path)
	write("echo good\n")
	run(true, "another file with the same content")
}

func TestPinReports(t *testing.T) {
	for _, bad := range []string{"x", "abcd", strings.Repeat("0", 63), strings.Repeat("g", 64)} {
		_, problems := Compile([]Spec{{Claim: "c", Match: "/", Unverified: true, Script: &ScriptSpec{Command: []string{self(t)}, SHA256: bad}}})
		if len(problems) != 1 || problems[0].Path != "[0].script.sha256" || problems[0].Remedy == "" {
			t.Errorf("%q: got %+v", bad, problems)
		}
	}
}
