package routes

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPatternRefused(t *testing.T) {
	for _, tt := range []struct{ name, pattern, want string }{
		{"no path", "POST ", "no path"},
		{"method only", "POST", "no path behind the method"},
		{"no slash", "hook", "begins with a slash"},
		{"host", "example.com/x", "a host"},
		{"host and method", "GET example.com/", "a host"},
		{"lower-case method", "get /", "is not a method"},
		{"bad method", "P@ST /", "is not a method"},
		{"query", "/x?y=1", "without '?'"},
		{"fragment", "/x#y", "without '#'"},
		{"space", "/a b", "spaces"},
		{"control", "/a\x01", "control"},
		{"escape", "/a%zz", "two hexadecimal digits"},
		{"half a segment", "/a{x}", "mixes text"},
		{"text behind", "/{x}y", "mixes text"},
		{"empty name", "/{}", "is not a wildcard"},
		{"bad name", "/{a-b}", "is not a wildcard"},
		{"digit first", "/{1a}", "is not a wildcard"},
		{"twice", "/{a}/{a}", "used twice"},
		{"twice with rest", "/{a}/{a...}", "used twice"},
		{"rest inside", "/{a...}/b", "at the end only"},
		{"dollar inside", "/{$}/b", "at the end only"},
		{"dollar and slash", "/{$}/", "at the end only"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parsePattern(tt.pattern)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if remedyOf(err) == "" {
				t.Errorf("no remedy for %q", err)
			}
		})
	}
}

