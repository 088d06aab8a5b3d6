package http1

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// recorder is a Sink that keeps what it is given.
type recorder struct {
	log  []string
	fail string // the call that is to fail
}

var errRecorder = errors.New("sink failed")

func (r *recorder) note(call, s string) error {
	r.log = append(r.log, s)
	if r.fail == call {
		return errRecorder
	}
	return nil
}

func (r *recorder) Head(res *Response, n int64) error {
	var fields strings.Builder
	for name, value := range res.All() {
		if string(name) != "Date" {
			fmt.Fprintf(&fields, " %s=%s", name, value)
		}
	}
	return r.note("head", fmt.Sprintf("head %d %s%s (%d)", res.Status, res.Reason, fields.String(), n))
}
func (r *recorder) Body(p []byte) error { return r.note("body", "body "+string(p)) }
func (r *recorder) Flush() error        { return r.note("flush", "flush") }
func (r *recorder) End(t *Head) error {
	if t == nil {
		return r.note("end", "end")
	}
	return r.note("end", "end "+strings.TrimSpace(string(t.Raw())))
}

func TestSinkExchange(t *testing.T) {
	tests := []struct {
		name, method, want string
		handle             func(x *Exchange) error
		fail               string
	}{
		{"text", "GET", "head 200 OK Content-Type=text/plain; charset=utf-8 Content-Length=3 (3)|body ok\n|end", func(x *Exchange) error { return x.Text(200, "ok") }, ""},
		{"head", "HEAD", "head 200 OK Content-Type=text/plain; charset=utf-8 Content-Length=3 (0)|end", func(x *Exchange) error { return x.Text(200, "ok") }, ""},
		{"nothing", "GET", "head 204 No Content (0)|end", func(x *Exchange) error {
			x.Start(204, nil)
			x.EndEmpty()
			return x.Finish()
		}, ""},
		{"stream", "GET", "head 200 OK (-1)|body a|flush|body b|end", func(x *Exchange) error {
			x.Start(200, nil)
			x.EndStream()
			x.Write([]byte("a"))
			x.Flush()
			x.Write([]byte("b"))
			return x.Finish()
		}, ""},
		{"hint first", "GET", "head 103 Early Hints Link=</a> (0)|flush|head 200 OK Content-Length=0 (0)|end", func(x *Exchange) error {
			x.Start(103, nil)
			x.Field("Link", "</a>")
			x.EndEmpty()
			x.Flush()
			x.Start(200, nil)
			x.EndLength(0)
			return x.Finish()
		}, ""},
		{"trailer", "GET", "head 200 OK (-1)|flush|body a|flush|end X-Sum: 1", func(x *Exchange) error {
			x.Start(200, nil)
			x.EndStream()
			tail, _ := ParseResponse([]byte("HTTP/1.1 200 OK\r\n"), nil, 0)
			tail.Body.TrailerFrom(func() []Field { return []Field{{"X-Sum", "1"}, {"Host", "evil"}} })
			tail.Body.store(strings.NewReader("a"), -1)
			if err := x.Copy(tail.Body); err != nil {
				return err
			}
			return x.Finish()
		}, ""},
		{"forwarded", "GET", "head 418 Short X=y Content-Length=4 (4)|flush|body body|end", func(x *Exchange) error {
			res, _ := BuildResponse(418, "Short", []Field{{"X", "y"}, {"Via", "dropped"}}, strings.NewReader("body"), 4)
			return x.Forward(res, 1<<Via, nil)
		}, ""},
		{"wrong length", "GET", "!head 200 OK Content-Length=2 (2)|body a", func(x *Exchange) error {
			x.Start(200, nil)
			x.EndLength(2)
			x.Write([]byte("a"))
			return x.Finish()
		}, ""},
		{"head fails", "GET", "!head 200 OK Content-Type=text/plain; charset=utf-8 Content-Length=3 (3)", func(x *Exchange) error { return x.Text(200, "ok") }, "head"},
		{"body fails", "GET", "!head 200 OK Content-Type=text/plain; charset=utf-8 Content-Length=3 (3)|body ok\n", func(x *Exchange) error { return x.Text(200, "ok") }, "body"},
		{"end fails", "GET", "!head 200 OK Content-Type=text/plain; charset=utf-8 Content-Length=3 (3)|body ok\n|end", func(x *Exchange) error { return x.Text(200, "ok") }, "end"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, err := BuildRequest(tt.method, "/", nil, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			r := &recorder{fail: tt.fail}
			x := NewSinkExchange(req, r)
			err = tt.handle(x)
			want, fails := strings.CutPrefix(tt.want, "!")
			if got := strings.Join(r.log, "|"); got != want || (err != nil) != fails {
				t.Errorf("got %q, %v; want %q", got, err, want)
			}
			if x.Finished() == fails || x.Conn() != nil {
				t.Errorf("finished %t", x.Finished())
			}
		})
	}
}

