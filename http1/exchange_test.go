package http1

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// answerOf runs one request through Serve and returns the answer without its
// Date, and whether the connection would have been kept.
func answerOf(t *testing.T, request string, handle func(*Exchange)) (answer string, kept bool) {
	t.Helper()
	second := false
	addr := serve(t, Limits{}, func(_ context.Context, x *Exchange) {
		if string(x.Request.Target) == "/second" {
			second = true
			x.CloseAfter()
			x.Reply(200, "", "")
			return
		}
		handle(x)
	})
	got := raw(t, addr, request+"GET /second HTTP/1.1\r\n\r\n")
	if second {
		got = got[:strings.LastIndex(got, "HTTP/1.1 ")]
	}
	return withoutDate(got), second
}

// withoutDate cuts the Date field out of a head and fails to find none.
func withoutDate(s string) string {
	i := strings.Index(s, "Date: ")
	if i < 0 {
		return s
	}
	end := strings.Index(s[i:], "\r\n")
	return s[:i] + s[i+end+2:]
}

// TestAnswerFraming holds what a server writes for each kind of request and
// response.
func TestAnswerFraming(t *testing.T) {
	length := func(status int) func(*Exchange) {
		return func(x *Exchange) {
			x.Start(status, nil)
			x.EndLength(2)
			io.WriteString(x, "hi")
			x.Finish()
		}
	}
	stream := func(status int) func(*Exchange) {
		return func(x *Exchange) {
			x.Start(status, nil)
			x.EndStream()
			io.WriteString(x, "hi")
			x.Finish()
		}
	}
	const (
		get11  = "GET / HTTP/1.1\r\n\r\n"
		head11 = "HEAD / HTTP/1.1\r\n\r\n"
		get10  = "GET / HTTP/1.0\r\n\r\n"
		keep10 = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
		head10 = "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
		closes = "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"
	)
	tests := []struct {
		name, request string
		handle        func(*Exchange)
		want          string
		kept          bool
	}{
		{"length", get11, length(200), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", true},
		{"stream", get11, stream(200), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", true},
		{"HEAD, length", head11, length(200), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", true},
		{"HEAD, stream", head11, stream(200), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true},
		{"204, length", get11, length(204), "HTTP/1.1 204 No Content\r\n\r\n", true},
		{"204, stream", get11, stream(204), "HTTP/1.1 204 No Content\r\n\r\n", true},
		{"304, length", get11, length(304), "HTTP/1.1 304 Not Modified\r\n\r\n", true},
		{"304, stream", get11, stream(304), "HTTP/1.1 304 Not Modified\r\n\r\n", true},
		{"1.0, length", get10, length(200), "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", false},
		{"1.0, stream", get10, stream(200), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi", false},
		{"1.0 keep-alive, length", keep10, length(200), "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", true},
		{"1.0 keep-alive, stream", keep10, stream(200), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi", false},
		{"1.0 keep-alive, 204", keep10, length(204), "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n", true},
		{"1.0 keep-alive, HEAD", head10, length(200), "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n", true},
		{"close asked", closes, length(200), "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", false},
		{"close asked, stream", closes, stream(200), "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", false},
		{
			"closed by the handler", get11, func(x *Exchange) { x.CloseAfter(); x.Text(200, "bye") },
			"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbye\n", false,
		},
		{
			"own reason", get11, func(x *Exchange) { x.Start(200, []byte("Fine")); x.EndLength(0); x.Finish() },
			"HTTP/1.1 200 Fine\r\nContent-Length: 0\r\n\r\n", true,
		},
		{"unregistered status", get11, func(x *Exchange) { x.Reply(599, "", "") }, "HTTP/1.1 599 Status\r\nContent-Length: 0\r\n\r\n", true},
		{"interim", get11, func(x *Exchange) {
			x.Start(103, nil)
			x.Field("Link", "</a>")
			x.EndEmpty()
			x.Reply(200, "", "")
		}, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
		{"switch", get11, func(x *Exchange) {
			x.Start(101, nil)
			x.Field("Upgrade", "x")
			x.EndEmpty()
			x.Finish()
		}, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", false},
		{"no answer", get11, func(*Exchange) {}, "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\n" +
			"Connection: close\r\nContent-Length: 28\r\n\r\nthe handler gave no answer\n", false},
		{"body cut by the handler", get11, func(x *Exchange) {
			x.Start(200, nil)
			x.EndStream()
			io.WriteString(x, "hi")
		}, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, kept := answerOf(t, tt.request, tt.handle)
			want := strings.Replace(tt.want, "Content-Length: 28", "Content-Length: "+strconv.Itoa(len("the handler gave no answer\n")), 1)
			if got != want || kept != tt.kept {
				t.Errorf("got  %q, kept %v\nwant %q, kept %v", got, kept, want, tt.kept)
			}
		})
	}
}

// TestDate is there once, also when the handler or the origin wrote one.
func TestDate(t *testing.T) {
	tests := map[string]func(*Exchange){
		"none":       func(x *Exchange) { x.Start(200, nil) },
		"own":        func(x *Exchange) { x.Start(200, nil); x.Field("date", "then") },
		"copied":     func(x *Exchange) { x.Start(200, nil); x.CopyFields(&x.Request.Head, HopByHop) },
		"dropped":    func(x *Exchange) { x.Start(200, nil); x.CopyFields(&x.Request.Head, HopByHop|KindsOf(Date)) },
		"after 103":  func(x *Exchange) { x.Start(103, nil); x.Field("Date", "x"); x.EndEmpty(); x.Start(200, nil) },
		"with bytes": func(x *Exchange) { x.Start(200, nil); x.FieldBytes("X", []byte("y")) },
	}
	for name, handle := range tests {
		t.Run(name, func(t *testing.T) {
			c := dial(t, serve(t, Limits{}, func(_ context.Context, x *Exchange) { handle(x); x.EndLength(0); x.Finish() }))
			c.send("GET / HTTP/1.1\r\nDate: then\r\n\r\n")
			if name == "after 103" {
				c.head("GET")
			}
			res, _ := c.answer("GET")
			dates := res.Header["Date"]
			if len(dates) != 1 {
				t.Fatalf("got %q", dates)
			}
			if _, err := http.ParseTime(dates[0]); (err != nil) != (dates[0] == "then") {
				t.Errorf("got %q", dates[0])
			}
		})
	}
}

func TestExchangeState(t *testing.T) {
	addr := serve(t, Limits{}, func(_ context.Context, x *Exchange) {
		if x.Started() || x.Finished() || x.Conn() == nil {
			t.Error("the state at the beginning is wrong")
		}
		x.Start(103, nil)
		x.EndEmpty()
		x.Finish()
		if x.Started() || x.Finished() {
			t.Error("an interim response counts as the final one")
		}
		x.Start(200, nil)
		if !x.Started() || x.Status != 200 || x.Finished() {
			t.Error("a final response was begun, and it does not show")
		}
		x.EndLength(0)
		if x.Finish(); !x.Finished() {
			t.Error("a finished response does not show")
		}
	})
	c := dial(t, addr)
	c.send("GET / HTTP/1.1\r\n\r\n")
	c.head("GET")
	c.answer("GET")
}

// TestExchangeWithoutConnection writes the response to a stored request.
func TestExchangeWithoutConnection(t *testing.T) {
	r, err := ParseRequest([]byte("GET / HTTP/1.1\r\nConnection: close\r\n"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	x := NewExchange(r, &out)
	if x.Conn() != nil {
		t.Error("there is a connection")
	}
	if err := x.Text(200, "hi"); err != nil || !x.Finished() {
		t.Fatal(err)
	}
	want := "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n\r\nhi\n"
	if got := withoutDate(out.String()); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
