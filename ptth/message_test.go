package ptth

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"homehook/http1"
)

func TestRequestHead(t *testing.T) {
	r := request(t, "POST /~garage/x HTTP/1.1\nhost: a.example\nConnection: TE\nTE: trailers\nTransfer-Encoding: chunked\n")
	for n, want := range map[int64]string{
		-1: "POST /~garage/x HTTP/1.1\r\nhost: a.example\r\n\r\n",
		0:  "POST /~garage/x HTTP/1.1\r\nhost: a.example\r\nContent-Length: 0\r\n\r\n",
		7:  "POST /~garage/x HTTP/1.1\r\nhost: a.example\r\nContent-Length: 7\r\n\r\n",
	} {
		if diff := cmp.Diff(want, string(requestHead(r, n))); diff != "" {
			t.Errorf("%d bytes (-want +got):\n%s", n, diff)
		}
	}
}

func TestResponseHead(t *testing.T) {
	tests := []struct {
		name, head, asked string
		length            int64
		want              string
	}{
		{
			"length", "HTTP/1.1 200 Fine\nx: y\nConnection: close\nTransfer-Encoding: chunked\n", "GET", 5,
			"HTTP/1.1 200 Fine\r\nx: y\r\nContent-Length: 5\r\n\r\n",
		},
		{"rest of entity", "HTTP/1.1 200 Fine\n", "GET", -1, "HTTP/1.1 200 Fine\r\n\r\n"},
		{"HEAD", "HTTP/1.1 200 Fine\nContent-Length: 9\n", "HEAD", 0, "HTTP/1.1 200 Fine\r\nContent-Length: 9\r\n\r\n"},
		{"HEAD without a length", "HTTP/1.1 200 Fine\n", "HEAD", 0, "HTTP/1.1 200 Fine\r\n\r\n"},
		{"304", "HTTP/1.1 304 Not Modified\nContent-Length: 9\n", "GET", 0, "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"},
		{"204", "HTTP/1.1 204 No Content\nContent-Length: 0\n", "GET", 0, "HTTP/1.1 204 No Content\r\n\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := responseHead(response(t, tt.head), tt.length, []byte(tt.asked))
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadRequest(t *testing.T) {
	tests := []struct {
		name, entity string
		known        bool // the entity's length
		head, body   string
	}{
		{"no body", "GET /foo/x HTTP/1.1\r\nHost: h\r\n\r\n", true, "GET /foo/x HTTP/1.1\r\nHost: h\r\n", ""},
		{"body", "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", true, "POST / HTTP/1.1\r\nContent-Length: 3\r\n", "abc"},
		{"no length inside", "POST / HTTP/1.1\r\nA: b\r\n\r\nabc", true, "POST / HTTP/1.1\r\nA: b\r\n", "abc"},
		{"other length inside", "POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\nabc", true, "POST / HTTP/1.1\r\n", "abc"},
		{"chunked, but unchunked", "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\nA: b\r\n\r\nabc", true, "POST / HTTP/1.1\r\nA: b\r\n", "abc"},
		{"entity of unknown length", "POST / HTTP/1.1\r\n\r\nabc", false, "POST / HTTP/1.1\r\n", "abc"},
	}
	for _, tt := range tests {
		for _, read := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.DataErrReader} {
			n := int64(-1)
			if tt.known {
				n = int64(len(tt.entity))
			}
			r, err := readRequest(read(strings.NewReader(tt.entity)), n)
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			if got := r.Body.Length(); tt.known && got != int64(len(tt.body)) {
				t.Errorf("%s: %d bytes of body announced", tt.name, got)
			}
			if diff := cmp.Diff([]string{tt.head, tt.body}, []string{string(r.Raw()), bodyOf(t, r.Body)}); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.name, diff)
			}
		}
	}
}

