package agent

import (
	"fmt"
	"testing"
)

func TestBudget(t *testing.T) {
	b := newBudget(10)
	if !b.try(8) || b.try(3) || !b.try(2) {
		t.Error("more or less than there is")
	}
	b.give(10)
	if !b.try(10) {
		t.Error("not all was given back")
	}
}

// TestRoom: no claim leaves nothing for the next one, and nobody waits.
func TestRoom(t *testing.T) {
	r := newRoom(1024)
	take := func(claim string, n int64, want bool) *share {
		t.Helper()
		s := r.of(claim)
		if got := s.grow(n); got != want {
			t.Errorf("%s, %d: %t, with %d in use", claim, n, got, r.inUse())
		}
		return &s
	}
	a := take("a", 500, true)
	if !a.grow(512) || !a.grow(100) || r.inUse() != 512 {
		t.Errorf("half of all: %d", r.inUse())
	}
	take("a", 1, false)
	b := take("b", 257, false)
	if !b.grow(256) {
		t.Error("half of what a leaves")
	}
	var more []*share
	for i := range 4 {
		more = append(more, take(fmt.Sprint("c", i), 30, true))
	}
	a.end()
	a.end()
	if !b.grow(400) {
		t.Error("what a gave back")
	}
	b.end()
	for _, s := range more {
		s.end()
	}
	if r.inUse() != 0 || len(r.claims) != 0 {
		t.Errorf("left: %d, %v", r.inUse(), r.claims)
	}
}

// TestRoomForOneLargeBody: a claim may allow bodies larger than all the room.
func TestRoomForOneLargeBody(t *testing.T) {
	r := newRoom(1024)
	a, b, c := r.of("a"), r.of("b"), r.of("b")
	if !a.grow(512) || !a.grow(5000) || !a.grow(9000) || r.inUse() != 0 {
		t.Errorf("the first: %d in use", r.inUse())
	}
	if b.grow(5000) {
		t.Error("two at once")
	}
	if !c.grow(512) {
		t.Error("it is in the way")
	}
	c.end()
	a.end()
	if !b.grow(5000) {
		t.Error("the place is not given back")
	}
	b.end()
	none := share{}
	none.end()
}

// inUse is how many bytes are taken.
func (r *room) inUse() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.used
}
