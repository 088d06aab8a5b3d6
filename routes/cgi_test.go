package routes

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// cgiRoute returns a route whose CGI program is the test binary, which plays
// something.
func cgiRoute(t testing.TB, s CGISpec, match, mode, text string) *Route {
	t.Helper()
	s.Program = self(t)
	s.Env = maps.Clone(s.Env)
	if s.Env == nil {
		s.Env = map[string]string{}
	}
	s.Env["GORACE"], s.Env["PLAY_CGI"], s.Env["PLAY_TEXT"] = "atexit_sleep_ms=0", mode, text
	return compileOne(t, Spec{Match: match, CGI: &s})
}

func cgiOf(t testing.TB, mode, text string) *front {
	t.Helper()
	return serveRoute(t, cgiRoute(t, CGISpec{}, "/", mode, text))
}

func TestCGIAnswers(t *testing.T) {
	const bad = "HTTP/1.1 502 Bad Gateway\r\nVary: Accept\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 54\r\n\r\n" +
		"the program behind this route gave no valid answer\n"
	for _, tt := range []struct {
		name, mode, text, answer, err string
	}{
		{"document", "raw", "Content-Type: text/html\n\n<p>", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>", ""},
		{"lines of HTTP", "raw", "Content-Type: text/html\r\nX-A: 1\r\n\r\n<p>\r\n", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-A: 1\r\nContent-Length: 5\r\n\r\n<p>\r\n", ""},
		{"status", "raw", "Status: 404 Not here\nContent-Type: text/plain\n\nno", "HTTP/1.1 404 Not here\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nno", ""},
		{"status alone", "raw", "Status: 204\n\n", "HTTP/1.1 204 No Content\r\n\r\n", ""},
		{"body of 204", "raw", "Status: 204\n\nx", "HTTP/1.1 204 No Content\r\n\r\n", ""},
		{"client redirect", "raw", "Location: https://example.com/x\n\n", "HTTP/1.1 302 Found\r\nLocation: https://example.com/x\r\nContent-Length: 0\r\n\r\n", ""},
		{
			"client redirect with a document", "raw", "Status: 303 See\nLocation: https://example.com/x\nContent-Type: text/plain\n\ngo",
			"HTTP/1.1 303 See\r\nLocation: https://example.com/x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\ngo", "",
		},
		{"length", "raw", "Content-Length: 2\nContent-Type: text/plain\n\nok", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok", ""},
		{"fields of the connection", "raw", "Content-Type: a/b\nConnection: close\nTransfer-Encoding: chunked\nHomehook-Accepted: x\nKeep-Alive: 1\n\nx", "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 1\r\n\r\nx", ""},
		{"cookies", "raw", "Content-Type: a/b\nSet-Cookie: a=1\nSet-Cookie: b=2\n\n", "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n", ""},
		{"exit of a good answer", "fail", "Content-Type: a/b\n\nx", "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 1\r\n\r\nx", ""},
		{"nothing", "raw", "", bad, "it is empty"},
		{"exit of a bad answer", "fail", "", bad, "it is empty (exit status 3)"},
		{"no blank line", "raw", "X: a\r\nSet-Cookie: b", bad, "no blank line"},
		{"no field of CGI", "raw", "X: a\r\nSet-Cookie: b\r\n\r\nx", bad, "none of Content-Type, Status and Location"},
		{"no header", "raw", "\nhello", bad, "none of Content-Type"},
		{"HTTP", "raw", "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\n", bad, `the line "HTTP/1.1 200 OK" is no header field`},
		{"text", "raw", "hello\n\n", bad, "is no header field"},
		{"folded", "raw", "Content-Type: a/b\n x\n\n", bad, "is no header field"},
		{"bare CR", "raw", "Content-Type: a/b\rSet-Cookie: x\n\n", bad, "control character"},
		{"bad status", "raw", "Status: OK\n\n", bad, `its Status is "OK"`},
		{"interim status", "raw", "Status: 101\n\n", bad, "which is none of an answer"},
		{"status twice", "raw", "Status: 200\nStatus: 404\n\n", bad, "Status twice"},
		{"type twice", "raw", "Content-Type: a/b\ncontent-type: c/d\n\n", bad, "content-type twice"},
		{"empty location", "raw", "Location:\n\n", bad, "its Location is empty"},
		{"bad length", "raw", "Content-Type: a/b\nContent-Length: -1\n\n", bad, "its Content-Length is"},
		{"too short", "raw", "Content-Type: a/b\nContent-Length: 5\n\nx", bad, "1 bytes of 5"},
		{"too long", "raw", "Content-Type: a/b\nContent-Length: 1\n\nxyz", bad, "longer than its Content-Length"},
		{"endless header", "flood", "X: ", bad, "does not end within 65536 bytes"},
		{"larger than allowed", "raw", "Content-Type: a/b\nContent-Length: 99999999\n\n", bad, "larger than 32MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			route := cgiRoute(t, CGISpec{}, "/", tt.mode, tt.text)
			route.handlers[0].handler.(*cgi).patience = soon
			f := serveRoute(t, route)
			got := strings.Replace(ask(t, f.addr, getOnce), "Connection: close\r\n", "", 1)
			got, _, _ = strings.Cut(got, "\x00")
			want := strings.Replace(tt.answer, "Content-Length: 54", "Content-Length: 51", 1)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			r := f.result(t)
			if (r.Err == nil) != (tt.err == "") || r.Err != nil && !strings.Contains(r.Err.Error(), tt.err) {
				t.Errorf("error %v, want %q", r.Err, tt.err)
			}
			if r.Handler != "cgi" || r.Exit == -1 || r.Err != nil && r.Failure != FailedScript {
				t.Errorf("result %+v", r)
			}
		})
	}
}

// askCGI makes a request and returns what the program was told.
func askCGI(t *testing.T, f *front, request string) told {
	t.Helper()
	nc := dial(t, f.addr)
	io.WriteString(nc, request)
	res, body, err := readResponse(bufio.NewReader(nc))
	var got told
	if err != nil || res.StatusCode != 200 || json.Unmarshal([]byte(body), &got) != nil {
		t.Fatalf("got %q, %v, %+v", body, err, f.result(t))
	}
	return got
}

func TestCGIVariables(t *testing.T) {
	for _, name := range []string{"LD_LIBRARY_PATH", "BASH_ENV", "HTTP_PROXY", "SECRET_TOKEN"} {
		t.Setenv(name, "agent's own")
	}
	r := cgiRoute(t, CGISpec{Root: "/srv/www/", Env: map[string]string{"MODE": "fast"}}, "/cgi/tool/{rest...}", "tell", "")
	f := serveRoute(t, r)
	got := askCGI(t, f, "POST /cgi/t%6Fol/a%20b/../c?x=1&y HTTP/1.1\r\nHost: me.example.com:8443\r\nX-Forwarded-Proto: https\r\n"+
		"Proxy: http://evil\r\nPATH: /evil\r\nLD_PRELOAD: /evil\r\nHTTP_PROXY: http://evil\r\nX_Under: evil\r\nAuthorization: Bearer evil\r\n"+
		"Cookie: a=1\r\nCookie: b=2\r\nAccept: a\r\nAccept: b\r\nX-Odd: () { :;}; touch c\r\nContent-Encoding: gzip\r\n"+
		"Content-Type: text/x\r\nContent-Length: 4\r\nHomehook-X: evil\r\n\r\nbody")
	if got.Body != "body" || len(got.Args) != 0 || got.Dir != filepath.Dir(self(t)) {
		t.Errorf("told %q, %q, %s", got.Body, got.Args, got.Dir)
	}
	for name, want := range map[string]string{
		"GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_SOFTWARE": "Homehook", "REQUEST_METHOD": "POST",
		"SERVER_NAME": "me.example.com", "SERVER_PORT": "8443", "HTTPS": "on", "REQUEST_URI": "/cgi/t%6Fol/a%20b/../c?x=1&y",
		"SCRIPT_NAME": "/cgi/tool", "PATH_INFO": "/a b/../c", "PATH_TRANSLATED": "/srv/www/c", "QUERY_STRING": "x=1&y",
		"REMOTE_ADDR": "192.0.2.7", "REMOTE_HOST": "192.0.2.7", "CONTENT_LENGTH": "4", "CONTENT_TYPE": "text/x",
		"SCRIPT_FILENAME": self(t), "MODE": "fast", "HTTP_COOKIE": "a=1; b=2", "HTTP_ACCEPT": "a, b", "HTTP_HOST": "me.example.com:8443",
		"HTTP_X_ODD": "() { :;}; touch c", "HTTP_CONTENT_ENCODING": "gzip",
		"HTTP_PATH": "/evil", "HOMEHOOK_DELIVERY": "0199", "HOMEHOOK_ROUTE": "r", "HOMEHOOK_METHOD": "POST", "PATH": os.Getenv("PATH"),
	} {
		if got.Env[name] != want {
			t.Errorf("%s is %q, want %q", name, got.Env[name], want)
		}
		delete(got.Env, name)
	}
	for name, value := range got.Env {
		if strings.Contains(value, "evil") || strings.Contains(value, "own") {
			t.Errorf("the program sees %s=%s", name, value)
		}
	}
}

func TestCGIPlaces(t *testing.T) {
	for _, tt := range []struct {
		name, match, given, prefix, target string
		script, info                       string
	}{
		{"all", "/", "", "", "/a/b", "", "/a/b"},
		{"root", "/", "", "", "/", "", "/"},
		{"exact", "/run", "", "", "/run", "/run", ""},
		{"folder", "/run/", "", "", "/run/", "/run", "/"},
		{"wildcard", "/run/{id}/x", "", "", "/run/7/x", "/run", "/7/x"},
		{"end", "/run/{$}", "", "", "/run/", "/run", "/"},
		{"given", "/a/b/c", "/a", "", "/a/b/c", "/a", "/b/c"},
		{"prefix", "/run/", "", "/~garage", "/run/x", "/~garage/run", "/x"},
		{"escapes", "/run/", "", "", "/run/%C3%BC%2F%25", "/run", "/ü/%"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := cgiRoute(t, CGISpec{Name: tt.given}, tt.match, "tell", "")
			x, d, out := stored(t, "GET "+tt.target+" HTTP/1.1\r\nHost: a\r\n", "")
			d.Prefix = tt.prefix
			if res := r.Serve(t.Context(), d, x); res.Err != nil {
				t.Fatal(res.Err)
			}
			_, body, err := readResponse(bufio.NewReader(out))
			if err != nil {
				t.Fatal(err)
			}
			var got told
			json.Unmarshal([]byte(body), &got)
			if got.Env["SCRIPT_NAME"] != tt.script || got.Env["PATH_INFO"] != tt.info {
				t.Errorf("script %q, info %q", got.Env["SCRIPT_NAME"], got.Env["PATH_INFO"])
			}
			if got.Env["REQUEST_URI"] != tt.prefix+tt.target || got.Env["CONTENT_LENGTH"] != "" {
				t.Errorf("URI %q", got.Env["REQUEST_URI"])
			}
		})
	}
}

// TestCGIPlanRefused holds that a plan tells of a path that no program is run for.
func TestCGIPlanRefused(t *testing.T) {
	_, d, _ := stored(t, "GET /run/%00 HTTP/1.1\r\nHost: a\r\n", "")
	if p := cgiRoute(t, CGISpec{}, "/run/", "tell", "").Plan(d); p.Status != 400 || p.Command != nil {
		t.Errorf("got %+v", p)
	}
}

func TestCGIAuthorization(t *testing.T) {
	request := strings.Replace(getOnce, "\r\n\r\n", "\r\nAuthorization: Basic bWU6c2VjcmV0\r\n\r\n", 1)
	for _, passes := range []bool{false, true} {
		got := askCGI(t, serveRoute(t, cgiRoute(t, CGISpec{Authorization: passes}, "/", "tell", "")), request)
		if _, there := got.Env["HTTP_AUTHORIZATION"]; there != passes || got.Env["REMOTE_USER"] != "" {
			t.Errorf("with %v: %q", passes, got.Env)
		}
	}
	r := cgiRoute(t, CGISpec{Authorization: true}, "/", "tell", "")
	r.handlers[0].handler.(*cgi).basic = true // as with verify: {scheme: basic}
	got := askCGI(t, serveRoute(t, r), request)
	if _, there := got.Env["HTTP_AUTHORIZATION"]; there || got.Env["REMOTE_USER"] != "me" || got.Env["AUTH_TYPE"] != "Basic" {
		t.Errorf("checked: %q", got.Env)
	}
}

func TestCGISearchWords(t *testing.T) {
	f := cgiOf(t, "tell", "")
	for _, tt := range []struct {
		query string
		want  []string
	}{
		{"a+b%2Bc+%24(touch%20c)", []string{"a", "b+c", "$(touch c)"}},
		{"word", []string{"word"}},
		{"a=b", nil},
		{"", nil},
		{"-s", nil},
		{"a+-d+allow_url_include%3don", nil},
		{"%2Ds", nil},
		{"a++b", nil},
		{"a%00", nil},
	} {
		got := askCGI(t, f, "GET /?"+tt.query+" HTTP/1.1\r\nHost: a\r\n\r\n")
		if diff := cmp.Diff(tt.want, got.Args); diff != "" && len(tt.want)+len(got.Args) > 0 {
			t.Errorf("%s: %s", tt.query, diff)
		}
	}
	if got := askCGI(t, f, "POST /?word HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"); len(got.Args) != 0 || got.Env["CONTENT_LENGTH"] != "0" {
		t.Errorf("POST: %+v", got)
	}
}

func TestCGIInput(t *testing.T) {
	f := cgiOf(t, "cat", "")
	for _, size := range []int{1, maxWhole, maxWhole + 1, 3 << 20} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprint(size, chunked), func(t *testing.T) {
				body := strings.Repeat("0123456789", size/10+1)[:size]
				nc := dial(t, f.addr)
				go func() {
					if chunked {
						fmt.Fprintf(nc, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", size, body)
					} else {
						fmt.Fprintf(nc, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", size, body)
					}
				}()
				res, got, err := readResponse(bufio.NewReader(nc))
				if err != nil || got != body || res.StatusCode != 200 || res.Header.Get("X-Length") != fmt.Sprint(size) {
					t.Fatalf("got %d bytes, %v, %v", len(got), err, res)
				}
				if r := f.result(t); r.Err != nil || r.Exit != 0 {
					t.Errorf("result %+v", r)
				}
			})
		}
	}
}

