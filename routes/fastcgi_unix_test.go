//go:build unix

package routes

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// startResponder starts a FastCGI program, which finds the socket on which it
// listens as its standard input, and returns the socket's path.
func startResponder(t testing.TB, path string, env ...string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fcgi") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.(*net.UnixListener).File()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	c := exec.Command(path)
	c.Stdin, c.Stderr, c.Env = f, &said, append(os.Environ(), env...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
		f.Close()
		l.Close()
		os.RemoveAll(dir)
		if t.Failed() {
			t.Logf("%s said %q", path, said.String())
		}
	})
	return socket
}

func TestFastCGIPHP(t *testing.T) {
	php := peer(t, "php-cgi")
	root := filepath.Dir(cgiFile(t, "page.php", `<?php
header("X-Page: 1");
error_log("to the log");
echo $_SERVER["REQUEST_METHOD"], " ", $_SERVER["SCRIPT_NAME"], " ", $_SERVER["PATH_INFO"] ?? "-", " ", $_GET["q"] ?? "-", " ", strlen(file_get_contents("php://input"));
`))
	os.WriteFile(filepath.Join(root, "index.php"), []byte(`<?php http_response_code(418); echo "index";`), 0o644)
	os.WriteFile(filepath.Join(root, "go.php"), []byte(`<?php header("Location: /index.php");`), 0o644)
	os.WriteFile(filepath.Join(root, "broken.php"), []byte(`<?php no_such_function();`), 0o644)
	socket := startResponder(t, php, "PHP_FCGI_MAX_REQUESTS=0")
	for _, keep := range []bool{false, true} {
		f := serveRoute(t, compileOne(t, Spec{FastCGI: &FastCGISpec{To: "unix:" + socket, Root: root, Reuse: keep}}))
		nc := dial(t, f.addr)
		r := bufio.NewReader(nc)
		for _, tt := range []struct {
			request string
			status  int
			body    string
		}{
			{"GET /page.php?q=1 HTTP/1.1\r\nHost: a\r\n\r\n", 200, "GET /page.php - 1 0"},
			{"POST /page.php/more HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 200, "POST /page.php /more - 5"},
			{"PUT /page.php HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("x", 300_000), 200, "PUT /page.php - - 300000"},
			{"PUT /page.php HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200, "PUT /page.php - - 3"},
			{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 418, "index"},
			{"GET /go.php HTTP/1.1\r\nHost: a\r\n\r\n", 302, ""},
			{"GET /none.php HTTP/1.1\r\nHost: a\r\n\r\n", 404, "No input file specified.\n"},
			{"GET /style.css HTTP/1.1\r\nHost: a\r\n\r\n", 404, "there is no such script here\n"},
		} {
			go io.WriteString(nc, tt.request)
			res, body, err := readResponse(r)
			if err != nil || res.StatusCode != tt.status || body != tt.body {
				t.Fatalf("%.40q: got %+v, %q, %v", tt.request, res, body, err)
			}
			got := f.result(t)
			if strings.Contains(tt.request, "page.php") && !strings.Contains(string(got.Output), "to the log") {
				t.Errorf("%.40q: result %+v", tt.request, got)
			}
		}
		io.WriteString(nc, "GET /broken.php HTTP/1.1\r\nHost: a\r\n\r\n")
		if res, _, err := readResponse(r); err != nil || res.StatusCode != 500 {
			t.Errorf("got %+v, %v", res, err)
		}
		if got := f.result(t); got.Failure != FailedStatus || !strings.Contains(string(got.Output), "no_such_function") {
			t.Errorf("result %+v", got)
		}
	}
}

const cResponder = `
#include <stdlib.h>
#include <fcgi_stdio.h>
int main(void) {
	int n = 0;
	while (FCGI_Accept() >= 0) {
		char *length = getenv("CONTENT_LENGTH"), *query = getenv("QUERY_STRING");
		long sum = 0, all = 0;
		int c, i;
		while ((c = getchar()) != EOF) { sum += c; all++; }
		fprintf(stderr, "request %d\n", ++n);
		printf("Status: 202 Taken\r\nContent-Type: text/plain\r\n\r\n");
		printf("%s %s%s %s %ld %ld\n", getenv("REQUEST_METHOD"), getenv("SCRIPT_NAME"), getenv("PATH_INFO"), length ? length : "-", all, sum);
		if (query[0] == 'f') for (i = 0; i < 100000; i++) printf("0123456789");
		if (query[0] == 'x') FCGI_SetExitStatus(7);
	}
	return 0;
}
`

// TestFastCGIOfC asks a responder that is built with libfcgi.
func TestFastCGIOfC(t *testing.T) {
	gcc := peer(t, "gcc")
	dir := t.TempDir()
	exe := filepath.Join(dir, "responder")
	os.WriteFile(filepath.Join(dir, "r.c"), []byte(cResponder), 0o600)
	if out, err := exec.Command(gcc, "-o", exe, filepath.Join(dir, "r.c"), "-lfcgi").CombinedOutput(); err != nil {
		if os.Getenv("HOMEHOOK_TEST_PEERS") == "" {
			t.Skipf("libfcgi is not installed: %s", out)
		}
		t.Fatalf("%v: %s", err, out)
	}
	socket := startResponder(t, exe)
	for _, keep := range []bool{false, true} {
		f := serveRoute(t, compileOne(t, Spec{Match: "/app/", FastCGI: &FastCGISpec{To: "unix:" + socket, Reuse: keep}}))
		for _, size := range []int{0, 5, 200_000} {
			nc := dial(t, f.addr)
			go fmt.Fprintf(nc, "POST /app/x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("\x01", size))
			res, body, err := readResponse(bufio.NewReader(nc))
			if want := fmt.Sprintf("POST /app/x %d %d %d\n", size, size, size); err != nil || res.Status != "202 Taken" || body != want {
				t.Fatalf("got %+v, %q, %v", res, body, err)
			}
			if r := f.result(t); r.Err != nil || !strings.HasPrefix(string(r.Output), "request ") {
				t.Errorf("result %+v", r)
			}
			nc.Close()
		}
		got := ask(t, f.addr, "GET /app/?flood HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		if n := strings.Count(got, "0123456789"); n < 99_000 || !strings.HasSuffix(got, "\r\n0\r\n\r\n") {
			t.Errorf("got %d pieces in %d bytes", n, len(got))
		}
		f.result(t)
		ask(t, f.addr, "GET /app/?x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		if r := f.result(t); r.Exit != 7 || r.Err != nil {
			t.Errorf("result %+v", r)
		}
	}
}

// TestFastCGIByTCP asks php-cgi as it serves by itself.
func TestFastCGIByTCP(t *testing.T) {
	php := peer(t, "php-cgi")
	root := filepath.Dir(cgiFile(t, "page.php", `<?php echo "page";`))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	c := exec.Command(php, "-b", addr)
	c.Env = append(os.Environ(), "PHP_FCGI_CHILDREN=2")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Signal(os.Interrupt); c.Wait() })
	f := serveRoute(t, compileOne(t, Spec{FastCGI: &FastCGISpec{To: addr, Root: root}}))
	for late := time.Now().Add(soon); ; {
		got := ask(t, f.addr, "GET /page.php HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		if r := f.result(t); r.Failure == FailedUnreachable && time.Now().Before(late) {
			continue
		}
		if !strings.HasSuffix(got, "\r\n\r\npage") {
			t.Errorf("got %q", got)
		}
		return
	}
}
