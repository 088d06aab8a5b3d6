package ptth

import (
	"context"
	"sync"
)

const (
	// eventRoom is how much memory the events of a relay may take at a time, in
	// bytes: a relay could fill that of the machine else. One that has to wait
	// for it counts as one that comes slowly. It is more than any event takes.
	eventRoom = 192 << 20

	// shortEvent is the length of events that never wait.
	shortEvent = 64 << 10
)

// room is the memory that is left for events. The zero value has all of it;
// its methods may be called by several goroutines.
type room struct {
	mu    sync.Mutex // guards the rest
	taken int64
	given chan struct{} // closed when some was given back; nil when nobody waits
}

// take takes n bytes. Who finds too little left waits, until ctx ends.
func (r *room) take(ctx context.Context, n int64) error {
	for {
		given := r.try(n)
		if given == nil {
			return nil
		}
		select {
		case <-given:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// try takes n bytes and returns nil, or what is closed when it is worth another
// try.
func (r *room) try(n int64) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.taken+n <= eventRoom {
		r.taken += n
		return nil
	}
	if r.given == nil {
		r.given = make(chan struct{})
	}
	return r.given
}

// give gives n bytes back.
func (r *room) give(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken -= n
	if r.given != nil {
		close(r.given)
		r.given = nil
	}
}
