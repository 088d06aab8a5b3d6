package http1

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// written returns what a writer makes of the calls in f.
func written(f func(*Writer)) string {
	var out bytes.Buffer
	w := NewWriter(&out)
	f(w)
	w.Flush()
	return out.String()
}

// TestFieldCannotInject: no value ends its line, whatever is in it.
func TestFieldCannotInject(t *testing.T) {
	for value, want := range map[string]string{
		"plain":                       "X: plain\r\n",
		"a\r\nSet-Cookie: b":          "X: aSet-Cookie: b\r\n",
		"a\nb":                        "X: ab\r\n",
		"a\rb":                        "X: ab\r\n",
		"a\r\n\r\nGET / HTTP/1.1\r\n": "X: aGET / HTTP/1.1\r\n",
		"a\x00b\x1b[2J\x7f":           "X: ab[2J\r\n",
		"tab\tand ä":                  "X: tab\tand ä\r\n",
		"":                            "X: \r\n",
	} {
		if got := written(func(w *Writer) { w.Field("X", value) }); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

func TestWriterMessages(t *testing.T) {
	tests := []struct {
		name string
		f    func(*Writer)
		want string
	}{
		{"request", func(w *Writer) {
			w.StartRequest([]byte("POST"), []byte("/a?b"))
			w.Field("Host", "h")
			w.FieldBytes("A", []byte("b"))
			w.Append("C", []byte("d"), []byte(", "), []byte("e"))
			w.EndLength(2)
			io.WriteString(w, "hi")
			w.Finish()
		}, "POST /a?b HTTP/1.1\r\nHost: h\r\nA: b\r\nC: d, e\r\nContent-Length: 2\r\n\r\nhi"},
		{"request without a body", func(w *Writer) {
			w.StartRequest([]byte("OPTIONS"), []byte("*"))
			w.EndEmpty()
			w.Finish()
		}, "OPTIONS * HTTP/1.1\r\n\r\n"},
		{"chunked", func(w *Writer) {
			w.StartRequest([]byte("PUT"), []byte("/"))
			w.EndChunked()
			io.WriteString(w, "hello, world, and all")
			io.WriteString(w, "")
			io.WriteString(w, "!")
			w.Finish()
		}, "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n15\r\nhello, world, and all\r\n1\r\n!\r\n0\r\n\r\n"},
		{"empty chunked", func(w *Writer) {
			w.StartResponse(200, nil)
			w.EndChunked()
			w.Finish()
		}, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"trailer", func(w *Writer) {
			w.StartResponse(200, nil)
			w.EndChunked()
			io.WriteString(w, "a")
			w.Trailer(trailerOf("x-Sum:1\r\nB: 2\r\n"))
			w.Finish()
		}, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx-Sum:1\r\nB: 2\r\n\r\n"},
		{"trailer without fields", func(w *Writer) {
			w.StartResponse(200, nil)
			w.EndChunked()
			w.Trailer(trailerOf(""))
			w.Finish()
		}, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"trailer where none can be", func(w *Writer) {
			w.StartResponse(200, nil)
			w.EndLength(1)
			io.WriteString(w, "a")
			w.Trailer(trailerOf("B: 2\r\n"))
			w.Finish()
		}, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"},
		{"taken back", func(w *Writer) {
			w.StartResponse(200, nil)
			w.Field("A", "b")
			w.Reset()
			w.StartResponse(404, nil)
			w.EndLength(0)
			w.Finish()
		}, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := written(tt.f); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// trailerOf returns a trailer section as it is kept behind a chunked body.
func trailerOf(fields string) *Head {
	r, err := received(chunkedRequest("0\r\n"+fields+"\r\n"), Limits{}).ReadRequest()
	if err != nil {
		panic(err)
	}
	r.Body.Drain(0)
	return r.Body.Trailer()
}

// TestWrongLength: a message whose body does not match its length is never
// finished, and the writer says so from then on.
func TestWrongLength(t *testing.T) {
	for name, body := range map[string]string{"short": "hi", "long": "hello!"} {
		t.Run(name, func(t *testing.T) {
			w := NewWriter(io.Discard)
			w.StartResponse(200, nil)
			w.EndLength(5)
			io.WriteString(w, body)
			if err := w.Finish(); err == nil {
				t.Error("the message was finished")
			}
			if w.Err() == nil {
				t.Error("the error does not stick")
			}
			if _, err := io.WriteString(w, "x"); err == nil {
				t.Error("a later write succeeds")
			}
		})
	}
}

// failing takes a number of bytes and then fails.
type failing struct{ left int }

var errFull = errors.New("full")

func (f *failing) Write(p []byte) (int, error) {
	if n := f.left; n < len(p) {
		f.left = 0
		return n, errFull
	}
	f.left -= len(p)
	return len(p), nil
}

func TestSent(t *testing.T) {
	for _, size := range []int{10, 100_000} {
		for _, room := range []int{0, 5, 1 << 20} {
			w := NewWriter(&failing{room})
			w.StartRequest([]byte("POST"), []byte("/"))
			w.EndLength(int64(size))
			w.Write(make([]byte, size))
			err := w.Finish()
			if (err == nil) != (room > size) || (w.Sent() == 0) != (room == 0) {
				t.Errorf("room for %d of %d: sent %d, %v", room, size, w.Sent(), err)
			}
		}
	}
}

func TestSentStartsAnew(t *testing.T) {
	w := NewWriter(&failing{60})
	for i := range 2 {
		w.StartRequest([]byte("GET"), []byte("/a/path/of/some/length"))
		w.EndEmpty()
		if err := w.Finish(); (err != nil) != (i == 1) {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	if n := w.Sent(); n == 0 || n > 37 {
		t.Errorf("the second message counts %d bytes", n)
	}
}

// tapped keeps what a Tap is shown.
type tapped struct{ head, body bytes.Buffer }

var _ Tap = (*tapped)(nil)

func (t *tapped) Head(p []byte) { t.head.Write(p) }
func (t *tapped) Body(p []byte) { t.body.Write(p) }

func TestWriterTap(t *testing.T) {
	r, err := ParseRequest([]byte("GET / HTTP/1.1\r\n"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	var seen tapped
	x := NewExchange(r, &out)
	x.SetTap(&seen)
	big := strings.Repeat("x", 3*gather)
	x.Start(200, nil)
	x.EndStream()
	io.WriteString(x, "hi")
	io.WriteString(x, big)
	if err := x.Finish(); err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(out.String(), "\r\n\r\n")
	if got := seen.head.String(); got != head+"\r\n\r\n" {
		t.Errorf("head: got %q, want %q", got, head)
	}
	if got := seen.body.String(); got != "hi"+big {
		t.Errorf("body: %d bytes, want %d", len(got), 2+len(big))
	}
}

// TestLargePieces sends bodies past what is gathered, over a socket and
// through a plain writer, and reads them back.
func TestLargePieces(t *testing.T) {
	for _, size := range []int{gather - 200, gather, gather + 1, 10 * gather, 1 << 20} {
		body := strings.Repeat("0123456789abcdef", size/16+1)[:size]
		write := func(w *Writer) error {
			w.StartResponse(200, nil)
			w.EndChunked()
			io.WriteString(w, body)
			io.WriteString(w, "end")
			return w.Finish()
		}
		a, b := tcpPair(t)
		done := make(chan error, 1)
		go func() { done <- write(NewConn(a, Limits{}).Writer()) }()
		var out bytes.Buffer
		if err := write(NewWriter(&out)); err != nil {
			t.Fatal(err)
		}
		for _, c := range []*Conn{NewConn(b, Limits{}), received(out.String(), Limits{})} {
			r, err := c.ReadResponse([]byte("GET"))
			if err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, r.Body); got != body+"end" {
				t.Errorf("%d bytes: got %d", size+3, len(got))
			}
		}
		if err := within(t, done, "writer"); err != nil {
			t.Error(err)
		}
	}
}

// TestCopyErrors tells a source that broke from a destination that did.
func TestCopyErrors(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name    string
		src     io.Reader
		dst     io.Writer
		reading bool
		cause   error
	}{
		{"source", io.MultiReader(strings.NewReader("hi"), failingReader{broken}), io.Discard, true, broken},
		{"destination", strings.NewReader(strings.Repeat("x", 100_000)), &failing{10}, false, errFull},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := ParseRequest([]byte("POST / HTTP/1.1\r\n"), tt.src, -1)
			if err != nil {
				t.Fatal(err)
			}
			w := NewWriter(tt.dst)
			w.StartRequest(r.Method, r.Target)
			w.EndChunked()
			err = w.Copy(r.Body)
			var ce *CopyError
			if !errors.As(err, &ce) || ce.Reading != tt.reading || !errors.Is(err, tt.cause) {
				t.Errorf("got %v", err)
			}
			if side := map[bool]string{true: "read body: ", false: "write body: "}[tt.reading]; !strings.HasPrefix(err.Error(), side) {
				t.Errorf("got %q, want %q first", err, side)
			}
		})
	}
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

func TestCopyPastTheLimit(t *testing.T) {
	for name, wire := range map[string]string{
		"length":  lengthRequest("10", "0123456789"),
		"chunked": chunkedRequest("a\r\n0123456789\r\n0\r\n\r\n"),
	} {
		r := mustRead(t, received(wire, Limits{Body: 5}))
		var out bytes.Buffer
		w := NewWriter(&out)
		w.StartRequest(r.Method, r.Target)
		w.EndChunked()
		if err := w.Copy(r.Body); !errors.Is(err, ErrBodyTooLarge) {
			t.Errorf("%s: got %v, want %v", name, err, ErrBodyTooLarge)
		}
		if w.Flush(); strings.Contains(out.String(), "0123456789") {
			t.Errorf("%s: what is past the limit was passed on: %q", name, out.String())
		}
	}
}
