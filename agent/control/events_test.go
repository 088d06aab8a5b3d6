package control

import (
	"bufio"
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

var errEnough = errors.New("enough")

// collect takes events from the client until the one of number last.
func collect(t testing.TB, c *Client, after, last uint64) []Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var got []Event
	err := c.Events(ctx, after, func(e Event) error {
		got = append(got, e)
		if e.Seq >= last {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatalf("after %d events: %v", len(got), err)
	}
	return got
}

func TestEventsResume(t *testing.T) {
	b := newFakeBackend()
	c := startServer(t, b, nil).client
	base := b.last
	publishN(b.Hub, 20)
	first := collect(t, c, base, base+8)
	rest := collect(t, c, first[len(first)-1].Seq, base+20)
	got := append(first, rest...)
	checkUnbroken(t, got, base+20)
	for i, e := range got {
		if e.Type != EventDelivery || e.Delivery == nil || e.Delivery.ID != fmt.Sprint(i) || e.Time.IsZero() {
			t.Fatalf("event %d is %+v", i, e)
		}
	}
}

func TestEventsGap(t *testing.T) {
	b := newFakeBackend()
	c := startServer(t, b, nil).client
	base := b.last
	publishN(b.Hub, RingSize+100)
	got := collect(t, c, base+1, base+RingSize+100)
	if got[0].Type != EventGap || got[0].Seq != base+100 || len(got) != RingSize+1 {
		t.Errorf("%d events, first %+v; want a gap before event %d", len(got), got[0], base+101)
	}
	checkUnbroken(t, got, base+RingSize+100)
}

func TestEventsStartNow(t *testing.T) {
	b := newFakeBackend()
	c := startServer(t, b, nil).client
	publishN(b.Hub, 3)
	last := b.last
	var got []Event
	err := c.Events(t.Context(), 0, func(e Event) error {
		if got = append(got, e); e.Type == EventStart {
			b.Publish(Event{Type: EventConfig, Error: "config.yaml:1:1: no"})
			return nil
		}
		return errEnough
	})
	if !errors.Is(err, errEnough) || len(got) != 2 {
		t.Fatalf("%d events, %v", len(got), err)
	}
	if got[0].Seq != last || got[1].Seq != last || got[1].Type != EventConfig || got[1].Error == "" {
		t.Errorf("events %+v", got)
	}
}

// openStream starts an event stream by hand and returns its answer.
func openStream(t *testing.T, path, target, head string) (*http.Response, net.Conn) {
	t.Helper()
	c := rawConn(t, path)
	if _, err := io.WriteString(c, "GET "+target+" HTTP/1.1\r\nHost: homehook\r\n"+head+"\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp, c // closing the body would wait for the end of the stream
}

func TestEventsOnTheWire(t *testing.T) {
	b := newFakeBackend()
	srv := startServer(t, b, nil)
	base := b.last
	publishN(b.Hub, 3)
	tests := []struct {
		name, target, head string
		first              string
	}{
		{"after", fmt.Sprintf("/v1/events?after=%d", base+1), "", fmt.Sprintf("id: %d\nevent: delivery\ndata: {\"seq\":%d,", base+2, base+2)},
		{"header", "/v1/events", fmt.Sprintf("Last-Event-ID: %d\r\n", base+2), fmt.Sprintf("id: %d\nevent: delivery\n", base+3)},
		{"header wins", fmt.Sprintf("/v1/events?after=%d", base), fmt.Sprintf("Last-Event-ID: %d\r\n", base+2), fmt.Sprintf("id: %d\nevent: delivery\n", base+3)},
		{"neither", "/v1/events", "", fmt.Sprintf("id: %d\nevent: start\n", base+3)},
		{"unknown to this agent", "/v1/events?after=1", "", fmt.Sprintf("id: %d\nevent: gap\n", base)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, _ := openStream(t, srv.path, tt.target, tt.head)
			if got := resp.Header.Get("Content-Type"); resp.StatusCode != 200 || got != "text/event-stream" {
				t.Fatalf("status %d, content type %q", resp.StatusCode, got)
			}
			checkSafeHeaders(t, resp)
			want := ": homehook events\n\n" + tt.first
			buf := make([]byte, len(want))
			if _, err := io.ReadFull(resp.Body, buf); err != nil || string(buf) != want {
				t.Errorf("stream starts %q, %v; want %q", buf, err, want)
			}
		})
	}
}

func TestHeartbeat(t *testing.T) {
	srv := startServer(t, newFakeBackend(), func(s *Server) { s.beat = time.Millisecond })
	resp, _ := openStream(t, srv.path, "/v1/events", "")
	lines := bufio.NewScanner(resp.Body)
	for beats := 0; beats < 3; {
		if !lines.Scan() {
			t.Fatalf("stream ended after %d beats: %v", beats, lines.Err())
		}
		if lines.Text() == ": beat" {
			beats++
		}
	}
}

// TestSlowReader publishes far more than sockets and buffers hold to a reader
// that reads nothing.
func TestSlowReader(t *testing.T) {
	b := newFakeBackend()
	var server *Server
	srv := startServer(t, b, func(s *Server) { server, s.writeWait = s, 50*time.Millisecond })
	resp, _ := openStream(t, srv.path, "/v1/events", "")
	waitFor(t, "subscription", func() bool { return b.Subscribers() == 1 })
	reason := strings.Repeat("x", 16<<10)
	slowest := time.Duration(0)
	for range 4 * RingSize {
		before := time.Now()
		b.Publish(Event{Type: EventDelivery, Delivery: &Delivery{Reason: reason}})
		slowest = max(slowest, time.Since(before))
	}
	if slowest > 2*time.Second {
		t.Errorf("one Publish took %v", slowest)
	}
	waitFor(t, "end of the subscription", func() bool { return b.Subscribers() == 0 })
	waitFor(t, "end of the stream", func() bool { return server.streams.Load() == 0 })
	if _, err := io.Copy(io.Discard, resp.Body); err == nil {
		t.Error("a stream that was cut off ended cleanly")
	}
	if _, err := srv.client.Status(t.Context()); err != nil {
		t.Errorf("the server does not answer any more: %v", err)
	}
}

func TestStreamsAreLimited(t *testing.T) {
	b := newFakeBackend()
	srv := startServer(t, b, nil)
	for range maxStreams {
		openStream(t, srv.path, "/v1/events", "")
	}
	err := srv.client.Events(t.Context(), 0, func(Event) error { return errEnough })
	if p := asProblem(t, err); p.Status != http.StatusServiceUnavailable || p.Code != codeBusy {
		t.Errorf("problem %+v, want 503 busy", p)
	}
}

func TestServerEnds(t *testing.T) {
	b := newFakeBackend()
	srv := startServer(t, b, func(s *Server) { s.grace = 10 * time.Second })
	rawConn(t, srv.path) // asks nothing, and must not hold up the end
	ended := make(chan error, 1)
	started := make(chan struct{})
	var once sync.Once
	go func() {
		ended <- srv.client.Events(context.Background(), 0, func(Event) error {
			once.Do(func() { close(started) })
			return nil
		})
	}()
	<-started
	before := time.Now()
	if err := srv.stop(); err != nil {
		t.Errorf("serve: %v", err)
	}
	if took := time.Since(before); took > 3*time.Second {
		t.Errorf("the server took %v to end", took)
	}
	if err := <-ended; !errors.Is(err, io.EOF) {
		t.Errorf("event stream ended with %v, want io.EOF", err)
	}
	if _, err := srv.client.Status(t.Context()); !errors.Is(err, ErrNotRunning) {
		t.Errorf("status of an ended agent: %v, want ErrNotRunning", err)
	}
}

func TestRequestUnderWayMayFinish(t *testing.T) {
	tests := []struct {
		name   string
		grace  time.Duration
		finish bool
	}{
		{"within the grace period", 10 * time.Second, true},
		{"later", 20 * time.Millisecond, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newFakeBackend()
			b.block, b.entered = make(chan struct{}), make(chan struct{})
			srv := startServer(t, b, func(s *Server) { s.grace = tt.grace })
			answer := make(chan error, 1)
			go func() { answer <- srv.client.ReleaseClaim(context.Background(), "garage", false) }()
			c := rawConn(t, srv.path) // proves below that accepting has ended
			<-b.entered
			ended := make(chan error, 1)
			go func() { ended <- srv.stop() }()
			if _, err := c.Read(make([]byte, 1)); err == nil {
				t.Error("the silent connection got an answer")
			}
			if tt.finish {
				close(b.block)
			}
			if err := <-answer; (err == nil) != tt.finish {
				t.Errorf("request under way: %v, want success %t", err, tt.finish)
			}
			if err := <-ended; err != nil {
				t.Errorf("serve: %v", err)
			}
		})
	}
}
