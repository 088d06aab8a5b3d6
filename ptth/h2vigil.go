package ptth

import (
	"context"
	"net/textproto"
	"sync"
	"time"

	"homehook/http1"
)

// maxEarly is how many 103 wait for a slow sender; further ones are dropped,
// as they are hints.
const maxEarly = 8

// vigil looks after an exchange while its goroutine waits for the agent: once
// a second it asks whether to wait on, and it passes 103s to the sender, which
// must not hold up the link's other exchanges.
type vigil struct {
	judge func() error // why to wait no longer; nil to wait on
	early func(*http1.Response)

	mu     sync.Mutex // held while judge or early run
	on     bool
	next   time.Time // when judge is due
	err    error     // what judge said, or interim
	cancel context.CancelFunc
	timer  *time.Timer

	queue sync.Mutex // guards what follows; nothing is locked under it
	got   []*http1.Response
	count int   // of informational responses
	bad   error // the agent sent what it may not
}

// begin starts the vigil over one exchange.
func (v *vigil) begin(cancel context.CancelFunc) {
	v.queue.Lock()
	v.got, v.count, v.bad = nil, 0, nil
	v.queue.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.err, v.cancel = nil, cancel
	v.resumeLocked()
}

// resume starts another wait of the same exchange.
func (v *vigil) resume() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.resumeLocked()
}

func (v *vigil) resumeLocked() {
	v.on, v.next = true, time.Now().Add(time.Second)
	if v.timer == nil {
		v.timer = time.AfterFunc(time.Second, v.tick)
	} else {
		v.timer.Reset(time.Second)
	}
}

// pause ends a wait. Neither judge nor early run any more when it returns.
func (v *vigil) pause() {
	v.timer.Stop()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.on = false
}

// tick runs on a goroutine of its own.
func (v *vigil) tick() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.on {
		return
	}
	v.passEarly()
	if left := time.Until(v.next); left > 0 {
		v.timer.Reset(left)
		return
	}
	if v.err = v.judge(); v.err != nil {
		v.on = false
		v.cancel()
		return
	}
	v.next = time.Now().Add(time.Second)
	v.timer.Reset(time.Second)
}

// passEarly passes the 103s that have come. It runs with mu held, or when the
// vigil is over.
func (v *vigil) passEarly() {
	v.queue.Lock()
	got := v.got
	v.got = nil
	v.queue.Unlock()
	for _, res := range got {
		v.early(res)
	}
}

// interim takes an informational response, on the goroutine that reads for
// all exchanges of the link. An error ends the exchange.
func (v *vigil) interim(status int, header textproto.MIMEHeader) error {
	v.queue.Lock()
	defer v.queue.Unlock()
	if v.count++; v.count > maxInterim {
		v.bad = ErrChatter
	}
	if status == 101 {
		v.bad = ErrSwitched
	}
	if v.bad != nil || status != 103 || v.early == nil || len(v.got) == maxEarly {
		return v.bad
	}
	res, err := http1.BuildResponse(status, "", headerFields(header), nil, 0)
	if err != nil {
		v.bad = err
		return err
	}
	v.got = append(v.got, res)
	v.timer.Reset(0)
	return nil
}

// reason prefers what the vigil has found to what followed from it.
func (v *vigil) reason(err error) error {
	v.queue.Lock()
	bad := v.bad
	v.queue.Unlock()
	if bad != nil {
		return bad
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.err != nil {
		return v.err
	}
	return err
}
