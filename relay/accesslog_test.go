package relay

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"

	"homehook/http1"
)

// combinedLine is how log readers take a line apart.
var combinedLine = regexp.MustCompile(`^([^ ]+) - - \[[^]]+\] "((?:[^"\\]|\\.)*)" (\d+|-) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"$`)

func TestCombinedLog(t *testing.T) {
	t.Parallel()
	var log syncBuffer
	tr := startRelay(t, Options{CombinedLog: &log})
	tr.agent(t, "garage", 1, func(_ context.Context, x *http1.Exchange) {
		io.Copy(io.Discard, x.Request.Body)
		x.Text(201, "done")
	})
	const end = "\r\nConnection: close\r\n\r\n"
	tests := []struct {
		name, send string
		want       string // behind the address and the time
	}{
		{
			"a request", "GET /~garage/a HTTP/1.1\r\nHost: r\r\nReferer: https://a.example/b\r\nUser-Agent: curl/8" + end,
			`"GET /~garage/a HTTP/1.1" 201 5 "https://a.example/b" "curl/8"`,
		},
		{"HTTP/1.0", "HEAD /~garage/a HTTP/1.0\r\nHost: r" + end, `"HEAD /~garage/a HTTP/1.0" 201 - "-" "-"`},
		{"queries", "GET /~garage/a?key=s3cret HTTP/1.1\r\nHost: r\r\nReferer: http://x/?key=s3cret" + end, `"GET /~garage/a HTTP/1.1" 201 5 "http://x/" "-"`},
		{"quotes", "GET /~garage/\"x\\ HTTP/1.1\r\nHost: r\r\nUser-Agent: a \"b\" \\c" + end, `"GET /~garage/\"x\\ HTTP/1.1" 201 5 "-" "a \"b\" \\c"`},
		{"beyond ASCII", "GET /~garage/ HTTP/1.1\r\nHost: r\r\nUser-Agent: \xc3\xbc\x80" + end, `"GET /~garage/ HTTP/1.1" 201 5 "-" "\xc3\xbc\x80"`},
		{"absolute form", "GET http://127.0.0.1/~garage/a?b HTTP/1.1\r\nHost: 127.0.0.1" + end, `"GET /~garage/a HTTP/1.1" 201 5 "-" "-"`},
		{"escaped line end", "GET /~garage/%0d%0aX HTTP/1.1\r\nHost: r" + end, `"GET /~garage/%0d%0aX HTTP/1.1" 201 5 "-" "-"`},
		{"no claim", "GET /~nobody/ HTTP/1.1\r\nHost: r" + end, fmt.Sprintf(`"GET /~nobody/ HTTP/1.1" 404 %d "-" "-"`, len(errUnknown.detail)+1)},
		{"a token of a link", "GET /ptth/garage/s3cret/more?x HTTP/1.1\r\nHost: r" + end, fmt.Sprintf(`"GET /ptth/garage/... HTTP/1.1" 426 %d "-" "-"`, len(errNoOffer.detail)+1)},
		{"a token in the referer", "GET /~garage/ HTTP/1.1\r\nHost: r\r\nReferer: http://r/reversehttp/a/s3cret/1" + end, `"GET /~garage/ HTTP/1.1" 201 5 "http://r/reversehttp/a/..." "-"`},
		{"a line end in a value", "GET /~garage/ HTTP/1.1\r\nHost: r\r\nUser-Agent: a\rb" + end, `"-" 400 - "-" "-"`},
		{"a long target", "GET /" + strings.Repeat("a", 70_000) + " HTTP/1.1\r\nHost: r" + end, `"-" 414 - "-" "-"`},
		{"no HTTP", "\x16\x03\x01\x02\r\n\r\n", `"-" 400 - "-" "-"`},
	}
	skip := strings.Count(log.String(), "\n")
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr.raw(t, tt.send)
			waitFor(t, "a line", func() bool { return strings.Count(log.String(), "\n") == skip+i+1 })
			lines := strings.Split(strings.TrimSpace(log.String()), "\n")
			line := lines[len(lines)-1]
			if !combinedLine.MatchString(line) || !strings.HasPrefix(line, "127.0.0.1 - - [") || !strings.HasSuffix(line, "] "+tt.want) {
				t.Errorf("got  %s\nwant %s", line, tt.want)
			}
		})
	}
	if got := log.String(); strings.Contains(got, "s3cret") || strings.Contains(got, tr.token) {
		t.Errorf("a secret is in the log:\n%s", got)
	}
}

// TestCombinedLogWhole writes from many connections at once.
func TestCombinedLogWhole(t *testing.T) {
	var log syncBuffer
	tr := startRelay(t, Options{CombinedLog: &log})
	const senders, each = 8, 20
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for range each {
				tr.ask(t, "GET /healthz HTTP/1.1\r\nHost: r\r\nConnection: close\r\n\r\n")
			}
		})
	}
	wg.Wait()
	waitFor(t, "all lines", func() bool { return strings.Count(log.String(), "\n") == senders*each })
	for line := range strings.Lines(log.String()) {
		if !combinedLine.MatchString(strings.TrimSuffix(line, "\n")) {
			t.Errorf("got %q", line)
		}
	}
}

func TestLoggedPath(t *testing.T) {
	for path, want := range map[string]string{
		"/":                         "/",
		"/~garage/a/b":              "/~garage/a/b",
		"/ptth/garage":              "/ptth/garage",
		"/ptth/garage/":             "/ptth/garage/…",
		"/ptth/garage/token":        "/ptth/garage/…",
		"/comet/garage/token":       "/comet/garage/…",
		"/reversehttp":              "/reversehttp",
		"/reversehttp/foo":          "/reversehttp/foo",
		"/reversehttp/foo/secret/1": "/reversehttp/foo/…",
	} {
		if got := loggedPath([]byte(path), "…"); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestLoggedURL(t *testing.T) {
	for url, want := range map[string]string{
		"":                            "",
		"http://a.example":            "http://a.example",
		"http://a/ptth/b/token?x#y":   "http://a/ptth/b/...",
		"/comet/b/token":              "/comet/b/...",
		"http://a?x":                  "http://a",
		"http://a/x/y":                "http://a/x/y",
		"https://a:1/reversehttp/b/c": "https://a:1/reversehttp/b/...",
	} {
		if got := loggedURL([]byte(url)); got != want {
			t.Errorf("%s: got %s, want %s", url, got, want)
		}
	}
}
