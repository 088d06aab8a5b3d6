package relay

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// backlogSize is how many deliveries wait in the tests of order.
const backlogSize = 2000

// TestBacklogInOrder: home comes back to a few thousand deliveries, and runs all
// of them in order, each once.
func TestBacklogInOrder(t *testing.T) {
	for _, tt := range []struct {
		name    string
		foreign bool
		n       int
	}{{"ours", false, backlogSize}, {"foreign", true, backlogSize / 4}} {
		t.Run(tt.name, func(t *testing.T) {
			tr := startRelay(t, Options{})
			tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
			want := tr.fill(t, tt.n)
			h := &home{Foreign: tt.foreign, Answer: func(x *http1.Exchange, _ int) {
				if tt.foreign {
					x.Text(200, "done")
				} else {
					keep(x, 202, "")
				}
			}}
			start := time.Now()
			if tt.foreign {
				tr.foreignOf(t, ptth.Dialect10, "garage", 4, h.handle)
			} else {
				tr.agent(t, "garage", 8, h.handle)
			}
			tr.emptied(t)
			t.Logf("%.0f deliveries a second", float64(tt.n)/time.Since(start).Seconds())
			if !slices.Equal(h.order(), want) {
				t.Errorf("the order is another")
			}
			h.mu.Lock()
			defer h.mu.Unlock()
			if len(h.heads) != tt.n {
				t.Errorf("%d were sent for %d", len(h.heads), tt.n)
			}
		})
	}
}

// TestBacklogOverRestarts ends the relay while a backlog is on its way home, again
// and again, and cuts links: all arrives in order, and what comes twice does so
// under its id.
func TestBacklogOverRestarts(t *testing.T) {
	t.Parallel()
	for _, foreign := range []bool{false, true} {
		t.Run(fmt.Sprint("foreign ", foreign), func(t *testing.T) {
			data := t.TempDir()
			tr := startRelay(t, Options{Data: data})
			tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
			want := tr.fill(t, 400)
			token := tr.token
			tr.stop()
			tr.Close()
			h := &home{Foreign: foreign}
			var stop atomic.Int32
			h.Answer = func(x *http1.Exchange, _ int) {
				if stop.Add(-1) == 0 {
					x.Conn().Close() // the answer is lost
					return
				}
				keep(x, 202, "")
			}
			for round := 0; ; round++ {
				tr = serveRelay(t, Options{Data: data, DrainTimeout: time.Second})
				tr.token = token
				stop.Store(50)
				d := tr.dialer()
				if foreign {
					d.Ping, d.MaxLinks = 0, 0
				}
				for range 4 {
					if l, err := d.Dial(t.Context(), "garage"); err == nil {
						serveLink(t, l, h.handle)
					}
				}
				start := tr.queued()
				waitFor(t, "some have left", func() bool { return tr.queued() <= max(0, start-100) || stop.Load() < 0 && round > 20 })
				if tr.queued() == 0 {
					break
				}
				tr.stop()
				tr.Close()
			}
			got := h.order()
			if foreign {
				got = slices.Compact(got)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d arrived, or in another order", len(got))
			}
		})
	}
}

// TestRefusedStaysInLine: a delivery that home does not take is tried again, and
// none behind it is lost or comes before it.
func TestRefusedStaysInLine(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{})
	tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
	want := tr.fill(t, 30)
	var first time.Time
	var paused time.Duration
	h := &home{}
	h.Answer = func(x *http1.Exchange, times int) {
		if string(x.Request.Target) == "/7" && times < 3 {
			if times == 1 {
				first = time.Now()
			} else {
				paused = time.Since(first)
			}
			x.Start(503, nil)
			x.Field("Retry-After", "2")
			x.EndLength(0)
			x.Finish()
			return
		}
		keep(x, 202, "")
	}
	tr.agent(t, "garage", 4, h.handle)
	tr.emptied(t)
	if !slices.Equal(h.order(), want) {
		t.Errorf("the order is %v", h.order())
	}
	if h.mu.Lock(); h.times[h.idOf("/7")] != 3 {
		t.Errorf("/7 came %d times", h.times[h.idOf("/7")])
	}
	h.mu.Unlock()
	if paused < 2*time.Second {
		t.Errorf("Retry-After was not waited for: %v", paused)
	}
}

func (h *home) idOf(path string) string {
	for id, p := range h.paths {
		if p == path {
			return id
		}
	}
	return ""
}

