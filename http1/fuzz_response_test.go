package http1

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzResponseAgainstNetHTTP is FuzzRequestAgainstNetHTTP for responses. Where
// responses may be sloppy (bare LF, no reason phrase, a length stated twice),
// net/http is as lenient as http1, and both must still see the same message.
func FuzzResponseAgainstNetHTTP(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
		"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
		"HTTP/1.1 200 OK\r\nA: b\n\r\nhi",
		"HTTP/1.0 200\r\n\r\nhi",
		"HTTP/1.1 204 \r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n",
		"HTTP/1.1 101 X\r\nUpgrade: PTTH/1.0\r\nConnection: upgrade\r\n\r\nGET",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n2\r\nhi\r\n0\r\nA: b\r\n\r\nx",
		"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
		"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi",
		"HTTP/1.1 200 OK\r\nContent-Length: 002\r\nContent-Length: 2\r\n\r\nhi",
		"\nHTTP/1.1 200 OK\r\n\r\n",
		"PTTH/1.0 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nConnection: close, a\r\nA: b\r\n\r\n",
	} {
		f.Add([]byte(s), "GET")
		f.Add([]byte(s), "HEAD")
	}
	f.Fuzz(func(t *testing.T, in []byte, method string) {
		c := received(string(in), Limits{})
		got, err := c.ReadResponse([]byte(method))
		if err != nil {
			return
		}
		body, err := io.ReadAll(got.Body)
		if err != nil {
			return
		}
		br := bufio.NewReaderSize(bytes.NewReader(in), 1<<20)
		want, err := http.ReadResponse(br, &http.Request{Method: method})
		if excused(&got.Head, err) {
			return
		}
		if err != nil {
			t.Fatalf("net/http refuses it: %v", err)
		}
		wantBody, err := io.ReadAll(want.Body)
		if excused(&got.Head, err) {
			return
		}
		if err != nil || !bytes.Equal(body, wantBody) {
			t.Fatalf("body: got %q, want %q (%v)", body, wantBody, err)
		}
		compareResponse(t, got, want)
		if a, b := restOf(t, c), rest(t, br); a != b {
			t.Fatalf("behind the message: got %q, want %q", a, b)
		}
	})
}

func compareResponse(t *testing.T, got *Response, want *http.Response) {
	t.Helper()
	if got.Status != want.StatusCode || got.Minor != want.ProtoMinor {
		t.Fatalf("got %d 1.%d, want %d 1.%d", got.Status, got.Minor, want.StatusCode, want.ProtoMinor)
	}
	trim(want.Header)
	if d := cmp.Diff(want.Header, fieldsOf(&got.Head)); d != "" {
		t.Fatalf("fields (-net/http +http1):\n%s", d)
	}
	if chunked := len(want.TransferEncoding) > 0; got.Chunked() != chunked {
		t.Fatalf("chunked: got %v, want %v", got.Chunked(), chunked)
	}
	// A body that only the connection's end ends is a reason to close, too.
	if alive := got.keepsAlive() && got.Body.kind != bodyUntilClose; alive == want.Close {
		t.Fatalf("keeps alive: got %v, want %v", alive, !want.Close)
	}
	compareTrailer(t, got.Body, want.Trailer)
}
