package http1

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var combinedAt = time.Date(2026, 11, 22, 13, 4, 5, 0, time.FixedZone("", 3600))

func TestAppendCombined(t *testing.T) {
	tests := []struct {
		name string
		e    Combined
		want string
	}{
		{
			"plain",
			Combined{
				Host: "192.0.2.1", Time: combinedAt, Method: "GET", Target: "/a/b", Proto: "HTTP/1.1",
				Status: 200, Bytes: 2326, Referer: "https://example.com/start", UserAgent: "Mozilla/5.0 (X11)",
			},
			`192.0.2.1 - - [22/Nov/2026:13:04:05 +0100] "GET /a/b HTTP/1.1" 200 2326 "https://example.com/start" "Mozilla/5.0 (X11)"`,
		},
		{"nothing known", Combined{Time: combinedAt}, `- - - [22/Nov/2026:13:04:05 +0100] "-" - - "-" "-"`},
		{
			"user",
			Combined{Host: "::1", User: "ann", Time: combinedAt, Status: 204},
			`::1 - ann [22/Nov/2026:13:04:05 +0100] "-" 204 - "-" "-"`,
		},
		{
			"queries are left out",
			Combined{
				Time: combinedAt, Method: "GET", Target: "/a?token=secret", Proto: "HTTP/1.1", Status: 200,
				Referer: "http://x/y?token=secret#here",
			},
			`- - - [22/Nov/2026:13:04:05 +0100] "GET /a HTTP/1.1" 200 - "http://x/y" "-"`,
		},
		{
			"quotes and backslashes",
			Combined{Time: combinedAt, Method: "GET", Target: `/"\`, Proto: "HTTP/1.1", Status: 200, UserAgent: `a"b\c`},
			`- - - [22/Nov/2026:13:04:05 +0100] "GET /\"\\ HTTP/1.1" 200 - "-" "a\"b\\c"`,
		},
		{
			"line ends and other control bytes",
			Combined{
				Time: combinedAt, Method: "GET", Target: "/", Proto: "HTTP/1.1", Status: 200,
				UserAgent: "a\r\n1.2.3.4 - - [x]\x00\x1b\x7f",
			},
			`- - - [22/Nov/2026:13:04:05 +0100] "GET / HTTP/1.1" 200 - "-" "a\x0d\x0a1.2.3.4 - - [x]\x00\x1b\x7f"`,
		},
		{
			"beyond ASCII",
			Combined{Time: combinedAt, Method: "GET", Target: "/ü", Proto: "HTTP/1.1", Status: 200},
			`- - - [22/Nov/2026:13:04:05 +0100] "GET /\xc3\xbc HTTP/1.1" 200 - "-" "-"`,
		},
		{
			"a space in a word",
			Combined{Host: "a b", User: "c ]", Time: combinedAt, Method: "G T", Target: "/ x", Proto: "P", Status: 200},
			`a\x20b - c\x20\x5d [22/Nov/2026:13:04:05 +0100] "G\x20T /\x20x P" 200 - "-" "-"`,
		},
		{
			"half a request line",
			Combined{Time: combinedAt, Method: "GET", Status: 400},
			`- - - [22/Nov/2026:13:04:05 +0100] "GET - -" 400 - "-" "-"`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want+"\n", string(AppendCombined(nil, tt.e))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAppendCombinedAppends(t *testing.T) {
	got := AppendCombined([]byte("before\n"), Combined{Time: combinedAt})
	if !strings.HasPrefix(string(got), "before\n- - -") || strings.Count(string(got), "\n") != 2 {
		t.Errorf("got %q", got)
	}
}

// combinedLine is how log readers take a line apart.
var combinedLine = regexp.MustCompile(`^([^ ]+) - ([^ ]+) \[([^]]+)\] "((?:[^"\\]|\\.)*)" (\d+|-) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"\n$`)

// unescape undoes the escapes of a line.
func unescape(t *testing.T, s string) string {
	t.Helper()
	if s == "-" {
		return ""
	}
	got, err := strconv.Unquote(`"` + s + `"`)
	if err != nil {
		t.Fatalf("unescape %q: %v", s, err)
	}
	return got
}

func FuzzAppendCombined(f *testing.F) {
	f.Add("192.0.2.1", "ann", "GET", "/a?b", "HTTP/1.1", "http://x/?y", "curl/8", 200, int64(5))
	f.Add("", "", "", "", "", "", "", 0, int64(0))
	f.Add("a b", "-", "\r\n", "\\x0a", "\"", "\x00", "\" 200 1 \"", -1, int64(-1))
	f.Add("[::1]", "]", "G", "/\xff", "H", "#", "\\", 999, int64(1<<62))
	f.Fuzz(func(t *testing.T, host, user, method, target, proto, referer, agent string, status int, bytes int64) {
		e := Combined{host, user, combinedAt, method, target, proto, status, bytes, referer, agent}
		line := string(AppendCombined(nil, e))
		for i, c := range []byte(line[:len(line)-1]) {
			if c < 0x20 || c >= 0x7f {
				t.Fatalf("byte %#x at %d of %q", c, i, line)
			}
		}
		m := combinedLine.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("no line of the format: %q", line)
		}
		got := []string{unescape(t, m[1]), unescape(t, m[2]), unescape(t, m[7]), unescape(t, m[8])}
		want := []string{none(host), none(user), none(withoutQuery(referer)), none(agent)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if n := strings.Count(m[4], " "); m[4] != "-" && n != 2 {
			t.Errorf("the request line %q has %d spaces", m[4], n)
		}
	})
}

// none is what a lone hyphen says.
func none(s string) string {
	if s == "-" {
		return ""
	}
	return s
}
