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
	// EventNotification says that a route notifies the user.
	EventNotification = "notification"
	// EventStart comes first on a subscription that resumes nothing. Its number
	// is that of the newest event, so resuming after it misses none.
	EventStart = "start"
	// EventGap comes first when events after the asked number are no longer
	// known: what was learnt from events has to be read anew.
	EventGap = "gap"
)

// Event is one thing that happened in the agent. What its pointers lead to is
// shared by all subscribers and must not change once it is published.
type Event struct {
	// Seq is the number of a change of a delivery. It grows from one to the next
	// and keeps growing over a restart of the agent. Other events have that of
	// the change before them.
	Seq  uint64 `json:"seq"`
	Type string `json:"type"`
	// Time is when it happened or, for what a client missed while the agent was
	// away, when it is told.
	Time     time.Time `json:"time"`
	Delivery *Delivery `json:"delivery,omitempty"`
	Status   *Status   `json:"status,omitempty"`
	Error    string    `json:"error,omitempty"` // why a configuration was refused

	Notification *Notification `json:"notification,omitempty"`
}

// Notification is what a person is to be told of a delivery, or of a claim that has
// become silent or is so no more. All of it is plain text.
type Notification struct {
	Delivery string `json:"delivery"` // id; empty for what is about the claim
	Claim    string `json:"claim"`
	Route    string `json:"route"` // likewise
	Title    string `json:"title"`
	Text     string `json:"text"`
	Link     string `json:"link"` // http or https, for a click; empty for none
	Urgent   bool   `json:"urgent"`
	// Shown says that it is seen to: the agent has shown it on the desktop, which it
	// does not while a subscriber shows them, or another subscriber is to show it.
	Shown bool `json:"shown"`
}

// Hub keeps the last [RingSize] events and hands them to any number of
// subscribers. It is safe for concurrent use and starts no goroutine. Make it
// with [NewHub] or [NewHubAt].
type Hub struct {
	mu      sync.Mutex // guards all below; held for short, never while waiting
	ring    []Event    // the event published as the n-th is at n % RingSize
	count   uint64     // how many were published
	last    uint64     // number of the newest event
	dropped Event      // the newest that the ring no longer holds
	subs    map[*subscription]struct{}
	came    uint64 // how many subscriptions there ever were
	closed  bool
}

type subscription struct {
	events chan Event
	shows  bool   // notifications, to the user
	number uint64 // how many came before it
}

// NewHub returns a hub for an agent without a memory. It counts from the
// present time in microseconds: an agent that has restarted continues above all
// numbers its predecessor gave, so that a client's old number is seen to be old.
func NewHub() *Hub { return NewHubAt(uint64(time.Now().UnixMicro())) }

// NewHubAt returns a hub that goes on after number last, which is that of the
// newest change a journal of deliveries knows.
func NewHubAt(last uint64) *Hub {
	return &Hub{
		ring: make([]Event, RingSize), last: last,
		dropped: Event{Seq: last, Type: EventDelivery},
		subs:    make(map[*subscription]struct{}),
	}
}

// Publish hands e to all subscribers. Events of deliveries come with the number
// of the change, or get the next one if they have none; others get the number
// of the event before, whatever they come with, because after a restart nothing
// knows of them. The time is set if e has none.
//
// It never waits: a subscriber with a full buffer is disconnected. On a closed
// hub it does nothing.
func (h *Hub) Publish(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.publishLocked(e, nil)
}

// Offer publishes a notification if there is a subscriber that shows them, and
// reports whether there is. Of several the newest is to show it; for all others, and
// for those who read it later, it is shown already.
func (h *Hub) Offer(e Event) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := h.showingLocked(); s != nil; s = h.showingLocked() {
		if len(s.events) == cap(s.events) {
			h.dropLocked(s)
			continue
		}
		h.publishLocked(e, s)
		return true
	}
	return false
}

// Showing reports whether there is a subscriber that shows notifications.
func (h *Hub) Showing() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.showingLocked() != nil
}

// showingLocked is the newest subscriber that shows notifications, nil for none.
func (h *Hub) showingLocked() (newest *subscription) {
	for s := range h.subs {
		if s.shows && (newest == nil || s.number > newest.number) {
			newest = s
		}
	}
	return newest
}

// publishLocked hands e to all. If it is offered to one, it is shown for the others.
func (h *Hub) publishLocked(e Event, offered *subscription) {
	if h.closed {
		return
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	if e.Type == EventDelivery {
		h.last = max(h.last+1, e.Seq)
	}
	e.Seq = h.last
	offer := e
	if offered != nil {
		shown := *e.Notification
		shown.Shown = true
		e.Notification = &shown
	}
	at := &h.ring[h.count%RingSize]
	if h.count >= RingSize {
		h.dropped = Event{Seq: at.Seq, Type: at.Type} // without what it holds on to
	}
	*at = e
	h.count++
	for s := range h.subs {
		what := e
		if s == offered {
			what = offer
		}
		select {
		case s.events <- what:
		default:
			h.dropLocked(s)
		}
	}
}

// Subscribe returns the events after number after that are still kept, then
// those to come; with after 0, only those to come. The first is an EventStart
// (after is 0) or an EventGap (some are no longer kept, or number after was
// never given), if either applies; the number of a gap is that just before the
// oldest event kept.
//
// The channel is closed when the subscriber is too slow, when the hub is closed
// and by cancel, which may be called more than once and must be called once.
func (h *Hub) Subscribe(after uint64) (events <-chan Event, cancel func()) {
	return h.subscribe(after, false)
}

// SubscribeShowing is Subscribe for one who shows notifications to the user, as long
// as the subscription lasts: see Offer.
func (h *Hub) SubscribeShowing(after uint64) (events <-chan Event, cancel func()) {
	return h.subscribe(after, true)
}

func (h *Hub) subscribe(after uint64, shows bool) (events <-chan Event, cancel func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	backlog := h.backlogLocked(after)
	s := &subscription{events: make(chan Event, len(backlog)+subscriberBuffer), shows: shows, number: h.came}
	h.came++
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
	var backlog []Event
	// Behind the change by its number come the other events that share it.
	whole := after > h.dropped.Seq || after == h.dropped.Seq && h.dropped.Type == EventDelivery
	if !whole || after > h.last {
		backlog = append(backlog, Event{Seq: h.dropped.Seq, Type: EventGap, Time: time.Now()})
		after = h.dropped.Seq
	}
	for n := h.count - min(h.count, RingSize); n < h.count; n++ {
		e := h.ring[n%RingSize]
		if e.Seq > after || e.Seq == after && e.Type != EventDelivery {
			backlog = append(backlog, e)
		}
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
