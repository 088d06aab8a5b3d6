package relay

import "sync"

// turns keep the deliveries of a claim in order of arrival on their way into the
// queue. Each has a turn from the moment it is here whole until it is in the
// queue, on its way home, or refused.
type turns struct {
	mu   sync.Mutex
	open []*turn // in order of arrival
}

// turn is that of one delivery. A nil one is of a request without order.
type turn struct {
	all  *turns
	over chan struct{} // made by who waits for its end; guarded by all.mu
	at   bool          // in all.open; guarded by all.mu
}

// take begins a turn behind all that are open.
func (t *turns) take() *turn {
	one := &turn{all: t, at: true}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open = append(t.open, one)
	return one
}

// wait returns when every turn that began earlier is over.
func (one *turn) wait() {
	if one == nil {
		return
	}
	for {
		one.all.mu.Lock()
		if !one.at || one.all.open[0] == one {
			one.all.mu.Unlock()
			return
		}
		first := one.all.open[0]
		if first.over == nil {
			first.over = make(chan struct{})
		}
		over := first.over
		one.all.mu.Unlock()
		<-over
	}
}

// end ends the turn. It may be called more than once.
func (one *turn) end() {
	if one == nil {
		return
	}
	t := one.all
	t.mu.Lock()
	defer t.mu.Unlock()
	if !one.at {
		return
	}
	one.at = false
	for i, other := range t.open {
		if other == one {
			copy(t.open[i:], t.open[i+1:])
			t.open[len(t.open)-1] = nil
			t.open = t.open[:len(t.open)-1]
			break
		}
	}
	if one.over != nil {
		close(one.over)
	}
}
