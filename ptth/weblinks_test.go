package ptth

import (
	"bytes"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"homehook/http1"
)

func TestParseLinks(t *testing.T) {
	tests := []struct {
		field string
		want  map[string]string
	}{
		{`<http://gw/1>; rel="first", <http://gw/foo/>; rel="related"`, map[string]string{"first": "http://gw/1", "related": "http://gw/foo/"}},
		{`<a>;rel=first`, map[string]string{"first": "a"}},
		{`<a>; title="x, <b>; rel=\"next\""; rel="First NEXT"`, map[string]string{"first": "a", "next": "a"}},
		{`<a>; rel=first, <b>; rel=first`, map[string]string{"first": "a"}},
		{`<a>; rel=x; rel=y`, map[string]string{"x": "a"}},
		{` , ,<a>;rel=x,`, map[string]string{"x": "a"}},
		{`a; rel=x, <b>; rel=y`, map[string]string{"y": "b"}},
		{`<a; rel=x`, nil},
		{`<a>`, nil},
		{`<>; rel=x`, nil},
		{`<a>; rel`, nil},
		{`<a>; rel="x`, map[string]string{"x": "a"}},
		{`<a>; title="x`, nil},
		{"", nil},
	}
	for _, tt := range tests {
		got := map[string]string{}
		parseLinks(tt.field, got)
		if len(got)+len(tt.want) > 0 && !cmp.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.field, got, tt.want)
		}
	}
}

func TestOwnURL(t *testing.T) {
	tests := []struct{ base, ref, want string }{
		{"https://gw/reversehttp", "http://gw/reversehttp/a", "https://gw/reversehttp/a"},
		{"https://gw:8443/", "http://gw:8443/a?b", "https://gw:8443/a?b"},
		{"https://gw:8443/", "https://GW/a", "https://gw:8443/a"},
		{"http://gw/", "http://gw:80/a", "http://gw/a"},
		{"http://gw/x/y", "z#f", "http://gw/x/z"},
		{"http://[::1]:81/", "http://[::1]:81/a%2Fb", "http://[::1]:81/a%2Fb"},
		{"http://gw/", "http://gw:81/a", ""},
		{"http://gw/", "http://gw.evil/a", ""},
		{"http://gw/", "//evil/a", ""},
		{"http://gw/", "http://gw@evil/a", ""},
		{"http://gw/", "http://evil@gw/a", ""},
		{"http://gw/", "ftp://gw/a", ""},
		{"http://gw/", "http:gw", ""},
		{"http://gw/", "http://gw/a?b c", ""},
		{"http://gw/", "http://gw/a?b\xff", ""},
		{"http://gw/", "http://gw\\evil/", ""},
		{"http://gw/", "", ""},
		{"http://gw/", "://", ""},
	}
	for _, tt := range tests {
		base, err := url.Parse(tt.base)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if u, err := ownURL(base, tt.ref); err == nil {
			got = u.String()
		}
		if got != tt.want {
			t.Errorf("%s at %s: got %q, want %q", tt.ref, tt.base, got, tt.want)
		}
	}
}

func TestPublicURL(t *testing.T) {
	base := &url.URL{Scheme: "https", Host: "gw", Path: "/reversehttp"}
	for ref, want := range map[string]string{
		"http://foo.gw/": "http://foo.gw/", "/foo/": "https://gw/foo/", "": "", "javascript:alert(1)": "",
		"http://a:b@gw/": "", "http://gw/\x7f": "", "http://gw/" + strings.Repeat("a", 3000): "", "http:///x": "",
	} {
		if got := publicURL(base, ref); got != want {
			t.Errorf("%q: got %q, want %q", ref, got, want)
		}
	}
}

// FuzzLinks: what a relay names leads to the relay, in a form that fits into a
// request line.
func FuzzLinks(f *testing.F) {
	for _, s := range []string{`<http://gw/1>; rel="first", <http://gw/foo/>; rel="related"`, `<//evil/>;rel=first`, `<a?b c>;rel=first`, `<a>;x="\",";rel="a b"`, "<a\x00>;rel=first"} {
		f.Add(s)
	}
	base := &url.URL{Scheme: "https", Host: "gw:8443", Path: "/reversehttp"}
	f.Fuzz(func(t *testing.T, field string) {
		found := map[string]string{}
		parseLinks(field, found)
		for rel, ref := range found {
			if rel == "" || ref == "" || !strings.Contains(field, ref) {
				t.Errorf("%q: %q leads to %q", field, rel, ref)
			}
			if u, err := ownURL(base, ref); err == nil {
				if hostPort(u) != hostPort(base) || u.Scheme != base.Scheme || u.User != nil || strings.ContainsAny(u.RequestURI(), " \r\n") || !strings.HasPrefix(u.RequestURI(), "/") {
					t.Errorf("%q became %q", ref, u)
				}
			}
			if s := publicURL(base, ref); s != printable(s) {
				t.Errorf("%q is shown as %q", ref, s)
			}
		}
	})
}

// canned is a connection on which a stranger's text has come already.
type canned struct {
	net.Conn
	*bytes.Reader
}

func (c *canned) Read(p []byte) (int, error) { return c.Reader.Read(p) }

// FuzzAnswer: whatever comes in place of an answer is told apart without harm,
// and only an answer that says so switches or parks.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 204 \r\n\r\n", "HTTP/1.1 204\n\n", "HTTP/1.1 101 S\r\nUpgrade: PTTH/1.0\r\n\r\n", "HTTP/1.1 426 U\r\nUpgrade: ptth, PTTH/1.0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 403 X\r\nContent-Type: text/plain\r\n\r\na\x1b]0;b",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		a, b := net.Pipe()
		defer a.Close()
		defer b.Close()
		res, err := readAnswer(http1.NewConn(&canned{b, bytes.NewReader(text)}, dialLimits), "POST")
		if err != nil {
			return
		}
		if switchedTo(res, "1.0") && !bytes.Contains(bytes.ToUpper(text), []byte("PTTH/1.0")) {
			t.Errorf("%q switches", text)
		}
		if isHeartbeat(res) && !bytes.Contains(text, []byte(" 204")) {
			t.Errorf("%q parks", text)
		}
		for _, dialect := range preference {
			if e := refused(res, dialect); e.Error() != printable(e.Error()) || len(e.Error()) > 400 {
				t.Errorf("%q is told as %q", text, e)
			}
		}
	})
}
