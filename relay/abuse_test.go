package relay

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"homehook/http1"
)

// TestSenderLeavesAQuietStream: an answer that pauses must not hold its link
// when nobody is there to take it.
func TestSenderLeavesAQuietStream(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{MaxLinks: 1})
	tr.agent(t, "garage", 1, func(ctx context.Context, x *http1.Exchange) {
		x.Start(200, nil)
		x.EndStream()
		if !strings.HasPrefix(string(x.Request.Target), "/stream") {
			io.WriteString(x.Writer, "short")
			x.Finish()
			return
		}
		io.WriteString(x.Writer, "data: 1\n\n")
		x.Flush()
		for x.Conn().PeerState() == http1.PeerSilent {
			select {
			case <-ctx.Done():
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	nc := tr.conn(t)
	io.WriteString(nc, "GET /~garage/stream HTTP/1.1\r\nHost: a\r\n\r\n")
	if res, err := http.ReadResponse(bufio.NewReader(nc), nil); err != nil || res.StatusCode != 200 {
		t.Fatalf("%+v, %v", res, err)
	}
	nc.Close()
	status, body := tr.ask(t, "GET /~garage/other HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if status != 200 || !strings.Contains(body, "short") {
		t.Errorf("the next sender got %d %q", status, body)
	}
}

// TestSlowUploadsLeaveRoom: senders of long bodies that dribble hold half of
// the links at most.
func TestSlowUploadsLeaveRoom(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{MaxLinks: 4})
	tr.agent(t, "garage", 4, echo)
	for range 4 {
		nc := tr.conn(t)
		io.WriteString(nc, "POST /~garage/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
	}
	c := tr.dir.claim([]byte("garage"))
	waitFor(t, "uploads fill their places", func() bool { return len(c.uploads) == cap(c.uploads) })
	if status, _ := tr.ask(t, askGarage); status != 200 {
		t.Errorf("a short request got %d beside slow uploads", status)
	}
}

// TestHeadsAtTheEdgesLimit: what the edge takes in, the link carries, though
// the relay adds fields of its own.
func TestHeadsAtTheEdgesLimit(t *testing.T) {
	tr := startRelay(t, Options{})
	var got seen
	tr.agent(t, "garage", 1, got.record)
	fields := strings.Builder{}
	for i := range 125 {
		fmt.Fprintf(&fields, "X-%d: %s\r\n", i, strings.Repeat("v", 500))
	}
	if status, body := tr.ask(t, "GET /~garage/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"+fields.String()+"\r\n"); status != 200 {
		t.Errorf("got %d %q", status, body)
	}
}

// TestChatter: informational answers do not put the limits off.
func TestChatter(t *testing.T) {
	tr := startRelay(t, Options{})
	tr.agent(t, "garage", 1, func(_ context.Context, x *http1.Exchange) {
		for x.Writer.Err() == nil {
			x.Start(102, nil)
			x.EndEmpty()
			x.Flush()
		}
	})
	if status, _ := tr.ask(t, askGarage); status != 502 {
		t.Errorf("got %d, want 502", status)
	}
}
