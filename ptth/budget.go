package ptth

import (
	"errors"
	"sync"
	"time"
)

// ErrNoRoom reports an exchange for whose body there was no memory. Nothing of
// it was sent.
var ErrNoRoom = errors.New("there is no memory for the body at the moment")

// Budget bounds the memory of the bodies that have to be in it whole, as those
// in JSON have. Its methods may be called by several goroutines; a nil Budget
// has no bounds.
type Budget struct {
	wait time.Duration

	mu    sync.Mutex // guards what follows
	left  int64
	given chan struct{} // closed and replaced when some is given back
}

// NewBudget makes a budget of so many bytes. Who finds it used up waits for a
// while.
func NewBudget(bytes int64, wait time.Duration) *Budget {
	return &Budget{wait: wait, left: bytes, given: make(chan struct{})}
}

// Take takes n bytes. It returns nil when there was no room in time.
func (b *Budget) Take(n int64) *Grant {
	if b == nil || n <= 0 {
		return &Grant{}
	}
	var late <-chan time.Time
	for {
		b.mu.Lock()
		if b.left >= n {
			b.left -= n
			b.mu.Unlock()
			return &Grant{budget: b, bytes: n}
		}
		given := b.given
		b.mu.Unlock()
		if late == nil {
			late = time.After(b.wait)
		}
		select {
		case <-given:
		case <-late:
			return nil
		}
	}
}

func (b *Budget) give(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left += n
	close(b.given)
	b.given = make(chan struct{})
}

// Grant is memory that was taken from a budget. One goroutine at a time may use
// it; a nil Grant is of nothing.
type Grant struct {
	budget *Budget
	bytes  int64
}

// Keep gives back what is more than n bytes.
func (g *Grant) Keep(n int64) {
	if g == nil || g.bytes <= n {
		return
	}
	g.budget.give(g.bytes - n)
	g.bytes = n
}

// Give gives all of it back.
func (g *Grant) Give() { g.Keep(0) }

const (
	// eventTimes is how many times the length of a body an event takes: the
	// body, and its text with each byte escaped.
	eventTimes = 3

	// objectTimes is how many times its length an object takes while it is
	// read: the text, the members cut from it, and the body in two forms.
	objectTimes = 4
)
