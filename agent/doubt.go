package agent

import (
	"context"
	"time"
)

// doubt tells the keeper that its links may lead nowhere, and that the way to the
// relay may be another one. Any goroutine may call it.
func (k *keeper) doubt() {
	select {
	case k.doubted <- struct{}{}:
	default: // it has not come to the last one yet
	}
}

// makeSure has the links checked, and does not wait for that: one link more is
// opened at once, which senders reach soonest. Without links it is the one that
// the keeper would have waited for, however long the relay has been away.
func (k *keeper) makeSure(ctx context.Context, events chan event, retry *backoff) {
	if ctx.Err() != nil {
		return
	}
	retry.reset()
	k.pause, k.briefs = time.Time{}, 0
	k.checking.do(ctx, func() { k.check(ctx) })
	if have := len(k.links) + k.opening; len(k.links) == 0 || have < k.most() {
		k.open(ctx, events, 1)
	}
}
