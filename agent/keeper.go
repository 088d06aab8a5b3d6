package agent

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"homehook/agent/config"
	"homehook/http1"
	"homehook/ptth"
)

const (
	// fewest is how many links a claim keeps while nothing happens.
	fewest = 4

	// growth bounds how many links are opened at the same time.
	growth = 16

	shrinkEvery = 30 * time.Second
	capFor      = time.Minute // how long a relay's 429 bounds the pool
)

// keeper holds the links of one claim: it opens a few, opens more before the
// last one is busy, gives up those that idle, and redials for ever. Its run
// method owns all state but the atomics and what mu guards.
type keeper struct {
	claim config.Claim
	dial  func(context.Context) (ptth.AgentLink, error)
	serve func(context.Context, ptth.AgentLink, *http1.Exchange)
	// connected is called once each time the first link comes up.
	connected func(context.Context)
	changed   func()
	log       *slog.Logger

	busy   atomic.Int32 // exchanges that run
	up     atomic.Int32 // links that are open
	peak   atomic.Int32 // most exchanges at once since the last shrink
	hint   atomic.Int32 // requests that wait at the relay, as it said last
	wanted chan struct{}

	mu    sync.Mutex
	state linkState

	links   map[ptth.AgentLink]bool // true once told to leave
	opening int
	limit   int // what the relay allows
	limited time.Time
	pause   time.Time // no growth before
}

// linkState is what status shows of a keeper.
type linkState struct {
	connected bool
	err       string
	refused   bool // a person has to do something
	dialect   string
	roundTrip time.Duration
	url       string // public
}

// event is news from a goroutine that dials or serves.
type event struct {
	link ptth.AgentLink
	up   bool
	err  error
}

// run keeps links until ctx ends, then lets running exchanges finish.
//
// One loop owns the pool, so that no two decisions about it cross; it is long
// because it is the list of what may happen to a pool.
func (k *keeper) run(ctx context.Context) {
	k.links = make(map[ptth.AgentLink]bool)
	events := make(chan event)
	tick := time.NewTicker(shrinkEvery)
	defer tick.Stop()
	var retry backoff
	wait := time.NewTimer(0) // when to dial next while no link is up
	defer wait.Stop()
	ended := ctx.Done()
	for ctx.Err() == nil || k.opening+len(k.links) > 0 {
		if ctx.Err() == nil && len(k.links) > 0 {
			k.grow(ctx, events)
		}
		select {
		case e := <-events:
			k.note(ctx, e)
			if len(k.links) > 0 {
				retry.reset()
			} else if k.opening == 0 {
				wait.Reset(k.delay(&retry, e.err))
			}
		case <-wait.C:
			if ctx.Err() == nil && len(k.links)+k.opening == 0 {
				k.open(ctx, events, 1)
			}
		case <-k.wanted:
		case <-tick.C:
			k.shrink()
		case <-ended:
			ended = nil
		}
	}
}

// delay is how long to wait before dialling a relay that cannot be reached.
func (k *keeper) delay(b *backoff, err error) time.Duration {
	var refused *ptth.RefusedError
	if errors.As(err, &refused) {
		return b.next(time.Now(), true, refused.RetryAfter)
	}
	if err == nil && b.began.IsZero() {
		// A link ended: the relay may be there still, or come back at once.
		return b.next(time.Now(), false, 0) / 5
	}
	return b.next(time.Now(), false, 0)
}

// note takes in that a link came up, could not be opened, or ended.
func (k *keeper) note(ctx context.Context, e event) {
	switch {
	case e.up:
		k.opening--
		first := len(k.links) == 0
		k.links[e.link] = false
		k.up.Store(int32(len(k.links)))
		if m := e.link.About().MaxLinks; m > 0 && (k.limit == 0 || time.Since(k.limited) > capFor) {
			k.limit = m
		}
		k.set(func(s *linkState) {
			s.connected, s.err, s.refused, s.dialect = true, "", false, e.link.About().Dialect
			s.roundTrip = e.link.About().RoundTrip
		})
		if first {
			k.log.Info("connected", "claim", k.claim.Name, "round_trip", e.link.About().RoundTrip)
			k.changed()
			k.connected(ctx)
		}
	case e.link == nil:
		k.opening--
		k.noteFailure(ctx, e.err)
	default:
		delete(k.links, e.link)
		k.up.Store(int32(len(k.links)))
		if len(k.links) == 0 && ctx.Err() == nil {
			k.log.Info("disconnected", "claim", k.claim.Name)
			k.set(func(s *linkState) { s.connected = false })
			k.changed()
		}
	}
}

