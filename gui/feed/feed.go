package feed

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"homehook/agent/control"
)

// Reach says whether the agent can be asked.
type Reach string

// Where the app stands with the agent.
const (
	Looking Reach = "looking" // it was not asked yet
	Live    Reach = "live"
	Away    Reach = "away"    // none runs, or it does not answer
	Refused Reach = "refused" // what answers is another user's; nothing is sent to it
)

// State is what is known of the agent at one moment. It is never changed.
type State struct {
	Reach Reach
	// Err says why it is away or refused.
	Err error
	// Status is what it said last, of a time before where it is away; nil before
	// it has said anything.
	Status *control.Status
	// Since is when Reach became what it is.
	Since time.Time
}

// Live reports whether the agent answers.
func (s *State) Live() bool { return s.Reach == Live }

// Changes are deliveries that are new or have changed since the last call.
type Changes struct {
	// Deliveries has each once, as it is now, in the order of its change.
	Deliveries []control.Delivery
	// Anew says that some changes are not known: what is shown has to be read again.
	Anew bool
}

const (
	// pace is the least time between two calls of a listener of deliveries, so that
	// thousands a second cost no more than a few.
	pace = 100 * time.Millisecond
	// mostChanges are kept for a listener; beyond them it reads anew.
	mostChanges = 5000
	// redial is the time between two looks for an agent that is away.
	redial = time.Second
)

// Feed follows one agent. Its listeners are called on the goroutine of the user
// interface, where they must not wait; they are added and removed there, too.
type Feed struct {
	Client *control.Client
	crew   *Crew
	state  atomic.Pointer[State]

	order sync.Mutex    // of an answer and an event that tell the status
	heard atomic.Uint64 // how many events have told it

	// The rest belongs to the goroutine of the user interface.
	onState   listeners[func()]
	onConfig  listeners[func()]
	onChanges listeners[func(Changes)]
	onNotice  listeners[func(control.Notification)]

	mu      sync.Mutex // guards what follows, between both goroutines
	pending Changes
	at      map[string]int // of each delivery in pending
	due     bool           // a call of flush is on its way
	stirred bool           // a call for a new state is on its way
	kick    chan struct{}

	shows     bool   // guarded by mu, too
	endStream func() // of the events that are read; nil before any are
}

// listeners are functions to call, by the order in which they were added.
type listeners[F any] struct {
	all  map[int]F
	next int
}

func (l *listeners[F]) add(f F) (remove func()) {
	if l.all == nil {
		l.all = map[int]F{}
	}
	id := l.next
	l.next++
	l.all[id] = f
	return func() { delete(l.all, id) }
}

// each calls those that are there now, but for one that another has removed.
func (l *listeners[F]) each(call func(F)) {
	for _, id := range slices.Sorted(maps.Keys(l.all)) {
		if f, ok := l.all[id]; ok {
			call(f)
		}
	}
}

// New returns a feed of the agent that client asks. It does nothing before Run.
func New(client *control.Client, crew *Crew) *Feed {
	f := &Feed{Client: client, crew: crew, at: map[string]int{}, kick: make(chan struct{}, 1)}
	f.state.Store(&State{Reach: Looking, Since: time.Now()})
	return f
}

// State is what is known now. Any goroutine may ask.
func (f *Feed) State() *State { return f.state.Load() }

// OnState has each called when State has changed.
func (f *Feed) OnState(each func()) (remove func()) { return f.onState.add(each) }

// OnConfig has each called when the configuration has changed or was refused, or
// the agent has come back: claims, routes and credentials may be others.
func (f *Feed) OnConfig(each func()) (remove func()) { return f.onConfig.add(each) }

// OnChanges has each called for deliveries, ten times a second at most.
func (f *Feed) OnChanges(each func(Changes)) (remove func()) { return f.onChanges.add(each) }

// OnNotification has each called for what a route notifies the user of, and the
// agent has not shown itself.
func (f *Feed) OnNotification(each func(control.Notification)) (remove func()) {
	return f.onNotice.add(each)
}

// Shows says whether the app shows what OnNotification is told; any goroutine may
// say so, and say otherwise later. If it does, the agent shows none of it itself
// while the feed follows it; if not, what the agent could not show is told all the
// same.
func (f *Feed) Shows(shows bool) {
	f.mu.Lock()
	was, end := f.shows, f.endStream
	f.shows = shows
	f.mu.Unlock()
	if was != shows && end != nil {
		end() // to follow anew, as one who shows them or one who does not
		f.Look()
	}
}

