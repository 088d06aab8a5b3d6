package control

import (
	"sync"
	"time"
)

// RingSize is how many of the last events a [Hub] keeps for clients that come
// back.
const RingSize = 1024

// subscriberBuffer is how many events a subscriber may lag behind before it is
// disconnected.
const subscriberBuffer = 256

// Types of an [Event].
const (
	// EventDelivery says that a delivery is new or has changed.
	EventDelivery = "delivery"
	// EventStatus says that the agent's status has changed.
	EventStatus = "status"
	// EventConfig says that the configuration was reloaded, or refused.
	EventConfig = "config"
	// EventStart comes first on a subscription that resumes nothing. Its number
	// is that of the newest event, so resuming after it misses none.
	EventStart = "start"
	// EventGap comes first when events between the asked number and the next
	// one are no longer kept: what was learnt from events has to be read anew.
	EventGap = "gap"
)

// Event is one thing that happened in the agent. What its pointers lead to is
// shared by all subscribers and must not change once it is published.
type Event struct {
	// Seq grows by one from event to event and keeps growing over a restart of
	// the agent.
	Seq      uint64    `json:"seq"`
	Type     string    `json:"type"`
	Time     time.Time `json:"time"`
	Delivery *Delivery `json:"delivery,omitempty"`
	Status   *Status   `json:"status,omitempty"`
	Error    string    `json:"error,omitempty"` // why a configuration was refused
}

// Hub numbers events, keeps the last [RingSize] of them and hands them to any
// number of subscribers. It is safe for concurrent use and starts no goroutine.
// Make it with [NewHub].
type Hub struct {
	mu     sync.Mutex // guards all below; held for short, never while waiting
	ring   []Event    // the event numbered n is at n % RingSize
	kept   uint64     // how many events the ring holds
	last   uint64     // number of the newest event
	subs   map[*subscription]struct{}
	closed bool
}

type subscription struct{ events chan Event }

// NewHub returns a hub without events. It counts from the present time in
// microseconds: an agent that has restarted continues above all numbers its
// predecessor gave, so that a client's old number is seen to be old.
func NewHub() *Hub {
	return &Hub{
		ring: make([]Event, RingSize),
		last: uint64(time.Now().UnixMicro()),
		subs: make(map[*subscription]struct{}),
	}
}

// Publish numbers e, sets its time if it has none and hands it to all
// subscribers. It never waits: a subscriber with a full buffer is disconnected.
// On a closed hub it does nothing.
func (h *Hub) Publish(e Event) {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.last++
	e.Seq = h.last
	h.ring[e.Seq%RingSize] = e
	h.kept = min(h.kept+1, RingSize)
	for s := range h.subs {
		select {
		case s.events <- e:
		default:
			h.dropLocked(s)
		}
	}
}

// Subscribe returns the events after number after that are still kept, then
// those to come; with after 0, only those to come. The first is an EventStart
// (after is 0) or an EventGap (some are no longer kept), if either applies.
//
// The channel is closed when the subscriber is too slow, when the hub is closed
// and by cancel, which may be called more than once and must be called once.
func (h *Hub) Subscribe(after uint64) (events <-chan Event, cancel func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	backlog := h.backlogLocked(after)
	s := &subscription{events: make(chan Event, len(backlog)+subscriberBuffer)}
	for _, e := range backlog {
		s.events <- e
	}
	if h.closed {
		close(s.events)
		return s.events, func() {}
	}
	h.subs[s] = struct{}{}
	return s.events, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.dropLocked(s)
	}
}

// backlogLocked is what a subscriber gets before anything new happens.
func (h *Hub) backlogLocked(after uint64) []Event {
	if after == 0 {
		return []Event{{Seq: h.last, Type: EventStart, Time: time.Now()}}
	}
	before := h.last - h.kept // the number just before the oldest kept
	var backlog []Event
	// A number above the newest is not ours: the clock was set back.
	if after < before || after > h.last {
		backlog = append(backlog, Event{Seq: before, Type: EventGap, Time: time.Now()})
		after = before
	}
	for n := after + 1; n <= h.last; n++ {
		backlog = append(backlog, h.ring[n%RingSize])
	}
	return backlog
}

func (h *Hub) dropLocked(s *subscription) {
	if _, ok := h.subs[s]; ok {
		delete(h.subs, s)
		close(s.events)
	}
}

// Subscribers is how many subscriptions are open.
func (h *Hub) Subscribers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs)
}

// Close ends all subscriptions, after what they hold already. Later ones end at
// once.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.subs {
		h.dropLocked(s)
	}
}
