package relay

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"homehook/http1"
)

// TestDrain ends the relay while requests run.
func TestDrain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		stop bool // the handler ends in time
		want int
	}{{"in time", true, 200}, {"too late", false, 0}} {
		t.Run(tt.name, func(t *testing.T) {
			tr := startRelay(t, Options{DrainTimeout: time.Second})
			started, hold := make(chan struct{}, 2), make(chan struct{})
			for range 2 {
				tr.dial(t, "garage", func(_ context.Context, x *http1.Exchange) {
					started <- struct{}{}
					<-hold
					x.Text(200, "late")
				})
			}
			tr.waitLinks(t, "garage", 2)
			answer := make(chan string, 1)
			go func() { answer <- tr.raw(t, strings.ReplaceAll(askGarage, "Connection: close\r\n", "")) }()
			<-started
			idle := tr.conn(t) // a sender's connection at rest
			io.WriteString(idle, "GET /healthz HTTP/1.1\r\nHost: r\r\n\r\n")
			idle.Read(make([]byte, 4096))
			stopped := make(chan struct{})
			go func() { tr.stop(); close(stopped) }()
			if _, err := idle.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("a connection at rest: %v, want EOF", err)
			}
			tr.waitLinks(t, "garage", 1)
			if tt.stop {
				close(hold)
			} else {
				defer close(hold)
			}
			got := <-answer
			if tt.want == 200 && (!strings.HasPrefix(got, "HTTP/1.1 200") || !strings.Contains(got, "\r\nConnection: close\r\n")) {
				t.Errorf("got %q", got)
			}
			if tt.want == 0 && strings.Contains(got, "200") {
				t.Errorf("got %q, want nothing", got)
			}
			<-stopped
		})
	}
}

// TestCloseEndsServe closes the relay with everything under way.
func TestCloseEndsServe(t *testing.T) {
	tr := startRelay(t, Options{})
	tr.dial(t, "garage", echo)
	tr.waitLinks(t, "garage", 1)
	nc := tr.conn(t)
	if err := tr.Close(); err != nil {
		t.Error(err)
	}
	if _, err := nc.Read(make([]byte, 1)); err == nil {
		t.Error("a sender's connection is open")
	}
	tr.stop()
}

// TestDrainInEveryDialect ends the relay while an agent works on a request. The
// answer still reaches the sender, although some agents bring it with a request
// of their own.
func TestDrainInEveryDialect(t *testing.T) {
	t.Parallel()
	everyDialect(t, Options{DrainTimeout: 10 * time.Second}, func(t *testing.T, tr *testRelay, dialect string, _ *seen) {
		started, finish := make(chan struct{}), make(chan struct{})
		tr.agentOf(t, dialect, "slow", 1, func(_ context.Context, x *http1.Exchange) {
			close(started)
			<-finish
			x.Text(200, "in the end")
		})
		answer := make(chan string, 1)
		go func() { answer <- tr.raw(t, strings.Replace(askGarage, "garage", "slow", 1)) }()
		<-started
		stopped := make(chan struct{})
		go func() { tr.stop(); close(stopped) }()
		waitFor(t, "the relay is to end", func() bool { return tr.ends.Load() != 0 })
		close(finish)
		if got := <-answer; !strings.HasPrefix(got, "HTTP/1.1 200") || !strings.HasSuffix(got, "in the end\n") {
			t.Errorf("got %q", got)
		}
		<-stopped
	})
}
