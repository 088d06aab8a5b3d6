package relay

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"homehook/ptth"
	"homehook/relay/queue"
)

// freshFor is how long a link that has just carried an exchange is taken for
// sound: at a rate where that matters, an agent that goes takes exchanges under
// way with it anyhow.
const freshFor = 5 * time.Millisecond

// probeAtMost is how often the links at rest are looked at because an agent wants
// more than it may have.
const probeAtMost = 250 * time.Millisecond

// poolLimits bound the links of a claim and the requests that wait for one.
type poolLimits struct {
	links   int           // most links of a claim
	waiting int           // most requests that wait for a link of a claim
	wait    time.Duration // longest wait
	recent  time.Duration // how long after its last link an agent is expected back
	body    int64         // longest body in bytes; 0 for none
	queue   queue.Limits  // none of which is zero
}

// claim is a name that an agent holds, with its links: those at rest, last
// used first, and the requests that wait for one, first come first.
type claim struct {
	name string
	pool poolLimits
	rec  atomic.Pointer[claimRecord]
	does atomic.Pointer[plan] // what rec comes to

	// uploads has a place for each long body that may be on its way at once:
	// half as many as there can be links, so that slow senders of long bodies
	// never hold them all.
	uploads chan struct{}

	// tunnels has a place for each link that a switch of protocols may hold at
	// once: half of them too.
	tunnels chan struct{}

	queued atomic.Int32 // waiters in line, for those who only want the number

	// lease is until when an agent of ReverseHttp has the claim, in
	// nanoseconds of Unix time; 0 for none. While it lives the agent is not
	// away, polls or not.
	lease atomic.Int64

	replies ptth.Replies // of polls

	turns turns // of deliveries that may go into the queue

	// keeping is held for reading while a delivery is put into the queue, and
	// for writing while the claim is released: what comes behind that must not
	// be left to who has the name next. It is locked before mu.
	keeping sync.RWMutex

	line line // what of the claim is in the queue

	mu       sync.Mutex // guards what follows; nothing is locked under it
	idle     []*link    // the one used last at the end
	all      []*link    // every link, in no order
	kept     []*link    // at rest for the one sender they belong to, longest first
	coming   int        // links that are being opened
	first    *waiter
	last     *waiter
	lastSeen time.Time // when the last link went, or the claim came
	rounds   uint32    // looks taken at the links at rest
	probed   time.Time // when reserve has looked at them last
	ended    bool      // released: no link and no waiter is taken any more
	draining bool      // links that come to rest are closed
}

// link is what takes one exchange at a time to the claim's agent: a link, one
// stream of a link that carries several, or an open poll.
type link struct {
	ptth.Carrier
	traits ptth.Traits
	claim  *claim
	id     uint64
	poll   *connEnd // of the connection of a poll; nil for others
	more   bool     // another stream of a link that is counted already
	at     int      // place in claim.all
	round  uint32   // of the look that saw it last; guarded by claim.mu
	moved  bool     // the agent may have gone on to another address; guarded by claim.mu
}

// newLink makes a carrier a link of a claim, which still has to be admitted.
func (r *Relay) newLink(carrier ptth.Carrier, c *claim) *link {
	return &link{Carrier: carrier, traits: carrier.Traits(), claim: c, id: r.linkID.Add(1)}
}

func newClaim(rec *claimRecord, pool poolLimits) *claim {
	c := &claim{
		name: rec.Name, pool: pool, lastSeen: time.Now(),
		uploads: make(chan struct{}, max(1, pool.links/2)), tunnels: make(chan struct{}, max(1, pool.links/2)),
	}
	c.line.init(c)
	c.set(rec)
	return c
}

// set takes settings from the store.
func (c *claim) set(rec *claimRecord) {
	c.does.Store(newPlan(rec, c.pool))
	c.rec.Store(rec)
}

// plan returns what the settings come to.
func (c *claim) plan() *plan { return c.does.Load() }

// record returns the claim's settings, which must not be changed.
func (c *claim) record() *claimRecord { return c.rec.Load() }

// waiting returns how many requests wait for a link.
func (c *claim) waiting() int { return int(c.queued.Load()) }

// links returns how many links there are.
func (c *claim) links() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, l := range c.all {
		if !l.more {
			n++
		}
	}
	return n
}

// away reports whether no agent is there and none is expected.
func (c *claim) away() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.awayLocked()
}

func (c *claim) awayLocked() bool {
	return len(c.all)+c.coming == 0 && time.Since(c.lastSeen) > c.pool.recent && !c.leased()
}

// linked reports whether there is a link at the moment.
func (c *claim) linked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all) > 0
}

