package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
)

// interrupts are the signals that ask this process to end. The first one ends
// its context, so that a verb can leave in order. The second one finds the
// system's own handling again, which ends the process, unless the verb has
// said that it wants to know of it.
type interrupts struct {
	wanted atomic.Bool
	once   sync.Once
	again  chan struct{} // closed at the second signal, if that is wanted
}

func newInterrupts() *interrupts { return &interrupts{again: make(chan struct{})} }

// second returns what is closed at the second signal, and keeps that from
// ending the process. It is called before the first.
func (i *interrupts) second() <-chan struct{} {
	i.wanted.Store(true)
	return i.again
}

// watch returns a context that ends at the first signal.
func (i *interrupts) watch() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	all := []os.Signal{syscall.SIGTERM}
	// A shell starts what is to stay in the background with SIGINT ignored, and
	// Notify would take that back: Ctrl-C means somebody else then.
	if !signal.Ignored(os.Interrupt) {
		all = append(all, os.Interrupt)
	}
	c := make(chan os.Signal, 2)
	signal.Notify(c, all...)
	go func() { // ends with the process
		for range c {
			if ctx.Err() != nil {
				i.once.Do(func() { close(i.again) })
				continue
			}
			if !i.wanted.Load() {
				signal.Stop(c)
			}
			cancel()
		}
	}()
	return ctx
}
