package ptth_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// TestEventsShareMemory: however many links a relay sends long requests on, few
// of them are in memory at once, and all are carried out in the end.
func TestEventsShareMemory(t *testing.T) {
	const links = 8
	body := strings.Repeat("y", 24<<20)
	relay := handmade(t, func(_ int, p *peer) {
		p.read()
		p.say(answer("application/json", "{}"))
		p.read()
		p.say(answer("application/json", `{"message-id":"m","method":"POST","request-uri":"/","headers":[],"body":"`+body+`"}`))
		if _, reply := p.read(); !strings.Contains(reply, `"status":200`) {
			t.Errorf("reply %.80q", reply)
		}
		p.say(answer("application/json", "{}"))
		p.read()
	})
	d := comet(&ptth.Dialer{Relay: relay})
	var running, most atomic.Int32
	entered, release := make(chan struct{}, links), make(chan struct{})
	let := sync.OnceFunc(func() { close(release) })
	defer let()
	handle := func(_ context.Context, x *http1.Exchange) {
		n := running.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		entered <- struct{}{}
		<-release
		running.Add(-1)
		x.Text(200, fmt.Sprint(x.Request.Body.Length()))
	}
	all := make([]*served, links)
	for i := range all {
		all[i] = serveDial(t, d, handle)
	}
	within(t, entered, "first exchange")
	time.Sleep(time.Second) // for the others, which have to wait
	if n := most.Load(); n > 5 {
		t.Errorf("%d long requests in memory at once", n)
	}
	let()
	for range links - 1 {
		select {
		case <-entered:
		case <-time.After(20 * time.Second):
			t.Fatal("a request was left lying")
		}
	}
	for _, s := range all {
		s.link.Leave()
	}
	for _, s := range all {
		s.link.Close()
		within(t, s.result, "end of Serve")
	}
}
