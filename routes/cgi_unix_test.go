//go:build unix

package routes

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// cgiFile writes a program into a folder of its own.
func cgiFile(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

const perlProgram = `#!%s
use strict;
read(STDIN, my $body, $ENV{CONTENT_LENGTH} || 0);
my %%form = map { my ($k, $v) = split /=/, $_, 2; $v =~ tr/+/ /; $v =~ s/%%(..)/chr hex $1/ge; $k => $v } split /&/, $body;
print "Status: 201 Made\r\nContent-Type: text/plain\r\nX-Perl: $]\r\n\r\n";
print "hello $form{name} at $ENV{SCRIPT_NAME}$ENV{PATH_INFO} from $ENV{REMOTE_ADDR} by $ENV{REQUEST_METHOD}\n";
`

func TestCGIPerl(t *testing.T) {
	path := cgiFile(t, "hello.pl", fmt.Sprintf(perlProgram, peer(t, "perl")))
	f := serveRoute(t, compileOne(t, Spec{Match: "/hello/", CGI: &CGISpec{Program: path}}))
	nc := dial(t, f.addr)
	io.WriteString(nc, "POST /hello/you HTTP/1.1\r\nHost: a\r\nContent-Length: 18\r\n\r\nname=J%C3%BCrgen+X")
	res, body, err := readResponse(bufio.NewReader(nc))
	want := "hello J\xc3\xbcrgen X at /hello/you from 192.0.2.7 by POST\n"
	if err != nil || res.StatusCode != 201 || res.Status != "201 Made" || body != want || res.Header.Get("X-Perl") == "" {
		t.Errorf("got %+v, %q, %v", res, body, err)
	}
}

// TestCGIPHP runs php-cgi as a CGI program, on a page that the route names.
func TestCGIPHP(t *testing.T) {
	php := peer(t, "php-cgi")
	page := cgiFile(t, "page.php", `<?php http_response_code(203); header("X-Page: 1"); echo $_POST["a"], $_GET["b"], $_SERVER["PATH_INFO"] ?? "none";`)
	f := serveRoute(t, compileOne(t, Spec{Match: "/page", CGI: &CGISpec{Program: php, Env: map[string]string{"SCRIPT_FILENAME": page, "REDIRECT_STATUS": "200"}}}))
	nc := dial(t, f.addr)
	io.WriteString(nc, "POST /page?b=2 HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=1")
	res, body, err := readResponse(bufio.NewReader(nc))
	if err != nil || res.StatusCode != 203 || body != "12none" || res.Header.Get("X-Page") != "1" {
		t.Errorf("got %+v, %q, %v, %+v", res, body, err, f.result(t))
	}
	// What made php-cgi run code from a query: options in place of words.
	for _, query := range []string{"-s", "-d+allow_url_include%3d1+-d+auto_prepend_file%3dphp://input", "%2ds"} {
		got := ask(t, f.addr, "GET /page?"+query+" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		if strings.Contains(got, "http_response_code") || !strings.Contains(got, "none") {
			t.Errorf("%s: %q", query, got)
		}
	}
}

// TestCGIInjection hands everything that a shell might stumble over to programs
// that a request can reach: as path, query, search words and fields.
func TestCGIInjection(t *testing.T) {
	texts, folder := injections(t)
	shell := cgiFile(t, "sh.cgi", `#!/bin/sh
printf 'Content-Type: text/plain\n\n'
printf '%s\n' "$#" "$PATH_INFO" "$QUERY_STRING" "$HTTP_X_PAYLOAD"
for a; do printf '%s\n' "$a"; done
`)
	told := cgiRoute(t, CGISpec{Dir: folder}, "/x/", "tell", "")
	sh := compileOne(t, Spec{Match: "/x/", CGI: &CGISpec{Program: shell, Dir: folder}})
	for _, payload := range texts {
		head := "GET /x/" + url.PathEscape(payload) + "?" + url.PathEscape(strings.ReplaceAll(payload, "=", "")) + " HTTP/1.1\r\nHost: a\r\nX-Payload: " + oneField(payload) + "\r\n"
		x, d, _ := stored(t, head, "")
		if res := sh.Serve(t.Context(), d, x); res.Err != nil && res.Failure != FailedRequest {
			t.Errorf("%.100q: %v", payload, res.Err)
		}
		var out *bytes.Buffer
		x, d, out = stored(t, head, "")
		res := told.Serve(t.Context(), d, x)
		if res.Failure == FailedRequest && strings.Contains(payload, "\x00") {
			continue
		}
		checkTold(t, payload, out, res)
	}
}

// checkTold holds that a program was told a payload as it is.
func checkTold(t *testing.T, payload string, answer io.Reader, res Result) {
	t.Helper()
	_, body, err := readResponse(bufio.NewReader(answer))
	var got told
	if err != nil || json.Unmarshal([]byte(body), &got) != nil {
		t.Fatalf("%.100q: %v, %.100q, %+v", payload, err, body, res)
	}
	if valid := strings.ToValidUTF8(payload, "\ufffd"); got.Env["PATH_INFO"] != "/"+valid && strings.ToValidUTF8(got.Env["PATH_INFO"], "\ufffd") != "/"+valid {
		t.Errorf("%.100q: PATH_INFO %q", payload, got.Env["PATH_INFO"])
	}
	if want := oneField(payload); strings.ToValidUTF8(got.Env["HTTP_X_PAYLOAD"], "") != strings.ToValidUTF8(strings.Trim(want, " \t"), "") {
		t.Errorf("%.100q: field %q", payload, got.Env["HTTP_X_PAYLOAD"])
	}
	word := strings.ReplaceAll(payload, "=", "")
	words := strings.Split(word, "+")
	for _, w := range words {
		if w == "" || w[0] == '-' {
			words = nil
			break
		}
	}
	if len(got.Args) != len(words) {
		t.Errorf("%.100q: arguments %q", payload, got.Args)
		return
	}
	for i, w := range words {
		if got.Args[i] != strings.ToValidUTF8(w, "\ufffd") && got.Args[i] != w {
			t.Errorf("%.100q: arguments %q", payload, got.Args)
		}
	}
}

// oneField is what a payload is as the value of a field, which has no control
// characters.
func oneField(payload string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, payload)
}
