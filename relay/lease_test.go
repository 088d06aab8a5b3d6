package relay

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// TestWaitWhileLeased: while an agent's lease lives it is not away, polls or not, and a
// request waits for its next poll before it fails.
func TestWaitWhileLeased(t *testing.T) {
	tests := []struct {
		name  string
		lease time.Duration // from now; 0 for none
		wait  time.Duration // of the relay
		want  error
		after time.Duration
	}{
		{"no lease", 0, time.Second, errAway, 0},
		{"ended", -time.Second, time.Second, errAway, 0},
		{"alive", time.Minute, time.Second, errNoPoller, leastPollWait},
		{"alive, at a patient relay", time.Minute, 9 * time.Second, errNoPoller, 9 * time.Second},
		{"ends meanwhile", 2 * time.Second, time.Second, errAway, leastPollWait},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pool := testPool
				pool.wait = tt.wait
				c := newClaim(&claimRecord{Name: "garage"}, pool)
				time.Sleep(pool.recent + time.Second)
				if tt.lease != 0 {
					c.lease.Store(time.Now().Add(tt.lease).UnixNano())
				}
				if got := c.away(); got != (tt.lease <= 0) {
					t.Errorf("away: %v", got)
				}
				began := time.Now()
				if _, err := c.take(&waiter{}); err != tt.want {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if took := time.Since(began); took != tt.after {
					t.Errorf("after %v, want %v", took, tt.after)
				}
			})
		})
	}
}

// restingCarrier is a carrier that does nothing but rest.
type restingCarrier struct {
	ptth.Carrier
	traits ptth.Traits
	since  time.Time
}

func (r *restingCarrier) Traits() ptth.Traits    { return r.traits }
func (r *restingCarrier) Check() http1.PeerState { return http1.PeerSilent }
func (r *restingCarrier) IdleSince() time.Time   { return r.since }
func (r *restingCarrier) Used() bool             { return false }
func (r *restingCarrier) Close() error           { return nil }

// rest adds carriers to a claim, by their dialects, a second apart.
func rest(t *testing.T, c *claim, dialects ...string) []*link {
	t.Helper()
	var all []*link
	for i, d := range dialects {
		tr := ptth.Traits{Dialect: d, Once: d != ptth.Dialect10, Tunnels: d == ptth.Dialect10}
		carrier := &restingCarrier{traits: tr, since: time.Unix(int64(i), 0)}
		l := &link{Carrier: carrier, traits: tr, claim: c, id: uint64(i)}
		if err := c.reserve(); err != nil {
			t.Fatal(err)
		}
		if err := c.add(l); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

// TestOrderOfPolls: polls are taken in turn, behind links, and a look at them
// does not change that.
func TestOrderOfPolls(t *testing.T) {
	pool := testPool
	pool.links = 10
	c := newClaim(&claimRecord{Name: "garage"}, pool)
	rest(t, c, ptth.DialectComet, ptth.Dialect10, ptth.DialectComet, ptth.Dialect10, ptth.DialectReverseHTTP)
	for range 3 {
		c.probe(nil)
	}
	var got []uint64
	for range 5 {
		l, err := c.take(&waiter{})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, l.id)
	}
	if want := []uint64{3, 1, 0, 2, 4}; !slices.Equal(got, want) {
		t.Errorf("taken in the order %v, want %v", got, want)
	}
}

// TestPickyWaiters: a request that not every link can carry gets one that can,
// in its turn, while others get the rest.
func TestPickyWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := testPool
		pool.links, pool.waiting = 10, 10
		c := newClaim(&claimRecord{Name: "garage"}, pool)
		links := rest(t, c, ptth.DialectComet, ptth.Dialect10)
		take := func(w *waiter) *link {
			t.Helper()
			l, err := c.take(w)
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		if l := take(&waiter{not: ptth.Dialect10}); l != links[0] {
			t.Errorf("got link %d", l.id)
		}
		if l := take(&waiter{tunnel: true}); l != links[1] {
			t.Errorf("got link %d", l.id)
		}
		got := make(chan string, 2)
		go func() {
			l, err := c.take(&waiter{tunnel: true})
			if err != nil {
				t.Error(err)
			}
			got <- "tunnel by " + l.traits.Dialect
		}()
		synctest.Wait()
		go func() {
			l, err := c.take(&waiter{})
			if err != nil {
				t.Error(err)
			}
			got <- "any by " + l.traits.Dialect
		}()
		synctest.Wait()
		c.put(links[0]) // the first in line has no use for it
		if s := <-got; s != "any by comet" {
			t.Error(s)
		}
		c.put(links[1])
		if s := <-got; s != "tunnel by ptth/1.0" {
			t.Error(s)
		}
		c.drop(links[1])
		if _, err := c.take(&waiter{tunnel: true}); err != errNoTunnel {
			t.Errorf("got %v", err)
		}
		if _, err := c.take(&waiter{not: ptth.DialectComet}); err != errCannot {
			t.Errorf("got %v", err)
		}
	})
}

// TestKept: a link that belongs to a sender's connection is nobody else's, and
// goes when room is wanted and it has rested for a while.
func TestKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := testPool
		pool.links = 2
		c := newClaim(&claimRecord{Name: "garage"}, pool)
		links := rest(t, c, ptth.Dialect10, ptth.Dialect10)
		for range links {
			l, err := c.take(&waiter{})
			if err != nil {
				t.Fatal(err)
			}
			l.Carrier.(*restingCarrier).since = time.Now()
			if !c.keep(l) {
				t.Fatal("a link is not kept")
			}
		}
		if !c.resume(links[0]) || c.resume(links[0]) {
			t.Error("a kept link is resumed once")
		}
		if c.evict() {
			t.Error("a link went that was just used")
		}
		time.Sleep(keptAtLeast)
		if err := c.reserve(); err != nil {
			t.Errorf("no room: %v", err)
		}
		if c.resume(links[1]) {
			t.Error("a link that has made room is resumed")
		}
		if c.keep(links[1]) {
			t.Error("a link that has made room is kept")
		}
		if err := c.reserve(); err != errLinks {
			t.Errorf("got %v", err)
		}
		c.cut()
		if c.keep(links[0]) {
			t.Error("a link of a claim that was cut is kept")
		}
	})
}
