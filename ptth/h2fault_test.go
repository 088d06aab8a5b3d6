package ptth_test

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"homehook/ptth"
)

// TestH2BadAgents has agents that do not speak HTTP/2.
func TestH2BadAgents(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		play func(a *h2Agent)
	}{
		{"garbage", func(a *h2Agent) { a.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }},
		{"another frame first", func(a *h2Agent) { a.frame(frameGoAway, 0, 0, make([]byte, 8)) }},
		{"frame too large", func(a *h2Agent) { a.send("\xff\xff\xff\x04\x00\x00\x00\x00\x00") }},
		{"gone", func(a *h2Agent) { a.Close() }},
		{"silent", func(*h2Agent) {}},
		{"trickle", func(a *h2Agent) { a.send("\x00\x00\x06\x04") }},
	}
	r := newH2Relay(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := rawTurn(t, r, "")
			a.SetDeadline(time.Now().Add(15 * time.Second))
			tt.play(a)
			if got := a.head(); got != 0 {
				t.Errorf("a request came: stream %d", got)
			}
			select {
			case <-r.failed:
			case <-r.shared:
				t.Error("it has become a link")
			case <-time.After(5 * time.Second):
				t.Error("the relay waits on")
			}
		})
	}
}

// TestH2EarlySettings shows that what an agent sends together with its request
// is not lost.
func TestH2EarlySettings(t *testing.T) {
	r := newH2Relay(t, nil)
	a := rawTurn(t, r, "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x07")
	s := within(t, r.shared, "link")
	defer s.Close()
	if n := s.Streams(); n != 7 {
		t.Errorf("the agent takes %d", n)
	}
	a.Close()
}

// TestH2BadResponses has agents whose responses break rules. None becomes an
// answer, and the link lives on where only the stream is at fault.
func TestH2BadResponses(t *testing.T) {
	tests := []struct {
		name  string
		reply func(a *h2Agent, id uint32)
		again bool
	}{
		{"no status", func(a *h2Agent, id uint32) { a.reply(id, endStream, "x", "y") }, true},
		{"odd status", func(a *h2Agent, id uint32) { a.reply(id, endStream, ":status", "2000") }, true},
		{"low status", func(a *h2Agent, id uint32) { a.reply(id, endStream, ":status", "42") }, true},
		{"line break in a value", func(a *h2Agent, id uint32) { a.reply(id, endStream, ":status", "200", "x", "a\r\nset-cookie: b") }, true},
		{"name with a colon", func(a *h2Agent, id uint32) { a.reply(id, endStream, ":status", "200", "x: y\r\nz", "a") }, true},
		{"odd length", func(a *h2Agent, id uint32) { a.reply(id, endStream, ":status", "200", "content-length", "-1") }, true},
		{"switch unasked", func(a *h2Agent, id uint32) { a.reply(id, 0, ":status", "101") }, true},
		{"data first", func(a *h2Agent, id uint32) { a.frame(frameData, endStream, id, []byte("x")) }, true},
		{"reset", func(a *h2Agent, id uint32) { a.frame(frameReset, 0, id, []byte{0, 0, 0, 2}) }, true},
		{"chatter", func(a *h2Agent, id uint32) {
			for range 200 {
				a.reply(id, 0, ":status", "102")
			}
		}, true},
		{"reset for a breach", func(a *h2Agent, id uint32) { a.frame(frameReset, 0, id, []byte{0, 0, 0, 1}) }, false},
		{"push", func(a *h2Agent, id uint32) { a.frame(5, endHeaders, id, []byte{0, 0, 0, 2, 0x82}) }, false},
		{"gone", func(a *h2Agent, id uint32) { a.Close() }, false},
	}
	r := newH2Relay(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, s := rawShared(t, r, 10)
			c := s.Stream("h")
			var wg sync.WaitGroup
			wg.Go(func() {
				if id := a.head(); id != 0 {
					tt.reply(a, id)
				}
				io.Copy(io.Discard, a.r)
			})
			res, _, again, err := h2Run(t, c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			if err == nil || errors.Is(err, ptth.ErrNotSent) {
				t.Errorf("got %v, %v", res, err)
			}
			if again != tt.again {
				t.Errorf("again %t after %v", again, err)
			}
			s.Close()
			wg.Wait()
		})
	}
}