func TestReadResponse(t *testing.T) {
	tests := []struct {
		name, entity, asked string
		known               bool // the entity's length
		status              int
		body                string
		length              int64
	}{
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "GET", true, 200, "hello", 5},
		{"HTTP/1.0 without a length", "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nhello", "GET", true, 200, "hello", 5},
		{"the same in chunks", "HTTP/1.0 200 OK\r\n\r\nhello", "GET", false, 200, "hello", -1},
		{"bare LF, no reason", "HTTP/1.1 404\nA: b\n\nno", "GET", true, 404, "no", 2},
		{"other length inside", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello", "GET", true, 200, "hello", 5},
		{"longer length inside", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhello", "GET", true, 200, "hello", 5},
		{"chunked inside", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "GET", true, 200, "hello", -1},
		{"informational first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\n\r\nyes", "GET", true, 201, "yes", 3},
		{"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", true, 200, "", 0},
		{"204", "HTTP/1.1 204 No Content\r\n\r\nwhat", "GET", true, 204, "", 0},
		{"304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET", false, 304, "", 0},
	}
	for _, tt := range tests {
		for _, read := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.DataErrReader} {
			n := int64(-1)
			if tt.known {
				n = int64(len(tt.entity))
			}
			res, err := readResponse(read(strings.NewReader(tt.entity)), n, []byte(tt.asked))
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			if res.Status != tt.status || res.Body.Length() != tt.length {
				t.Errorf("%s: status %d, length %d", tt.name, res.Status, res.Body.Length())
			}
			if got := bodyOf(t, res.Body); got != tt.body {
				t.Errorf("%s: body %q", tt.name, got)
			}
		}
	}
}

func TestReadResponseTrailer(t *testing.T) {
	entity := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 5\r\n\r\n"
	res, err := readResponse(strings.NewReader(entity), int64(len(entity)), []byte("GET"))
	if err != nil {
		t.Fatal(err)
	}
	body := bodyOf(t, res.Body)
	if v, _ := res.Body.Trailer().Get("x-sum"); body != "a" || string(v) != "5" {
		t.Errorf("body %q, trailer %q", body, v)
	}
}

func TestNoMessage(t *testing.T) {
	for name, entity := range map[string]string{
		"empty":                  "",
		"a word":                 "hello",
		"no blank line":          "HTTP/1.1 200 OK\r\nA: b\r\n",
		"another protocol":       "PTTH/1.0 200 OK\r\n\r\n",
		"HTTP/2":                 "HTTP/2 200 OK\r\n\r\n",
		"no status":              "HTTP/1.1 OK\r\n\r\n",
		"informational only":     "HTTP/1.1 100 Continue\r\n\r\n",
		"a switch":               "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\n",
		"a control byte":         "HTTP/1.1 200 OK\r\nA: \x00\r\n\r\n",
		"a folded line":          "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
		"gzip as coding":         "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
		"informational for ever": strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 200) + "HTTP/1.1 200 OK\r\n\r\n",
		"a long head":            "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("b", 100<<10) + "\r\n\r\n",
	} {
		res, err := readResponse(strings.NewReader(entity), int64(len(entity)), []byte("GET"))
		var e *http1.Error
		if res != nil || !errors.As(err, &e) {
			t.Errorf("%s: %v, %v", name, res, err)
		}
	}
	for name, entity := range map[string]string{
		"empty": "", "a word": "hello", "bare LF": "GET / HTTP/1.1\n\n", "two Hosts": "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"both framings": "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na",
	} {
		r, err := readRequest(strings.NewReader(entity), int64(len(entity)))
		var e *http1.Error
		if r != nil || !errors.As(err, &e) {
			t.Errorf("request %s: %v, %v", name, r, err)
		}
	}
}

// TestBrokenEntity keeps the reason for which an entity could not be read.
func TestBrokenEntity(t *testing.T) {
	want := errors.New("the line is cut")
	r := io.MultiReader(strings.NewReader("HTTP/1.1 200 OK\r\n\r\nhel"), iotest.ErrReader(want))
	res, err := readResponse(r, -1, []byte("GET"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(res.Body); err != want {
		t.Errorf("got %v", err)
	}
	if _, err := readResponse(iotest.ErrReader(want), -1, []byte("GET")); err != want {
		t.Errorf("got %v", err)
	}
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"))
	f.Add([]byte("HTTP/1.0 200 OK\r\n\r\nhello"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, n := range []int64{-1, int64(len(b))} {
			if r, err := readRequest(strings.NewReader(string(b)), n); err == nil {
				head, body := string(r.Raw()), bodyOf(t, r.Body)
				r, err := readRequest(strings.NewReader(head+"\r\n"+body), -1)
				if err != nil || bodyOf(t, r.Body) != body {
					t.Fatalf("%q with %q: %v", head, body, err)
				}
			}
			if res, err := readResponse(strings.NewReader(string(b)), n, []byte("GET")); err == nil {
				got, _ := io.ReadAll(res.Body)
				head := responseHead(res, int64(len(got)), []byte("GET"))
				again, err := readResponse(strings.NewReader(string(head)+string(got)), -1, []byte("GET"))
				if err != nil || again.Status != res.Status || bodyOf(t, again.Body) != string(got) {
					t.Fatalf("%q: %v", head, err)
				}
			}
		}
	})
}
