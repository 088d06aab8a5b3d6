package ptth_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// oldAgent is an agent as they were written in 2010: one read is one message,
// lines end with LF, the 101 is compared to the letter, and what follows it
// in the same read is lost.
type oldAgent struct {
	answer func(request string) string
	rounds int  // links to open, one behind the other
	stays  bool // keeps a link for further requests
}

// run opens links and answers on them, until an error or the last round.
func (o *oldAgent) run(addr string) error {
	for range o.rounds {
		if err := o.link(addr); err != nil {
			return err
		}
	}
	return nil
}

func (o *oldAgent) link(addr string) error {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(nc, "POST /ptth/garage HTTP/1.1\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\n")
	buf := make([]byte, 4096)
	n, err := nc.Read(buf)
	if err != nil {
		return err
	}
	if got := string(buf[:n]); got != "HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\n" {
		return fmt.Errorf("unexpected answer %q", got)
	}
	for {
		n, err := nc.Read(buf)
		if err != nil && o.stays {
			return nil // the relay is done with the link
		}
		if err != nil {
			return err
		}
		if _, err := fmt.Fprint(nc, o.answer(string(buf[:n]))); err != nil || !o.stays {
			return err
		}
	}
}

// bodyOf is how an old agent finds the body: what is behind the blank line.
func bodyOf(request string) string {
	_, body, _ := strings.Cut(request, "\r\n\r\n")
	return body
}

// TestOldAgentInterop runs old agents against our end of the link.
func TestOldAgentInterop(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer func(string) string
		stays  bool
	}{
		{"HTTP/1.0, closes", func(r string) string { return "HTTP/1.0 200 OK\nContent-Type: text/plain\n\n" + bodyOf(r) }, false},
		{"HTTP/1.0 with a length, closes", func(r string) string {
			return fmt.Sprintf("HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(bodyOf(r)), bodyOf(r))
		}, false},
		{"HTTP/1.1 without a length, closes", func(r string) string { return "HTTP/1.1 200\r\n\r\n" + bodyOf(r) }, false},
		{"HTTP/1.1 with a length, closes unsaid", func(r string) string {
			return fmt.Sprintf("HTTP/1.1 200 \r\nContent-Length: %d\r\n\r\n%s", len(bodyOf(r)), bodyOf(r))
		}, false},
		{"bare LF, stays", func(r string) string {
			return fmt.Sprintf("HTTP/1.1 200 OK\nContent-Length: %d\n\n%s", len(bodyOf(r)), bodyOf(r))
		}, true},
		{"HTTP/1.0 keep-alive, stays", func(r string) string {
			return fmt.Sprintf("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: %d\r\n\r\n%s", len(bodyOf(r)), bodyOf(r))
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRelay(t, nil)
			const requests = 4
			o := &oldAgent{answer: tt.answer, rounds: requests, stays: tt.stays}
			if tt.stays {
				o.rounds = 1
			}
			result := make(chan error, 1)
			go func() { result <- o.run(r.url.Host) }()
			var link *ptth.Link
			for i := range requests {
				if link == nil {
					link = closing(t, within(t, r.links, "link"))
				}
				body := strings.Repeat("x", 1+i*700)
				got, err := run(t, link, fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
				if err != nil || got.Status != 200 || got.Body != body {
					t.Fatalf("request %d: got %d, %d bytes, want %d: %v", i, got.Status, len(got.Body), len(body), err)
				}
				if tt.stays && !got.Again {
					t.Fatalf("request %d: the link is spent", i)
				}
				if !tt.stays {
					until(t, "the close shows", func() bool { return !got.Again || link.Check() == http1.PeerGone })
					link.Close()
					link = nil
				}
			}
			if link != nil {
				link.Close()
			}
			if err := within(t, result, "end of the agent"); err != nil {
				t.Error(err)
			}
		})
	}
}
