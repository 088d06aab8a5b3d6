package agent

import (
	"context"
	"time"

	"homehook/agent/config"
	"homehook/ptth"
)

const (
	// growth bounds how many links are opened at the same time.
	growth = 16

	// idleDirect is how many links a claim keeps while nothing happens where
	// each carries one exchange at a time.
	idleDirect = 4

	// idlePolls is the same for dialects in which each link is a request that
	// the relay holds: one is on its way while the other waits.
	idlePolls = 2

	// retryEvery is how often a better dialect than the one in use is looked
	// for.
	retryEvery = 24 * time.Hour
)

// idleLinks is how many links of a kind to keep while nothing happens.
func idleLinks(a ptth.About) int {
	switch {
	case a.Shared:
		return 1
	case a.Parked, a.Dialect == ptth.DialectComet, a.Dialect == ptth.DialectReverseHTTP:
		return idlePolls
	}
	return idleDirect
}

// suit makes the pool fit the kind of the link that came up last. Links of
// another dialect are from before the relay offered this one, and leave.
func (k *keeper) suit(a ptth.About) {
	if k.dialect == "" {
		k.retried = time.Now()
	}
	if a.Dialect != k.dialect {
		for link, leaving := range k.links {
			if !leaving && link.About().Dialect != a.Dialect {
				k.links[link] = true
				link.Leave()
			}
		}
	}
	k.dialect, k.fewest, k.shared = a.Dialect, idleLinks(a), a.Shared
}

// retry opens one link more once in a while, so that a dialer which has settled
// for less can see whether the relay offers more by now. What comes of it is
// one link too many, or a new kind of pool.
func (k *keeper) retry(ctx context.Context, events chan event) {
	if k.told || k.dialect == ptth.Dialect10 || len(k.links) == 0 || ctx.Err() != nil || time.Since(k.retried) < retryEvery {
		return
	}
	k.retried = time.Now()
	k.open(ctx, events, 1)
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
	if k.shared && have > 0 {
		return
	}
	want := max(k.fewest, have)
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
	surplus := staying - max(k.fewest, 2*peak)
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
