package routes

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scriptOf returns a front whose route has the test binary play something.
func scriptOf(t testing.TB, s ScriptSpec, play ...string) *front {
	t.Helper()
	return serveRoute(t, scriptRoute(t, s, play...))
}

func scriptRoute(t testing.TB, s ScriptSpec, play ...string) *Route {
	t.Helper()
	s.Command = append([]string{self(t), "play"}, play...)
	// A program built with the race detector sleeps for a second at its end.
	s.Env = maps.Clone(s.Env)
	if s.Env == nil {
		s.Env = map[string]string{}
	}
	s.Env["GORACE"] = "atexit_sleep_ms=0"
	return compileOne(t, Spec{Script: &s})
}

const getOnce = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

func TestScriptAnswers(t *testing.T) {
	const text = "Content-Type: text/plain; charset=utf-8\r\n"
	for _, tt := range []struct {
		name   string
		play   []string
		exit   int
		answer string // without Connection, which stands before the length
		err    string
		output string
	}{
		{"silent", []string{"exit0"}, 0, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", ""},
		{"exit 0", []string{"exit", "0"}, 0, "HTTP/1.1 200 OK\r\n" + text + "Content-Length: 13\r\n\r\nto the sender", "", "to the history"},
		{"exit 75", []string{"exit", "75"}, 75, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 60\r\nVary: Accept\r\n" + text +
			"Content-Length: 35\r\n\r\nthe script asks to try again later\n", "try again later (exit status 75)", "to the sender\nto the history"},
		{"exit 3", []string{"exit", "3"}, 3, "HTTP/1.1 500 Internal Server Error\r\nVary: Accept\r\n" + text +
			"Content-Length: 34\r\n\r\nthe script failed (exit status 3)\n", "the script failed (exit status 3)", "to the sender\nto the history"},
		{"json object", []string{"say", " {\"a\": 1}\n"}, 0, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n {\"a\": 1}\n", "", ""},
		{"json list", []string{"say", "[1]"}, 0, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n[1]", "", ""},
		{"nearly json", []string{"say", "[1"}, 0, "HTTP/1.1 200 OK\r\n" + text + "Content-Length: 2\r\n\r\n[1", "", ""},
		{"json number", []string{"say", "1"}, 0, "HTTP/1.1 200 OK\r\n" + text + "Content-Length: 1\r\n\r\n1", "", ""},
		{"forged head", []string{"say", "X: a\r\nSet-Cookie: b\r\n\r\n"}, 0, "HTTP/1.1 200 OK\r\n" + text + "Content-Length: 23\r\n\r\nX: a\r\nSet-Cookie: b\r\n\r\n", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := scriptOf(t, ScriptSpec{}, tt.play...)
			got := strings.Replace(ask(t, f.addr, getOnce), "Connection: close\r\n", "", 1)
			if diff := cmp.Diff(tt.answer, got); diff != "" {
				t.Error(diff)
			}
			r := f.result(t)
			if (r.Err == nil) != (tt.err == "") || r.Err != nil && !strings.Contains(r.Err.Error(), tt.err) {
				t.Errorf("error %v, want %q", r.Err, tt.err)
			}
			if r.Handler != "script" || r.Exit != tt.exit || string(r.Output) != tt.output || r.OutputTruncated {
				t.Errorf("result %+v", r)
			}
		})
	}
}

func TestScriptInput(t *testing.T) {
	f := scriptOf(t, ScriptSpec{Output: 8 << 20}, "cat")
	for _, size := range []int{0, 1, 4096, maxWhole, maxWhole + 1, 3 << 20} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprint(size, chunked), func(t *testing.T) {
				body := strings.Repeat("0123456789", size/10+1)[:size]
				nc := dial(t, f.addr)
				go func() {
					if chunked && size > 0 {
						fmt.Fprintf(nc, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", size, body)
					} else {
						fmt.Fprintf(nc, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", size, body)
					}
				}()
				if res, got, err := readResponse(bufio.NewReader(nc)); err != nil || got != body || res.StatusCode != 200 {
					t.Fatalf("got %d bytes, %v", len(got), err)
				}
				if r := f.result(t); r.Err != nil || r.Exit != 0 {
					t.Errorf("result %+v", r)
				}
			})
		}
	}
}

// TestScriptUnreadInput checks that a script need not read what it is sent.
func TestScriptUnreadInput(t *testing.T) {
	f := scriptOf(t, ScriptSpec{}, "say", "done")
	for _, size := range []int{100, maxWhole, 500_000, 5 << 20} {
		nc := dial(t, f.addr)
		go fmt.Fprintf(nc, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size))
		if res, got, err := readResponse(bufio.NewReader(nc)); err != nil || got != "done" || res.StatusCode != 200 {
			t.Fatalf("%d bytes: got %q, %v", size, got, err)
		}
		if r := f.result(t); r.Err != nil {
			t.Errorf("result %+v", r)
		}
	}
}

