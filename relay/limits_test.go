package relay

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/http1"
)

// TestBodyLimits holds the limits of relay and claim, with length and chunked.
func TestBodyLimits(t *testing.T) { everyDialect(t, Options{MaxBody: 100_000}, bodyLimits) }

func bodyLimits(t *testing.T, tr *testRelay, dialect string, got *seen) {
	tr.agentOf(t, dialect, "small", 1, got.record)
	if _, err := tr.dir.put(t.Context(), claimRecord{Name: "small", Token: "me", Answer: "through", MaxBody: 10}); err != nil {
		t.Fatal(err)
	}
	body := func(n int) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", n, strings.Repeat("x", n)) }
	chunked := func(n int) string {
		return "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("a\r\n0123456789\r\n", n/10) + "0\r\n\r\n"
	}
	tests := []struct {
		name, path, rest string
		want             int
	}{
		{"at the relay's limit", "/~garage/", body(100_000), 200},
		{"beyond the relay's limit", "/~garage/", body(100_001), 413},
		{"announced only", "/~garage/", "Content-Length: 100001\r\n\r\n", 413},
		{"announced and expecting", "/~garage/", "Expect: 100-continue\r\nContent-Length: 100001\r\n\r\n", 413},
		{"chunked within", "/~garage/", chunked(100_000), 200},
		{"chunked beyond", "/~garage/", chunked(100_010), 413},
		{"at the claim's limit", "/~small/", body(10), 200},
		{"beyond the claim's limit", "/~small/", body(11), 413},
		{"chunked beyond the claim's limit", "/~small/", chunked(20), 413},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := got.count()
			answer := tr.rawEnd(t, "POST "+tt.path+" HTTP/1.1\r\nHost: r\r\nConnection: close\r\n"+tt.rest)
			if !strings.HasPrefix(answer, fmt.Sprintf("HTTP/1.1 %d ", tt.want)) {
				t.Errorf("got %.100q, want %d", answer, tt.want)
			}
			if came := got.count() - before; (came == 1) != (tt.want == 200) {
				t.Errorf("%d deliveries", came)
			}
		})
	}
}

// TestExpect answers 100 Continue at the relay, once, for short and long
// bodies.
func TestExpect(t *testing.T) { everyDialect(t, Options{}, expect) }

func expect(t *testing.T, tr *testRelay, dialect string, _ *seen) {
	tr.agentOf(t, dialect, "echo", 1, echo)
	for _, size := range []int{10, 500_000} {
		nc := tr.conn(t)
		fmt.Fprintf(nc, "POST /~echo/ HTTP/1.1\r\nHost: r\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", size)
		b := make([]byte, 100)
		n, err := nc.Read(b)
		if got := string(b[:n]); got != "HTTP/1.1 100 Continue\r\n\r\n" {
			t.Fatalf("got %q, %v", got, err)
		}
		go io.WriteString(nc, strings.Repeat("x", size))
		rest, err := io.ReadAll(nc)
		if err != nil || !strings.HasPrefix(string(rest), "HTTP/1.1 200 ") || strings.Count(string(rest), "x") < size {
			t.Errorf("size %d: got %.100q, %v", size, rest, err)
		}
	}
}

// TestSlowSenders holds row 24 and 25 of the bad inputs: who is slow is cut,
// and does not keep others waiting.
func TestSlowSenders(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	tr := startRelay(t, Options{})
	var got seen
	tr.agent(t, "garage", 1, got.record)
	var wg sync.WaitGroup
	for i := range 200 {
		begin := time.Now()
		nc := tr.conn(t)
		if i%2 == 0 {
			io.WriteString(nc, "POST /~garage/ HTTP/1.1\r\nHo")
		}
		wg.Go(func() {
			io.Copy(io.Discard, nc)
			if took := time.Since(begin); took > 7*time.Second {
				t.Errorf("connection %d was cut after %v", i, took)
			}
		})
	}
	// A slow body of a size that is read ahead holds no link.
	nc := tr.conn(t)
	io.WriteString(nc, "POST /~garage/ HTTP/1.1\r\nHost: r\r\nContent-Length: 5000\r\n\r\nx")
	for range 10 {
		asked := time.Now()
		if status, _ := tr.ask(t, askGarage); status != 200 {
			t.Errorf("a prompt sender got %d", status)
		}
		if took := time.Since(asked); took > time.Second {
			t.Errorf("a prompt sender waited %v", took)
		}
	}
	wg.Wait()
}

func TestConnTable(t *testing.T) {
	var tab connTable
	tab.init(5, 2)
	from := func(addr string) *visitor {
		here, there := net.Pipe()
		t.Cleanup(func() { here.Close(); there.Close() })
		return &visitor{conn: http1.NewConn(here, http1.Limits{}), counted: countedAs(netip.MustParseAddr(addr))}
	}
	first := from("2001:db8::1")
	steps := []struct {
		name string
		v    *visitor
		want bool
	}{
		{"first", first, true},
		{"same network", from("2001:db8::ffff"), true},
		{"beyond the address's share", from("2001:db8::2"), false},
		{"next network", from("2001:db8:0:1::1"), true},
		{"loopback", from("127.0.0.1"), true},
		{"loopback again", from("::1"), true},
		{"beyond the whole", from("192.0.2.1"), false},
	}
	for _, s := range steps {
		if got := tab.add(s.v); got != s.want {
			t.Errorf("%s: got %v, want %v", s.name, got, s.want)
		}
	}
	tab.remove(first)
	if !tab.add(from("2001:db8::3")) {
		t.Error("no room after one went")
	}
	tab.end()
	if tab.add(from("192.0.2.2")) {
		t.Error("a connection was taken after the end")
	}
}

// TestPanicEndsOneExchange lets a handler of the relay break.
func TestPanicEndsOneExchange(t *testing.T) {
	tr := startRelay(t, Options{})
	var got seen
	tr.agent(t, "garage", 1, got.record)
	does := tr.dir.claim([]byte("garage")).does.Swap(nil)
	if status, _ := tr.ask(t, askGarage); status != 500 {
		t.Errorf("got %d, want 500", status)
	}
	tr.dir.claim([]byte("garage")).does.Store(does)
	if status, _ := tr.ask(t, askGarage); status != 200 {
		t.Errorf("afterwards: got %d, want 200", status)
	}
}

// TestStreams passes pieces on as they come, in both directions.
func TestStreams(t *testing.T) {
	tr := startRelay(t, Options{})
	tr.agent(t, "garage", 1, func(_ context.Context, x *http1.Exchange) {
		x.Start(200, nil)
		x.EndStream()
		x.Flush()
		b := make([]byte, 100)
		for {
			n, err := x.Request.Body.Read(b)
			x.Write(b[:n])
			x.Flush()
			if err != nil {
				break
			}
		}
		x.Finish()
	})
	nc := tr.conn(t)
	io.WriteString(nc, "POST /~garage/ HTTP/1.1\r\nHost: r\r\nTransfer-Encoding: chunked\r\n\r\n")
	read := func(want string) {
		t.Helper()
		var got string
		for b := make([]byte, 4096); !strings.HasSuffix(got, want); {
			n, err := nc.Read(b)
			if got += string(b[:n]); err != nil {
				t.Fatalf("got %q, %v; want %q", got, err, want)
			}
		}
	}
	read("\r\n\r\n")
	for _, word := range []string{"one", "two"} {
		fmt.Fprintf(nc, "3\r\n%s\r\n", word)
		read("3\r\n" + word + "\r\n")
	}
	io.WriteString(nc, "0\r\n\r\n")
	read("0\r\n\r\n")
}