func TestPatternMatch(t *testing.T) {
	for _, tt := range []struct {
		name, pattern, method, path string
		match                       bool
		params                      Params
	}{
		{"everything", "/", "POST", "/a/b", true, nil},
		{"everything, root", "/", "GET", "/", true, nil},
		{"not the asterisk", "/", "OPTIONS", "*", false, nil},
		{"not nothing", "/", "GET", "", false, nil},
		{"method", "POST /x", "POST", "/x", true, nil},
		{"other method", "POST /x", "GET", "/x", false, nil},
		{"method's case", "POST /x", "post", "/x", false, nil},
		{"get takes head", "GET /x", "HEAD", "/x", true, nil},
		{"head takes no get", "HEAD /x", "GET", "/x", false, nil},
		{"spaces", "POST \t /x", "POST", "/x", true, nil},
		{"literal", "/a/b", "GET", "/a/b", true, nil},
		{"literal, longer", "/a/b", "GET", "/a/b/c", false, nil},
		{"literal, slash behind", "/a/b", "GET", "/a/b/", false, nil},
		{"literal, shorter", "/a/b", "GET", "/a", false, nil},
		{"case counts", "/a", "GET", "/A", false, nil},
		{"prefix", "/a/", "GET", "/a/b/c", true, nil},
		{"prefix itself", "/a/", "GET", "/a/", true, nil},
		{"prefix without slash", "/a/", "GET", "/a", false, nil},
		{"prefix of a word", "/a/", "GET", "/ab", false, nil},
		{"exact root", "/{$}", "GET", "/", true, nil},
		{"exact root, more", "/{$}", "GET", "/a", false, nil},
		{"exact slash", "/a/{$}", "GET", "/a/", true, nil},
		{"exact slash, more", "/a/{$}", "GET", "/a/b", false, nil},
		{"exact slash, less", "/a/{$}", "GET", "/a", false, nil},
		{"name", "POST /github/{repo}", "POST", "/github/home", true, Params{{"repo", "home"}}},
		{"name, decoded", "/{x}", "GET", "/a%20b%2Fc", true, Params{{"x", "a b/c"}}},
		{"name, empty", "/{x}", "GET", "/", false, nil},
		{"name, empty inside", "/a/{x}/b", "GET", "/a//b", false, nil},
		{"names", "/{a}/x/{b}", "GET", "/1/x/2", true, Params{{"a", "1"}, {"b", "2"}}},
		{"rest", "/f/{p...}", "GET", "/f/a/b%20c", true, Params{{"p", "a/b c"}}},
		{"rest, empty", "/f/{p...}", "GET", "/f/", true, Params{{"p", ""}}},
		{"rest, none", "/f/{p...}", "GET", "/f", false, nil},
		{"escaped literal", "/a%20b", "GET", "/a%20b", true, nil},
		{"escaped in the path", "/ab", "GET", "/%61b", true, nil},
		{"escaped slash is no slash", "/a/b", "GET", "/a%2fb", false, nil},
		{"dots stay", "/a", "GET", "/b/../a", false, nil},
		{"escaped dots stay", "/{x}/a", "GET", "/%2e%2e/a", true, Params{{"x", ".."}}},
		{"empty segment stays", "/a/b", "GET", "/a//b", false, nil},
		{"unclean pattern", "/a//b", "GET", "/a//b", true, nil},
		{"broken escape", "/{x}", "GET", "/a%", true, Params{{"x", "a%"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := parsePattern(tt.pattern)
			if err != nil {
				t.Fatal(err)
			}
			match := p.match([]byte(tt.method), []byte(tt.path))
			if match != tt.match {
				t.Fatalf("match is %v, want %v", match, tt.match)
			}
			if match {
				if diff := cmp.Diff(tt.params, p.capture([]byte(tt.path))); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// muxMatch asks net/http. ok is false where the two differ by design: on
// paths that ServeMux would clean or redirect.
func muxMatch(pattern, method, target string) (match bool, params map[string]string, ok bool) {
	u, err := url.ParseRequestURI(target)
	if err != nil || u.Path == "" || u.EscapedPath() != target {
		return false, nil, false
	}
	clean := path.Clean(u.Path)
	if strings.HasSuffix(u.Path, "/") && clean != "/" {
		clean += "/"
	}
	if clean != u.Path || strings.Contains(strings.ToLower(target), "%2e") {
		return false, nil, false
	}
	mux := http.NewServeMux()
	params = map[string]string{}
	p, _ := parsePattern(pattern)
	mux.HandleFunc(pattern, func(_ http.ResponseWriter, r *http.Request) {
		match = true
		for _, s := range p.segments {
			if s.kind == single || s.kind == rest && s.text != "" {
				params[s.text] = r.PathValue(s.text)
			}
		}
	})
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, &http.Request{Method: method, URL: u, RequestURI: target, Host: "h", Header: http.Header{}})
	return match, params, true
}

// agree holds one pattern and path against net/http.
func agree(t *testing.T, pattern, method, target string) {
	t.Helper()
	p, err := parsePattern(pattern)
	if err != nil {
		return
	}
	defer func() {
		if cause := recover(); cause != nil {
			// Patterns that could never match are refused there, because
			// paths are cleaned there.
			if !strings.Contains(cause.(error).Error(), "unclean path") {
				t.Errorf("net/http refuses %q: %v", pattern, cause)
			}
		}
	}()
	want, params, ok := muxMatch(pattern, method, target)
	if !ok {
		return
	}
	got := p.match([]byte(method), []byte(target))
	if got != want {
		t.Fatalf("%q on %s %s: got %v, net/http %v", pattern, method, target, got, want)
	}
	if !got {
		return
	}
	captured := map[string]string{}
	for _, v := range p.capture([]byte(target)) {
		captured[v.Name] = v.Value
	}
	if diff := cmp.Diff(params, captured); diff != "" {
		t.Fatalf("%q on %s %s: %s", pattern, method, target, diff)
	}
}

var (
	seedPatterns = []string{
		"/", "/a", "/a/", "/a/b", "GET /a", "POST /a/{x}", "/{x}", "/{x}/", "/{x}/{y}", "/{x}/b", "/{x...}", "/a/{x...}",
		"/{$}", "/a/{$}", "/{x}/{$}", "HEAD /a", "/a%20b/{x}", "/%61", "/a//b", "DELETE /{a}/{b...}", "CONNECT /a",
	}
	seedPaths = []string{"/", "/a", "/a/", "/a/b", "/a/b/", "/a/b/c", "/b", "/a%20b/c", "/%61", "/a%2Fb", "/a/%2F", "/x/y/z/"}
)

func TestPatternLikeServeMux(t *testing.T) {
	for _, pattern := range seedPatterns {
		for _, target := range seedPaths {
			for _, method := range []string{"GET", "HEAD", "POST", "DELETE"} {
				agree(t, pattern, method, target)
			}
		}
	}
}

func FuzzPattern(f *testing.F) {
	for i, p := range seedPatterns {
		f.Add(p, "GET", seedPaths[i%len(seedPaths)])
	}
	f.Fuzz(func(t *testing.T, pattern, method, target string) {
		if method == "CONNECT" || !isToken(method) {
			return
		}
		// ServeMux takes an empty segment in a pattern for nothing; here it is
		// one, because paths are matched without being cleaned.
		if strings.Contains(pattern, "//") {
			return
		}
		agree(t, pattern, method, target)
	})
}
