package routes

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// readResponse reads one response with a body.
func readResponse(br *bufio.Reader) (*http.Response, string, error) {
	res, err := http.ReadResponse(br, nil)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}

func TestForwardBodies(t *testing.T) {
	f := forwardTo(t, echoServer(t), ForwardSpec{})
	for _, size := range []int{0, 1, 1000, 5000, maxWhole, maxWhole + 1, 3 << 20} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprint(size, chunked), func(t *testing.T) {
				want := bytes.Repeat([]byte("0123456789"), size/10+1)[:size]
				var body io.Reader = bytes.NewReader(want)
				if chunked {
					body = io.MultiReader(body)
				}
				tr := &http.Transport{}
				defer tr.CloseIdleConnections()
				res, err := (&http.Client{Transport: tr}).Post("http://"+f.addr+"/x", "text/plain", body)
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				got, err := io.ReadAll(res.Body)
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("got %d bytes, %v; want %d", len(got), err, len(want))
				}
				if r := f.result(t); r.Err != nil || !r.finished {
					t.Errorf("result %+v", r)
				}
			})
		}
	}
}

func TestForwardRequestTrailers(t *testing.T) {
	body := make(chan string, 1)
	s := newServer(t, func(s *server, nc net.Conn, br *bufio.Reader) {
		s.readHead(br)
		var b strings.Builder
		for !strings.HasSuffix(b.String(), "\r\n\r\n") {
			c, err := br.ReadByte()
			if err != nil {
				break
			}
			b.WriteByte(c)
		}
		body <- b.String()
		io.WriteString(nc, okay)
	})
	f := forwardTo(t, s.addr, ForwardSpec{})
	ask(t, f.addr, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n")
	if got := <-body; got != "3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n" {
		t.Errorf("got %q", got)
	}
}

// TestForwardDuplex talks over a request whose body goes on while its
// response does.
func TestForwardDuplex(t *testing.T) {
	s := newServer(t, func(s *server, nc net.Conn, br *bufio.Reader) {
		s.readHead(br)
		io.WriteString(nc, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for {
			line, err := br.ReadString('\n')
			if err != nil {
				return
			}
			io.WriteString(nc, line)
		}
	})
	f := forwardTo(t, s.addr, ForwardSpec{})
	nc := dial(t, f.addr)
	br := bufio.NewReader(nc)
	io.WriteString(nc, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
	for line := ""; line != "\r\n"; {
		line, _ = br.ReadString('\n')
	}
	for _, piece := range []string{"4\r\nping\r\n", "5\r\nagain\r\n", "0\r\n\r\n"} {
		io.WriteString(nc, piece)
		got := make([]byte, len(piece))
		if _, err := io.ReadFull(br, got); err != nil || string(got) != piece {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	if r := f.result(t); r.Err != nil || !r.finished {
		t.Errorf("result %+v", r)
	}
}

// TestForwardEarlyAnswer refuses a body that its sender has not sent yet.
func TestForwardEarlyAnswer(t *testing.T) {
	s := newServer(t, func(s *server, nc net.Conn, br *bufio.Reader) {
		s.readHead(br)
		io.WriteString(nc, "HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno")
		io.Copy(io.Discard, br)
	})
	f := forwardTo(t, s.addr, ForwardSpec{})
	nc := dial(t, f.addr)
	start := time.Now()
	io.WriteString(nc, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nbegin")
	got, _ := io.ReadAll(nc)
	if g := withoutDate(string(got)); g != "HTTP/1.1 401 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno" {
		t.Errorf("got %q", g)
	}
	if r := f.result(t); r.Err != nil || r.status != 401 || time.Since(start) > 5*time.Second {
		t.Errorf("result %+v after %s", r, time.Since(start))
	}
}

// TestForwardBrokenRequestBody checks that the target never takes half a body
// for a whole one, and that the sender is told what was wrong.
func TestForwardBrokenRequestBody(t *testing.T) {
	for _, tt := range []struct{ name, sent, answer string }{
		{"length", "Content-Length: 100000\r\n\r\nhalf", "HTTP/1.1 400 "},
		{"short", "Content-Length: 10\r\n\r\nhalf", "HTTP/1.1 400 "},
		{"chunk", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n", "HTTP/1.1 400 "},
		{"chunk ends", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "HTTP/1.1 400 "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			whole := make(chan bool, 1)
			s := newServer(t, func(s *server, nc net.Conn, br *bufio.Reader) {
				r, err := http.ReadRequest(br)
				if err != nil {
					return
				}
				_, err = io.ReadAll(r.Body)
				whole <- err == nil
			})
			f := forwardTo(t, s.addr, ForwardSpec{})
			nc := dial(t, f.addr)
			io.WriteString(nc, "POST / HTTP/1.1\r\nHost: a\r\n"+tt.sent)
			nc.CloseWrite()
			got, _ := io.ReadAll(nc)
			if !strings.HasPrefix(string(got), tt.answer) {
				t.Errorf("got %q", got)
			}
			if r := f.result(t); r.Err == nil {
				t.Errorf("result %+v", r)
			}
			if len(whole) > 0 && <-whole {
				t.Error("the target took the body for whole")
			}
		})
	}
}

func TestForwardExpect(t *testing.T) {
	f := forwardTo(t, echoServer(t), ForwardSpec{})
	for _, size := range []int{5, 100_000} {
		nc := dial(t, f.addr)
		br := bufio.NewReader(nc)
		fmt.Fprintf(nc, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", size)
		if line, err := br.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
			t.Fatalf("got %q, %v", line, err)
		}
		br.ReadString('\n')
		body := strings.Repeat("x", size)
		io.WriteString(nc, body)
		if res, got, err := readResponse(br); err != nil || got != body || res.StatusCode != 200 {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
	}
}

// TestForwardStalledTarget checks that a target that stops reading, and dies,
// does not hold the exchange.
func TestForwardStalledTarget(t *testing.T) {
	s := newServer(t, func(s *server, nc net.Conn, br *bufio.Reader) {
		s.readHead(br)
		nc.(*net.TCPConn).SetLinger(0)
	})
	f := forwardTo(t, s.addr, ForwardSpec{})
	nc := dial(t, f.addr)
	io.WriteString(nc, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
	got, _ := io.ReadAll(nc)
	if !strings.HasPrefix(string(got), "HTTP/1.1 502 ") {
		t.Errorf("got %q", got)
	}
	if r := f.result(t); r.Err == nil || r.status != 502 {
		t.Errorf("result %+v", r)
	}
}