// h2Server serves one handler in HTTP/2 in the clear, and returns a client.
func h2Server(t *testing.T, lim Limits, handle func(context.Context, *Exchange)) (*http.Client, string) {
	t.Helper()
	srv := &http.Server{Protocols: new(http.Protocols), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x, err := FromHTTP(w, r, lim)
		var bad *Error
		if errors.As(err, &bad) {
			http.Error(w, bad.Detail, bad.Status)
			return
		}
		handle(r.Context(), x)
		if !x.Finished() {
			panic(http.ErrAbortHandler)
		}
	})}
	srv.Protocols.SetUnencryptedHTTP2(true)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); srv.Serve(ln) }()
	tp := &http.Transport{Protocols: new(http.Protocols), DisableCompression: true}
	tp.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(func() { tp.CloseIdleConnections(); srv.Close(); <-done })
	return &http.Client{Transport: tp}, "http://" + ln.Addr().String()
}

// TestFromHTTP carries requests and responses through net/http.
func TestFromHTTP(t *testing.T) {
	heads := make(chan string, 1)
	client, url := h2Server(t, Limits{Body: 1000}, func(_ context.Context, x *Exchange) {
		heads <- string(x.Request.Raw())
		x.Start(200, nil)
		x.Field("X-A", "1")
		x.Field("X-A", "2")
		x.Field("Connection", "x")
		if n := x.Request.Body.Length(); n >= 0 {
			x.EndLength(n)
		} else {
			x.EndStream()
		}
		if x.Copy(x.Request.Body) == nil {
			x.Finish()
		}
	})
	host := strings.TrimPrefix(url, "http://")
	tests := []struct {
		name, method string
		body         io.Reader
		prepare      func(*http.Request)
		head         string
		length       int64
	}{
		{"plain", "GET", nil, nil, "GET /p%2Fq?r HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: x\r\n", 0},
		{"length", "POST", strings.NewReader("hello"), nil, "POST /p%2Fq?r HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 5\r\nUser-Agent: x\r\n", 5},
		{"no length", "POST", io.MultiReader(strings.NewReader("hello")), nil, "POST /p%2Fq?r HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: x\r\n", -1},
		{"trailer", "POST", io.MultiReader(strings.NewReader("hello")), func(r *http.Request) {
			r.Trailer = http.Header{"X-Sum": {"5"}, "X-B": nil}
		}, "POST /p%2Fq?r HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: x\r\nTrailer: X-B, X-Sum\r\n", -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tt.method, url+"/p%2Fq?r", tt.body)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("User-Agent", "x")
			if tt.prepare != nil {
				tt.prepare(req)
			}
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil || res.ContentLength != tt.length || tt.body != nil && string(body) != "hello" {
				t.Errorf("got %q, length %d, %v", body, res.ContentLength, err)
			}
			if got := res.Header["X-A"]; len(got) != 2 || res.Header["Connection"] != nil || res.Header["Content-Type"] != nil || res.Header["Date"] == nil {
				t.Errorf("fields %v", res.Header)
			}
			if got := <-heads; got != tt.head {
				t.Errorf("head %q, want %q", got, tt.head)
			}
			if tt.prepare != nil && res.Trailer.Get("X-Sum") != "5" {
				t.Errorf("trailer %v", res.Trailer)
			}
		})
	}
	t.Run("too long", func(t *testing.T) {
		res, err := client.Post(url, "text/plain", bytes.NewReader(make([]byte, 2000)))
		if err == nil {
			_, err = io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
		if err == nil {
			t.Error("the whole body was taken")
		}
		<-heads
	})
}

