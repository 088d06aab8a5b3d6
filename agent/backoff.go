package agent

import (
	"math/rand/v2"
	"time"
)

const (
	// shortest is the ceiling of the first waits, and of all waits while an
	// outage is young: a relay that restarts is back before anyone notices.
	shortest = 250 * time.Millisecond
	young    = 15 * time.Second

	longest = time.Minute

	// patience is the least ceiling after a refusal, which another try will
	// hardly change.
	patience = 5 * time.Second
)

// backoff spaces attempts to reach a relay: full jitter under a ceiling that
// grows with the outage. The zero value is ready. It is used by one goroutine.
type backoff struct {
	began   time.Time // of the outage
	ceiling time.Duration
}

// next returns how long to wait after another failure. at least is what the
// relay asked for, if anything.
func (b *backoff) next(now time.Time, refused bool, atLeast time.Duration) time.Duration {
	if b.began.IsZero() {
		b.began, b.ceiling = now, shortest
	}
	if refused {
		b.ceiling = max(b.ceiling, patience)
	}
	wait := rand.N(b.ceiling)
	if refused || now.Sub(b.began) >= young {
		b.ceiling = min(2*b.ceiling, longest)
	}
	return min(max(wait, atLeast), longest)
}

func (b *backoff) reset() { *b = backoff{} }
