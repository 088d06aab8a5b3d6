package relay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"homehook/http1"
)

// This file and its neighbours rows_*_test.go hold bad inputs to claims whose
// deliveries are kept: of a refused request nothing is stored, and an accepted
// one is stored once, as it came.

// startKeeper starts a relay with the claim "garage" of the answer mode, whose
// home is away.
func startKeeper(t *testing.T, o Options, rec claimRecord) *testRelay {
	t.Helper()
	if o.DiskReserve == 0 {
		o.DiskReserve = -1 // whatever this disk has
	}
	tr := startRelay(t, o)
	tr.opened(t)
	tr.claimFor(t, rec)
	return tr
}

// opened waits until the relay has its queue open.
func (tr *testRelay) opened(t *testing.T) {
	t.Helper()
	waitFor(t, "the queue is open", func() bool { return tr.queue() != nil })
}

// claimFor makes a claim of the token "me".
func (tr *testRelay) claimFor(t *testing.T, rec claimRecord) {
	t.Helper()
	if rec.Name == "" {
		rec.Name = "garage"
	}
	rec.Token = "me"
	if _, err := tr.dir.put(t.Context(), rec); err != nil {
		t.Fatal(err)
	}
}

// stored is how many deliveries of a claim are in the queue.
func (tr *testRelay) stored(name string) int {
	n, _, _ := tr.queue().Count(name)
	return n
}

// takes is an agent's handler that takes each delivery over, and keeps it.
func takes(s *seen) func(context.Context, *http1.Exchange) {
	return func(_ context.Context, x *http1.Exchange) {
		body, err := io.ReadAll(x.Request.Body)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.head = append(s.head, string(x.Request.Raw()))
		s.body = append(s.body, string(body))
		s.mu.Unlock()
		id, _ := x.Request.Get("Homehook-Delivery")
		x.Start(202, nil)
		x.Field("Homehook-Accepted", string(id))
		x.EndLength(0)
		x.Finish()
	}
}

// TestRow25Dribble: a body that comes byte by byte ends with 408, takes little
// memory until then, and leaves nothing.
func TestRow25Dribble(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	tests := []struct{ name, framing, piece string }{
		{"short body", "Content-Length: 5000\r\n\r\n", "x"},
		{"long body", "Content-Length: 5000000\r\n\r\n", "x"},
		{"chunks", "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"},
	}
	tr := startKeeper(t, Options{}, claimRecord{Answer: answerStore})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			nc := tr.conn(t)
			began := time.Now()
			nc.SetDeadline(began.Add(25 * time.Second))
			fmt.Fprintf(nc, "POST /~garage/ HTTP/1.1\r\nHost: r\r\n%s%s", tt.framing, tt.piece)
			ended := make(chan struct{})
			dribbled := make(chan struct{})
			go func() {
				defer close(dribbled)
				for pause := time.NewTicker(2 * time.Second); ; {
					select {
					case <-ended:
						pause.Stop()
						return
					case <-pause.C:
						io.WriteString(nc, tt.piece)
					}
				}
			}()
			got, _ := io.ReadAll(nc)
			close(ended)
			<-dribbled
			took := time.Since(began)
			if !strings.HasPrefix(string(got), "HTTP/1.1 408 ") || took < 9*time.Second || took > 21*time.Second {
				t.Errorf("after %s: %.60q", took, got)
			}
			if n := tr.stored("garage"); n > 0 {
				t.Errorf("%d deliveries were stored", n)
			}
		})
	}
}

// TestRow25Memory: what waits for the rest of a body costs at most 64 KiB a
// connection, the sender's end included.
func TestRow25Memory(t *testing.T) {
	tr := startKeeper(t, Options{}, claimRecord{Answer: answerStore})
	const n = 200
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = tr.conn(t)
	}
	before := memory()
	const readOn = "HTTP/1.1 100 Continue\r\n\r\n"
	for _, nc := range conns {
		io.WriteString(nc, "POST /~garage/ HTTP/1.1\r\nHost: r\r\nExpect: 100-continue\r\nContent-Length: 5000000\r\n\r\n")
	}
	for _, nc := range conns {
		got := make([]byte, len(readOn))
		if _, err := io.ReadFull(nc, got); err != nil || string(got) != readOn {
			t.Fatalf("got %q, %v", got, err)
		}
		io.WriteString(nc, "x")
	}
	each := (memory() - before) / n
	t.Logf("%.0f bytes a connection", each)
	if each > 64<<10 {
		t.Errorf("%.0f bytes a connection, want at most 64 KiB", each)
	}
}

