//go:build !linux

package routes

import (
	"context"
	"io"
	"os"
	"sync"
	"time"
)

// attendant reads what a script writes and waits for its end, with a
// goroutine for each output and one for the process.
type attendant struct {
	kept   [2]collector // of standard output and standard error
	files  [2]*os.File
	exited chan struct{}
	closed chan struct{} // both outputs have ended
	all    sync.WaitGroup
}

// init starts reading. wait returns when the process has ended.
func (a *attendant) init(outputs [2]*os.File, wait func()) {
	a.files = outputs
	a.exited, a.closed = make(chan struct{}), make(chan struct{})
	a.all.Go(func() { wait(); close(a.exited) })
	var outs sync.WaitGroup
	for i, f := range outputs {
		outs.Go(func() { a.kept[i].collect(f) })
	}
	a.all.Go(func() { outs.Wait(); close(a.closed) })
}

// attend waits until something is to be done. Once the script has ended, its
// outputs have until linger to be closed by whoever holds them.
func (a *attendant) attend(ctx context.Context, until time.Time, linger time.Duration, broken <-chan struct{}) event {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-a.exited:
	case <-broken:
		return spoiled
	case <-ctx.Done():
		return stopped
	case <-timer.C:
		return late
	}
	timer.Reset(min(linger, time.Until(until)))
	select {
	case <-a.closed:
		return ended
	case <-broken:
		return spoiled
	case <-ctx.Done():
		return stopped
	case <-timer.C:
		return held
	}
}

// release closes what is still open and waits for the readers.
func (a *attendant) release() {
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
