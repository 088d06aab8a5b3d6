package relay

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"homehook/http1"
)

func TestWantsProblem(t *testing.T) {
	tests := []struct {
		accept string // fields
		want   bool
	}{
		{"", false},
		{"Accept: */*", false},
		{"Accept: application/*", false},
		{"Accept: application/json", true},
		{"Accept: Application/Problem+JSON", true},
		{"Accept: application/json, text/plain, */*", true},
		{"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false},
		{"Accept: text/html, application/json;q=0.9", false},
		{"Accept: text/html;q=0.5, application/json;q=0.9", true},
		{"Accept: application/json;q=0", false},
		{"Accept: application/json; q=0.000", false},
		{"Accept: application/json;q=x", true},
		{"Accept: application/json;charset=utf-8", true},
		{"Accept: text/plain\r\nAccept: application/problem+json", true},
		{"Accept: application/jsonx, xapplication/json", false},
		{"Accept: ,;q=,;", false},
	}
	for _, tt := range tests {
		t.Run(tt.accept, func(t *testing.T) {
			head := "GET / HTTP/1.1\r\n"
			if tt.accept != "" {
				head += tt.accept + "\r\n"
			}
			r, err := http1.ParseRequest([]byte(head), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got := wantsProblem(r); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// TestProblem asks for what the relay refuses by itself.
func TestProblem(t *testing.T) {
	tr := startRelay(t, Options{})
	const end = "\r\nAccept: application/problem+json\r\nConnection: close\r\n\r\n"
	tests := []struct {
		name, send string
		want       problem
		field      string
	}{
		{"no claim", "GET /~nobody/ HTTP/1.1\r\nHost: r" + end, problem{"Not Found", 404, errUnknown.detail}, ""},
		{"TRACE", "TRACE / HTTP/1.1\r\nHost: r" + end, problem{"Method Not Allowed", 405, errTrace.detail}, "Allow: " + allMethods},
		{"link by PUT", "PUT /ptth/a HTTP/1.1\r\nHost: r" + end, problem{"Method Not Allowed", 405, errMethod.detail}, "Allow: " + linkMethods},
		{"page by POST", "POST / HTTP/1.1\r\nHost: r" + end, problem{"Method Not Allowed", 405, errPage.detail}, "Allow: " + pageMethods},
		{"no token", "POST /ptth/a HTTP/1.1\r\nHost: r\r\nUpgrade: PTTH/0.9" + end, problem{"Unauthorized", 401, errBadToken.detail}, "WWW-Authenticate: Bearer"},
		{"no upgrade", "POST /ptth/a HTTP/1.1\r\nHost: r" + end, problem{"Upgrade Required", 426, errNoOffer.detail}, "Upgrade: ptth, PTTH/1.0"},
		{"no Host", "GET / HTTP/1.1" + end, problem{"Bad Request", 400, errNoHost.detail}, "Connection: close"},
		{"elsewhere", "GET http://x.example/ HTTP/1.1\r\nHost: x.example" + end, problem{"Misdirected Request", 421, errMisdirect.detail}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			head, body, _ := strings.Cut(tr.raw(t, tt.send), "\r\n\r\n")
			var got problem
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatalf("%v in %q", err, body)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			for _, field := range []string{"Content-Type: application/problem+json", "Cache-Control: no-store", tt.field} {
				if !strings.Contains(head+"\r\n", "\r\n"+field) {
					t.Errorf("no %q in %q", field, head)
				}
			}
			text := tr.raw(t, strings.Replace(tt.send, "application/problem+json", "text/plain", 1))
			if !strings.HasSuffix(text, "\r\n\r\n"+tt.want.Detail+"\n") || !strings.Contains(text, "\r\nContent-Type: text/plain; charset=utf-8\r\n") {
				t.Errorf("as text: %q", text)
			}
		})
	}
}

// TestProblemHead: HEAD gets the head that GET would get.
func TestProblemHead(t *testing.T) {
	tr := startRelay(t, Options{})
	got := tr.raw(t, "HEAD /~nobody/ HTTP/1.1\r\nHost: r\r\nAccept: application/json\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 404 ") || !strings.HasSuffix(got, "\r\n\r\n") || !strings.Contains(got, "problem+json") {
		t.Errorf("got %q", got)
	}
}

// FuzzWantsProblem reads any Accept field. Whoever gets a problem document has
// asked for JSON by name.
func FuzzWantsProblem(f *testing.F) {
	for _, s := range []string{"*/*", "application/json;q=0.1, text/html", "application/problem+json;q=1e0", ",;=q", "text/*;q=2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		r, err := http1.ParseRequest([]byte("GET / HTTP/1.1\r\nAccept: "+accept+"\r\n"), nil, 0)
		if err != nil {
			return
		}
		if wantsProblem(r) && !strings.Contains(strings.ToLower(accept), "json") {
			t.Fatalf("%q does not ask for JSON", accept)
		}
		contentType, body := refuse(404, accept).render(true)
		if contentType != "application/problem+json" || !json.Valid(body) {
			t.Fatalf("%s: %q", contentType, body)
		}
	})
}

// FuzzLogged holds that no secret behind a name gets into a log.
func FuzzLogged(f *testing.F) {
	for _, s := range []string{"/ptth/a/s3cret", "http://r/comet/a/s3cret?s3cret", "/reversehttp/a/s3cret/1#x", "//ptth/a", "://", "/ptth//s3cret"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, url string) {
		got := loggedURL([]byte(url))
		if strings.ContainsAny(got, "?#") {
			t.Fatalf("%q has a query", got)
		}
		for _, prefix := range secretive {
			rest, ok := strings.CutPrefix(got, string(prefix))
			if _, behind, more := strings.Cut(rest, "/"); ok && more && behind != plainMark {
				t.Fatalf("%q shows %q", got, behind)
			}
		}
	})
}