// noteFailure keeps the reason of a failed dial. With other links up it only
// bounds the pool.
func (k *keeper) noteFailure(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	var refused *ptth.RefusedError
	isRefused := errors.As(err, &refused)
	if len(k.links) > 0 {
		k.pause = time.Now().Add(time.Second)
		if isRefused && refused.Status == 429 {
			k.limit, k.limited = len(k.links), time.Now()
		}
		k.log.Debug("another link was not opened", "claim", k.claim.Name, "error", err)
		return
	}
	text := explained(err)
	fresh := false
	k.set(func(s *linkState) {
		fresh = s.err != text
		s.connected, s.err, s.refused = false, text, isRefused && refused.Status < 500 && refused.Status != 429
	})
	if fresh {
		k.log.Warn("cannot connect, will keep trying", "claim", k.claim.Name, "error", text)
		k.changed()
	}
}

// explained is the text of why a relay cannot be reached, with the remedy
// where that is in the configuration.
func explained(err error) string {
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); unknown {
		return err.Error() + "; set ca: of the relay to the PEM file of its root"
	}
	return err.Error()
}

func (k *keeper) set(f func(*linkState)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f(&k.state)
}

func (k *keeper) snapshot() linkState {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state
}

// most is how many links the claim may have.
func (k *keeper) most() int {
	n := k.claim.MaxLinks
	if n <= 0 {
		n = config.DefaultMaxLinks
	}
	if k.limit > 0 && k.limit < n {
		n = k.limit
	}
	return n
}

// grow opens links while fewer are free than a burst may need: twice as many
// as there are once the last free one is in use, and as many as the relay says
// wait there.
func (k *keeper) grow(ctx context.Context, events chan event) {
	have := len(k.links) + k.opening
	want := max(fewest, have)
	if busy := int(k.busy.Load()); busy >= have-1 {
		want = max(want, 2*have)
	}
	if hint := int(k.hint.Swap(0)); hint > 0 {
		want = max(want, have+hint)
	}
	if k.limit > 0 && time.Since(k.limited) > capFor && !k.limited.IsZero() {
		k.limit, k.limited = 0, time.Time{}
	}
	n := min(want, k.most()) - have
	if n <= 0 || time.Now().Before(k.pause) {
		return
	}
	k.open(ctx, events, min(n, max(growth-k.opening, 0)))
}

// open dials n links, each on a goroutine that goes on to serve it.
func (k *keeper) open(ctx context.Context, events chan event, n int) {
	k.opening += n
	for range n {
		go func() {
			link, err := k.dial(ctx)
			if err != nil {
				events <- event{err: err}
				return
			}
			events <- event{link: link, up: true}
			link.Serve(ctx, func(ctx context.Context, x *http1.Exchange) { k.take(ctx, link, x) })
			link.Close()
			events <- event{link: link}
		}()
	}
}

// take counts an exchange around its handler.
func (k *keeper) take(ctx context.Context, link ptth.AgentLink, x *http1.Exchange) {
	n := k.busy.Add(1)
	defer k.busy.Add(-1)
	for p := k.peak.Load(); n > p && !k.peak.CompareAndSwap(p, n); p = k.peak.Load() {
	}
	if up := k.up.Load(); n >= up-1 && int(up) < k.claim.MaxLinks {
		k.want()
	}
	k.serve(ctx, link, x)
}

// wait tells that the relay has n requests waiting.
func (k *keeper) wait(n int) {
	k.hint.Store(int32(n))
	k.want()
}

// want wakes run. The channel holds one such wish; more say nothing new.
func (k *keeper) want() {
	select {
	case k.wanted <- struct{}{}:
	default:
	}
}

// shrink tells links that were not needed since the last look to leave at
// their next ping.
func (k *keeper) shrink() {
	peak := int(k.peak.Swap(k.busy.Load()))
	staying := 0
	for _, leaving := range k.links {
		if !leaving {
			staying++
		}
	}
	surplus := staying - max(fewest, 2*peak)
	for link, leaving := range k.links {
		if surplus <= 0 {
			return
		}
		if !leaving {
			k.links[link] = true
			link.Leave()
			surplus--
		}
	}
}
