package relay

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// windowItems and windowBytes bound what of a line is on its way to an agent
	// of ours at a time.
	windowItems = 64
	windowBytes = 8 << 20
)

// line is what of a claim is in the queue, and what sends it home: one goroutine,
// which runs while there is something, and one for each delivery on its way.
//
// To agents of ours a window of deliveries is on its way at a time, each with the
// id of the one before it, by which home restores their order. To others they go
// one at a time. When one is not taken, nothing more leaves for a while; then the
// line starts again at its oldest, but for what is still on its way. It does not
// wait for that: home may hold it back until it has the one that was not taken.
type line struct {
	claim *claim
	wake  chan struct{} // holds one: something below has changed, or in the queue
	wait  waiter        // of the goroutine, for a link
	back  atomic.Bool   // home came back since the last failure
	says  atomic.Bool   // the last failure is home's own word, not a link's end

	mu      sync.Mutex // guards what follows
	running bool
	late    map[string]bool      // ids of what couriers have under way
	out     map[string]bool      // ids of what the line has on its way
	flight  int                  // deliveries on their way
	flying  map[int64]bool       // their places in the queue
	bytes   int64                // of those
	taken   int                  // deliveries that home took since the last failure
	failed  error                // of one that home did not take
	pause   time.Duration        // that home asked for then
	aside   map[string]time.Time // what cannot be sent as things are, until when
	kept    []*link              // links that stay with the line
	stay    bool                 // there have been such
}

func (n *line) init(c *claim) { n.claim, n.wake = c, make(chan struct{}, 1) }

// nudge has the goroutine look around.
func (n *line) nudge() {
	select {
	case n.wake <- struct{}{}:
	default: // it will
	}
}

// linked hears of a new link; first says that there was none before. Where a link
// has broken, any new one is a reason to try again. The claim's mu is held.
func (n *line) linked(first bool) {
	if first || !n.says.Load() {
		n.back.Store(true)
	}
	n.nudge()
}

// depart takes note that a courier is under way with a delivery.
func (n *line) depart(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.late == nil {
		n.late = map[string]bool{}
	}
	n.late[id] = true
}

var errLate = errors.New("home did not take a delivery that had taken it longer than the hold time")

// landed takes note that the courier is back. It did not go well when the
// delivery has to be sent again.
func (n *line) landed(id string, well bool) {
	n.mu.Lock()
	delete(n.late, id)
	if !well {
		n.failLocked(errLate, 0, true)
	}
	n.mu.Unlock()
	n.nudge()
}

// failLocked takes note of a delivery that home did not take. said tells that
// home has answered.
func (n *line) failLocked(err error, pause time.Duration, said bool) {
	if n.failed == nil {
		n.failed = err
		n.says.Store(said)
		n.back.Store(false)
	}
	n.pause = max(n.pause, pause)
}

// kick starts the goroutine if there is need and it does not run.
func (n *line) kick(r *Relay) {
	n.mu.Lock()
	defer n.mu.Unlock()
	ctx := r.sending
	if waiting, _, _ := r.queue().Count(n.claim.name); waiting == 0 || ctx.Err() != nil {
		return
	}
	if n.running {
		n.nudge()
		return
	}
	n.running = true
	r.lines.Go(func() { n.run(ctx, r) })
}

// rests reports whether there is nothing to do; the goroutine must end then. It
// does not end before all that it has sent is back.
func (n *line) rests(ctx context.Context, r *Relay) bool {
	for {
		n.mu.Lock()
		waiting, _, _ := r.queue().Count(n.claim.name)
		more := waiting > 0 && ctx.Err() == nil && !n.claim.isEnded()
		n.running = more || n.flight > 0
		rests := !n.running
		n.mu.Unlock()
		if more || rests {
			return rests
		}
		<-n.wake // each that comes back nudges, and so does what is put into the queue
	}
}

// run sends what is in the queue until that is empty, or the relay is to end.
func (n *line) run(ctx context.Context, r *Relay) {
	defer context.AfterFunc(ctx, func() { n.claim.giveUp(&n.wait) })()
	defer n.letLinksGo()
	sent, failures := 0, 0
	for !n.rests(ctx, r) {
		if n.claim.away() {
			n.standBy(ctx)
			continue
		}
		err := n.pass(ctx, r)
		taken, pause, failed := n.takeStock()
		if sent += taken; taken > 0 {
			failures = 0
		}
		if failed == nil && errors.As(err, new(*refusal)) { // there is no link
			sleep(ctx, briefPause)
			continue
		}
		if failed == nil {
			failed = err
		}
		switch {
		case ctx.Err() != nil:
		case failed == nil:
			n.standBy(ctx)
		default:
			failures++
			pause = max(pause, backOff(failures))
			r.log.Warn("delivery not taken from the queue", keyClaim, n.claim.name, keyError, failed, "pause", pause)
			n.pauseFor(ctx, pause)
			taken, _, _ := n.takeStock() // others that left together with it are tried again as well
			sent += taken
		}
	}
	if sent > 0 {
		r.log.Info("queue sent home", keyClaim, n.claim.name, keyDeliveries, sent)
	}
}

// takeStock returns what came of the last pass, and forgets it.
func (n *line) takeStock() (taken int, pause time.Duration, failed error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	taken, pause, failed = n.taken, n.pause, n.failed
	n.taken, n.failed, n.pause = 0, nil, 0
	return taken, pause, failed
}

// letLinksGo drops the links that stayed with the line.
func (n *line) letLinksGo() {
	n.mu.Lock()
	kept := n.kept
	n.kept, n.stay = nil, false
	n.mu.Unlock()
	for _, l := range kept {
		n.claim.drop(l)
	}
}
