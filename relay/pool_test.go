package relay

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homehook/http1"
	"homehook/ptth"
)

var testPool = poolLimits{links: 4, waiting: 3, wait: 5 * time.Second, recent: 30 * time.Second}

// pipeLink makes a link over a pipe and adds it to a claim. The other end is
// the agent's, which answers pings if it is to.
func pipeLink(t *testing.T, c *claim, id uint64, pongs bool) (*link, net.Conn) {
	t.Helper()
	here, there := net.Pipe()
	t.Cleanup(func() { here.Close(); there.Close() })
	var l *ptth.Link
	served := make(chan error, 1)
	go func() {
		conn := http1.NewConn(here, http1.Limits{})
		served <- conn.Serve(context.Background(), func(_ context.Context, x *http1.Exchange) {
			o, err := ptth.ParseOffer(x.Request)
			if err != nil {
				t.Error(err)
			}
			l, _ = ptth.Accept(x, o, nil)
		})
	}()
	agent := http1.NewConn(there, http1.Limits{IdleTimeout: -1})
	w := agent.Writer()
	w.StartRequest([]byte("POST"), []byte("/ptth/garage"))
	w.Field("Upgrade", "PTTH/1.0")
	w.Field("Connection", "Upgrade")
	w.Field("PTTH-Ping", "20")
	w.Field("PTTH-Max-Conns", "4")
	w.EndLength(0)
	sent := make(chan error, 1)
	go func() { sent <- w.Finish() }()
	if res, err := agent.ReadResponse([]byte("POST")); err != nil || res.Status != 101 {
		t.Fatal(err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != http1.ErrHijacked {
		t.Fatal(err)
	}
	if err := l.Start(); err != nil {
		t.Fatal(err)
	}
	if pongs {
		go agent.Serve(context.Background(), func(_ context.Context, x *http1.Exchange) { x.Text(200, "pong") })
	}
	pl := &link{Carrier: l, traits: l.Traits(), claim: c, id: id}
	if err := c.reserve(); err != nil {
		t.Fatal(err)
	}
	if err := c.add(pl); err != nil {
		t.Fatal(err)
	}
	return pl, there
}

func atRest(c *claim) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.idle)
}

func newTestClaim(p poolLimits) *claim { return newClaim(&claimRecord{Name: "garage"}, p) }

func TestPoolGivesLastUsedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestClaim(testPool)
		var links []*link
		for i := range 3 {
			l, _ := pipeLink(t, c, uint64(i), false)
			links = append(links, l)
		}
		var w waiter
		take := func() *link {
			t.Helper()
			l, err := c.take(&w)
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		if l := take(); l != links[2] {
			t.Errorf("got link %d, want the newest", l.id)
		}
		if l := take(); l != links[1] {
			t.Errorf("got link %d, want 1", l.id)
		}
		c.put(links[2])
		c.put(links[1])
		if l := take(); l != links[1] {
			t.Errorf("got link %d, want the one put back last", l.id)
		}
		c.drop(links[1])
		if n := c.links(); n != 2 {
			t.Errorf("%d links, want 2", n)
		}
		c.put(links[1])
		if got := atRest(c); got != 2 {
			t.Errorf("a dropped link came back: %d at rest", got)
		}
	})
}

func TestPoolServesWaitersInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestClaim(testPool)
		l, _ := pipeLink(t, c, 1, false)
		if _, err := c.take(new(waiter)); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var order []int
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				l, err := c.take(new(waiter))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				c.put(l)
			})
			synctest.Wait()
		}
		if n := c.waiting(); n != 3 {
			t.Errorf("%d wait, want 3", n)
		}
		if _, err := c.take(new(waiter)); err != errCrowded {
			t.Errorf("beyond the limit: got %v", err)
		}
		c.put(l)
		wg.Wait()
		if diff := cmp.Diff([]int{0, 1, 2}, order); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
		if n := c.waiting(); n != 0 {
			t.Errorf("%d still wait", n)
		}
	})
}

