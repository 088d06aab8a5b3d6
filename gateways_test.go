//go:build unix

package main_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"homehook/agent/control"
)

const perlForm = `#!%s
read(STDIN, my $body, $ENV{CONTENT_LENGTH} || 0);
print "Status: 201 Made\nContent-Type: text/plain\nX-Script: $ENV{SCRIPT_NAME}\n\n";
print "$ENV{REQUEST_METHOD} $ENV{PATH_INFO} $ENV{QUERY_STRING} ", length($body), " ", $ENV{HTTP_PROXY} || "none", "\n";
`

const phpPage = `<?php
header("X-Script: " . $_SERVER["SCRIPT_NAME"]);
$body = file_get_contents("php://input");
echo $_SERVER["REQUEST_METHOD"], " ", $_SERVER["PATH_INFO"] ?? "", " ", $_GET["q"] ?? "", " ", strlen($body), " ", $_SERVER["HTTP_PROXY"] ?? "none", "\n";
`

const cPage = `
#include <stdlib.h>
#include <fcgi_stdio.h>
int main(void) {
	while (FCGI_Accept() >= 0) {
		int n = 0;
		char *proxy = getenv("HTTP_PROXY");
		while (getchar() != EOF) n++;
		printf("Content-Type: text/plain\r\nX-Script: %s\r\n\r\n", getenv("SCRIPT_NAME"));
		printf("%s %s %s %d %s\n", getenv("REQUEST_METHOD"), getenv("PATH_INFO"), getenv("QUERY_STRING"), n, proxy ? proxy : "none");
	}
	return 0;
}
`

// tool returns the path of a program that a test needs. Where all of them are to
// be there, its absence is a failure.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("HOMEHOOK_TEST_PEERS") != "" {
		t.Fatalf("there is no %s on this machine", name)
	} else if err != nil {
		t.Skipf("there is no %s on this machine", name)
	}
	return path
}

// listenFor starts a FastCGI program with a socket as its standard input.
func listenFor(t *testing.T, program string) (socket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "fcgi")
	if err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.(*net.UnixListener).File()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program)
	c.Stdin = f
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait(); f.Close(); l.Close(); os.RemoveAll(dir) })
	return socket
}

// TestGateways asks a Perl CGI program, a page of PHP and a responder in C
// through relay and agent.
func TestGateways(t *testing.T) {
	perl, php, gcc := tool(t, "perl"), tool(t, "php-cgi"), tool(t, "gcc")
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	form := write("form.pl", fmt.Sprintf(perlForm, perl))
	write("page.php", phpPage)
	responder := filepath.Join(dir, "responder")
	if out, err := exec.Command(gcc, "-o", responder, write("responder.c", cPage), "-lfcgi").CombinedOutput(); err != nil {
		if os.Getenv("HOMEHOOK_TEST_PEERS") == "" {
			t.Skipf("there is no libfcgi on this machine: %s", out)
		}
		t.Fatalf("%v: %s", err, out)
	}
	public, client, _ := startBoth(t, fmt.Sprintf(`  - {name: perl, match: /form/, unverified: true, cgi: {program: %q}}
  - {name: c, match: /c/, unverified: true, fastcgi: {to: "unix:%s", reuse: true}}
  - {name: php, match: /, unverified: true, fastcgi: {to: "unix:%s", root: %q}}
`, form, listenFor(t, responder), listenFor(t, php), dir))
	for _, tt := range []struct{ name, path, script, handler string }{
		{"perl", "/form", "/~garage/form", "cgi"}, {"c", "/c", "/~garage/c", "fastcgi"}, {"php", "/page.php", "/~garage/page.php", "fastcgi"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{0, 10, 300_000} {
				for _, chunked := range []bool{false, true} {
					askGateway(t, public+tt.path+"/a%20b?q=1", tt.script, size, chunked)
				}
			}
			eventually(t, "all six have succeeded", func() bool {
				list, _, err := client.Deliveries(t.Context(), control.Query{Route: tt.name, State: "succeeded"})
				return err == nil && len(list) == 6
			})
		})
	}
}

// askGateway posts a body and checks what the program has made of the request.
func askGateway(t *testing.T, url, script string, size int, chunked bool) {
	t.Helper()
	var body io.Reader = strings.NewReader(strings.Repeat("x", size))
	if chunked {
		body = io.MultiReader(body) // of a length that the client does not know
	}
	req, err := http.NewRequest("POST", url, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Proxy", "http://evil.example.com")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	query := "q=1"
	if strings.HasSuffix(script, ".php") {
		query = "1"
	}
	if want := fmt.Sprintf("POST /a b %s %d none\n", query, size); err != nil || res.StatusCode >= 400 || string(got) != want || res.Header.Get("X-Script") != script {
		t.Errorf("%d bytes, chunked %v: got %d, %q, %q, want %q, %v", size, chunked, res.StatusCode, got, res.Header.Get("X-Script"), want, err)
	}
}
