package agent

import (
	"context"
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
	shrinkEvery = 30 * time.Second
	capFor      = time.Minute // how long a relay's 429 bounds the pool

	// A link that ends within briefLink of its opening, unused, was hardly
	// wanted; after fewBriefs of them in a row the next ones wait.
	briefLink = 500 * time.Millisecond
	fewBriefs = 8
)

// keeper holds the links of one claim: it opens as many as their dialect needs,
// opens more before the last one is busy, gives up those that idle, and redials
// for ever. Its run method owns all state but the atomics and what mu guards.
type keeper struct {
	claim config.Claim
	dial  func(context.Context) (ptth.AgentLink, error)
	serve func(context.Context, ptth.AgentLink, *http1.Exchange)
	// check breaks the links that lead nowhere. It takes seconds.
	check func(context.Context)
	// connected is called each time the first link comes up, and again when a
	// link shows only later that the relay is one of ours.
	connected func(context.Context, ptth.About)
	changed   func()
	severed   <-chan struct{} // closed when links are to be closed, whatever they do
	log       *slog.Logger
	told      bool // the dialect is the owner's choice

	place atomic.Pointer[place] // of the claim's public URL, once known

	// What a relay does that it must not, each warned of once in a while.
	stranger, forbidden, reused seldom

	busy   atomic.Int32 // exchanges that run, and links that belong to one sender
	up     atomic.Int32 // links that are open
	peak   atomic.Int32 // most exchanges at once since the last shrink
	hint   atomic.Int32 // requests that wait at the relay, as it said last
	queued atomic.Int32 // deliveries that the relay keeps, as it said last
	wanted chan struct{}

	doubted  chan struct{} // holds one: the links are to be checked
	checking errand

	mu    sync.Mutex
	state linkState

	links   map[ptth.AgentLink]bool // true once told to leave
	opening int
	dialect string    // of the link that came up last
	fewest  int       // links to keep while nothing happens
	shared  bool      // one link carries all
	known   bool      // connected was told of a relay of ours
	retried time.Time // when a better dialect was last looked for
	limit   int       // what the relay allows
	limited time.Time
	pause   time.Time // no growth before
	briefs  int       // links in a row that ended at once
	changes changes   // between connected and not
}

// linkState is what status shows of a keeper.
type linkState struct {
	connected bool
	err       string
	refused   bool // a person has to do something
	dialect   string
	note      string
	roundTrip time.Duration
	url       string // public
}

// event is news from a goroutine that dials or serves.
type event struct {
	link  ptth.AgentLink
	up    bool
	brief bool // the link ended soon, without a request
	err   error
}

// run keeps links until ctx ends, then lets running exchanges finish.
//
// One loop owns the pool, so that no two decisions about it cross; it is long
// because it is the list of what may happen to a pool.
func (k *keeper) run(ctx context.Context) {
	k.links, k.fewest = make(map[ptth.AgentLink]bool), 1
	events := make(chan event)
	tick := time.NewTicker(shrinkEvery)
	defer tick.Stop()
	var retry backoff
	wait := time.NewTimer(0) // when to dial next while no link is up
	defer wait.Stop()
	ended, severed := ctx.Done(), k.severed
	for ctx.Err() == nil || k.opening+len(k.links) > 0 {
		if ctx.Err() == nil && len(k.links) > 0 {
			k.grow(ctx, events)
			k.introduce(ctx)
		}
		select {
		case e := <-events:
			k.note(ctx, e)
			if k.briefs <= fewBriefs && (e.up || e.link != nil && !e.brief) {
				retry.reset() // the relay was there
			}
			if len(k.links)+k.opening == 0 {
				wait.Reset(k.delay(&retry, e.err))
			}
		case <-wait.C:
			if ctx.Err() == nil && len(k.links)+k.opening == 0 {
				k.open(ctx, events, 1)
			}
		case <-k.wanted:
		case <-k.doubted:
			k.makeSure(ctx, events, &retry)
		case <-tick.C:
			k.shrink()
			k.retry(ctx, events)
		case <-ended:
			ended = nil
		case <-severed:
			severed = nil
			for link := range k.links {
				link.Close()
			}
		}
	}
}

// delay is how long to wait before dialling a relay that cannot be reached.
func (k *keeper) delay(b *backoff, err error) time.Duration {
	var refused *ptth.RefusedError
	if errors.As(err, &refused) {
		return b.next(time.Now(), true, refused.RetryAfter)
	}
	if isNonsense(err) {
		return b.next(time.Now(), true, 0)
	}
	if err == nil && b.began.IsZero() {
		// A link ended: the relay may be there still, or come back at once.
		return b.next(time.Now(), false, 0) / 5
	}
	return b.next(time.Now(), false, 0)
}