func TestPoolWaitEnds(t *testing.T) {
	tests := []struct {
		name  string
		start func(t *testing.T, c *claim) // the state before the request
		after time.Duration                // until then
		then  func(c *claim)               // what happens a second into the wait
		want  error
		took  time.Duration
	}{
		{"agent never seen, relay just started", nil, 0, nil, errAway, 5 * time.Second},
		{"agent gone for long", nil, 31 * time.Second, nil, errAway, 0},
		{"agent gone a moment ago", func(t *testing.T, c *claim) {
			time.Sleep(time.Hour)
			l, _ := pipeLink(t, c, 1, false)
			c.take(new(waiter))
			c.drop(l)
		}, 29 * time.Second, nil, errAway, 5 * time.Second},
		{"all links busy", func(t *testing.T, c *claim) {
			pipeLink(t, c, 1, false)
			c.take(new(waiter))
		}, time.Hour, nil, errBusy, 5 * time.Second},
		{"claim released", func(t *testing.T, c *claim) {
			pipeLink(t, c, 1, false)
			c.take(new(waiter))
		}, 0, func(c *claim) { c.end() }, errUnknown, time.Second},
		{"relay ends, no link", func(_ *testing.T, c *claim) { c.drain() }, 0, nil, errAway, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newTestClaim(testPool)
				if tt.start != nil {
					tt.start(t, c)
				}
				time.Sleep(tt.after)
				if tt.then != nil {
					time.AfterFunc(time.Second, func() { tt.then(c) })
				}
				begin := time.Now()
				_, err := c.take(new(waiter))
				if !errors.Is(err, tt.want) || time.Since(begin) != tt.took {
					t.Errorf("got %v after %v, want %v after %v", err, time.Since(begin), tt.want, tt.took)
				}
				if n := c.waiting(); n != 0 {
					t.Errorf("%d still wait", n)
				}
			})
		})
	}
}

// TestPoolPatienceIsPerRequest lets a request take several links, which must
// not lengthen its wait.
func TestPoolPatienceIsPerRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestClaim(testPool)
		var w waiter
		begin := time.Now()
		for i := range 10 {
			time.AfterFunc(2*time.Second, func() { pipeLink(t, c, uint64(i), false) })
			l, err := c.take(&w)
			if err != nil {
				break
			}
			c.drop(l)
		}
		time.Sleep(2 * time.Second) // the last link's timer
		synctest.Wait()
		if took := time.Since(begin); took > 8*time.Second {
			t.Errorf("one request waited %v", took)
		}
		c.cut()
	})
}

func TestProbeDropsAndPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestClaim(testPool)
		good, _ := pipeLink(t, c, 1, true)
		dead, silent := pipeLink(t, c, 2, false)
		go io.Copy(io.Discard, silent)
		r := &Relay{dir: &directory{claims: map[string]*claim{"garage": c}, checked: time.Now().Add(time.Hour)}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.sweep(ctx) }()

		time.Sleep(19 * time.Second)
		synctest.Wait()
		if n := atRest(c); n != 2 {
			t.Errorf("%d links at rest before the first ping, want 2", n)
		}
		time.Sleep(20 * time.Second) // both are pinged, one never answers
		synctest.Wait()
		c.mu.Lock()
		left := slices.Clone(c.all)
		c.mu.Unlock()
		if len(left) != 1 || left[0] != good {
			t.Errorf("%d links left, link %d among them", len(left), dead.id)
		}
		cancel()
		<-done
		if age := time.Since(good.IdleSince()); age > 20*time.Second {
			t.Errorf("the good link was last heard %v ago", age)
		}
		c.cut()
	})
}

func TestReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestClaim(testPool)
		for i := range testPool.links {
			if err := c.reserve(); err != nil {
				t.Fatalf("link %d: %v", i, err)
			}
		}
		if err := c.reserve(); err != errLinks {
			t.Errorf("beyond the limit: %v", err)
		}
		time.Sleep(time.Hour)
		if c.away() {
			t.Error("away while links are being opened")
		}
		c.unreserve()
		if err := c.reserve(); err != nil {
			t.Errorf("with room again: %v", err)
		}
	})
}

func TestDrainClosesLinksAtRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestClaim(testPool)
		busy, _ := pipeLink(t, c, 1, false)
		_, rest := pipeLink(t, c, 2, false)
		c.idle[0], c.idle[1] = c.idle[1], c.idle[0]
		if l, err := c.take(new(waiter)); err != nil || l != busy {
			t.Fatal(err)
		}
		c.drain()
		if _, err := rest.Read(make([]byte, 1)); err == nil {
			t.Error("the link at rest is open")
		}
		if n := c.links(); n != 1 {
			t.Errorf("%d links, want the busy one", n)
		}
		if err := c.add(busy); err == nil {
			t.Error("a link was added while draining")
		}
		c.put(busy)
		if n := c.links(); n != 0 {
			t.Errorf("%d links after the last exchange", n)
		}
		if _, err := c.take(new(waiter)); err != errAway {
			t.Errorf("take: %v", err)
		}
	})
}
