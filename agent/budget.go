package agent

import "sync"

// budget bounds how many bytes of something are in memory at once. Make it with
// newBudget.
type budget struct {
	size int64

	mu   sync.Mutex // guards the rest
	used int64
}

func newBudget(size int64) *budget { return &budget{size: size} }

// try takes n bytes if they are there.
func (b *budget) try(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used+n > b.size {
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
}

// room bounds the bodies that come in at once. Nobody waits for room: a body
// that gets none is refused, so that no sender can make others wait. A claim may
// have as much as is left free: alone it gets half of all, and whatever one or
// two of them take, there is some for the next. Make it with newRoom.
type room struct {
	size int64

	mu     sync.Mutex // guards the rest and all shares
	used   int64
	claims map[string]int64 // how much of it each one has
	large  bool             // a body larger than half of all is here
}

func newRoom(size int64) *room { return &room{size: size, claims: make(map[string]int64)} }

// share is what one body has of a room. Its zero value has nothing.
type share struct {
	room  *room
	claim string
	held  int64
	large bool
}

// of returns a share for a body of a claim.
func (r *room) of(claim string) share { return share{room: r, claim: claim} }

// grow makes the share one of n bytes, and reports whether there was room for
// that. A body that no share could ever hold, of which its claim allows that
// size, stands beside the others: one at a time.
func (s *share) grow(n int64) bool {
	r := s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.large || n <= s.held {
		return true
	}
	more := n - s.held
	switch {
	case r.claims[s.claim]+more <= r.size-r.used-more:
		s.takeLocked(more)
		return true
	case n > r.size/2 && !r.large:
		s.takeLocked(-s.held)
		s.large, r.large = true, true
		return true
	}
	return false
}

func (s *share) takeLocked(n int64) {
	r := s.room
	r.used += n
	s.held += n
	if r.claims[s.claim] += n; r.claims[s.claim] == 0 {
		delete(r.claims, s.claim)
	}
}

// end gives back what the share has. It may be called more than once.
func (s *share) end() {
	r := s.room
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.takeLocked(-s.held)
	if s.large {
		s.large, r.large = false, false
	}
}
