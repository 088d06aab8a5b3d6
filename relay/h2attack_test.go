package relay

import (
	"crypto/tls"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestH2EdgeAttacks has senders that misbehave, and others that must not feel
// it.
func TestH2EdgeAttacks(t *testing.T) {
	tr, client, raw := startTLS(t, Options{}, echo)
	tests := []struct {
		name string
		ends bool // the connection is closed however fast this machine is
		run  func(c *h2Raw) error
	}{
		{"rapid reset", false, func(c *h2Raw) error {
			block := append(literal(":method", "GET"), literal(":scheme", "https")...)
			block = append(append(block, literal(":authority", "r")...), literal(":path", "/~garage/")...)
			for i := range uint32(10_000) {
				c.frame(1, 5, 2*i+1, block)
				if err := c.frame(3, 0, 2*i+1, []byte{0, 0, 0, 8}); err != nil {
					return err
				}
			}
			return nil
		}},
		{"continuation", true, func(c *h2Raw) error {
			c.frame(1, 1, 1, literal(":method", "GET"))
			filler := literal("x", strings.Repeat("x", 16000))
			for range 10_000 {
				if err := c.frame(9, 0, 1, filler); err != nil {
					return err
				}
			}
			return nil
		}},
		{"ping", false, func(c *h2Raw) error {
			for range 50_000 {
				if err := c.frame(6, 0, 0, make([]byte, 8)); err != nil {
					return err
				}
			}
			return nil
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := memory()
			var attack sync.WaitGroup
			c := tr.h2Raw(t, raw)
			attack.Go(func() { tt.run(c) })
			ended := make(chan struct{})
			attack.Go(func() { defer close(ended); io.Copy(io.Discard, c) })
			for range 50 {
				res, err := client.Post("https://"+tr.addr+"/~garage/", "text/plain", strings.NewReader("hello"))
				if err != nil {
					t.Error(err)
					break
				}
				body, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if res.StatusCode != 200 || string(body) != "hello" {
					t.Errorf("got %d %q", res.StatusCode, body)
				}
			}
			if tt.ends {
				select {
				case <-ended:
				case <-time.After(10 * time.Second):
					t.Error("the connection goes on")
				}
			}
			c.Close()
			attack.Wait()
			if grown := memory() - before; grown > 16<<20 {
				t.Errorf("%.0f bytes more", grown)
			}
		})
	}
}

// TestH2EdgeSilent ends connections on which no request comes.
func TestH2EdgeSilent(t *testing.T) {
	t.Parallel()
	tr, _, raw := startTLS(t, Options{}, nil)
	silent := tr.h2Raw(t, raw)
	slow := tr.h2Raw(t, raw)
	slow.frame(1, 0, 1, literal(":method", "GET")) // and no end
	began := time.Now()
	io.Copy(io.Discard, silent)
	io.Copy(io.Discard, slow)
	if took := time.Since(began); took < 4*time.Second || took > 9*time.Second {
		t.Errorf("closed within %s", took)
	}
}

// TestH2EdgeCounts holds one address to its number of connections.
func TestH2EdgeCounts(t *testing.T) {
	tr, _, raw := startTLS(t, Options{MaxConns: 3}, nil)
	for range 3 {
		if got := tr.h2Raw(t, raw).request(1, ":method", "GET", ":scheme", "https", ":authority", "r", ":path", "/healthz"); got != "200" {
			t.Fatalf("got %s", got)
		}
	}
	conf := raw.Clone()
	conf.NextProtos = []string{"h2"}
	if nc, err := tls.Dial("tcp", tr.addr, conf); err == nil {
		nc.Close()
		t.Error("there was room for more")
	}
}