// TestCGIStreams sees the first piece of an answer before there is another.
func TestCGIStreams(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f := cgiOf(t, "slow", l.Addr().String())
	nc := dial(t, f.addr)
	io.WriteString(nc, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 4)
	if _, err := io.ReadFull(res.Body, p); err != nil || string(p) != "one\n" {
		t.Fatalf("got %q, %v", p, err)
	}
	go1, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	go1.Close()
	rest, err := io.ReadAll(res.Body)
	if err != nil || string(rest) != "two\n" {
		t.Errorf("got %q, %v", rest, err)
	}
	if r := f.result(t); r.Err != nil || !r.finished {
		t.Errorf("result %+v", r)
	}
}

func TestCGIHead(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"Content-Type: a/b\n\nbody", "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"},
		{"Content-Type: a/b\nContent-Length: 7\n\n", "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 7\r\nConnection: close\r\n\r\n"},
		{"Content-Type: a/b\n\n", "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nConnection: close\r\n\r\n"},
	} {
		f := cgiOf(t, "raw", tt.text)
		if diff := cmp.Diff(tt.want, ask(t, f.addr, strings.Replace(getOnce, "GET", "HEAD", 1))); diff != "" {
			t.Error(diff)
		}
	}
}

// TestCGIFlood ends a program that writes more than is allowed: at once when
// nothing has gone out, else by breaking the answer off.
func TestCGIFlood(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		begun      bool
	}{
		{"unknown length", "Content-Type: a/b\n\n", true},
		{"short length", "Content-Type: a/b\nContent-Length: 10\n\n", false},
		{"long length", "Content-Type: a/b\nContent-Length: 900000\n\n", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := serveRoute(t, cgiRoute(t, CGISpec{Output: 1 << 20}, "/", "flood", tt.text))
			start := time.Now()
			got := ask(t, f.addr, getOnce)
			if begun := strings.HasPrefix(got, "HTTP/1.1 200 "); begun != tt.begun || len(got) > 3<<19 {
				t.Errorf("got %d bytes: %.100q", len(got), got)
			}
			r := f.result(t)
			if r.Err == nil || r.Failure != FailedScript || r.finished == tt.begun || time.Since(start) > soon {
				t.Errorf("result %+v after %s", r.Result.Err, time.Since(start))
			}
		})
	}
}