// isEnded reports whether the claim was released.
func (c *claim) isEnded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// leased reports whether a lease lives.
func (c *claim) leased() bool {
	until := c.lease.Load()
	return until != 0 && time.Now().UnixNano() < until
}

// reserve makes room for a link that is about to be opened. The caller then
// calls add, or unreserve if the link did not come to be. Dead links make room
// for new ones, because an agent that restarts leaves its old links behind, and
// so does the link that a sender has kept longest without using it. Some agents
// come back at once whatever they are told, so that looking is bounded.
func (c *claim) reserve() error {
	if c.reserveOnce() {
		return nil
	}
	if c.mayProbe() {
		c.probe(nil)
		if c.reserveOnce() {
			return nil
		}
	}
	if c.evict() && c.reserveOnce() {
		return nil
	}
	return errLinks
}

// mayProbe reports whether the links at rest have not been looked at for a
// while.
func (c *claim) mayProbe() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.probed) < probeAtMost {
		return false
	}
	c.probed = time.Now()
	return true
}

func (c *claim) reserveOnce() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.all)+c.coming >= c.pool.links {
		return false
	}
	c.coming++
	return true
}

func (c *claim) unreserve() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.coming--
}

// add takes a new link into the pool, at the place that reserve has made.
func (c *claim) add(l *link) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.coming--
	switch {
	case c.ended:
		return errNoClaim
	case c.draining:
		return errRelayEnds
	}
	l.at = len(c.all)
	c.all = append(c.all, l)
	c.doubtLocked(l)
	c.restLocked(l)
	// Between two polls of an agent there may be none.
	c.line.linked(l.at == 0 && (!l.traits.Once || time.Since(c.lastSeen) > leastPause))
	return nil
}

// put takes a link back that can carry another exchange.
func (c *claim) put(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.hasLocked(l) {
		return // dropped while it was in use
	}
	c.restLocked(l)
}

// restLocked gives a link to who waits for one, or lays it to rest.
func (c *claim) restLocked(l *link) {
	if w := c.waiterFor(l); w != nil {
		c.unlinkLocked(w)
		w.hand <- l // has room: a waiter is handed one link
		return
	}
	if c.draining {
		c.removeLocked(l)
		l.Close()
		return
	}
	if l.traits.Once {
		c.idle = slices.Insert(c.idle, 0, l) // polls take turns
		return
	}
	c.idle = append(c.idle, l)
}

// withdraw takes a link from rest and out of the claim. It reports false when
// the link is not at rest: an exchange has taken it, or it was dropped. The
// link is not closed.
func (c *claim) withdraw(l *link) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.idle, l)
	if i < 0 {
		return false
	}
	c.idle = slices.Delete(c.idle, i, i+1)
	c.removeLocked(l)
	return true
}

// drop closes a link that is not at rest and forgets it.
func (c *claim) drop(l *link) {
	c.mu.Lock()
	c.removeLocked(l)
	c.mu.Unlock()
	l.Close()
}

func (c *claim) hasLocked(l *link) bool { return l.at < len(c.all) && c.all[l.at] == l }

func (c *claim) removeLocked(l *link) {
	if !c.hasLocked(l) {
		return
	}
	end := len(c.all) - 1
	c.all[l.at] = c.all[end]
	c.all[l.at].at = l.at
	c.all[end] = nil
	c.all = c.all[:end]
	if i := slices.Index(c.kept, l); i >= 0 {
		c.kept = slices.Delete(c.kept, i, i+1)
	}
	if end == 0 {
		c.lastSeen = time.Now()
	}
}

// cut closes all links, those in use too, and returns how many there were.
func (c *claim) cut() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cutLocked()
}

func (c *claim) cutLocked() int {
	n := len(c.all)
	for _, l := range c.all {
		l.Close()
	}
	clear(c.all)
	clear(c.idle)
	clear(c.kept)
	c.all, c.idle, c.kept = c.all[:0], c.idle[:0], c.kept[:0]
	if n > 0 {
		c.lastSeen = time.Now()
	}
	return n
}

// end closes all links and sends away who waits: the claim was released.
func (c *claim) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	c.cutLocked()
	for c.first != nil {
		w := c.first
		c.unlinkLocked(w)
		w.hand <- nil
	}
	c.line.nudge()
}

// drain closes the links at rest, and from now on those that come to rest
// with nobody waiting.
func (c *claim) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining = true
	for _, l := range c.idle {
		c.removeLocked(l)
		l.Close()
	}
	clear(c.idle)
	c.idle = c.idle[:0]
}
