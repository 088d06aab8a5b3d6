package http1

import (
	"bufio"
	"bytes"
	stdcmp "cmp"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The fuzz targets hold the reader against net/http: whatever http1 takes for
// a whole message must be one for net/http too, and mean the same. The other
// way round is not asked: http1 may refuse more.
//
// What net/http refuses or sees differently although http1 is right, or does
// not need to care, is listed here and nowhere else:
//
//   - A Trailer field that announces a framing field: http1 drops Trailer
//     itself, and drops such a field from the trailer section.
//   - A chunked body with much more framing than data: http1 bounds the rate
//     and the length of lines, not the ratio.
//   - A trailer section above net/http's buffer.
//   - "Pragma: no-cache", to which net/http adds a Cache-Control field.
//   - An authority with percent escapes, which net/http decodes.
//   - A response's Connection field, which net/http drops when it says close.
//
// A request without Host is not among them: http.ReadRequest takes it as
// well, and only http.Server refuses it.
func excused(h *Head, err error) bool {
	if err == nil {
		return false
	}
	for _, text := range []string{"bad trailer key", "too much non-data", "suspiciously long trailer"} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// fieldsOf returns the fields of a head as net/http would keep them, without
// those that it takes out of the way.
func fieldsOf(h *Head) http.Header {
	m := http.Header{}
	for name, value := range h.All() {
		key := textproto.CanonicalMIMEHeaderKey(string(name))
		m[key] = append(m[key], string(value))
	}
	trim(m)
	return m
}

// trim takes out the fields that net/http moves elsewhere: what they mean is
// compared by itself.
func trim(m http.Header) {
	for _, name := range []string{"Host", "Content-Length", "Transfer-Encoding", "Trailer", "Cache-Control", "Connection"} {
		delete(m, name)
	}
}

// rest returns what a reader has not consumed.
func rest(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// restOf returns what is behind the message that a connection read last.
func restOf(t *testing.T, c *Conn) string {
	t.Helper()
	return string(c.Buffered()) + rest(t, c.NetConn())
}

var requestSeeds = []string{
	webhook + "{\"a\":1}",
	"GET / HTTP/1.1\r\n\r\n",
	"\r\nGET / HTTP/1.1\r\n\r\n",
	"GET http://a:1/b?c HTTP/1.1\r\nHost: d\r\n\r\n",
	"OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n",
	"CONNECT a:1 HTTP/1.1\r\n\r\n",
	"POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhiGET",
	"POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!",
	"POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
	"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2;a=b\r\nhi\r\n0\r\nX: y\r\n\r\nmore",
	"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n00000000000000002\r\nhi\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\xa0\r\n\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nTransfer-Encoding:\tchunked \r\n\r\n2\r\nhi\r\n0\r\n\r\n",
	"GET a?b=http://c HTTP/1.1\r\n\r\n",
	"GET /%zz HTTP/1.1\r\n\r\n",
	"GET a:/a://I:F/I:F@ HTTP/1.0\r\n\r\n",
	"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
	"GET / HTTP/1.1\r\nA : b\r\n\r\n",
	"GET / HTTP/1.1\nA: b\n\n",
	"GET / HTTP/1.1\r\nA: b\r\na: c\r\nB:\r\nA:d\r\nPragma: no-cache\r\n\r\n",
	"GET / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: x\r\nUpgrade: h2c\r\n\r\n",
}

func FuzzRequestAgainstNetHTTP(f *testing.F) {
	for _, s := range requestSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		c := received(string(in), Limits{})
		got, err := c.ReadRequest()
		if err != nil {
			return
		}
		body, err := io.ReadAll(got.Body)
		if err != nil {
			return
		}
		br := bufio.NewReaderSize(bytes.NewReader(in), 1<<20)
		want, err := http.ReadRequest(br)
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
		compareRequest(t, got, want)
		if a, b := restOf(t, c), rest(t, br); a != b {
			t.Fatalf("behind the message: got %q, want %q", a, b)
		}
	})
}

func compareRequest(t *testing.T, got *Request, want *http.Request) {
	t.Helper()
	if string(got.Method) != want.Method || string(got.Target) != want.RequestURI || got.Minor != want.ProtoMinor {
		t.Fatalf("got %s %s 1.%d, want %s %s 1.%d", got.Method, got.Target, got.Minor, want.Method, want.RequestURI, want.ProtoMinor)
	}
	if host := string(got.Host()); host != want.Host && !strings.Contains(host, "%") && want.Method != "CONNECT" {
		t.Fatalf("host: got %q, want %q", host, want.Host)
	}
	if path := rawPath(want.URL); want.Method != "CONNECT" && string(got.Path()) != path {
		t.Fatalf("path: got %q, want %q", got.Path(), path)
	}
	if _, query := got.PathQuery(); want.Method != "CONNECT" && string(query) != want.URL.RawQuery {
		t.Fatalf("query: got %q, want %q", query, want.URL.RawQuery)
	}
	trim(want.Header)
	if d := cmp.Diff(want.Header, fieldsOf(&got.Head)); d != "" {
		t.Fatalf("fields (-net/http +http1):\n%s", d)
	}
	if chunked := len(want.TransferEncoding) > 0; got.Chunked() != chunked {
		t.Fatalf("chunked: got %v, want %v", got.Chunked(), chunked)
	}
	if n := max(got.ContentLength(), 0); !got.Chunked() && n != want.ContentLength {
		t.Fatalf("length: got %d, want %d", n, want.ContentLength)
	}
	if got.keepsAlive() == want.Close {
		t.Fatalf("keeps alive: got %v, want %v", got.keepsAlive(), !want.Close)
	}
	compareTrailer(t, got.Body, want.Trailer)
}

// rawPath returns the path as it was sent, "/" for none.
func rawPath(u *url.URL) string {
	if u.RawPath != "" {
		return u.RawPath
	}
	return stdcmp.Or(u.EscapedPath(), "/")
}

// compareTrailer wants every kept trailer field to be known to net/http, too;
// http1 leaves out the kinds that have no place there.
func compareTrailer(t *testing.T, b *Body, want http.Header) {
	t.Helper()
	for name, value := range b.Trailer().All() {
		if !slices.Contains(want[textproto.CanonicalMIMEHeaderKey(string(name))], string(value)) {
			t.Fatalf("trailer %s: %q is not among %q", name, value, slices.Collect(maps.Keys(want)))
		}
	}
}

// FuzzChunked holds the chunked reader, fed in pieces, against itself fed at
// once and against what the standard library makes of the same bytes.
func FuzzChunked(f *testing.F) {
	for _, s := range []string{
		"5\r\nhello\r\n0\r\n\r\n", "5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\nx", "0\r\n\r\n", "a\r\n0123456789\r\n", "5 \r\nhello\r\n0\r\n\r\n",
		"5\nhello\n0\n\n", "fffffffffffffffff\r\n", "1\r\na\r\n1\r\nb\r\n0\r\nHost: x\r\nB: c\r\n\r\n",
	} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, in []byte, size int) {
		read := func(size int) (body, trailer, left string, err error) {
			c := NewConn(&memConn{in: &pieces{chunkedRequest(string(in)), size}}, Limits{})
			r := mustRead(t, c)
			b, err := io.ReadAll(r.Body)
			return string(b), string(r.Body.Trailer().Raw()), restOf(t, c), err
		}
		body, trailer, left, err := read(1 << 20)
		body2, trailer2, left2, err2 := read(max(size%1000, 1))
		if body != body2 || (err == nil) != (err2 == nil) || err == nil && (trailer != trailer2 || left != left2) {
			t.Fatalf("the size of the pieces matters: %q, %v; %q, %v", body, err, body2, err2)
		}
		if err != nil {
			return
		}
		if !strings.HasSuffix(string(in), left) {
			t.Fatalf("%q is left, which was not sent", left)
		}
		want, err := http.ReadRequest(bufio.NewReaderSize(strings.NewReader(chunkedRequest(string(in))), 1<<20))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(want.Body); !excused(nil, err) && (err != nil || string(b) != body) {
			t.Fatalf("got %q, net/http says %q, %v", body, b, err)
		}
	})
}

