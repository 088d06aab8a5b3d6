package routes

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// server is a target in a test: it runs a function on each connection.
type server struct {
	addr  string
	conns chan struct{} // one for each connection
	heads chan string   // heads that were read by readHead
}

func newServer(t testing.TB, serve func(s *server, nc net.Conn, br *bufio.Reader)) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := serveOn(t, l, serve)
	s.addr = l.Addr().String()
	return s
}

func serveOn(t testing.TB, l net.Listener, serve func(s *server, nc net.Conn, br *bufio.Reader)) *server {
	s := &server{conns: make(chan struct{}, 1000), heads: make(chan string, 1000)}
	var wg sync.WaitGroup
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	wg.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[nc] = true
			mu.Unlock()
			s.conns <- struct{}{}
			wg.Go(func() {
				defer nc.Close()
				serve(s, nc, bufio.NewReader(nc))
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for nc := range open {
			nc.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return s
}

// readHead reads a head with its blank line and notes it.
func (s *server) readHead(br *bufio.Reader) (string, error) {
	var head strings.Builder
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return "", err
		}
		head.WriteString(line)
		if line == "\r\n" {
			s.heads <- head.String()
			return head.String(), nil
		}
	}
}

// head returns the next head that the server has read.
func (s *server) head(t testing.TB) string {
	t.Helper()
	select {
	case h := <-s.heads:
		return h
	case <-time.After(10 * time.Second):
		t.Fatal("no request came")
		return ""
	}
}

// answers returns a server that gives the same bytes to every request without
// a body.
func answers(t testing.TB, response string) *server {
	return newServer(t, func(s *server, nc net.Conn, br *bufio.Reader) {
		for {
			if _, err := s.readHead(br); err != nil {
				return
			}
			io.WriteString(nc, response)
		}
	})
}

// answersOnce is answers for one request for each connection, which is closed
// behind the response.
func answersOnce(t testing.TB, response string) *server {
	return newServer(t, func(s *server, nc net.Conn, br *bufio.Reader) {
		if _, err := s.readHead(br); err == nil {
			io.WriteString(nc, response)
		}
	})
}

// dial connects to a front, with a deadline for the whole test.
func dial(t testing.TB, addr string) *net.TCPConn {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	nc.SetDeadline(time.Now().Add(15 * time.Second))
	t.Cleanup(func() { nc.Close() })
	return nc.(*net.TCPConn)
}

// ask sends bytes and returns all that comes back until the end.
func ask(t testing.TB, addr, request string) string {
	t.Helper()
	nc := dial(t, addr)
	io.WriteString(nc, request)
	got, err := io.ReadAll(nc)
	if err != nil && errors.Is(err, net.ErrClosed) {
		t.Fatal(err)
	}
	return withoutDate(string(got))
}

// withoutDate takes the Date out of a response, which tests cannot know.
func withoutDate(s string) string {
	i := strings.Index(s, "Date: ")
	if i < 0 {
		return s
	}
	return s[:i] + s[i+strings.Index(s[i:], "\n")+1:]
}
