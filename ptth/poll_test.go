package ptth

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homehook/http1"
)

// heldPoll is a poll whose agent is at the other end of a pipe.
type heldPoll struct {
	*Poll
	replies  Replies
	agent    net.Conn
	answered chan bool // what Park returned
	served   chan error
}

// hold makes a poll and parks it. It is answered 204 when Park says so.
func hold(t *testing.T, o PollOptions, withdraw func() bool) *heldPoll {
	t.Helper()
	here, there := net.Pipe()
	t.Cleanup(func() { here.Close(); there.Close() })
	h := &heldPoll{agent: there, answered: make(chan bool, 1), served: make(chan error, 1)}
	o.Replies = &h.replies
	if o.ID == "" {
		o.ID = "m1"
	}
	if o.Type == "" {
		o.Type = messageType
	}
	ready := make(chan struct{})
	go func() {
		conn := http1.NewConn(here, http1.Limits{})
		h.served <- conn.Serve(context.Background(), func(ctx context.Context, x *http1.Exchange) {
			h.Poll = NewPoll(x, o)
			close(ready)
			answered := h.Park(ctx, 30*time.Second, withdraw)
			if !answered {
				x.Start(204, nil)
				x.EndEmpty()
				x.Finish()
			}
			h.answered <- answered
		})
	}()
	go io.WriteString(there, "GET /q HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n")
	<-ready
	return h
}

// read reads what the agent got.
func (h *heldPoll) read(t *testing.T) (int, string) {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(h.agent), nil)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return res.StatusCode, string(b)
}

// call is an exchange with a body that lies in memory.
func call(method, body string) *Call {
	head := method + " /x HTTP/1.1\r\nHost: h\r\n"
	if body != "" {
		head += "Content-Length: " + string(rune('0'+len(body))) + "\r\n"
	}
	r, err := http1.ParseRequest([]byte(head), strings.NewReader(body), int64(len(body)))
	if err != nil {
		panic(err)
	}
	return &Call{Request: r, Head: func(w *http1.Writer) {
		w.StartRequest(r.Method, r.Target)
		w.CopyFields(&r.Head, 0)
	}}
}

func atRestThere() bool     { return true }
func notAtRest() bool       { return false }
func jsonPoll() PollOptions { return PollOptions{Type: "application/json"} }

func TestPollAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hold(t, jsonPoll(), notAtRest)
		go func() {
			if status, body := h.read(t); status != 200 || body != `{"message-id":"m1","method":"POST","request-uri":"/x","http-version":"PTTH/0.9","headers":[["Host","h"]],"body":"hey"}` {
				t.Errorf("agent got %d %s", status, body)
			}
			if !h.replies.Waiting("m1") || h.replies.Len() != 1 {
				t.Error("nobody waits")
			}
			if err := h.replies.Object([]byte(`{"message-id":"m1","status":202,"body":"ho"}`), nil); err != nil {
				t.Error(err)
			}
		}()
		res, err := h.Do(call("POST", "hey"))
		if err != nil || res.Status != 202 || bodyOf(t, res.Body) != "ho" {
			t.Errorf("%v, %v", res, err)
		}
		if h.Done() || h.replies.Len() != 0 || !<-h.answered {
			t.Error("not ended as it should be")
		}
		h.Close()
	})
}

func TestPollEndsEmpty(t *testing.T) {
	tests := []struct {
		name     string
		withdraw func() bool
		close    time.Duration // when it is closed, 0 for never
		want     time.Duration
	}{
		{"in time", atRestThere, 0, 30 * time.Second},
		{"closed", notAtRest, time.Second, time.Second},
		{"closed at the end of its time", notAtRest, 31 * time.Second, 31 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := hold(t, PollOptions{}, tt.withdraw)
				begin := time.Now()
				if tt.close > 0 {
					time.AfterFunc(tt.close, func() { h.Close() })
				}
				if h.Check() != http1.PeerSilent {
					t.Error("not good at first")
				}
				if status, _ := h.read(t); status != 204 || time.Since(begin) != tt.want || <-h.answered {
					t.Errorf("%d after %v", status, time.Since(begin))
				}
				if h.Check() != http1.PeerGone {
					t.Error("good behind its time")
				}
				if _, err := h.Do(call("GET", "")); err != ErrNotSent {
					t.Errorf("used behind its time: %v", err)
				}
				if h.Done() || h.replies.Len() != 0 {
					t.Error("not ended as it should be")
				}
				h.Close()
			})
		})
	}
}

// TestPollWaits bounds the wait for a reply.
func TestPollWaits(t *testing.T) {
	tests := []struct {
		name  string
		most  time.Duration // of the poll
		wait  time.Duration // of the call
		gone  time.Duration // when the sender leaves; 0 for never
		close time.Duration
		want  error
		after time.Duration
	}{
		{"the call's bound", 0, 10 * time.Second, 0, 0, ErrAnswerTimeout, 10 * time.Second},
		{"the poll's bound", 5 * time.Second, 10 * time.Second, 0, 0, ErrAnswerTimeout, 5 * time.Second},
		{"the poll's bound alone", 5 * time.Second, 0, 0, 0, ErrAnswerTimeout, 5 * time.Second},
		{"sender gone", 0, 10 * time.Second, 3500 * time.Millisecond, 0, ErrSenderGone, 4 * time.Second},
		{"closed", 0, 10 * time.Second, 0, 1500 * time.Millisecond, errPollClosed, 1500 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := hold(t, PollOptions{MaxWait: tt.most}, notAtRest)
				begin := time.Now()
				c := call("GET", "")
				c.Wait = tt.wait
				c.Gone = func() bool { return tt.gone > 0 && time.Since(begin) >= tt.gone }
				if tt.close > 0 {
					time.AfterFunc(tt.close, func() { h.Close() })
				}
				go h.read(t)
				if _, err := h.Do(c); err != tt.want || time.Since(begin) != tt.after {
					t.Errorf("%v after %v", err, time.Since(begin))
				}
				a := h.replies.Take("m1")
				if h.Done(); a == nil {
					t.Fatal("the reply was not awaited to the end")
				}
				if err := a.Message(exchange(t, "HTTP/1.1 200 OK\r\n\r\n")); err != ErrNoExchange {
					t.Errorf("late reply: %v", err)
				}
				h.Close()
			})
		})
	}
}

