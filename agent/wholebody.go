package agent

import (
	"errors"
	"io"
	"time"

	"homehook/agent/config"
	"homehook/http1"
)

const (
	// bodiesAtOnce bounds the bodies of deliveries on their way into the
	// journal or through a check of their sender, bodiesKept those that stay in
	// memory until their turn comes.
	bodiesAtOnce = 128 << 20
	bodiesKept   = 16 << 20

	// firstPiece is the memory that a body gets before anything of it has come,
	// or less if it says that it is smaller. From then on memory goes by what
	// has come, not by what was announced.
	firstPiece = 16 << 10
)

// pace is how slowly a body may come that is read into memory.
type pace struct {
	grace time.Duration // in which nothing has to come
	rate  int64         // bytes for each second from then on
}

var (
	// A sender of its own speed, who need not be known, holds memory here.
	senderPace = pace{30 * time.Second, 32 << 10}

	// What a relay has whole comes as fast as the line to it is; that may be a
	// slow one, with many deliveries on it at once.
	relayPace = pace{5 * time.Minute, 1 << 10}
)

// until is when the body is too slow if no more than n bytes of it have come.
func (p pace) until(began time.Time, n int) time.Time {
	return began.Add(p.grace + time.Duration(int64(n)*int64(time.Second)/p.rate))
}

// body is a request's body in memory.
type body struct {
	bytes  []byte
	sum    string // SHA-256, in hex
	share  share  // of the room, to be ended
	broken bool   // it did not come whole, and is no delivery
}

var (
	errNoRoom  = &rejection{status: 503, text: "too many bodies come in at once, try again soon", reason: "there was no memory left for its body"}
	errStopped = &rejection{status: 503, text: "the agent is stopping", reason: "the agent was stopping"}
	errTooSlow = &rejection{status: 408, text: "the body of the request comes too slowly", reason: "its body came too slowly"}
	errCutOff  = &rejection{status: 400, text: "the body of the request is not whole", reason: "the sender went away before its request was whole"}
)

// readBody reads the body of a request that has to be in memory whole, up to
// the limit that was set for it. Its share has to be ended in any case.
func (in *inbox) readBody(k *keeper, x *http1.Exchange, p pace) (b body, no *rejection) {
	src := x.Request.Body
	if src.TooLarge() {
		return b, errTooLarge
	}
	b.share = in.bodies.of(k.claim.Name)
	g := gathering{bytes: []byte{}, src: src, share: &b.share, most: int64(config.DefaultMaxBody), began: time.Now(), pace: p, stopped: in.stopping.Done()}
	if k.claim.MaxBody > 0 {
		g.most = int64(k.claim.MaxBody)
	}
	// One who sends nothing is looked at too. A stored body is there.
	src.Watch(time.Second, g.mayStay)
	switch err := g.gather(); {
	case err == nil:
		b.bytes, b.sum = g.bytes, sumOf(g.bytes)
		return b, nil
	case errors.Is(err, http1.ErrBodyTooLarge):
		no = errTooLarge
	case g.no != nil:
		b.broken, no = true, g.no
	default:
		b.broken, no = true, errCutOff
	}
	b.share.end() // nothing of it is kept
	return b, no
}

// gathering is a body on its way into memory.
type gathering struct {
	src   *http1.Body
	share *share
	most  int64 // bytes
	bytes []byte
	began time.Time
	pace  pace

	stopped <-chan struct{}
	no      *rejection // why it is given up
}

// errGivenUp ends the reading of a body for a reason of ours.
var errGivenUp = errors.New("the body is given up")

// mayStay reports whether the body may go on coming.
func (g *gathering) mayStay() bool {
	select {
	case <-g.stopped:
		g.no = errStopped
		return false
	default:
	}
	if !time.Now().Before(g.pace.until(g.began, len(g.bytes))) {
		g.no = errTooSlow
		return false
	}
	return true
}

// gather reads all of the body.
func (g *gathering) gather() error {
	var scrap [1]byte
	for {
		p := g.bytes[len(g.bytes):cap(g.bytes)]
		switch {
		case len(p) > 0:
		case g.src.Length() == 0:
			return nil
		case int64(cap(g.bytes)) < g.most:
			if !g.enlarge() {
				g.no = errNoRoom
				return errGivenUp
			}
			continue
		default:
			p = scrap[:] // only its end may come, or more than is allowed
		}
		n, err := g.src.Read(p)
		if n > 0 && &p[0] == &scrap[0] {
			return http1.ErrBodyTooLarge
		}
		g.bytes = g.bytes[:len(g.bytes)+n]
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if g.src.Length() != 0 && !g.mayStay() {
			return errGivenUp
		}
	}
}

// enlarge makes place for more of the body, if there is room.
func (g *gathering) enlarge() bool {
	to := max(2*int64(cap(g.bytes)), firstPiece)
	if left := g.src.Length(); left >= 0 {
		to = min(to, int64(len(g.bytes))+left)
	}
	to = min(to, g.most)
	if !g.share.grow(to) {
		return false
	}
	grown := make([]byte, len(g.bytes), to)
	copy(grown, g.bytes)
	g.bytes = grown
	return true
}
