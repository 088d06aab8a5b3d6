package routes

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/fcgi"
	"strings"
	"testing"
	"time"

	"homehook/http1"
)

// fcgiServer serves a handler by the FastCGI of the standard library.
func fcgiServer(t testing.TB, h http.HandlerFunc) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); fcgi.Serve(l, h) }()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

func TestFastCGI(t *testing.T) {
	addr := fcgiServer(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		env := fcgi.ProcessEnv(r)
		w.Header().Set("X-Env", fmt.Sprintf("%s|%s|%s", env["SCRIPT_FILENAME"], env["HOMEHOOK_DELIVERY"], env["MODE"]))
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, "%s %s %s %d %v|%s", r.Method, r.URL, r.Header.Get("Authorization")+r.Header.Get("Proxy"), len(body), err, body)
	})
	for _, keep := range []bool{false, true} {
		f := serveRoute(t, compileOne(t, Spec{FastCGI: &FastCGISpec{To: addr, Reuse: keep, Env: map[string]string{"MODE": "fast"}}}))
		for _, size := range []int{0, 1, maxWhole, maxWhole + 1, 3 << 20} {
			for _, chunked := range []bool{false, true} {
				body := strings.Repeat("0123456789", size/10+1)[:size]
				nc := dial(t, f.addr)
				go func() {
					io.WriteString(nc, "POST /x?y=1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer me\r\nProxy: evil\r\n")
					if chunked && size > 0 {
						fmt.Fprintf(nc, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", size, body)
					} else {
						fmt.Fprintf(nc, "Content-Length: %d\r\n\r\n%s", size, body)
					}
				}()
				res, got, err := readResponse(bufio.NewReader(nc))
				if err != nil {
					t.Fatal(err, f.result(t))
				}
				want := fmt.Sprintf("POST http://a/x?y=1 Bearer me %d <nil>|%s", size, body)
				if got != want || res.StatusCode != 201 || res.Header.Get("X-Env") != "|0199|fast" || len(res.Cookies()) != 2 {
					t.Errorf("%v %d %v: got %.100q, %+v", keep, size, chunked, got, res.Header)
				}
				if r := f.result(t); r.Err != nil || r.Handler != "fastcgi" || r.Exit != -1 || !r.finished {
					t.Errorf("result %+v", r)
				}
			}
		}
	}
}

func TestFastCGIStatus(t *testing.T) {
	addr := fcgiServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	f := serveRoute(t, compileOne(t, Spec{FastCGI: &FastCGISpec{To: addr}}))
	ask(t, f.addr, getOnce)
	if r := f.result(t); r.Failure != FailedStatus || !r.Retry || r.RetryAfter != 7*time.Second {
		t.Errorf("result %+v", r)
	}
}

// TestFastCGIStreams sees the first piece of an answer before there is another.
func TestFastCGIStreams(t *testing.T) {
	more := make(chan struct{})
	addr := fcgiServer(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "one\n")
		w.(http.Flusher).Flush()
		<-more
		io.WriteString(w, "two\n")
	})
	f := serveRoute(t, compileOne(t, Spec{FastCGI: &FastCGISpec{To: addr}}))
	nc := dial(t, f.addr)
	io.WriteString(nc, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 4)
	_, err = io.ReadFull(res.Body, p)
	close(more)
	rest, _ := io.ReadAll(res.Body)
	if err != nil || string(p) != "one\n" || string(rest) != "two\n" {
		t.Errorf("got %q, %q, %v", p, rest, err)
	}
}

// rawResponder answers each connection with the same bytes, once it has read
// something, and closes it.
func rawResponder(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			nc.Read(make([]byte, 1<<16))
			io.WriteString(nc, answer)
			nc.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, nc)
			nc.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

// stdout is a record of standard output, kind 7 one of standard error.
func fcgiRecord(kind byte, content string) string {
	return string([]byte{1, kind, 0, 1, byte(len(content) >> 8), byte(len(content)), 0, 0}) + content
}