// stream is what events are read with, until ctx ends or Shows says something else.
func (f *Feed) stream(ctx context.Context) (read func(context.Context, uint64, func(control.Event) error) error, reading context.Context, end func()) {
	reading, end = context.WithCancel(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.endStream = end
	if f.shows {
		return f.Client.EventsShowing, reading, end
	}
	return f.Client.Events, reading, end
}

// Look has an agent that is away looked for at once, as after starting one.
func (f *Feed) Look() {
	select {
	case f.kick <- struct{}{}:
	default:
	}
}

// Run follows the agent until ctx ends.
func (f *Feed) Run(ctx context.Context) {
	var after uint64
	for ctx.Err() == nil {
		began := time.Now()
		err := f.follow(ctx, &after)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			f.lost(err)
		} else if time.Since(began) > redial {
			continue // to see at once whether the agent has gone, or only the stream
		}
		select {
		case <-ctx.Done():
		case <-f.kick:
		case <-time.After(redial):
		}
	}
}

// follow reads status and events until the stream of these ends, as when the agent
// does or this app was too slow. The error says that the agent cannot be asked.
func (f *Feed) follow(ctx context.Context, after *uint64) error {
	status, err := f.Client.Status(ctx)
	if err != nil {
		return err
	}
	back := !f.State().Live()
	f.hear(status)
	if back {
		f.crew.Do(func() { f.onConfig.each(func(each func()) { each() }) })
		// A stream that resumes does not tell of a status that changes before it begins.
		f.crew.After(redial, f.Refresh)
	}
	events, reading, end := f.stream(ctx)
	defer end()
	_ = events(reading, *after, func(e control.Event) error {
		*after = e.Seq
		f.take(&e)
		return nil
	}) // why it has ended shows when the agent is asked again
	return nil
}

// Refresh asks for the state anew: times and numbers in it change without an event.
func (f *Feed) Refresh() {
	f.crew.Go(func(ctx context.Context) func() {
		f.ask(ctx)
		return nil
	})
}

// ask asks for the status. That there is no answer is for follow to find out.
func (f *Feed) ask(ctx context.Context) {
	before := f.heard.Load()
	s, err := f.Client.Status(ctx)
	f.order.Lock()
	defer f.order.Unlock()
	// What an event has told in the meantime is newer, or another event follows.
	if err == nil && f.State().Live() && f.heard.Load() == before {
		f.set(&State{Reach: Live, Status: s})
	}
}

// hear takes the status that an event tells, or the first of an agent: what was asked
// before is older.
func (f *Feed) hear(s *control.Status) {
	f.order.Lock()
	defer f.order.Unlock()
	f.heard.Add(1)
	f.set(&State{Reach: Live, Status: s})
}

// take deals with one event.
func (f *Feed) take(e *control.Event) {
	switch e.Type {
	case control.EventDelivery:
		f.changed(e.Delivery)
	case control.EventGap:
		f.changed(nil)
	case control.EventStatus:
		if e.Status != nil {
			f.hear(e.Status)
		}
	case control.EventStart:
		// From here on nothing is missed, so what changed before has to be read now.
		f.changed(nil)
		f.Refresh()
	case control.EventConfig:
		// The status tells of relays and claims that are new, as no other event does.
		f.crew.Go(func(ctx context.Context) func() {
			f.ask(ctx)
			return func() { f.onConfig.each(func(each func()) { each() }) }
		})
	case control.EventNotification:
		if n := e.Notification; n != nil && !n.Shown {
			f.crew.Do(func() { f.onNotice.each(func(each func(control.Notification)) { each(*n) }) })
		}
	}
}

// lost notes that the agent cannot be asked.
func (f *Feed) lost(err error) {
	s := &State{Reach: Away, Err: err, Status: f.State().Status}
	if errors.Is(err, control.ErrNotOwner) {
		s.Reach = Refused
	}
	f.set(s)
}

// set makes s the state and has the listeners called, once for all states that
// come before they are.
func (f *Feed) set(s *State) {
	old := f.State()
	s.Since = time.Now()
	if old.Reach == s.Reach {
		s.Since = old.Since
	}
	f.state.Store(s)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stirred {
		return
	}
	f.stirred = true
	f.crew.Do(func() {
		f.mu.Lock()
		f.stirred = false
		f.mu.Unlock()
		f.onState.each(func(each func()) { each() })
	})
}

// changed notes a delivery, or with nil that some are not known, and has the
// listeners called soon.
func (f *Feed) changed(d *control.Delivery) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.noteLocked(d)
	if f.due {
		return
	}
	f.due = true
	f.crew.After(pace, f.flush)
}

func (f *Feed) noteLocked(d *control.Delivery) {
	if d == nil || len(f.pending.Deliveries) == mostChanges {
		f.pending = Changes{Anew: true}
		clear(f.at)
	}
	if d == nil || f.pending.Anew {
		return
	}
	if i, ok := f.at[d.ID]; ok {
		f.pending.Deliveries[i] = *d
		return
	}
	f.at[d.ID] = len(f.pending.Deliveries)
	f.pending.Deliveries = append(f.pending.Deliveries, *d)
}

// flush calls the listeners of deliveries.
func (f *Feed) flush() {
	f.mu.Lock()
	changes := f.pending
	f.pending, f.due = Changes{}, false
	clear(f.at)
	f.mu.Unlock()
	f.onChanges.each(func(each func(Changes)) { each(changes) })
}
