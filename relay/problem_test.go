package relay

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// problem is a problem document, as a client reads it.
type problem struct {
	Title  string
	Status int
	Detail string
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
