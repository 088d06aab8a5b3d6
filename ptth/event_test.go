package ptth

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"homehook/http1"
)

func bodyOf(t testing.TB, b *http1.Body) string {
	t.Helper()
	got, err := io.ReadAll(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

func request(t testing.TB, head string) *http1.Request {
	t.Helper()
	r, err := http1.ParseRequest([]byte(strings.ReplaceAll(head, "\n", "\r\n")), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func response(t testing.TB, head string) *http1.Response {
	t.Helper()
	r, err := http1.ParseResponse([]byte(strings.ReplaceAll(head, "\n", "\r\n")), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEncodeEvent(t *testing.T) {
	tests := []struct{ name, head, body, want string }{
		{
			"the wiki's request", "GET / HTTP/1.1\nHost: \nAccept: */*\n", "",
			`{"message-id":"m1","method":"GET","request-uri":"/","http-version":"PTTH/0.9","headers":[["Host",""],["Accept","*/*"]],"body":""}`,
		},
		{
			"text", "POST /a?b=<c>&d HTTP/1.1\nX-a: 1\nx-A: 2\nContent-Length: 6\n", "h\u00e9\"\n\x00",
			`{"message-id":"m1","method":"POST","request-uri":"/a?b=<c>&d","http-version":"PTTH/0.9","headers":[["X-a","1"],["x-A","2"]],"body":"hé\"\n\u0000"}`,
		},
		{
			"bytes", "POST / HTTP/1.1\nTransfer-Encoding: chunked\nKeep-Alive: 5\n", "\xff\x00",
			`{"message-id":"m1","method":"POST","request-uri":"/","http-version":"PTTH/0.9","headers":[],"body":"/wA=","body-encoding":"base64"}`,
		},
		{
			"a field in ISO-8859-1", "GET / HTTP/1.1\nX: caf\xe9\n", "",
			`{"message-id":"m1","method":"GET","request-uri":"/","http-version":"PTTH/0.9","headers":[["X","café"]],"body":""}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := encodeEvent("m1", request(t, tt.head), []byte(tt.body))
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			id, r, err := decodeEvent(got)
			if err != nil || id != "m1" {
				t.Fatalf("back again: %q, %v", id, err)
			}
			if got := bodyOf(t, r.Body); got != tt.body {
				t.Errorf("body came back as %q", got)
			}
		})
	}
}

func TestDecodeEvent(t *testing.T) {
	tests := []struct{ name, text, head, body string }{
		{
			"the wiki's, spaced",
			"\t{ \"message-id\": \"m1\", \"method\":\"GET\", \"request-uri\":\"/\",\"http-version\":\"HTTP/1.1\",\"headers\":[[\"Host\",\"\"]],\"body\":\"\"}\r\n",
			"GET / HTTP/1.1\r\nHost: \r\n", "",
		},
		{"least", `{"message-id":"1","method":"POST","request-uri":"/x"}`, "POST /x HTTP/1.1\r\nContent-Length: 0\r\n", ""},
		{
			"framing fields", `{"message-id":"1","method":"PATCH","request-uri":"/","body":"ab",
			"headers":[["Content-Length","99"],["Transfer-Encoding","chunked"],["Connection","x-a"],["X-A","1"],["TE","trailers"],["Upgrade","ptth"]]}`,
			"PATCH / HTTP/1.1\r\nContent-Length: 2\r\n", "ab",
		},
		{"unknown member", `{"message-id":"1","method":"GET","request-uri":"/","x":{"y":[1]}}`, "GET / HTTP/1.1\r\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, r, err := decodeEvent([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tt.head, tt.body}, []string{string(r.Raw()), bodyOf(t, r.Body)}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNoEvent(t *testing.T) {
	for _, text := range []string{"", "{}", " {\n} "} {
		if id, r, err := decodeEvent([]byte(text)); id != "" || r != nil || err != nil {
			t.Errorf("event %q: %q, %v, %v", text, id, r, err)
		}
		if id, r, err := decodeReply([]byte(text)); id != "" || r != nil || err != nil {
			t.Errorf("reply %q: %q, %v, %v", text, id, r, err)
		}
	}
}

func TestEncodeReply(t *testing.T) {
	tests := []struct{ name, head, asked, body, want string }{
		{
			"the wiki's reply", "HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 5\n", "GET", "hello",
			`{"message-id":"m1","http-version":"PTTH/0.9","status":200,"reason":"OK","headers":[["Content-Type","text/plain"]],"body":"hello"}`,
		},
		{
			"HEAD keeps the length", "HTTP/1.1 200 OK\nContent-Length: 5\n", "HEAD", "",
			`{"message-id":"m1","http-version":"PTTH/0.9","status":200,"reason":"OK","headers":[["Content-Length","5"]],"body":""}`,
		},
		{
			"bytes", "HTTP/1.1 500 \nTransfer-Encoding: chunked\n", "GET", "\xff",
			`{"message-id":"m1","http-version":"PTTH/0.9","status":500,"reason":"","headers":[],"body":"/w==","body-encoding":"base64"}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := newReply("m1", response(t, tt.head), []byte(tt.asked)).encode([]byte(tt.body))
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			id, r, err := decodeReply(got)
			if err != nil || id != "m1" {
				t.Fatalf("back again: %q, %v", id, err)
			}
			if got := bodyOf(t, r.Body); got != tt.body {
				t.Errorf("body came back as %q", got)
			}
		})
	}
}

// TestMalformedObjects wants 400 for each, with the id where it could be read.
func TestMalformedObjects(t *testing.T) {
	long := strings.Repeat("m", maxMessageID+1)
	tests := []struct{ name, text, id string }{
		{"no JSON", `hello`, ""},
		{"single quotes", `{'message-id':'m1'}`, ""},
		{"white space only", " ", ""},
		{"an array", `[]`, ""},
		{"null", `null`, ""},
		{"cut short", `{"message-id":"m1","status":200`, ""},
		{"two objects", `{"message-id":"m1","status":200}{}`, ""},
		{"not UTF-8", "{\"message-id\":\"m1\",\"status\":200,\"body\":\"\xff\"}", ""},
		{"no id", `{"status":200}`, ""},
		{"empty id", `{"message-id":"","status":200}`, ""},
		{"id that is no string", `{"message-id":1,"status":200}`, ""},
		{"long id", `{"message-id":"` + long + `","status":200}`, ""},
		{"id in another case", `{"Message-Id":"m1","status":200}`, ""},
		{"member twice", `{"message-id":"m1","status":200,"status":500}`, ""},
		{"no status", `{"message-id":"m1"}`, "m1"},
		{"status null", `{"message-id":"m1","status":null}`, "m1"},
		{"status in words", `{"message-id":"m1","status":"200"}`, "m1"},
		{"status with a fraction", `{"message-id":"m1","status":200.5}`, "m1"},
		{"informational status", `{"message-id":"m1","status":101}`, "m1"},
		{"status of four digits", `{"message-id":"m1","status":1000}`, "m1"},
		{"other version", `{"message-id":"m1","status":200,"http-version":"HTTP/2"}`, "m1"},
		{"reason with a line end", `{"message-id":"m1","status":200,"reason":"OK\r\nX: y"}`, "m1"},
		{"headers as an object", `{"message-id":"m1","status":200,"headers":{"a":"b"}}`, "m1"},
		{"headers null", `{"message-id":"m1","status":200,"headers":null}`, "m1"},
		{"header of three", `{"message-id":"m1","status":200,"headers":[["a","b","c"]]}`, "m1"},
		{"header with null", `{"message-id":"m1","status":200,"headers":[["a",null]]}`, "m1"},
		{"header name with a colon", `{"message-id":"m1","status":200,"headers":[["a:","b"]]}`, "m1"},
		{"header without a name", `{"message-id":"m1","status":200,"headers":[["","b"]]}`, "m1"},
		{"header value with CRLF", `{"message-id":"m1","status":200,"headers":[["a","b\r\nSet-Cookie: x=y"]]}`, "m1"},
		{"header value with LF", `{"message-id":"m1","status":200,"headers":[["a","b\nc"]]}`, "m1"},
		{"header value with NUL", `{"message-id":"m1","status":200,"headers":[["a","b\u0000"]]}`, "m1"},
		{"header name with CRLF", `{"message-id":"m1","status":200,"headers":[["a\r\nb","c"]]}`, "m1"},
		{"body that is no string", `{"message-id":"m1","status":200,"body":{}}`, "m1"},
		{"bad base64", `{"message-id":"m1","status":200,"body":"!","body-encoding":"base64"}`, "m1"},
		{"other encoding", `{"message-id":"m1","status":200,"body":"","body-encoding":"gzip"}`, "m1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id, res, err := decodeReply([]byte(tt.text))
			var e *http1.Error
			if res != nil || !errors.As(err, &e) || id != tt.id {
				t.Errorf("got %q, %v, %v; want id %q", id, res, err, tt.id)
			}
		})
	}
	for _, tt := range []struct{ name, text string }{
		{"no method", `{"message-id":"m1","request-uri":"/"}`},
		{"no target", `{"message-id":"m1","method":"GET"}`},
		{"method with a space", `{"message-id":"m1","method":"GET /","request-uri":"/"}`},
		{"target with CRLF", `{"message-id":"m1","method":"GET","request-uri":"/ HTTP/1.1\r\nX: y"}`},
		{"target without a slash", `{"message-id":"m1","method":"GET","request-uri":"x"}`},
		{"two Hosts", `{"message-id":"m1","method":"GET","request-uri":"/","headers":[["Host","a"],["host","b"]]}`},
		{"header value with CRLF", `{"message-id":"m1","method":"GET","request-uri":"/","headers":[["a","b\r\nc: d"]]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id, r, err := decodeEvent([]byte(tt.text))
			var e *http1.Error
			if r != nil || !errors.As(err, &e) || id != "m1" {
				t.Errorf("got %q, %v, %v", id, r, err)
			}
		})
	}
}

func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"message-id":"m1","method":"GET","request-uri":"/","http-version":"PTTH/0.9","headers":[["Host",""],["Accept","*/*"]],"body":""}`))
	f.Add([]byte(`{"message-id":"m1","http-version":"PTTH/0.9","status":200,"reason":"OK","headers":[["Content-Type","text/plain"]],"body":"hello"}`))
	f.Add([]byte(`{"message-id":"m1","status":200,"body":"/w==","body-encoding":"base64"}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if id, r, err := decodeEvent(b); err == nil && r != nil {
			sameRequest(t, id, r)
		}
		if id, res, err := decodeReply(b); err == nil && res != nil {
			sameReply(t, id, res)
		}
	})
}

// sameRequest wants an event that was taken to mean the same once it was
// rendered again, and to be one message.
func sameRequest(t *testing.T, id string, r *http1.Request) {
	head, body := string(r.Raw()), bodyOf(t, r.Body)
	id2, r2, err := decodeEvent(encodeEvent(id, r, []byte(body)))
	if err != nil || id2 != id || bodyOf(t, r2.Body) != body {
		t.Fatalf("%q became %q: %v", head, r2.Raw(), err)
	}
	if _, err := http1.ParseRequest([]byte(head), nil, 0); err != nil {
		t.Fatalf("%q is no request: %v", head, err)
	}
}

func sameReply(t *testing.T, id string, res *http1.Response) {
	body := bodyOf(t, res.Body)
	id2, res2, err := decodeReply(newReply(id, res, []byte("HEAD")).encode([]byte(body)))
	if err != nil || id2 != id || res2.Status != res.Status || bodyOf(t, res2.Body) != body || res2.Len() != res.Len() {
		t.Fatalf("%q became %q: %v", res.Raw(), res2.Raw(), err)
	}
	if bytes.Contains(res.Raw(), []byte("\r\n\r\n")) {
		t.Fatalf("%q is more than one head", res.Raw())
	}
}
