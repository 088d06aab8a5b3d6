package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"homehook/agent/control"
)

// senderTo opens a connection to the relay of a claim's public URL.
func senderTo(t *testing.T, public string) (net.Conn, *bufio.Reader) {
	t.Helper()
	u, err := url.Parse(public)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	return nc, bufio.NewReader(nc)
}

// readHead reads a head with its blank line.
func readHead(t *testing.T, br *bufio.Reader) string {
	t.Helper()
	var head strings.Builder
	for line := ""; line != "\r\n"; {
		var err error
		if line, err = br.ReadString('\n'); err != nil {
			t.Fatalf("head ends with %q: %v", head.String(), err)
		}
		head.WriteString(line)
	}
	return head.String()
}

// socketApp switches to WebSocket where it is asked to, and then sends back
// what comes.
func socketApp(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || r.Header.Get("Origin") == "https://evil.example" {
		http.Error(w, "no socket for you", http.StatusForbidden)
		return
	}
	nc, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer nc.Close()
	io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: x\r\n\r\nhello ")
	io.Copy(nc, rw)
}

// TestWebSocketThrough carries a WebSocket from a sender to an app at home, and
// ends it with the agent.
func TestWebSocketThrough(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(socketApp))
	defer app.Close()
	public, client, stop := startBoth(t, fmt.Sprintf("  - {name: app, claim: garage, match: /, unverified: true, forward: {to: %q}}\n", app.URL))
	const ask = "GET /~garage/chat HTTP/1.1\r\nHost: relay\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"

	nc, br := senderTo(t, public)
	io.WriteString(nc, ask+"Origin: https://evil.example\r\n\r\n")
	if head := readHead(t, br); !strings.HasPrefix(head, "HTTP/1.1 403 ") {
		t.Fatalf("got %q", head)
	}
	br.Discard(len("no socket for you\n"))
	io.WriteString(nc, ask+"\r\nworld")
	head := readHead(t, br)
	if !strings.HasPrefix(head, "HTTP/1.1 101 Switching Protocols\r\n") || !strings.Contains(head, "\r\nSec-WebSocket-Accept: x\r\n") {
		t.Fatalf("got %q", head)
	}
	got := make([]byte, len("hello world"))
	if _, err := io.ReadFull(br, got); string(got) != "hello world" {
		t.Fatalf("got %q, %v", got, err)
	}
	nc.Close()
	eventually(t, "the socket is in the history", func() bool {
		page, _, err := client.Deliveries(t.Context(), control.Query{})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page {
			if d.Status == 101 && d.State == control.Succeeded {
				return true
			}
		}
		return false
	})

	nc, br = senderTo(t, public)
	io.WriteString(nc, ask+"\r\n")
	readHead(t, br)
	began := time.Now()
	stop()
	if _, err := io.Copy(io.Discard, br); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Errorf("the socket ends with %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the socket held the end up for %v", took)
	}
}

// TestEventsThrough: a server-sent event is with the sender before the app
// makes the next one.
func TestEventsThrough(t *testing.T) {
	next := make(chan string)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		http.NewResponseController(w).Flush()
		for event := range next {
			fmt.Fprintf(w, "data: %s\n\n", event)
			http.NewResponseController(w).Flush()
		}
	}))
	defer app.Close()
	public, _, _ := startBoth(t, fmt.Sprintf("  - {name: app, claim: garage, match: /, unverified: true, forward: {to: %q}}\n", app.URL))
	res, err := http.Get(public + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewReader(res.Body)
	for i := range 5 {
		next <- fmt.Sprint(i)
		got, err := lines.ReadString('\n')
		if want := fmt.Sprintf("data: %d\n", i); got != want {
			t.Fatalf("got %q, %v; want %q", got, err, want)
		}
		lines.ReadString('\n')
	}
	close(next)
	if rest, err := io.ReadAll(lines); len(rest) > 0 || err != nil {
		t.Errorf("behind the end: %q, %v", rest, err)
	}
}