func TestCGILocalRedirect(t *testing.T) {
	f := serveRoute(t, cgiRoute(t, CGISpec{}, "/go/", "local", ""))
	got := askCGI(t, f, "POST /go/to/go/to/go/end?x=1 HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\nContent-Length: 4\r\n\r\nbody")
	if got.Env["REQUEST_METHOD"] != "GET" || got.Env["PATH_INFO"] != "/end" || got.Body != "" || got.Env["CONTENT_LENGTH"] != "" || got.Env["QUERY_STRING"] != "" {
		t.Errorf("told %+v", got)
	}
	f.result(t)
	if got := ask(t, f.addr, "GET /go/loop HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 502 ") {
		t.Errorf("got %q", got)
	}
	if r := f.result(t); r.Err == nil || !strings.Contains(r.Err.Error(), "more than 5 times") {
		t.Errorf("result %+v", r)
	}
	if got := ask(t, f.addr, "GET /go/to/elsewhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n") {
		t.Errorf("got %q", got)
	}
}

// TestCGIOfGo has a program answer that is written with net/http/cgi.
func TestCGIOfGo(t *testing.T) {
	f := cgiOf(t, "go", "")
	nc := dial(t, f.addr)
	io.WriteString(nc, "POST /x?y=1 HTTP/1.1\r\nHost: me.example.com\r\nX-Forwarded-Proto: https\r\nContent-Length: 4\r\n\r\nbody")
	res, body, err := readResponse(bufio.NewReader(nc))
	if err != nil || res.StatusCode != http.StatusTeapot || body != "POST me.example.com 192.0.2.7:0 body" || res.Header.Get("X-URL") != "https://me.example.com/x?y=1" {
		t.Errorf("got %+v, %q, %v", res, body, err)
	}
}

