package relay

import (
	"context"
	"io"
	"strings"
	"testing"

	"homehook/http1"
)

// TestEarlyHints passes a 103 on, but not to a sender of HTTP/1.0.
func TestEarlyHints(t *testing.T) {
	tr := startRelay(t, Options{})
	tr.agent(t, "garage", 1, func(_ context.Context, x *http1.Exchange) {
		x.Start(103, nil)
		x.Field("Link", "</a.css>; rel=preload")
		x.Field("Homehook-Accepted", "x")
		x.EndEmpty()
		x.Flush()
		x.Text(200, "done")
	})
	got := tr.raw(t, "GET /~garage/ HTTP/1.1\r\nHost: r\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\n") {
		t.Errorf("got %q", got)
	}
	old := tr.raw(t, "GET /~garage/ HTTP/1.0\r\nHost: r\r\n\r\n")
	if !strings.HasPrefix(old, "HTTP/1.1 200 OK\r\n") {
		t.Errorf("HTTP/1.0: got %q", old)
	}
}

// TestOldSender speaks HTTP/1.0: its own Via, and answers that end with the
// connection, by a reset if they are not whole.
func TestOldSender(t *testing.T) {
	tr := startRelay(t, Options{})
	var got seen
	tr.agent(t, "garage", 1, func(ctx context.Context, x *http1.Exchange) {
		switch string(x.Request.Target) {
		case "/stream":
			x.Start(200, nil)
			x.EndStream()
			x.Write([]byte("whole"))
			x.Finish()
		case "/broken":
			x.Start(200, nil)
			x.EndStream()
			x.Write([]byte("part"))
			x.Flush()
			x.Conn().Close()
		default:
			got.record(ctx, x)
		}
	})
	tr.raw(t, "GET /~garage/ HTTP/1.0\r\n\r\n")
	if head := got.last(t); !strings.Contains(head, "\r\nVia: "+string(tr.viaOld)+"\r\n") || !strings.Contains(head, "\r\nHost: \r\n") ||
		!strings.Contains(head, "\r\nForwarded: for=127.0.0.1;proto=http\r\n") || strings.Contains(head, "X-Forwarded-Host") {
		t.Errorf("the agent got %q", head)
	}
	if got := tr.raw(t, "GET /~garage/stream HTTP/1.0\r\n\r\n"); !strings.HasSuffix(got, "\r\n\r\nwhole") || strings.Contains(got, "chunked") {
		t.Errorf("got %q", got)
	}
	nc := tr.conn(t)
	io.WriteString(nc, "GET /~garage/broken HTTP/1.0\r\n\r\n")
	if text, err := io.ReadAll(nc); err == nil {
		t.Errorf("a broken answer ends cleanly: %q", text)
	}
}
