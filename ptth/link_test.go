package ptth_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"

	"homehook/ptth"
)

func TestExchanges(t *testing.T) {
	link := home(t, newRelay(t, nil), echo)
	big := strings.Repeat("x", 3<<20)
	if link.Used() {
		t.Error("a fresh link counts as used")
	}
	for i, body := range []string{"", "abc", big, "abc", big[:70_000]} {
		got, err := run(t, link, fmt.Sprintf("POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
		if err != nil || got != (result{200, body, true}) {
			t.Fatalf("exchange %d: %d, %d bytes, reusable %v, %v", i, got.Status, len(got.Body), got.Again, err)
		}
		if !link.Used() {
			t.Error("a used link counts as fresh")
		}
	}
}

func TestBytesBehind101AreKept(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	answer := make(chan string, 1)
	go func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		nc.Read(make([]byte, 4096))
		io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n"+
			"POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi")
		b := make([]byte, 4096)
		n, _ := nc.Read(b)
		answer <- string(b[:n])
	}()
	d := ptth.Dialer{Relay: &url.URL{Scheme: "http", Host: l.Addr().String()}}
	al, err := d.Dial(context.Background(), "garage")
	if err != nil {
		t.Fatal(err)
	}
	if err := al.Serve(context.Background(), echo); err != nil {
		t.Fatal(err)
	}
	if got := <-answer; !strings.HasSuffix(got, "\r\n\r\nhi") {
		t.Fatalf("got %q", got)
	}
}