func TestCGIReports(t *testing.T) {
	nph := filepath.Join(t.TempDir(), "nph-test")
	os.WriteFile(nph, []byte("#!/bin/sh\n"), 0o755)
	for _, tt := range []struct {
		name string
		spec CGISpec
		path string
		want string
	}{
		{"no program", CGISpec{}, "program", "missing"},
		{"relative", CGISpec{Program: "x"}, "program", "absolute path needed"},
		{"nph", CGISpec{Program: nph}, "program", "nph"},
		{"name", CGISpec{Program: self(t), Name: "/other"}, "name", "is not how the paths that match begin"},
		{"part of a name", CGISpec{Program: self(t), Name: "/ho"}, "name", "is not how the paths"},
		{"timeout", CGISpec{Program: self(t), Timeout: -1}, "timeout", "negative"},
		{"output", CGISpec{Program: self(t), Output: -1}, "output", "between"},
		{"root", CGISpec{Program: self(t), Root: "www"}, "root", "absolute"},
		{"dir", CGISpec{Program: self(t), Dir: "/none/such"}, "dir", "cannot be found"},
		{"variable", CGISpec{Program: self(t), Env: map[string]string{"PATH_INFO": "x"}}, "env.PATH_INFO", "set for every request"},
		{"ours", CGISpec{Program: self(t), Env: map[string]string{"HOMEHOOK_PATH": "x"}}, "env.HOMEHOOK_PATH", "set for every script"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := Compile([]Spec{{Claim: "c", Match: "/hook/x", Unverified: true, CGI: &tt.spec}})
			if len(problems) != 1 || problems[0].Path != "[0].cgi."+tt.path || !strings.Contains(problems[0].Message, tt.want) || problems[0].Remedy == "" {
				t.Errorf("got %+v", problems)
			}
		})
	}
}