// TestBackOff holds the pauses between tries.
func TestBackOff(t *testing.T) {
	for failures := 1; failures < 100; failures++ {
		want := float64(min(time.Minute, time.Second<<min(failures-1, 10)))
		if got := float64(backOff(failures)); got < float64(time.Second) || got < want*0.79 || got > want*1.21 {
			t.Errorf("%d failures: %v", failures, time.Duration(got))
		}
	}
	for value, want := range map[string]time.Duration{
		"": 0, "5": 5 * time.Second, "-5": 0, "x": 0, "99999999": time.Hour,
		time.Now().Add(-time.Hour).UTC().Format(time.RFC1123): 0, "Fri, 31 Dec 9999 23:59:59 GMT": time.Hour,
	} {
		res, err := http1.BuildResponse(503, "", []http1.Field{{Name: "Retry-After", Value: value}}, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := askedPause(res); got != want {
			t.Errorf("Retry-After %q: %v, want %v", value, got, want)
		}
	}
}

// TestLineMeetsPause: home that comes back is not kept waiting for the rest of a
// pause.
func TestLineMeetsPause(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{AwayAfter: time.Millisecond})
	c := tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
	tr.fill(t, 3)
	bad := func(_ context.Context, x *http1.Exchange) {
		x.Start(503, nil)
		x.Field("Retry-After", "600")
		x.EndLength(0)
		x.Finish()
	}
	l := tr.dial(t, "garage", bad)
	waitFor(t, "home has refused", func() bool { return strings.Contains(tr.log.String(), "delivery not taken") })
	l.Close()
	waitFor(t, "the link is gone", func() bool { return c.links() == 0 })
	h := &home{}
	tr.agent(t, "garage", 1, h.handle)
	tr.emptied(t)
}

// TestStandsAside: a delivery that no link can carry does not hold up the others.
func TestStandsAside(t *testing.T) {
	tr := startRelay(t, Options{})
	tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
	tr.accepted(t, "/before")
	const size = 9 << 20 // beyond what an object of COMET holds
	if status, _ := tr.ask(t, fmt.Sprintf("POST /~garage/long HTTP/1.1\r\nHost: r\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("\x01", size))); status != 202 {
		t.Fatalf("got %d", status)
	}
	tr.accepted(t, "/behind")
	h := &home{}
	tr.agentOf(t, ptth.DialectComet, "garage", 1, h.handle)
	defer func() {
		if t.Failed() {
			t.Log(tr.log)
		}
	}()
	waitFor(t, "the others are home", func() bool { return tr.queued() == 1 })
	if !strings.Contains(tr.log.String(), "delivery cannot be sent") {
		t.Error("nothing is logged")
	}
}

// TestLateCourierAtTheEnd: a relay that ends while home works on a delivery, whose
// sender has got 202, still has it afterwards, or knows that home has.
func TestLateCourierAtTheEnd(t *testing.T) {
	t.Parallel()
	for _, answers := range []bool{false, true} {
		t.Run(fmt.Sprint("answers in time ", answers), func(t *testing.T) {
			data := t.TempDir()
			tr := startRelay(t, Options{Data: data, DrainTimeout: time.Second})
			tr.claimOf(t, claimRecord{Name: "garage", Answer: answerHold, More: moreSettings{HoldMS: 50}})
			release := make(chan struct{})
			var once sync.Once
			h := &home{Answer: func(x *http1.Exchange, _ int) { <-release; keep(x, 200, "") }}
			tr.agent(t, "garage", 2, h.handle)
			t.Cleanup(func() { once.Do(func() { close(release) }) })
			tr.accepted(t, "/a")
			stopped := make(chan struct{})
			go func() { tr.stop(); close(stopped) }()
			waitFor(t, "the relay is to end", func() bool { return tr.ends.Load() != 0 })
			if answers {
				once.Do(func() { close(release) })
			}
			<-stopped
			tr.Close()
			again := serveRelay(t, Options{Data: data})
			if n := again.queued(); n != 1 && !answers || n != 0 && answers {
				t.Errorf("%d in the queue", n)
			}
		})
	}
}

// TestHoldAtTheEnd: a sender who waits while the relay is to end gets home's
// answer, or 202 and the delivery is kept.
func TestHoldAtTheEnd(t *testing.T) {
	t.Parallel()
	for _, dialect := range append([]string{parkedMode}, allDialects...) {
		for _, answers := range []bool{true, false} {
			t.Run(fmt.Sprint(dialect, " answers in time ", answers), func(t *testing.T) {
				t.Parallel()
				data := t.TempDir()
				tr := startRelay(t, Options{Data: data, DrainTimeout: 3 * time.Second})
				tr.claimOf(t, claimRecord{Name: "garage", Answer: answerHold, More: moreSettings{HoldMS: 1000}})
				started, finish := make(chan struct{}), make(chan struct{})
				var once sync.Once
				tr.agentOf(t, dialect, "garage", 1, func(_ context.Context, x *http1.Exchange) {
					io.Copy(io.Discard, x.Request.Body)
					close(started)
					<-finish
					x.Text(200, "in the end")
				})
				t.Cleanup(func() { once.Do(func() { close(finish) }) })
				answer := make(chan string, 1)
				go func() { answer <- tr.raw(t, postOf("/x")) }()
				<-started
				stopped := make(chan struct{})
				go func() { tr.stop(); close(stopped) }()
				waitFor(t, "the relay is to end", func() bool { return tr.ends.Load() != 0 })
				want, left := "HTTP/1.1 202 ", 1
				if answers {
					once.Do(func() { close(finish) })
					want, left = "HTTP/1.1 200 ", 0
				}
				if got := <-answer; !strings.HasPrefix(got, want) {
					t.Errorf("got %q", got)
				}
				<-stopped
				tr.Close()
				if n := serveRelay(t, Options{Data: data}).queued(); n != left {
					t.Errorf("%d in the queue, want %d", n, left)
				}
			})
		}
	}
}