func TestFastCGIFailures(t *testing.T) {
	end := fcgiRecord(3, "\x00\x00\x00\x00\x00\x00\x00\x00")
	for _, tt := range []struct {
		name, answer string
		status       int
		err          string
	}{
		{"no FastCGI", "HTTP/1.1 400 Bad Request\r\n\r\n", 502, "does not speak FastCGI"},
		{"closed", "", 502, "closed the connection"},
		{"overloaded", fcgiRecord(3, "\x00\x00\x00\x00\x02\x00\x00\x00"), 503, "overloaded"},
		{"empty", end, 502, "it is empty"},
		{"no header", fcgiRecord(6, "hello\n\n") + end, 502, "no header field"},
		{"half", fcgiRecord(6, "Content-Type: a/b\n\nhalf"), 502, "closed the connection"},
		{"failed", fcgiRecord(7, "it hurts") + fcgiRecord(3, "\x00\x00\x00\x05\x00\x00\x00\x00"), 502, "it ended with the status 5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := serveRoute(t, compileOne(t, Spec{FastCGI: &FastCGISpec{To: rawResponder(t, tt.answer)}}))
			ask(t, f.addr, getOnce)
			r := f.result(t)
			if r.status != tt.status || r.Err == nil || !strings.Contains(r.Err.Error(), tt.err) || !r.Retry {
				t.Errorf("result %+v", r)
			}
			if tt.name == "failed" && (string(r.Output) != "it hurts" || r.Exit != 5) {
				t.Errorf("output %q, exit %d", r.Output, r.Exit)
			}
		})
	}
	f := serveRoute(t, compileOne(t, Spec{FastCGI: &FastCGISpec{To: "127.0.0.1:1"}}))
	if got := ask(t, f.addr, getOnce); !strings.HasPrefix(got, "HTTP/1.1 502 ") || strings.Contains(got, "127.0.0.1") {
		t.Errorf("got %q", got)
	}
	if r := f.result(t); r.Failure != FailedUnreachable || !r.Retry {
		t.Errorf("result %+v", r)
	}
}

func TestFastCGITimeout(t *testing.T) {
	release := make(chan struct{})
	addr := fcgiServer(t, func(w http.ResponseWriter, r *http.Request) { <-release })
	defer close(release)
	f := serveRoute(t, compileOne(t, Spec{FastCGI: &FastCGISpec{To: addr, Timeout: Duration(200 * time.Millisecond)}}))
	if got := ask(t, f.addr, getOnce); !strings.HasPrefix(got, "HTTP/1.1 504 ") {
		t.Errorf("got %q", got)
	}
	if r := f.result(t); r.Err == nil || r.Failure != FailedUnreachable {
		t.Errorf("result %+v", r)
	}
}

func TestFastCGIStops(t *testing.T) {
	came, release := make(chan struct{}), make(chan struct{})
	addr := fcgiServer(t, func(w http.ResponseWriter, r *http.Request) { close(came); <-release })
	defer close(release)
	f := serveRoute(t, compileOne(t, Spec{FastCGI: &FastCGISpec{To: addr}}))
	nc := dial(t, f.addr)
	io.WriteString(nc, getOnce)
	<-came
	f.cancel()
	if r := f.result(t); r.Failure != FailedStopped || r.status != 503 {
		t.Errorf("result %+v", r)
	}
}

