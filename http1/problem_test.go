package http1

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
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
			r, err := ParseRequest([]byte(head), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got := wantsProblem(r.Values("Accept")); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// FuzzWantsProblem reads any Accept field. Whoever gets a problem document has
// asked for JSON by name.
func FuzzWantsProblem(f *testing.F) {
	for _, s := range []string{"*/*", "application/json;q=0.1, text/html", "application/problem+json;q=1e0", ",;=q", "text/*;q=2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		r, err := ParseRequest([]byte("GET / HTTP/1.1\r\nAccept: "+accept+"\r\n"), nil, 0)
		if err != nil {
			return
		}
		if wantsProblem(r.Values("Accept")) && !strings.Contains(strings.ToLower(accept), "json") {
			t.Fatalf("%q does not ask for JSON", accept)
		}
		contentType, body := Problem(404, accept, slices.Values([][]byte{[]byte("application/json")}))
		if contentType != "application/problem+json" || !json.Valid(body) {
			t.Fatalf("%s: %q", contentType, body)
		}
	})
}
