package relay

import (
	"encoding/json"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"
)

// TestCometAnyConnection answers on other connections than it polls, in
// another order.
func TestCometAnyConnection(t *testing.T) {
	tr := startRelay(t, Options{})
	const n = 8
	var agents []*peer
	var senders []func() answer
	for i := range n {
		agents = append(agents, tr.peer(t))
		agents[i].send(tr.cometHead(""), "")
	}
	tr.waitIdle(t, "garage", n)
	for i := range n {
		senders = append(senders, tr.sendLater(t, fmt.Sprintf("GET /~garage/%d HTTP/1.1\nHost: relay\n", i), ""))
	}
	events := make([]event, n)
	for i, a := range agents {
		events[i] = readEvent(t, a.read())
	}
	for i, e := range events {
		other := agents[(i+3)%n]
		other.send(tr.cometHead(""), fmt.Sprintf(`{"message-id":"%s","status":200,"body":"%s"}`, e.ID, e.Target))
	}
	for i, s := range senders {
		if a := s(); a.body != fmt.Sprintf("/%d", i) {
			t.Errorf("sender %d got %q", i, a.body)
		}
	}
}

// TestCometMany runs agents and senders at the same time.
func TestCometMany(t *testing.T) {
	tr := startRelay(t, Options{Hold: 20 * time.Millisecond})
	tr.peer(t).ask(tr.cometHead(""), "")
	stop := make(chan struct{})
	var agents, senders sync.WaitGroup
	for range 4 {
		p := tr.peer(t)
		agents.Go(func() {
			body := ""
			for {
				select {
				case <-stop:
					return
				default:
				}
				a := p.ask(tr.cometHead(""), body)
				if body = ""; a.body != "{}" {
					var e event
					if err := json.Unmarshal([]byte(a.body), &e); err != nil {
						t.Errorf("%v: %s", err, a.body)
						return
					}
					reply, _ := json.Marshal(map[string]any{"message-id": e.ID, "status": 200, "body": e.Body})
					body = string(reply)
				}
			}
		})
	}
	for i := range 8 {
		p := tr.peer(t)
		senders.Go(func() {
			for j := range 25 {
				body := fmt.Sprintf("request %d of %d", j, i)
				if a := p.ask("POST /~garage/ HTTP/1.1\nHost: relay\n", body); a.status != 200 || a.body != body {
					t.Errorf("%s: %s%s", body, a.head, a.body)
				}
			}
		})
	}
	senders.Wait()
	close(stop)
	agents.Wait()
	tr.waitNone(t, "garage")
}

// TestCometCannot names what COMET/JSON has no means for, and keeps the poll.
func TestCometCannot(t *testing.T) {
	tr := startRelay(t, Options{})
	agent := tr.peer(t)
	agent.send(tr.cometHead(""), "")
	tr.waitIdle(t, "garage", 1)
	for name, head := range map[string]string{
		"server-sent events": "GET /~garage/ HTTP/1.1\nHost: relay\nAccept: text/event-stream\nConnection: close\n",
		"WebSocket":          "GET /~garage/ HTTP/1.1\nHost: relay\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\n",
	} {
		if a := tr.peer(t).ask(head, ""); a.status != 501 {
			t.Errorf("%s: %s%s", name, a.head, a.body)
		}
	}
	if a := tr.peer(t).ask("POST /~garage/ HTTP/1.1\nHost: relay\nExpect: 100-continue\nContent-Length: 8388609\n", ""); a.status != 413 {
		t.Errorf("a long body: %s", a.head)
	}
	sender := tr.sendLater(t, "GET /~garage/ HTTP/1.1\nHost: relay\nAccept: text/event-stream, application/json\n", "")
	for a := agent.read(); ; a = agent.ask(tr.cometHead(""), "") {
		if a.body == "{}" {
			continue // the poll was spent on one of the requests above
		}
		e := readEvent(t, a)
		agent.send(tr.cometHead(""), `{"message-id":"`+e.ID+`","status":200,"body":"ok"}`)
		break
	}
	if a := sender(); a.body != "ok" {
		t.Errorf("got %s%s", a.head, a.body)
	}
}

// TestCometGone lets each of the three leave.
func TestCometGone(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{AnswerTimeout: 1500 * time.Millisecond})
	poller := func(t *testing.T) *peer {
		p := tr.peer(t)
		p.send(tr.cometHead(""), "")
		tr.waitIdle(t, "garage", 1)
		return p
	}
	t.Run("agent before delivery", func(t *testing.T) {
		poller(t).nc.Close()
		tr.waitNone(t, "garage")
	})
	t.Run("agent resets before delivery, another polls", func(t *testing.T) {
		gone := poller(t)
		gone.nc.(*net.TCPConn).SetLinger(0)
		gone.nc.Close()
		second := tr.peer(t)
		sender := tr.sendLater(t, "GET /~garage/ HTTP/1.1\nHost: relay\n", "")
		e := poll(t, tr, second, "")
		second.send(tr.cometHead(""), `{"message-id":"`+e.ID+`","status":200,"body":"ok"}`)
		if a := sender(); a.body != "ok" {
			t.Errorf("got %s", a.head)
		}
		second.nc.Close()
		tr.waitNone(t, "garage")
	})
	t.Run("agent after delivery", func(t *testing.T) {
		p := poller(t)
		sender := tr.sendLater(t, "GET /~garage/ HTTP/1.1\nHost: relay\n", "")
		readEvent(t, p.read())
		p.nc.Close()
		if a := sender(); a.status != 504 {
			t.Errorf("got %s", a.head)
		}
		tr.waitNone(t, "garage")
	})
	t.Run("sender after delivery", func(t *testing.T) {
		p := poller(t)
		s := tr.peer(t)
		s.send("GET /~garage/ HTTP/1.1\nHost: relay\n", "")
		e := readEvent(t, p.read())
		s.nc.Close()
		tr.waitNone(t, "garage")
		p.send(tr.cometHead(""), `{"message-id":"`+e.ID+`","status":200}`)
		tr.waitIdle(t, "garage", 1) // the late reply is dropped, the poll is not
		p.nc.Close()
		tr.waitNone(t, "garage")
	})
	t.Run("token revoked", func(t *testing.T) {
		p := poller(t)
		sender := tr.sendLater(t, "GET /~garage/ HTTP/1.1\nHost: relay\n", "")
		readEvent(t, p.read())
		second := poller(t)
		if err := tr.RevokeToken(t.Context(), "me"); err != nil {
			t.Fatal(err)
		}
		if a := sender(); a.status != 502 {
			t.Errorf("sender got %s", a.head)
		}
		if a := second.read(); a.body != "{}" {
			t.Errorf("poll got %s", a.head)
		}
		tr.waitNone(t, "garage")
	})
}

// TestCometDrain ends polls when the relay ends.
func TestCometDrain(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{})
	agent := tr.peer(t)
	agent.send(tr.cometHead(""), "")
	tr.waitIdle(t, "garage", 1)
	tr.stop()
	if a := agent.read(); a.body != "{}" || a.fields["connection"] != "close" {
		t.Errorf("got %s%s", a.head, a.body)
	}
}
