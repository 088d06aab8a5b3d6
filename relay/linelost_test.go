package relay

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// patient is a home that says that it keeps a delivery once it has the one before
// it, as ours does.
func patient(h *home) {
	h.Answer = func(x *http1.Exchange, _ int) {
		id := field(x.Request, "Homehook-Delivery")
		becomes(30*time.Second, func() bool { return h.has(id) })
		keep(x, 202, "")
	}
}

func (h *home) has(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.known[id]
}

// TestProbeMeetsQueue: an agent that only tries every dialect, and gets
// deliveries as it does, holds up nothing.
func TestProbeMeetsQueue(t *testing.T) {
	t.Parallel()
	for round := range 4 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			tr := startRelay(t, Options{})
			tr.claimOf(t, claimRecord{Name: "garage", Answer: answerHold, More: moreSettings{HoldMS: 50}})
			want := tr.fill(t, 3+round)
			if _, err := tr.dialer().Probe(t.Context(), "garage", func(ptth.Attempt) {}); err != nil {
				t.Fatal(err)
			}
			h := &home{}
			patient(h)
			for range 4 {
				tr.dial(t, "garage", h.handle)
			}
			tr.emptied(t)
			if got := h.order(); !inOrder(got, want) {
				t.Errorf("home got %v", got)
			}
		})
	}
}

// TestStrangeSpareLink: a link of another dialect, whose agent takes one request and
// goes, is none to count on when the one is lost that home waits for on its last link.
func TestStrangeSpareLink(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{})
	tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
	h := &home{}
	patient(h)
	var lost atomic.Bool
	agent := func() {
		tr.dial(t, "garage", func(ctx context.Context, x *http1.Exchange) {
			if string(x.Request.Target) == "/0" && lost.CompareAndSwap(false, true) {
				becomes(time.Second, func() bool { return h.last() != "" }) // were one behind it sent, it would be here
				x.Conn().Close()
				return
			}
			h.handle(ctx, x)
		})
	}
	passing := tr.peer(t)
	passing.send(tr.cometHead("PTTH-Max-Conns: 4\n"), "")
	tr.waitIdle(t, "garage", 1)
	agent()
	agent()
	tr.waitIdle(t, "garage", 3)
	go func() {
		io.ReadAtLeast(passing.nc, make([]byte, 4096), 1)
		passing.nc.Close()
	}()
	want := tr.fill(t, 4)
	tr.emptied(t)
	if got := h.order(); !slices.Equal(got, want) {
		t.Errorf("home got %v", got)
	}
}

// inOrder reports whether got is want, or its end: an agent before may have taken
// the first ones.
func inOrder(got, want []string) bool {
	return len(got) <= len(want) && slices.Equal(got, want[len(want)-len(got):])
}

// TestLinksComeAndGo opens a few links while deliveries wait, and breaks them at
// every stage of an exchange; then home comes for good.
func TestLinksComeAndGo(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a while")
	}
	t.Parallel()
	stages := []string{"unread", "head", "body", "half an answer", "with the next"}
	for _, stage := range stages {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			tr := startRelay(t, Options{})
			tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
			for round := range 3 {
				want := tr.fill(t, 8)
				var wg sync.WaitGroup
				for range 1 + round%2 {
					wg.Go(func() { breakOff(t, tr, stage) })
				}
				wg.Wait()
				h := &home{}
				patient(h)
				var links []ptth.AgentLink
				for range 4 {
					links = append(links, tr.dial(t, "garage", h.handle))
				}
				came := time.Now()
				if !becomes(8*time.Second, func() bool { return tr.queued() == 0 }) {
					t.Fatalf("%d left after %v\n%s", tr.queued(), time.Since(came), tr.log)
				}
				if got := h.order(); !slices.Equal(got, want) {
					t.Errorf("home got %v", got)
				}
				for _, l := range links {
					l.Close()
				}
				tr.waitLinks(t, "garage", 0)
			}
		})
	}
}

// breakOff opens a link and closes it at a stage of its first exchange.
func breakOff(t *testing.T, tr *testRelay, stage string) {
	d := tr.dialer()
	l, err := d.Dial(t.Context(), "garage")
	if err != nil {
		t.Error(err)
		return
	}
	defer l.Close()
	if stage == "unread" {
		time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond) // how long the link is there
		return
	}
	var n atomic.Int32
	stop := time.AfterFunc(2*time.Second, func() { l.Close() })
	defer stop.Stop()
	l.Serve(context.Background(), func(_ context.Context, x *http1.Exchange) {
		if n.Add(1); stage != "head" {
			io.ReadAll(x.Request.Body)
		}
		if stage == "half an answer" {
			x.Conn().NetConn().Write([]byte("HTTP/1.1 20"))
		}
		if stage == "with the next" && n.Load() == 1 {
			x.Text(503, "come again")
			return
		}
		x.Conn().Close()
	})
}

// TestHomeDiesInTheMiddle: home dies with a window of deliveries on its way, each
// of which waits for the one before it, and comes back at once.
func TestHomeDiesInTheMiddle(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{})
	tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
	want := tr.fill(t, 400)
	h := &home{}
	patient(h)
	for _, left := range []int{350, 250, 150, 50} {
		var links []ptth.AgentLink
		for range 4 {
			links = append(links, tr.dial(t, "garage", h.handle))
		}
		waitFor(t, "some are home", func() bool { return tr.queued() <= left })
		for _, l := range links {
			l.Close()
		}
	}
	tr.agent(t, "garage", 4, h.handle)
	tr.emptied(t)
	if got := h.order(); !slices.Equal(got, want) {
		t.Errorf("%d arrived, or in another order", len(got))
	}
}

// TestLostInFront: a delivery that is lost comes again while home holds back those
// behind it, which wait for it.
func TestLostInFront(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{})
	tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
	want := tr.fill(t, 4)
	h := &home{}
	patient(h)
	var lost atomic.Bool
	handle := func(ctx context.Context, x *http1.Exchange) {
		if string(x.Request.Target) == "/0" && lost.CompareAndSwap(false, true) {
			becomes(5*time.Second, func() bool { return h.last() != "" }) // one behind it is there
			x.Conn().Close()
			return
		}
		h.handle(ctx, x)
	}
	tr.agent(t, "garage", 4, handle)
	tr.emptied(t)
	if got := h.order(); !slices.Equal(got, want) {
		t.Errorf("home got %v", got)
	}
}

// TestEndWithStuckLine: a relay that is to end does not wait for an agent that
// says nothing, when all is in its queue.
func TestEndWithStuckLine(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{ptth.Dialect10, ptth.DialectPTTH, ptth.DialectComet, ptth.DialectReverseHTTP} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			tr := startRelay(t, Options{Data: data, DrainTimeout: time.Minute})
			tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
			tr.fill(t, 3)
			release, got := make(chan struct{}), make(chan struct{}, 100)
			d := tr.dialer()
			d.Dialect = dialect
			l, err := d.Dial(t.Context(), "garage")
			if err != nil {
				t.Fatal(err)
			}
			served := make(chan struct{})
			go func() {
				defer close(served)
				l.Serve(context.Background(), func(context.Context, *http1.Exchange) { got <- struct{}{}; <-release })
			}()
			t.Cleanup(func() { l.Close(); close(release); <-served })
			<-got
			start := time.Now()
			tr.stop()
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("the end took %v", took)
			}
			tr.Close()
			if n := serveRelay(t, Options{Data: data}).queued(); n != 3 {
				t.Errorf("%d in the queue, want 3", n)
			}
		})
	}
}