// TestScriptKeepsCallerConnection runs several scripts for one connection.
func TestScriptKeepsCallerConnection(t *testing.T) {
	f := scriptOf(t, ScriptSpec{}, "cat")
	got := ask(t, f.addr, strings.Repeat("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", 3)+getOnce)
	if strings.Count(got, "200 OK") != 4 || strings.Count(got, "\r\n\r\nhi") != 3 {
		t.Errorf("got %q", got)
	}
}

func TestScriptEnvironment(t *testing.T) {
	for _, name := range []string{"LD_LIBRARY_PATH", "BASH_ENV", "HTTP_PROXY", "SECRET_TOKEN"} {
		t.Setenv(name, "agent's own")
	}
	f := scriptOf(t, ScriptSpec{Env: map[string]string{"MODE": "fast", "LANG": "de_DE.UTF-8"}}, "env")
	nc := dial(t, f.addr)
	io.WriteString(nc, "POST /a%2Fb?x=1&y HTTP/1.1\r\nHost: a\r\nPATH: /evil\r\nLD_PRELOAD: /evil.so\r\nProxy: http://evil\r\nHTTP_PROXY: http://evil\r\nBASH_ENV: x\r\nX: () { :;}; touch c\r\nContent-Length: 0\r\n\r\n")
	_, got, err := readResponse(bufio.NewReader(nc))
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string]bool{"MODE": true, "LANG": true, "GORACE": true}
	for _, name := range inheritedNames {
		allowed[strings.ToUpper(name)] = true
	}
	env := map[string]string{}
	for line := range strings.SplitSeq(got, "\n") {
		name, value, _ := strings.Cut(line, "=")
		if !allowed[strings.ToUpper(name)] && !strings.HasPrefix(name, "HOMEHOOK_") {
			t.Errorf("the script sees %s", line)
		}
		if strings.Contains(value, "evil") || strings.Contains(value, "touch") || strings.Contains(value, "own") {
			t.Errorf("the script sees %s", line)
		}
		env[name] = value
	}
	delete(env, "HOMEHOOK_HEADERS_FILE")
	for name, want := range map[string]string{
		"MODE": "fast", "LANG": "de_DE.UTF-8",
		"HOMEHOOK_DELIVERY": "0199", "HOMEHOOK_CLAIM": "c", "HOMEHOOK_ROUTE": "r", "HOMEHOOK_METHOD": "POST", "HOMEHOOK_PATH": "/a%2Fb",
		"HOMEHOOK_QUERY": "x=1&y", "HOMEHOOK_REMOTE": "192.0.2.7", "HOMEHOOK_ATTEMPT": "1", "PATH": os.Getenv("PATH"),
	} {
		if env[name] != want {
			t.Errorf("%s is %q, want %q", name, env[name], want)
		}
	}
}

func TestScriptHeadersFile(t *testing.T) {
	f := scriptOf(t, ScriptSpec{}, "headers")
	nc := dial(t, f.addr)
	io.WriteString(nc, "GET /?q HTTP/1.1\r\nHost: a\r\nx-B:  1\r\nX: () { :;}; touch c\r\nx-b: 2\r\n\r\n")
	res, got, err := readResponse(bufio.NewReader(nc))
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("got %q, %v, %+v", got, err, f.result(t))
	}
	path, rest, _ := strings.Cut(got, "\n")
	mode, lines, _ := strings.Cut(rest, "\n")
	if mode != "600" && runtime.GOOS != "windows" {
		t.Errorf("mode %s", mode)
	}
	if lines != "Host: a\r\nx-B:  1\r\nX: () { :;}; touch c\r\nx-b: 2\r\n" {
		t.Errorf("lines %q", lines)
	}
	f.result(t)
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", path, err)
	}
}