// FuzzHeadRoundTrip: what is forwarded of a head parses to the same fields.
func FuzzHeadRoundTrip(f *testing.F) {
	for _, s := range requestSeeds {
		f.Add([]byte(s), uint64(HopByHop))
	}
	f.Fuzz(func(t *testing.T, in []byte, drop uint64) {
		r, err := received(string(in), Limits{}).ReadRequest()
		if err != nil {
			return
		}
		drop |= uint64(KindsOf(ContentLength, TransferEncoding))
		var want []string
		for i := range r.Len() {
			if name, value, kind := r.At(i); !Kinds(drop).Has(kind) {
				want = append(want, string(name)+": "+string(value))
			}
		}
		var out bytes.Buffer
		w := NewWriter(&out)
		w.StartRequest(r.Method, r.Target)
		w.CopyFields(&r.Head, Kinds(drop))
		w.EndEmpty()
		w.Finish()
		// Removing the same kinds first must make no difference.
		r.Remove(Kinds(drop) &^ KindsOf(ContentLength, TransferEncoding))
		var removed bytes.Buffer
		w = NewWriter(&removed)
		w.StartRequest(r.Method, r.Target)
		w.CopyFields(&r.Head, 0)
		w.EndEmpty()
		w.Finish()
		if out.String() != removed.String() {
			t.Fatalf("dropped: %q\nremoved: %q", out.String(), removed.String())
		}
		back, err := received(out.String(), Limits{Fields: 1000}).ReadRequest()
		if err != nil {
			t.Fatalf("%q is refused: %v", out.String(), err)
		}
		var got []string
		for name, value := range back.All() {
			got = append(got, string(name)+": "+string(value))
		}
		if d := cmp.Diff(want, got); d != "" || !bytes.Equal(r.Target, back.Target) {
			t.Fatalf("fields (-want +got):\n%s", d)
		}
	})
}

// FuzzParseLength holds lengths against arithmetic without bounds.
func FuzzParseLength(f *testing.F) {
	for _, s := range []string{
		"", "0", "007", "+5", "-1", "0x5", "5,5", " 5", "9223372036854775807", "9223372036854775808",
		"18446744073709551616", "18446744073709551621", "1_0", "٣", "5\x00",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := parseLength([]byte(s))
		want, good := new(big.Int), s != "" && strings.Trim(s, "0123456789") == ""
		if good {
			want.SetString(s, 10)
		}
		if good = good && want.IsInt64(); ok != good || ok && n != want.Int64() {
			t.Fatalf("%q: got %d, %v; want %s, %v", s, n, ok, want, good)
		}
		if ok && n > 0 {
			if back, ok := parseLength(strconv.AppendInt(nil, n, 10)); !ok || back != n {
				t.Fatalf("%d does not survive", n)
			}
		}
	})
}