// TestH2BrokenBodies has responses that end before their time.
func TestH2BrokenBodies(t *testing.T) {
	tests := []struct {
		name string
		send func(a *h2Agent, id uint32)
	}{
		{"too short", func(a *h2Agent, id uint32) {
			a.reply(id, 0, ":status", "200", "content-length", "10")
			a.frame(frameData, endStream, id, []byte("part"))
		}},
		{"too long", func(a *h2Agent, id uint32) {
			a.reply(id, 0, ":status", "200", "content-length", "2")
			a.frame(frameData, 0, id, []byte("part"))
			a.frame(frameReset, 0, id, []byte{0, 0, 0, 2})
		}},
		{"length without a body", func(a *h2Agent, id uint32) {
			a.reply(id, endStream, ":status", "200", "content-length", "10")
		}},
		{"reset", func(a *h2Agent, id uint32) {
			a.reply(id, 0, ":status", "200")
			a.frame(frameData, 0, id, []byte("part"))
			a.frame(frameReset, 0, id, []byte{0, 0, 0, 2})
		}},
		{"gone", func(a *h2Agent, id uint32) {
			a.reply(id, 0, ":status", "200")
			a.frame(frameData, 0, id, []byte("part"))
			a.Close()
		}},
	}
	r := newH2Relay(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, s := rawShared(t, r, 10)
			c := s.Stream("h")
			var wg sync.WaitGroup
			wg.Go(func() {
				tt.send(a, a.head())
				io.Copy(io.Discard, a.r)
			})
			_, body, _, err := h2Run(t, c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			if tt.name == "too long" && body == "pa" {
				err = io.ErrUnexpectedEOF // no more was taken than was announced
			}
			if err == nil {
				t.Errorf("%q was taken for the whole", body)
			}
			s.Close()
			wg.Wait()
		})
	}
}

// TestH2Unseen tells exchanges that the agent has not looked at from those that
// it may have seen.
func TestH2Unseen(t *testing.T) {
	tests := []struct {
		name   string
		reply  func(a *h2Agent, id uint32)
		unseen bool
	}{
		{"refused", func(a *h2Agent, id uint32) { a.frame(frameReset, 0, id, []byte{0, 0, 0, 7}) }, true},
		{"goaway before it", func(a *h2Agent, id uint32) {
			a.frame(frameGoAway, 0, 0, append(binary.BigEndian.AppendUint32(nil, id-2), 0, 0, 0, 0))
		}, true},
		{"goaway before it, and gone", func(a *h2Agent, id uint32) {
			a.frame(frameGoAway, 0, 0, append(binary.BigEndian.AppendUint32(nil, id-2), 0, 0, 0, 2))
			a.Close()
		}, true},
		{"goaway behind it, and gone", func(a *h2Agent, id uint32) {
			a.frame(frameGoAway, 0, 0, append(binary.BigEndian.AppendUint32(nil, id), 0, 0, 0, 0))
			a.Close()
		}, false},
		{"cancelled", func(a *h2Agent, id uint32) { a.frame(frameReset, 0, id, []byte{0, 0, 0, 8}) }, false},
	}
	r := newH2Relay(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, s := rawShared(t, r, 10)
			c := s.Stream("h")
			var wg sync.WaitGroup
			wg.Go(func() {
				a.reply(a.head(), endStream, ":status", "204")
				tt.reply(a, a.head())
				io.Copy(io.Discard, a.r)
			})
			if _, _, again, err := h2Run(t, c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil || !again {
				t.Fatalf("again %t, %v", again, err)
			}
			req := sent(t, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi")
			_, _, again, err := h2Call(c, carry(req))
			if errors.Is(err, ptth.ErrNotSent) != tt.unseen || err == nil {
				t.Errorf("got %v", err)
			}
			if tt.unseen && (again || req.Body.Consumed() > 0) {
				t.Errorf("again %t, %d bytes consumed", again, req.Body.Consumed())
			}
			s.Close()
			wg.Wait()
		})
	}
}