func TestFastCGIBrokenBody(t *testing.T) {
	failed := make(chan error, 1)
	addr := fcgiServer(t, func(w http.ResponseWriter, r *http.Request) { _, err := io.ReadAll(r.Body); failed <- err })
	f := serveRoute(t, compileOne(t, Spec{FastCGI: &FastCGISpec{To: addr}}))
	nc := dial(t, f.addr)
	io.WriteString(nc, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"+strings.Repeat("x", 70_000))
	nc.CloseWrite()
	if got, _ := io.ReadAll(nc); !strings.HasPrefix(string(got), "HTTP/1.1 400 ") {
		t.Errorf("got %q", got)
	}
	if r := f.result(t); r.Failure != FailedRequest {
		t.Errorf("result %+v", r)
	}
	if err := <-failed; err == nil {
		t.Error("half a body looks whole to the responder")
	}
}

func TestFastCGIPlaces(t *testing.T) {
	for _, tt := range []struct {
		name, match, target string
		spec                FastCGISpec
		script, info, file  string
		status              int
	}{
		{"no root", "/app/", "/app/x/y", FastCGISpec{}, "/~g/app", "/x/y", "", 0},
		{"script", "/", "/a/b.php/c", FastCGISpec{Root: "/srv/www/"}, "/~g/a/b.php", "/c", "/srv/www/a/b.php", 0},
		{"index", "/", "/a/", FastCGISpec{Root: "/srv"}, "/~g/a/index.php", "", "/srv/a/index.php", 0},
		{"own index", "/", "/", FastCGISpec{Root: "/srv", Index: "app.py", Split: ".py"}, "/~g/app.py", "", "/srv/app.py", 0},
		{"one for all", "/", "/a/b", FastCGISpec{Root: "/srv", Script: "index.php"}, "/~g/index.php", "/a/b", "/srv/index.php", 0},
		{"escapes", "/", "/%C3%BC%2Ephp", FastCGISpec{Root: "/srv"}, "/~g/ü.php", "", "/srv/ü.php", 0},
		{"end of a segment", "/", "/a.phpx/b.php", FastCGISpec{Root: "/srv"}, "/~g/a.phpx/b.php", "", "/srv/a.phpx/b.php", 0},
		{"no script", "/", "/style.css", FastCGISpec{Root: "/srv"}, "", "", "", 404},
		{"another case", "/", "/a.PHP", FastCGISpec{Root: "/srv"}, "", "", "", 404},
		{"dots", "/", "/../x.php", FastCGISpec{Root: "/srv"}, "", "", "", 404},
		{"escaped dots", "/", "/a/%2e%2e%2f%2e%2e/x.php", FastCGISpec{Root: "/srv"}, "", "", "", 404},
		{"backslashes", "/", "/a/..%5c..%5cx.php", FastCGISpec{Root: "/srv"}, "", "", "", 404},
		{"NUL", "/", "/a%00.php", FastCGISpec{Root: "/srv"}, "", "", "", 400},
		{"dots behind it", "/", "/x.php/../y", FastCGISpec{Root: "/srv"}, "/~g/x.php", "/../y", "/srv/x.php", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.spec.To = "127.0.0.1:1"
			h := compileOne(t, Spec{Match: tt.match, FastCGI: &tt.spec}).handlers[0].handler.(*fastCGI)
			r, err := http1.ParseRequest([]byte("GET "+tt.target+" HTTP/1.1\r\nHost: a\r\n"), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			at, file, why := h.place(&Delivery{Prefix: "/~g", Request: r})
			if why != nil && why.status != tt.status || why == nil && (tt.status != 0 || at != location{tt.script, tt.info} || file != tt.file) {
				t.Errorf("got %+v, %q, %+v", at, file, why)
			}
			if plan := h.plan(&Delivery{Prefix: "/~g", Request: r}); plan.Status != tt.status {
				t.Errorf("plan %+v", plan)
			}
		})
	}
}

func TestFastCGIReports(t *testing.T) {
	for _, tt := range []struct {
		name string
		spec FastCGISpec
		path string
		want string
	}{
		{"no target", FastCGISpec{}, "to", "missing"},
		{"URL", FastCGISpec{To: "http://127.0.0.1"}, "to", "cannot be used"},
		{"no port", FastCGISpec{To: "127.0.0.1"}, "to", "no host with a port"},
		{"port", FastCGISpec{To: "127.0.0.1:x"}, "to", "not a port"},
		{"number", FastCGISpec{To: "2130706433:80"}, "to", "four decimal numbers"},
		{"metadata", FastCGISpec{To: "169.254.169.254:80"}, "to", "never connected"},
		{"relative socket", FastCGISpec{To: "unix:php.sock"}, "to", "absolute"},
		{"timeout", FastCGISpec{To: "a:1", Timeout: -1}, "timeout", "negative"},
		{"root", FastCGISpec{To: "a:1", Root: "www"}, "root", "absolute"},
		{"index without root", FastCGISpec{To: "a:1", Index: "x.php"}, "index", "without root"},
		{"index of another kind", FastCGISpec{To: "a:1", Root: "/srv", Index: "x.py"}, "index", "does not end with .php"},
		{"script out of root", FastCGISpec{To: "a:1", Root: "/srv", Script: "../x.php"}, "script", "no name of a script"},
		{"split beside script", FastCGISpec{To: "a:1", Root: "/srv", Script: "x.php", Split: ".py"}, "split", "beside script"},
		{"parameter", FastCGISpec{To: "a:1", Env: map[string]string{"QUERY_STRING": "x"}}, "env.QUERY_STRING", "set for every request"},
		{"name", FastCGISpec{To: "a:1", Env: map[string]string{"A=B": "x"}}, "env", "not the name of a variable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := Compile([]Spec{{Claim: "c", Match: "/", Unverified: true, FastCGI: &tt.spec}})
			if len(problems) != 1 || problems[0].Path != "[0].fastcgi."+tt.path || !strings.Contains(problems[0].Message, tt.want) || problems[0].Remedy == "" {
				t.Errorf("got %+v", problems)
			}
		})
	}
}