// TestFromHTTPRefuses holds what net/http lets through to the rules here.
func TestFromHTTPRefuses(t *testing.T) {
	tests := []struct {
		name   string
		r      *http.Request
		status int
	}{
		{"two hosts", &http.Request{Method: "GET", RequestURI: "/", Host: "a", Header: http.Header{"Host": {"b"}}}, 400},
		{"host again", &http.Request{Method: "GET", RequestURI: "/", Host: "a", Header: http.Header{"Host": {"a"}}}, 0},
		{"no host", &http.Request{Method: "GET", RequestURI: "/"}, 0},
		{"bad host", &http.Request{Method: "GET", RequestURI: "/", Host: "a/b"}, 400},
		{"two lengths", &http.Request{Method: "POST", RequestURI: "/", Header: http.Header{"Content-Length": {"1", "1"}}, ContentLength: 1}, 400},
		{"odd length", &http.Request{Method: "POST", RequestURI: "/", Header: http.Header{"Content-Length": {"x"}}}, 400},
		{"length of nothing", &http.Request{Method: "POST", RequestURI: "/", Header: http.Header{"Content-Length": {"1"}}}, 400},
		{"expectation", &http.Request{Method: "POST", RequestURI: "/", Header: http.Header{"Expect": {"x"}}}, 417},
		{"long target", &http.Request{Method: "GET", RequestURI: "/" + strings.Repeat("x", 33<<10)}, 414},
		{"long head", &http.Request{Method: "GET", RequestURI: "/", Header: http.Header{"X": {strings.Repeat("x", 65<<10)}}}, 431},
		{"many fields", &http.Request{Method: "GET", RequestURI: "/", Header: http.Header{"X": make([]string, 129)}}, 431},
		{"target with a fragment", &http.Request{Method: "GET", RequestURI: "/#x"}, 400},
		{"value with a line break", &http.Request{Method: "GET", RequestURI: "/", Header: http.Header{"X": {"a\r\nb: c"}}}, 400},
	}
	for _, tt := range tests {
		x, err := FromHTTP(nil, tt.r, Limits{})
		if statusOf(err) != tt.status || (err == nil) != (tt.status == 0) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if tt.name == "no host" && x.Request.HasHost() {
			t.Error("a Host was made up")
		}
	}
}

// TestFromHTTPSlow ends the body of a client that is too slow, and the reading
// of one that is given up.
func TestFromHTTPSlow(t *testing.T) {
	got := make(chan error, 1)
	client, url := h2Server(t, Limits{BodyWindow: 100 * time.Millisecond}, func(_ context.Context, x *Exchange) {
		if string(x.Request.Target) == "/aborted" {
			time.AfterFunc(20*time.Millisecond, x.Request.Body.Abort)
		}
		_, err := io.ReadAll(x.Request.Body)
		got <- err
		x.Text(200, "ok")
	})
	for path, want := range map[string]error{"/slow": ErrBodyTooSlow, "/trickle": ErrBodyTooSlow, "/aborted": ErrAborted} {
		pr, pw := io.Pipe()
		var wg sync.WaitGroup
		stop := make(chan struct{})
		wg.Go(func() {
			for {
				if _, err := pw.Write([]byte("x")); err != nil || path != "/trickle" {
					return
				}
				select {
				case <-stop:
					return
				case <-time.After(10 * time.Millisecond):
				}
			}
		})
		res, err := client.Post(url+path, "text/plain", pr)
		if err == nil {
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
		if err := <-got; err != want {
			t.Errorf("%s: %v", path, err)
		}
		close(stop)
		pr.Close()
		wg.Wait()
	}
}

// TestFromHTTPStalled ends the stream of a client that takes nothing, and not
// one whose response pauses.
func TestFromHTTPStalled(t *testing.T) {
	done := make(chan error, 1)
	client, url := h2Server(t, Limits{WriteTimeout: 100 * time.Millisecond}, func(_ context.Context, x *Exchange) {
		x.Start(200, nil)
		x.EndStream()
		if string(x.Request.Target) == "/pause" {
			x.Write([]byte("a"))
			x.Flush()
			time.Sleep(300 * time.Millisecond) // the pause itself
			x.Write([]byte("b"))
			done <- x.Finish()
			return
		}
		var err error
		for piece := make([]byte, 64<<10); err == nil; {
			_, err = x.Write(piece)
		}
		done <- err
	})
	res, err := client.Get(url + "/pause")
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(res.Body); string(body) != "ab" || err != nil || <-done != nil {
		t.Errorf("got %q, %v", body, err)
	}
	res.Body.Close()
	res, err = client.Get(url + "/stall")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := within(t, done, "end of the writes"); err == nil {
		t.Error("all was written")
	}
}

// TestGuard calls a guard's function when it is late, and never behind disarm.
func TestGuard(t *testing.T) {
	var mu sync.Mutex
	armed, fired := false, 0
	g := guard{limit: time.Millisecond, fire: func() {
		mu.Lock()
		defer mu.Unlock()
		if fired++; !armed {
			t.Error("fired unarmed")
		}
	}}
	for i := range 200 {
		mu.Lock()
		armed = true
		mu.Unlock()
		g.arm()
		time.Sleep(time.Duration(i%20) * 100 * time.Microsecond) // what is guarded takes shorter or longer than its limit
		g.disarm()
		mu.Lock()
		armed = false
		mu.Unlock()
	}
	if fired == 0 {
		t.Error("never fired")
	}
	none := guard{fire: func() { t.Error("fired without a limit") }}
	none.arm()
	none.disarm()
}