// TestRow26TooLong: bodies over the limit of 10 MiB are refused before they are
// read, or where they pass it.
func TestRow26TooLong(t *testing.T) {
	t.Parallel()
	const limit = 10 << 20
	piece := "10000\r\n" + strings.Repeat("x", 1<<16) + "\r\n"
	tests := []struct {
		name, rest string
		want       int
	}{
		{"announced", fmt.Sprintf("Content-Length: %d\r\n\r\n", limit+1), 413},
		{"announced and sent", fmt.Sprintf("Content-Length: %d\r\n\r\n%s", limit+1, strings.Repeat("x", limit+1)), 413},
		{"chunked", "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat(piece, limit>>16) + "1\r\nx\r\n0\r\n\r\n", 413},
		{"endless", "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat(piece, 2*limit>>16), 413},
		{"at the limit", "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat(piece, limit>>16) + "0\r\n\r\n", 202},
	}
	for _, mode := range []string{answerStore, answerHold} {
		tr := startKeeper(t, Options{}, claimRecord{Answer: mode, MaxBody: limit})
		for _, tt := range tests {
			t.Run(mode+", "+tt.name, func(t *testing.T) {
				before := tr.stored("garage")
				nc := tr.conn(t)
				wrote := make(chan struct{})
				go func() {
					defer close(wrote)
					io.WriteString(nc, "POST /~garage/ HTTP/1.1\r\nHost: r\r\nConnection: close\r\n"+tt.rest)
				}()
				got := make([]byte, 13)
				if _, err := io.ReadFull(nc, got); err != nil || string(got) != fmt.Sprintf("HTTP/1.1 %d ", tt.want) {
					t.Errorf("got %q, %v, want %d", got, err, tt.want)
				}
				nc.Close()
				<-wrote
				if n := tr.stored("garage") - before; (n == 1) != (tt.want == 202) {
					t.Errorf("%d deliveries were stored", n)
				}
			})
		}
	}
}

// TestRow27Expect: nobody is asked to send a body that is refused, and no other
// expectation than 100-continue is understood.
func TestRow27Expect(t *testing.T) {
	tr := startKeeper(t, Options{}, claimRecord{Answer: answerStore, MaxBody: 1000})
	tests := []struct{ name, fields, want string }{
		{"too long", "Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n", "HTTP/1.1 413 "},
		{"another expectation", "Expect: 200-ok\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 417 "},
		{"two expectations", "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 417 "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tr.rawEnd(t, "POST /~garage/ HTTP/1.1\r\nHost: r\r\nConnection: close\r\n"+tt.fields)
			if !strings.HasPrefix(got, tt.want) || strings.Contains(got, "100 Continue") {
				t.Errorf("got %.100q", got)
			}
			if n := tr.stored("garage"); n > 0 {
				t.Errorf("%d deliveries were stored", n)
			}
		})
	}
	nc := tr.conn(t)
	io.WriteString(nc, "POST /~garage/ HTTP/1.1\r\nHost: r\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 5\r\n\r\n")
	b := make([]byte, 100)
	if n, err := nc.Read(b); string(b[:n]) != "HTTP/1.1 100 Continue\r\n\r\n" {
		t.Fatalf("got %q, %v", b[:n], err)
	}
	io.WriteString(nc, "hello")
	if got, _ := io.ReadAll(nc); !strings.HasPrefix(string(got), "HTTP/1.1 202 ") || tr.stored("garage") != 1 {
		t.Errorf("got %.100q, %d stored", got, tr.stored("garage"))
	}
}

// TestRow29OddBodies: what a viewer cannot show is stored once, and comes home
// byte by byte.
func TestRow29OddBodies(t *testing.T) {
	fields := make([]string, 100_000)
	for i := range fields {
		fields[i] = fmt.Sprintf("f%d=%d", i, i)
	}
	tests := []struct{ name, kind, body string }{
		{"deep JSON", "application/json", strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)},
		{"many form fields", "application/x-www-form-urlencoded", strings.Join(fields, "&")},
		{"one long line", "text/plain", strings.Repeat("0123456789abcdef", 1<<16)},
		{"every byte", "application/octet-stream", string(everyByte())},
	}
	tr := startKeeper(t, Options{}, claimRecord{Answer: answerStore})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := tr.stored("garage")
			status, _ := tr.ask(t, fmt.Sprintf("POST /~garage/ HTTP/1.1\r\nHost: r\r\nConnection: close\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
				tt.kind, len(tt.body), tt.body))
			if n := tr.stored("garage") - before; status != 202 || n != 1 {
				t.Fatalf("status %d, %d stored", status, n)
			}
		})
	}
	var got seen
	tr.agent(t, "garage", 1, takes(&got))
	waitFor(t, "all is at home", func() bool { return tr.stored("garage") == 0 })
	got.mu.Lock()
	defer got.mu.Unlock()
	if len(got.body) != len(tests) {
		t.Fatalf("%d deliveries came home", len(got.body))
	}
	for i, tt := range tests {
		if sha256.Sum256([]byte(got.body[i])) != sha256.Sum256([]byte(tt.body)) {
			t.Errorf("%s: %d bytes came home of %d", tt.name, len(got.body[i]), len(tt.body))
		}
	}
}

func everyByte() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return bytes.Repeat(all, 2000)
}