// isNonsense reports an answer that will hardly change by itself.
func isNonsense(err error) bool {
	_, ok := errors.AsType[*ptth.AnswerError](err)
	return ok
}

// note takes in that a link came up, could not be opened, or ended.
func (k *keeper) note(ctx context.Context, e event) {
	switch {
	case e.up:
		k.opening--
		k.noteLink(ctx, e.link)
	case e.link == nil:
		k.opening--
		k.noteFailure(ctx, e.err)
	default:
		delete(k.links, e.link)
		k.noteEnd(e.brief)
		k.up.Store(int32(len(k.links)))
		if len(k.links) == 0 && ctx.Err() == nil {
			k.logChange(ctx, k.changes.allow(time.Now()), "disconnected")
			k.set(func(s *linkState) { s.connected = false })
			k.changed()
		}
	}
}

// noteEnd spaces out the links of a relay that grants them and ends them at
// once.
func (k *keeper) noteEnd(brief bool) {
	if !brief {
		k.briefs = 0
		return
	}
	if k.briefs++; k.briefs > fewBriefs {
		k.pause = time.Now().Add(min(time.Second<<min(k.briefs-fewBriefs, 6), longest))
	}
}

// noteLink takes a link into the pool.
func (k *keeper) noteLink(ctx context.Context, link ptth.AgentLink) {
	about, first := link.About(), len(k.links) == 0
	k.links[link] = false
	k.up.Store(int32(len(k.links)))
	if m := about.MaxLinks; m > 0 && (k.limit == 0 || time.Since(k.limited) > capFor) {
		k.limit = m
	}
	k.suit(about)
	k.set(func(s *linkState) {
		s.connected, s.err, s.refused, s.dialect, s.note = true, "", false, about.Dialect, about.Note
		s.roundTrip = about.RoundTrip
	})
	if about.Public != "" {
		k.setURL(about.Public)
	}
	if !first {
		return
	}
	k.logChange(ctx, !k.changes.quiet, "connected", "dialect", about.Dialect, "round_trip", about.RoundTrip)
	if !k.changes.quiet && about.Note != "" {
		k.log.Warn(about.Note, "claim", k.claim.Name, "dialect", about.Dialect)
	}
	k.changed()
	k.known = about.Negotiated
	k.connected(ctx, about)
}

// introduce looks whether a link has shown by now that the relay is one of
// ours: those by polls know once the first poll is answered.
func (k *keeper) introduce(ctx context.Context) {
	if k.known {
		return
	}
	for link := range k.links {
		if about := link.About(); about.Negotiated {
			k.known = true
			k.connected(ctx, about)
			return
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
	lasting := isRefused && refused.Status < 500 && refused.Status != 429 || isNonsense(err)
	if c, ok := errors.AsType[*ptth.ConnectError](err); ok {
		lasting = c.Lasting
	}
	fresh := false
	k.set(func(s *linkState) {
		fresh = s.err != text
		s.connected, s.err, s.refused = false, text, lasting
	})
	if fresh {
		k.log.Warn("cannot connect, will keep trying", "claim", k.claim.Name, "error", text)
		k.changed()
	}
}

// explained is the text of why a relay cannot be reached, with the remedy
// where waiting is none.
func explained(err error) string {
	if c, ok := errors.AsType[*ptth.ConnectError](err); ok && c.Lasting {
		return err.Error() + "; " + c.Remedy
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
			began := time.Now()
			served := k.serveLink(ctx, link)
			link.Close()
			events <- event{link: link, brief: !served && time.Since(began) < briefLink}
		}()
	}
}

// serveLink runs a link until it ends, and reports whether a request came. A
// link that belongs to a sender counts as busy from then on, between exchanges
// too.
func (k *keeper) serveLink(ctx context.Context, link ptth.AgentLink) bool {
	var served atomic.Bool
	engaged := false
	if e, ok := link.(ptth.Engager); ok {
		e.Engaged(func() {
			engaged = true
			k.begin()
		})
	}
	before := link.About()
	shared, stranger := before.Shared, !before.Negotiated
	link.Serve(ctx, func(ctx context.Context, x *http1.Exchange) {
		if stranger && !shared && link.About().Negotiated {
			stranger = false // such a link has one exchange at a time
			k.want()
		}
		if !engaged && !shared {
			k.begin()
			defer k.busy.Add(-1)
		}
		served.Store(true)
		k.serve(ctx, link, x)
	})
	if engaged {
		k.busy.Add(-1)
	}
	return served.Load()
}

// begin counts a link that is in use now, and asks for more before there is no
// other.
func (k *keeper) begin() {
	n := k.busy.Add(1)
	for p := k.peak.Load(); n > p && !k.peak.CompareAndSwap(p, n); p = k.peak.Load() {
	}
	if up := k.up.Load(); n >= up-1 && int(up) < k.claim.MaxLinks {
		k.want()
	}
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
