package ptth_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"homehook/ptth"
)

// TestEventsShareMemory: a long request waits for memory that others have, and
// is carried out then; short ones do not wait, and no memory is lost.
func TestEventsShareMemory(t *testing.T) {
	event := func(body string) string {
		return answer("application/json", `{"message-id":"m","method":"POST","request-uri":"/","headers":[],"body":"`+body+`"}`)
	}
	long := strings.Repeat("y", 1<<20)
	asked := make(chan string, 10)
	relay := handmade(t, func(_ int, p *peer) {
		if head, _ := p.read(); head == "" {
			return // the agent has closed the link
		}
		for _, say := range []string{"{}", "", long, long} {
			if p.say(answer("application/json", "{}")); say != "{}" {
				p.read()
				p.say(event(say))
			}
			head, reply := p.read()
			if head == "" {
				return // the agent has closed the link
			}
			asked <- reply
		}
	})
	d := comet(&ptth.Dialer{Relay: relay})
	ptth.TakeRoom(t, d, ptth.EventRoom)
	s := serveDial(t, d, hello)
	within(t, asked, "poll")
	if r := within(t, asked, "reply to the short one"); !strings.Contains(r, `"status":200`) {
		t.Errorf("reply %.100q", r)
	}
	select {
	case <-asked:
		t.Error("the long one did not wait")
	case <-time.After(200 * time.Millisecond):
	}
	ptth.GiveRoom(d, ptth.EventRoom)
	for range 2 {
		if r := within(t, asked, "reply to the long one"); !strings.Contains(r, `"status":200`) {
			t.Errorf("reply %.100q", r)
		}
	}
	s.link.Close()
	within(t, s.result, "end of Serve")
	ptth.TakeRoom(t, d, ptth.EventRoom) // all is there again
}

// TestEventThatWaitsEnds: the wait for memory ends with the context.
func TestEventThatWaitsEnds(t *testing.T) {
	d := &ptth.Dialer{}
	ptth.TakeRoom(t, d, ptth.EventRoom)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ptth.WaitForRoom(ctx, d, 1); err == nil {
		t.Error("there is more room than there is")
	}
}
