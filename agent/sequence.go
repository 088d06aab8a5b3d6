package agent

import (
	"context"
	"sync"
	"time"
)

const (
	// predecessorWait is how long a delivery waits for the one before it, which
	// comes on another link.
	predecessorWait = 30 * time.Second

	// rememberedArrivals is how many of a claim's last deliveries are known
	// without asking the journal. It is far more than a relay has on its way.
	rememberedArrivals = 1024
)

// sequence puts deliveries of a relay's queue, which come on several links at
// once, back into their order: each names the one before it. There is one for
// each claim; the zero value is ready.
type sequence struct {
	mu    sync.Mutex // guards the rest
	known map[string]bool
	last  [rememberedArrivals]string // the keys of known, in a ring
	next  int
	await map[string]chan struct{} // closed when that delivery has come
}

// came notes that a delivery has its place, so that those behind it may take
// theirs.
func (s *sequence) came(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = make(map[string]bool)
	}
	if s.known[id] {
		return
	}
	delete(s.known, s.last[s.next])
	s.known[id], s.last[s.next] = true, id
	s.next = (s.next + 1) % rememberedArrivals
	if c := s.await[id]; c != nil {
		close(c)
		delete(s.await, id)
	}
}

// missed takes came back, for a delivery that comes again.
func (s *sequence) missed(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, id)
}

// has reports whether a delivery has its place.
func (s *sequence) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known[id]
}

// wait returns when a delivery has its place, or when it did not come for so
// long that it will hardly come. stored says whether the journal has it, from
// before this agent started.
func (s *sequence) wait(ctx context.Context, id string, stored func(id string) bool) {
	if id == "" {
		return
	}
	come := s.expect(id)
	if come == nil {
		return
	}
	if stored(id) {
		s.came(id)
		return
	}
	late := time.NewTimer(predecessorWait)
	defer late.Stop()
	select {
	case <-come:
	case <-late.C:
		s.came(id) // nobody else is to wait as long
	case <-ctx.Done():
	}
}

// expect returns a channel that is closed when the delivery comes, nil if it
// has come.
func (s *sequence) expect(id string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[id] {
		return nil
	}
	if s.await == nil {
		s.await = make(map[string]chan struct{})
	}
	if s.await[id] == nil {
		s.await[id] = make(chan struct{})
	}
	return s.await[id]
}
