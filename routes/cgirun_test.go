package routes

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestCGIKilled(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no signals")
	}
	f := cgiOf(t, "die", "Content-Type: a/b\n\nhalf")
	if got := ask(t, f.addr, getOnce); strings.HasSuffix(got, "\r\n0\r\n\r\n") || strings.Contains(got, "Content-Length: 4") {
		t.Errorf("half an answer looks whole: %q", got)
	}
	if r := f.result(t); r.Err == nil || r.Exit != 137 || !strings.Contains(r.Err.Error(), "ended by signal") {
		t.Errorf("result %+v", r)
	}
}

// TestCGITimeout ends a program with all it has started: before its answer has
// begun, and behind that.
func TestCGITimeout(t *testing.T) {
	t.Parallel()
	c := newCensus(t)
	r := cgiRoute(t, CGISpec{Timeout: Duration(2 * time.Second)}, "/", "tree", c.addr)
	h := r.handlers[0].handler.(*cgi)
	h.grace = time.Second
	for _, patience := range []time.Duration{time.Minute, time.Millisecond} {
		h.patience = patience
		f := serveRoute(t, r)
		nc := dial(t, f.addr)
		io.WriteString(nc, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
		all := c.arrive(t, 4)
		got, _ := io.ReadAll(nc)
		if begun := strings.HasPrefix(string(got), "HTTP/1.1 200"); begun != (patience < time.Second) || strings.HasSuffix(string(got), "0\r\n\r\n") {
			t.Errorf("got %q", got)
		}
		if res := f.result(t); res.Err == nil || !strings.HasPrefix(res.Err.Error(), "timed out after 2s") || res.finished == (patience < time.Second) {
			t.Errorf("result %+v", res)
		}
		if reachesAll := runtime.GOOS == "linux" || runtime.GOOS == "windows"; reachesAll && alive(all) != 0 {
			t.Errorf("%d processes are left", alive(all))
		}
	}
}

func TestCGILeavesProcesses(t *testing.T) {
	t.Parallel()
	c := newCensus(t)
	r := cgiRoute(t, CGISpec{}, "/", "leave", c.addr)
	h := r.handlers[0].handler.(*cgi)
	h.linger, h.patience = 300*time.Millisecond, soon
	f := serveRoute(t, r)
	nc := dial(t, f.addr)
	io.WriteString(nc, getOnce)
	all := c.arrive(t, 1)
	if res, body, err := readResponse(bufio.NewReader(nc)); err != nil || res.StatusCode != 500 || body != "the program left processes running\n" {
		t.Errorf("got %+v, %q, %v", res, body, err)
	}
	if res := f.result(t); res.Err == nil || res.Exit != 0 || alive(all) != 0 {
		t.Errorf("result %+v", res)
	}
}

// TestCGIStops gives a program up when the agent stops.
func TestCGIStops(t *testing.T) {
	t.Parallel()
	c := newCensus(t)
	r := cgiRoute(t, CGISpec{}, "/", "tree", c.addr)
	h := r.handlers[0].handler.(*cgi)
	h.grace, h.patience = time.Second, soon
	f := serveRoute(t, r)
	nc := dial(t, f.addr)
	io.WriteString(nc, getOnce)
	all := c.arrive(t, 4)
	f.cancel()
	if res := f.result(t); res.Failure != FailedStopped || res.status != 503 || runtime.GOOS == "linux" && alive(all) != 0 {
		t.Errorf("result %+v", res)
	}
}

func TestCGIBrokenBody(t *testing.T) {
	for _, sent := range []string{"Content-Length: 100000\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n"} {
		f := cgiOf(t, "cat", "")
		nc := dial(t, f.addr)
		io.WriteString(nc, "POST / HTTP/1.1\r\nHost: a\r\n"+sent)
		nc.CloseWrite()
		if got, _ := io.ReadAll(nc); !strings.HasPrefix(string(got), "HTTP/1.1 400 ") {
			t.Errorf("got %q", got)
		}
		if r := f.result(t); r.Err == nil || r.Exit == 0 {
			t.Errorf("result %+v", r)
		}
	}
}

func TestCGICannotStart(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no such thing as a file that may not be run")
	}
	path := filepath.Join(t.TempDir(), "program")
	os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755)
	f := serveRoute(t, compileOne(t, Spec{CGI: &CGISpec{Program: path}}))
	os.WriteFile(path, []byte("no interpreter"), 0o755)
	if got := ask(t, f.addr, getOnce); !strings.HasPrefix(got, "HTTP/1.1 500 ") || strings.Contains(got, path) {
		t.Errorf("got %q", got)
	}
	if r := f.result(t); r.Err == nil || r.Err.Error() != "start "+path+": exec format error" {
		t.Errorf("result %+v", r)
	}
}
