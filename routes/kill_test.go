package routes

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"
)

// census counts processes that hold a connection to it. A connection ends
// with its process, whatever way that goes, so nothing can hide.
type census struct {
	addr string
	come chan net.Conn
}

func newCensus(t testing.TB) *census {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &census{addr: l.Addr().String(), come: make(chan net.Conn, 100)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			c.come <- nc
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return c
}

// arrive waits for n processes.
func (c *census) arrive(t testing.TB, n int) []net.Conn {
	t.Helper()
	var all []net.Conn
	for range n {
		select {
		case nc := <-c.come:
			nc.SetDeadline(time.Now().Add(10 * time.Second))
			if _, err := nc.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { nc.Close() })
			all = append(all, nc)
		case <-time.After(10 * time.Second):
			t.Fatalf("%d processes came, want %d", len(all), n)
		}
	}
	return all
}

// alive returns how many of the processes live on.
func alive(all []net.Conn) int {
	n := 0
	for _, nc := range all {
		nc.SetDeadline(time.Now().Add(200 * time.Millisecond))
		if _, err := nc.Read(make([]byte, 1)); err != nil && strings.Contains(err.Error(), "timeout") {
			n++
		}
	}
	return n
}

// TestScriptTimeout runs a script that ignores the request to end, with a
// child that does so too and another that has left the process group.
func TestScriptTimeout(t *testing.T) {
	t.Parallel()
	c := newCensus(t)
	r := scriptRoute(t, ScriptSpec{Timeout: Duration(2 * time.Second)}, "tree", c.addr)
	r.handlers[0].handler.(*scripter).grace = time.Second
	f := serveRoute(t, r)
	nc := dial(t, f.addr)
	start := time.Now()
	io.WriteString(nc, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
	all := c.arrive(t, 4)
	res, body, err := readResponse(bufio.NewReader(nc))
	answered := time.Since(start)
	if !res.Close {
		t.Error("the connection stays open: the next request on it would wait for the end of this script")
	}
	if err != nil || res.StatusCode != 504 || body != "the script took too long\n" {
		t.Errorf("got %+v, %q, %v", res, body, err)
	}
	result := f.result(t)
	if runtime.GOOS != "windows" && (answered > 2900*time.Millisecond || time.Since(start) < 3*time.Second) {
		t.Errorf("answered after %s, done after %s", answered, time.Since(start))
	}
	if result.Err == nil || result.Err.Error() != "timed out after 2s; the script and its children were killed" {
		t.Errorf("result %+v", result)
	}
	if result.Exit != 137 && runtime.GOOS != "windows" {
		t.Errorf("exit %d", result.Exit)
	}
	if reachesAll := runtime.GOOS == "linux" || runtime.GOOS == "windows"; reachesAll && alive(all) != 0 {
		t.Errorf("%d processes are left", alive(all))
	}
}

// TestScriptTimeoutPolite gives a script the chance to clean up.
func TestScriptTimeoutPolite(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no polite way")
	}
	t.Parallel()
	c := newCensus(t)
	f := scriptOf(t, ScriptSpec{Timeout: Duration(time.Second)}, "wait", c.addr)
	nc := dial(t, f.addr)
	io.WriteString(nc, getOnce)
	all := c.arrive(t, 1)
	start := time.Now()
	r := f.result(t)
	if r.Err == nil || r.Exit != 3 || string(r.Output) != "asked to end" || r.status != 504 || time.Since(start) > 4*time.Second {
		t.Errorf("result %+v, output %q", r, r.Output)
	}
	if alive(all) != 0 {
		t.Error("it is left")
	}
}

// TestScriptLeavesChildren ends with success, but not with everyone.
func TestScriptLeavesChildren(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		how    string
		status int
		linux  bool // only there
	}{{"child", 500, false}, {"detached", 500, true}, {"quiet", 200, false}} {
		t.Run(tt.how, func(t *testing.T) {
			if tt.linux && runtime.GOOS != "linux" {
				t.Skip("out of reach")
			}
			c := newCensus(t)
			r := scriptRoute(t, ScriptSpec{}, "leave", tt.how, c.addr)
			r.handlers[0].handler.(*scripter).linger = 500 * time.Millisecond
			f := serveRoute(t, r)
			got := ask(t, f.addr, getOnce)
			if !strings.HasPrefix(got, fmt.Sprintf("HTTP/1.1 %d ", tt.status)) {
				t.Errorf("got %q", got)
			}
			if res := f.result(t); res.Exit != 0 || (res.Err == nil) != (tt.status == 200) ||
				res.Err != nil && res.Err.Error() != "the script ended (exit status 0) but left processes that held its output open; they were killed after 500ms" {
				t.Errorf("result %+v", res)
			}
			if all := c.arrive(t, 1); alive(all) != 0 {
				t.Error("it is left")
			}
		})
	}
}

// TestScriptStopped ends a script because the agent does.
func TestScriptStopped(t *testing.T) {
	t.Parallel()
	c := newCensus(t)
	r := scriptRoute(t, ScriptSpec{}, "hold", c.addr)
	r.handlers[0].handler.(*scripter).grace = 100 * time.Millisecond
	f := serveRoute(t, r)
	nc := dial(t, f.addr)
	io.WriteString(nc, getOnce)
	all := c.arrive(t, 1)
	f.cancel()
	if res := f.result(t); res.Err != errStopped || res.status != 503 {
		t.Errorf("result %+v", res)
	}
	if alive(all) != 0 {
		t.Error("it is left")
	}
}

// TestScriptBrokenBody checks that a script never takes half a body for a
// whole one: it is ended before its input is.
func TestScriptBrokenBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, sent string }{
		{"length", "Content-Length: 100000\r\n\r\nhalf"},
		{"chunk", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := scriptOf(t, ScriptSpec{}, "cat")
			nc := dial(t, f.addr)
			io.WriteString(nc, "POST / HTTP/1.1\r\nHost: a\r\n"+tt.sent)
			nc.CloseWrite()
			got, _ := io.ReadAll(nc)
			if !strings.HasPrefix(string(got), "HTTP/1.1 400 ") {
				t.Errorf("got %q", got)
			}
			if r := f.result(t); r.Err == nil || r.Exit == 0 {
				t.Errorf("result %+v", r)
			}
		})
	}
}

// TestScriptEarlyEnd answers while the sender still sends.
func TestScriptEarlyEnd(t *testing.T) {
	t.Parallel()
	f := scriptOf(t, ScriptSpec{}, "say", "enough")
	nc := dial(t, f.addr)
	start := time.Now()
	io.WriteString(nc, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nbegin")
	res, body, err := readResponse(bufio.NewReader(nc))
	if err != nil || body != "enough" || !res.Close {
		t.Errorf("got %+v, %q, %v", res, body, err)
	}
	if r := f.result(t); r.Err != nil || time.Since(start) > 5*time.Second {
		t.Errorf("result %+v after %s", r, time.Since(start))
	}
}
