package agent

import (
	"context"
	"sync"
)

// budget bounds how many bytes of bodies are in memory at once. Who asks first
// is served first, so that a large body does not wait for ever behind small
// ones. Make it with newBudget.
type budget struct {
	size int64

	mu      sync.Mutex // guards the rest
	used    int64
	waiting []*share // in the order in which they came
}

// share is what somebody waits for.
type share struct {
	n     int64
	given chan struct{} // closed once it is there
}

func newBudget(size int64) *budget { return &budget{size: size} }

// take waits for n bytes and returns how many are to be given back; a body
// larger than the whole budget gets all of it. It returns false when ctx ended
// first.
func (b *budget) take(ctx context.Context, n int64) (taken int64, ok bool) {
	n = min(n, b.size)
	b.mu.Lock()
	if len(b.waiting) == 0 && b.used+n <= b.size {
		b.used += n
		b.mu.Unlock()
		return n, true
	}
	s := &share{n: n, given: make(chan struct{})}
	b.waiting = append(b.waiting, s)
	b.mu.Unlock()
	select {
	case <-s.given:
		return n, true
	case <-ctx.Done():
		return 0, b.leave(s)
	}
}

// leave takes somebody out of the queue, and gives back what may have been
// given meanwhile.
func (b *budget) leave(s *share) bool {
	b.mu.Lock()
	for i, other := range b.waiting {
		if other == s {
			b.waiting = append(b.waiting[:i], b.waiting[i+1:]...)
			b.mu.Unlock()
			return false
		}
	}
	b.mu.Unlock()
	b.give(s.n)
	return false
}

// try takes n bytes if they are there at once.
func (b *budget) try(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) > 0 || b.used+n > b.size {
		return false
	}
	b.used += n
	return true
}

// give gives n bytes back.
func (b *budget) give(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	for len(b.waiting) > 0 && b.used+b.waiting[0].n <= b.size {
		s := b.waiting[0]
		b.waiting = b.waiting[1:]
		b.used += s.n
		close(s.given)
	}
}