// exchange is an agent's request with an entity.
func exchange(t *testing.T, entity string) *http1.Exchange {
	t.Helper()
	r, err := http1.ParseRequest([]byte("POST /q HTTP/1.1\r\n"), strings.NewReader(entity), int64(len(entity)))
	if err != nil {
		t.Fatal(err)
	}
	return http1.NewExchange(r, io.Discard)
}

// TestPollStreams reads a reply while it is being sent.
func TestPollStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hold(t, PollOptions{}, notAtRest)
		over := make(chan error, 1)
		body, feed := io.Pipe()
		go func() {
			if _, body := h.read(t); body != "GET /x HTTP/1.1\r\nHost: h\r\n\r\n" {
				t.Errorf("agent got %q", body)
			}
			r, err := http1.ParseRequest([]byte("POST /q HTTP/1.1\r\n"), body, -1)
			if err != nil {
				t.Error(err)
			}
			over <- h.replies.Take("m1").Message(http1.NewExchange(r, io.Discard))
		}()
		go io.WriteString(feed, "HTTP/1.1 200 OK\r\n\r\none")
		res, err := h.Do(call("GET", ""))
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 3)
		if _, err := io.ReadFull(res.Body, b); err != nil || string(b) != "one" {
			t.Errorf("%q, %v", b, err)
		}
		go func() { io.WriteString(feed, "two"); feed.Close() }()
		if got := bodyOf(t, res.Body); got != "two" {
			t.Errorf("got %q", got)
		}
		select {
		case err := <-over:
			t.Errorf("the agent's request is over before the exchange: %v", err)
		default:
		}
		h.Done()
		if err := <-over; err != nil {
			t.Error(err)
		}
		h.Close()
	})
}

func TestPollCannot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hold(t, jsonPoll(), atRestThere)
		var cannot *CannotError
		c := call("GET", "")
		c.Switch = true
		if _, err := h.Do(c); !errors.As(err, &cannot) {
			t.Errorf("a switch: %v", err)
		}
		c = call("GET", "")
		r, err := http1.ParseRequest([]byte("GET /x HTTP/1.1\r\nAccept: text/event-stream;q=1\r\n"), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		c.Request = r
		if _, err := h.Do(c); !errors.As(err, &cannot) {
			t.Errorf("events: %v", err)
		}
		r, err = http1.ParseRequest([]byte("POST /x HTTP/1.1\r\n"), strings.NewReader(""), jsonBody+1)
		if err != nil {
			t.Fatal(err)
		}
		c.Request = r
		var broken *http1.CopyError
		if _, err := h.Do(c); !errors.As(err, &broken) || !errors.Is(err, http1.ErrBodyTooLarge) {
			t.Errorf("a long body: %v", err)
		}
		if !h.Done() {
			t.Error("the poll is spent")
		}
		h.Close()
		if status, _ := h.read(t); status != 204 {
			t.Errorf("agent got %d", status)
		}
		if h.Done() {
			t.Error("a closed poll is good for another exchange")
		}
	})
}

// TestPollOfSameID does not let two exchanges wait under one id.
func TestPollOfSameID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hold(t, PollOptions{}, notAtRest)
		h.replies.expect("m1", []byte("GET"))
		if _, err := h.Do(call("GET", "")); err != ErrNotSent || h.Done() {
			t.Errorf("got %v", err)
		}
		h.Close()
		if status, _ := h.read(t); status != 204 {
			t.Errorf("agent got %d", status)
		}
	})
}

// TestPollAgentGone sends to an agent that does not read.
func TestPollAgentGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hold(t, PollOptions{}, notAtRest)
		h.agent.Close()
		c := call("POST", "hey")
		if _, err := h.Do(c); err != ErrNotSent || c.Request.Body.Consumed() != 0 {
			t.Errorf("got %v", err)
		}
		if h.Done() || h.replies.Len() != 0 {
			t.Error("not ended as it should be")
		}
		h.Close()

		h = hold(t, PollOptions{}, notAtRest)
		time.AfterFunc(time.Second, func() { h.Close() })
		begin := time.Now()
		if _, err := h.Do(call("POST", "hey")); err == nil || time.Since(begin) != time.Second {
			t.Errorf("closed while it sends: %v after %v", err, time.Since(begin))
		}
		h.Done()
	})
}

func TestWantsEvents(t *testing.T) {
	for accept, want := range map[string]bool{
		"Accept: text/event-stream\r\n":                              true,
		"Accept: Text/Event-Stream; q=0.9\r\n":                       true,
		"Accept: text/event-stream\r\nAccept: text/event-stream\r\n": true,
		"Accept: application/json, text/event-stream\r\n":            false,
		"Accept: text/event-stream\r\nAccept: */*\r\n":               false,
		"":             false,
		"Accept: \r\n": false,
	} {
		r, err := http1.ParseRequest([]byte("GET / HTTP/1.1\r\n"+accept), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := wantsEvents(r); got != want {
			t.Errorf("%q: %v", accept, got)
		}
	}
}
