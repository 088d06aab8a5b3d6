package agent

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"homehook/agent/control"
	"homehook/http1"
	"homehook/ptth"
)

func TestChanges(t *testing.T) {
	var c changes
	now := time.Now()
	for i := range mostChanges {
		if !c.allow(now) {
			t.Fatalf("change %d is not logged", i)
		}
	}
	if c.allow(now) || !c.quiet {
		t.Error("one too many is logged")
	}
	if !c.allow(now.Add(changeEvery)) || c.quiet {
		t.Error("one later is not logged")
	}
	if c.allow(now.Add(changeEvery + time.Second)) {
		t.Error("the one behind it is logged")
	}
	for i := range mostChanges {
		if !c.allow(now.Add(time.Hour)) {
			t.Fatalf("change %d after a calm is not logged", i)
		}
	}
}

// TestFlappingIsNotLoggedForEver: a relay that ends each link behind a request
// makes few lines of log.
func TestFlappingIsNotLoggedForEver(t *testing.T) {
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		p := newPool(ptth.About{Dialect: ptth.Dialect10})
		keep(t, p, true, func(k *keeper) {
			k.claim.MaxLinks = 1
			k.log = slog.New(slog.NewTextHandler(&log, nil))
			k.dial = func(ctx context.Context) (ptth.AgentLink, error) {
				select {
				case <-time.After(time.Millisecond): // the time a dial takes
				case <-ctx.Done():
				}
				return p.dial(ctx)
			}
			go func() {
				for range 1000 {
					p.mu.Lock()
					open := append([]*fakeLink(nil), p.open...)
					p.mu.Unlock()
					for _, l := range open {
						l.Close()
					}
					time.Sleep(time.Second)
				}
			}()
		})
		time.Sleep(1000 * time.Second)
	})
	if n := strings.Count(log.String(), "msg=disconnected"); n < mostChanges || n > mostChanges+1000/int(changeEvery/time.Second) {
		t.Errorf("%d lines about disconnections", n)
	}
	if up, down := strings.Count(log.String(), "msg=connected"), strings.Count(log.String(), "msg=disconnected"); up < down || up > down+1 {
		t.Errorf("connected %d times, disconnected %d times", up, down)
	}
}

// TestErrand: one at a time, the last wish behind the one that runs, and not
// more than one a second.
func TestErrand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var e errand
		var running, most, runs, last atomic.Int32
		for i := range int32(10_000) {
			e.do(ctx, func() {
				most.Store(max(most.Load(), running.Add(1)))
				time.Sleep(100 * time.Millisecond)
				running.Add(-1)
				runs.Add(1)
				last.Store(i)
			})
			time.Sleep(time.Millisecond)
		}
		time.Sleep(3 * time.Second)
		if most.Load() != 1 || last.Load() != 9999 || runs.Load() < 9 || runs.Load() > 12 {
			t.Errorf("%d at a time, %d in 10 s, the last was %d", most.Load(), runs.Load(), last.Load())
		}
		e.do(ctx, func() {})
		cancel()
		e.wait()
	})
}

// TestNonsenseIsNotHurried: what answers with nonsense is asked less and less,
// and its owner is told that it is up to a person.
func TestNonsenseIsNotHurried(t *testing.T) {
	var nonsense error = &ptth.AnswerError{}
	var k keeper
	var b backoff
	for range 8 {
		k.delay(&b, fmt.Errorf("wrapped: %w", nonsense))
	}
	if b.ceiling != longest {
		t.Errorf("ceiling %v after 8 answers", b.ceiling)
	}
}

// TestIDUsedAgain: a relay that gives an id twice can neither hide a delivery
// nor change what is written of an earlier one.
func TestIDUsedAgain(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, conf(r.addr, respondRoute))
	for _, body := range []string{"one", "another"} {
		if got, err := r.send(id, "POST /hello HTTP/1.1", body); err != nil || got.status != 201 {
			t.Fatal(got, err)
		}
	}
	var page []control.Delivery
	eventually(t, "both are in the history", func() bool {
		var err error
		page, _, err = h.client.Deliveries(t.Context(), control.Query{})
		return err == nil && len(page) == 2 && page[0].State == "succeeded" && page[1].State == "succeeded"
	})
	if page[1].ID != id || page[1].Size != 3 || page[0].ID == id || page[0].Size != 7 {
		t.Errorf("%+v", page)
	}
}

// TestForbiddenIsWarnedOfOnce: what no relay may send is refused each time, and
// told of once.
func TestForbiddenIsWarnedOfOnce(t *testing.T) {
	var log bytes.Buffer
	in := &inbox{log: slog.New(slog.NewTextHandler(&log, nil))}
	in.keep.Store(-1)
	k := &keeper{}
	for range 3 {
		here, there := net.Pipe()
		go there.Write([]byte("CONNECT a.example:1 HTTP/1.1\r\nHost: a.example\r\n\r\n"))
		done := make(chan struct{})
		go func() {
			defer close(done)
			http1.NewConn(here, http1.Limits{}).Serve(t.Context(), func(_ context.Context, x *http1.Exchange) { in.take(k, fixed{}, x) })
		}()
		answer := make([]byte, 12)
		if _, err := there.Read(answer); err != nil || string(answer) != "HTTP/1.1 405" {
			t.Errorf("%q, %v", answer, err)
		}
		there.Close()
		<-done
	}
	if n := strings.Count(log.String(), "no relay may send"); n != 1 {
		t.Errorf("%d warnings", n)
	}
}

// fixed is a link of which nothing is known.
type fixed struct{ ptth.AgentLink }

func (fixed) About() ptth.About { return ptth.About{} }
