//go:build !linux

package process

import (
	"context"
	"io"
	"os"
	"sync"
	"time"
)

// attendant reads what a program writes and waits for its end, with a
// goroutine for each output and one for the process.
type attendant struct {
	kept   [2]collector // of standard output and standard error
	files  [2]*os.File
	exited chan struct{}
	closed chan struct{} // both outputs have ended
	all    sync.WaitGroup

	// pieces hand standard output over; nil when it is kept. wasted is closed
	// when nobody takes them any more.
	pieces chan []byte
	wasted chan struct{}
	piece  []byte // what has arrived
	size   int    // of a piece
}

// expect prepares for what the outputs of a program come to.
func (a *attendant) expect(o *Order) {
	a.kept[0].max, a.kept[1].max = o.Keep[0], o.Keep[1]
	if o.Passes {
		a.size, a.kept[0].max = o.Keep[0], 0
		a.pieces, a.wasted = make(chan []byte), make(chan struct{})
	}
}

// init starts reading. wait returns when the process has ended.
func (a *attendant) init(outputs [2]*os.File, wait func()) {
	a.files = outputs
	a.exited, a.closed = make(chan struct{}), make(chan struct{})
	a.all.Go(func() { wait(); close(a.exited) })
	var outs sync.WaitGroup
	pieces, wasted := a.pieces, a.wasted
	outs.Go(func() {
		if pieces != nil {
			pass(outputs[0], a.size, pieces, wasted)
		}
		a.kept[0].collect(outputs[0])
	})
	outs.Go(func() { a.kept[1].collect(outputs[1]) })
	a.all.Go(func() { outs.Wait(); close(a.closed) })
}

// pass hands over what comes from f, until nobody takes it. Of the two buffers
// the one that was handed over last is the taker's until it asks for the next.
func pass(f io.Reader, size int, pieces chan<- []byte, wasted <-chan struct{}) {
	bufs := [2][]byte{make([]byte, size), make([]byte, size)}
	for i := 0; ; i = 1 - i {
		n, err := f.Read(bufs[i])
		if n > 0 {
			select {
			case pieces <- bufs[i][:n]:
			case <-wasted:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// take returns what has arrived. It is valid until the next call of attend.
func (a *attendant) take() []byte { return a.piece }

// waste drops the standard output from here on.
func (a *attendant) waste() {
	if a.pieces != nil {
		a.pieces = nil
		close(a.wasted)
	}
}

// over reports whether the process has ended.
func (a *attendant) over() bool { return isClosed(a.exited) }

// attend reads and waits until something is to be done. Once the program has
// ended, its outputs have until linger to be closed by whoever holds them.
// What arrived is to be taken before the next call.
func (a *attendant) attend(ctx context.Context, until time.Time, linger time.Duration, broken <-chan struct{}) Event {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-a.exited:
	case a.piece = <-a.pieces:
		return Arrived
	case <-broken:
		return Spoiled
	case <-ctx.Done():
		return Stopped
	case <-timer.C:
		return Late
	}
	timer.Reset(min(linger, time.Until(until)))
	select {
	case <-a.closed:
		return Ended
	case a.piece = <-a.pieces:
		return Arrived
	case <-broken:
		return Spoiled
	case <-ctx.Done():
		return Stopped
	case <-timer.C:
		return Held
	}
}

// release closes what is still open and waits for the readers.
func (a *attendant) release() {
	a.waste()
	for _, f := range a.files {
		f.Close()
	}
	a.all.Wait()
}

// collect reads to the end of f, which is when everyone who holds the other
// end has closed it.
func (c *collector) collect(f io.Reader) {
	for {
		n, err := f.Read(c.room())
		c.took(n)
		if err != nil {
			return
		}
	}
}