// TestHeadersFilesOfTheDead leaves alone what a living agent needs.
func TestHeadersFilesOfTheDead(t *testing.T) {
	dir := t.TempDir()
	mine, err := writeHeaders(dir, []byte("GET / HTTP/1.1\r\nHost: a\r\n"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	dead := filepath.Join(dir, headersPrefix+"2147483646-abc")
	other := filepath.Join(dir, "homehook-else")
	os.WriteFile(dead, nil, 0o600)
	os.WriteFile(other, nil, 0o600)
	removeLeft(dir)
	for path, left := range map[string]bool{mine: true, dead: false, other: true} {
		if _, err := os.Stat(path); (err == nil) != left {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestScriptArguments checks that nothing reads an argument but the script.
func TestScriptArguments(t *testing.T) {
	want := []string{"$(touch c)", "`touch c`", "; touch c", "a\nb", "-rf", "", "*", "{\"a\": 1}", "%PATH%", "ü"}
	f := scriptOf(t, ScriptSpec{}, append([]string{"args"}, want...)...)
	nc := dial(t, f.addr)
	io.WriteString(nc, getOnce)
	_, body, _ := readResponse(bufio.NewReader(nc))
	var got []string
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestScriptFolder(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f := scriptOf(t, ScriptSpec{Dir: dir}, "dir")
	if got := ask(t, f.addr, getOnce); !strings.HasSuffix(got, "\r\n\r\n"+dir) {
		t.Errorf("got %q", got)
	}
	home, _ := os.UserHomeDir()
	f = scriptOf(t, ScriptSpec{}, "dir")
	if got := ask(t, f.addr, getOnce); !strings.HasSuffix(got, "\r\n\r\n"+home) {
		t.Errorf("got %q", got)
	}
}

func TestScriptFlood(t *testing.T) {
	const n = 3 << 20
	for _, tt := range []struct {
		limit Size
		kept  int
	}{{1000, 1000}, {0, scriptOutput}, {8 << 20, n}} {
		f := scriptOf(t, ScriptSpec{Output: tt.limit}, "flood", fmt.Sprint(n))
		nc := dial(t, f.addr)
		io.WriteString(nc, getOnce)
		if _, got, err := readResponse(bufio.NewReader(nc)); err != nil || len(got) != tt.kept {
			t.Errorf("limit %s: got %d bytes, %v", tt.limit, len(got), err)
		}
		if r := f.result(t); r.Err != nil || !r.OutputTruncated || len(r.Output) != maxErrors {
			t.Errorf("limit %s: %d bytes of errors, truncated %v, %v", tt.limit, len(r.Output), r.OutputTruncated, r.Err)
		}
	}
}

func TestScriptCannotStart(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no such thing as a file that may not be run")
	}
	path := filepath.Join(t.TempDir(), "script")
	os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755)
	f := serveRoute(t, compileOne(t, Spec{Script: &ScriptSpec{Command: []string{path}}}))
	os.WriteFile(path, []byte("no interpreter"), 0o755) // which was checked only when it was loaded
	for _, length := range []int{0, 10, 100_000} {
		request := fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", length, strings.Repeat("x", length))
		if got := ask(t, f.addr, request); !strings.HasPrefix(got, "HTTP/1.1 500 ") || strings.Contains(got, path) {
			t.Errorf("got %q", got)
		}
		if r := f.result(t); r.Err == nil || r.Exit != -1 || r.Err.Error() != "start "+path+": exec format error" {
			t.Errorf("result %+v", r)
		}
	}
}

// TestScriptWithoutHome has a user whose home folder is not there, and one in whose
// place something else is.
func TestScriptWithoutHome(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for home, want := range map[string]string{
		filepath.Join(dir, "none"): "the working folder " + filepath.Join(dir, "none") + " cannot be used: ",
		file:                       "the working folder " + file + " is not a folder; write dir: ",
	} {
		t.Setenv("HOME", home)
		t.Setenv("USERPROFILE", home)
		f := scriptOf(t, ScriptSpec{}, "exit0")
		if got := ask(t, f.addr, getOnce); !strings.Contains(got, " 500 ") || strings.Contains(got, dir) {
			t.Errorf("got %q", got)
		}
		if r := f.result(t); r.Err == nil || !strings.Contains(r.Err.Error(), want) || !strings.HasPrefix(r.Err.Error(), "start ") || r.Failure != FailedScript {
			t.Errorf("result %+v", r)
		}
	}
}

func TestProgramsOfOthers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are made up here")
	}
	dir := t.TempDir()
	open := filepath.Join(dir, "open")
	os.Mkdir(open, 0o755)
	write := func(path string, mode os.FileMode) string {
		os.WriteFile(path, []byte("#!/bin/sh\n"), 0o600)
		os.Chmod(path, mode)
		return path
	}
	good := write(filepath.Join(dir, "good"), 0o755)
	inOpen := write(filepath.Join(open, "x"), 0o755)
	os.Symlink(good, filepath.Join(open, "link"))
	os.Symlink(inOpen, filepath.Join(dir, "link"))
	os.Chmod(open, 0o777)
	for _, tt := range []struct{ name, path, want string }{
		{"good", good, ""},
		{"not executable", write(filepath.Join(dir, "plain"), 0o644), "is not executable"},
		{"group may write", write(filepath.Join(dir, "group"), 0o775), "can be changed by other users"},
		{"all may write", write(filepath.Join(dir, "all"), 0o757), "can be changed by other users"},
		{"open folder", inOpen, "which other users can change"},
		{"link in an open folder", filepath.Join(open, "link"), "which other users can change"},
		{"link to an open folder", filepath.Join(dir, "link"), "which other users can change"},
		{"dangling link", filepath.Join(dir, "none"), "cannot be found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &compiler{}
			c.program("p", tt.path)
			if tt.want == "" && len(c.problems) > 0 || tt.want != "" && (len(c.problems) != 1 || !strings.Contains(c.problems[0].Message, tt.want)) {
				t.Errorf("got %+v", c.problems)
			}
		})
	}
}
