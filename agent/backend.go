package agent

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/agent/history"
)

// backend answers the control API for an agent.
type backend struct{ *Agent }

var _ control.Backend = (*backend)(nil)

// Status describes the agent as it is now.
func (b *backend) Status() control.Status {
	s := control.Status{
		Version: b.opts.Version, Config: b.opts.Config, PID: os.Getpid(), Started: b.started,
		Relays: b.Relays(), Claims: b.Claims(),
		Credentials: b.credentialStore(),
	}
	b.mu.Lock()
	if b.configErr != nil {
		s.ConfigError = b.configErr.Error()
	}
	s.Paused, s.PausedUntil = b.pausing.paused, b.pausing.until
	inUse := b.config
	b.mu.Unlock()
	s.Findings = b.inbox.executor.addWaiting(findings(inUse, b.opts.Credentials.Get, &b.programs), inUse)
	s.Findings = append(append(s.Findings, faultFindings(inUse)...), b.unsealedFindings()...)
	s.Findings = append(append(s.Findings, silenceFindings(s.Claims)...), b.embeddedFindings(inUse)...)
	if s.Findings == nil {
		s.Findings = []control.Finding{}
	}
	s.Update = b.updates.newest()
	s.State = overall(s)
	outage(&s, b.journal.Err(), b.opts.History)
	return s
}

// outage adds to a status that the journal cannot write: then nothing is taken in
// that a relay is not to lose.
func outage(s *control.Status, err error, path string) {
	if err == nil {
		return
	}
	s.State = control.StateProblem
	s.Findings = append(s.Findings, unwritable(err, path))
}

// overall is the worst of what the relays are in, or a config nobody can load.
func overall(s control.Status) string {
	state := control.StateIdle
	if len(s.Claims) > 0 {
		state = control.StateConnected
	}
	for _, r := range s.Relays {
		if severity(r.State) > severity(state) {
			state = r.State
		}
	}
	if s.Paused {
		state = control.StatePaused
	}
	if s.ConfigError != "" || s.Credentials.State != control.CredentialsReady {
		state = control.StateProblem
	}
	return state
}

func severity(state string) int {
	switch state {
	case control.StateIdle:
		return 0
	case control.StateConnected:
		return 1
	case control.StateConnecting:
		return 2
	}
	return 3
}

// Relays describes every configured relay, with the links of all its claims.
func (b *backend) Relays() []control.Relay {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]control.Relay, 0, len(b.config.Relays))
	for _, r := range b.config.Relays {
		list = append(list, b.relayStateLocked(r))
	}
	return list
}

func (b *backend) relayStateLocked(r config.Relay) control.Relay {
	out := control.Relay{Name: r.Name, URL: r.URL, State: control.StateIdle, Embedded: r.Embedded}
	if b.pausing.paused {
		out.State = control.StatePaused
	}
	for _, k := range b.keepers {
		if k.relay.Name != r.Name {
			continue
		}
		s, state := k.snapshot(), control.StateConnecting
		switch {
		case s.connected:
			state = control.StateConnected
		case s.refused:
			state = control.StateProblem
		}
		if severity(state) > severity(out.State) {
			out.State = state
		}
		out.Links += int(k.up.Load())
		out.Error = cmp.Or(s.err, out.Error)
		out.Dialect, out.Note = cmp.Or(s.dialect, out.Dialect), cmp.Or(s.note, out.Note)
		out.RoundTripMS = max(out.RoundTripMS, milliseconds(s.roundTrip))
	}
	return out
}

// Claims describes every configured claim.
func (b *backend) Claims() []control.Claim {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]control.Claim, 0, len(b.config.Claims))
	for _, c := range b.config.Claims {
		out := control.Claim{Name: c.Name, Relay: c.Relay, Answer: c.Answer}
		if last := b.before[c.Name]; last.relay == b.relayLocked(c.Relay).URL {
			out.URL, out.Queued = last.url, last.queued
		}
		if k := b.keepers[c.Name]; k != nil {
			s := k.snapshot()
			out.URL, out.Connected, out.Error, out.Links = s.url, s.connected, s.err, int(k.up.Load())
			out.Queued = int(k.queued.Load())
		}
		b.silence.show(&out)
		list = append(list, out)
	}
	return list
}

// Routes lists the routes in file order.
func (b *backend) Routes() []control.Route {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]control.Route, 0, len(b.config.Routes))
	for _, s := range b.config.Routes {
		list = append(list, RouteOf(&s))
	}
	return list
}

// Deliveries lists deliveries, newest first.
func (b *backend) Deliveries(ctx context.Context, q control.Query) ([]control.Delivery, string, error) {
	found, next, err := b.journal.List(ctx, history.Query(q))
	if err != nil {
		return nil, "", translated(err)
	}
	list := make([]control.Delivery, len(found))
	for i, d := range found {
		list[i] = control.Delivery(d)
	}
	return list, next, nil
}

// Outline says where the pages of deliveries begin.
func (b *backend) Outline(ctx context.Context, q control.Query) (*control.Outline, error) {
	o, err := b.journal.Outline(ctx, history.Query(q), q.Limit)
	if err != nil {
		return nil, translated(err)
	}
	return &control.Outline{Count: o.Count, Cursors: o.Cursors}, nil
}

// Delivery returns one delivery with its contents.
func (b *backend) Delivery(ctx context.Context, id string) (*control.Record, error) {
	found, err := b.journal.Get(ctx, id)
	if err != nil {
		return nil, translated(err)
	}
	return recordOf(found), nil
}

// recordOf translates a record of the history.
func recordOf(found *history.Record) *control.Record {
	r := &control.Record{
		Delivery: control.Delivery(found.Delivery), Head: found.Head,
		Body: found.Body, BodyTruncated: found.BodyTruncated, Redacted: found.Redacted,
		Verified: verifiedBy(found), Trace: traceOf(found.Trace),
	}
	for _, a := range found.Log {
		r.Log = append(r.Log, control.Attempt(a))
	}
	return r
}

// traceOf reads what the routes said of a delivery. What is no such text tells
// nothing.
func traceOf(text []byte) (trace []control.Trace) {
	if len(text) == 0 || json.Unmarshal(text, &trace) != nil {
		return nil
	}
	return trace
}

// translated marks an error of the agent's stores as what it is to a client of
// the control API: something that is not there, or was asked for wrongly.
func translated(err error) error {
	is := func(targets ...error) bool {
		return slices.ContainsFunc(targets, func(t error) bool { return errors.Is(err, t) })
	}
	switch {
	case is(history.ErrNotFound, credentials.ErrNotFound):
		return marked{err, control.ErrNotFound}
	case is(credentials.ErrLocked):
		return marked{err, control.ErrLocked}
	case is(history.ErrAmbiguous, history.ErrShortID, history.ErrQuery):
		return marked{err, control.ErrInvalid}
	case is(history.ErrGap):
		return marked{err, control.ErrGap}
	case is(history.ErrIncomplete, history.ErrUnfinished):
		return marked{err, control.ErrConflict}
	}
	return err
}

// marked is an error with a kind that the control API knows.
type marked struct {
	error
	kind error
}

// Unwrap returns the error itself and its kind.
func (m marked) Unwrap() []error { return []error{m.error, m.kind} }

// Changes returns what has changed after a number.
func (b *backend) Changes(ctx context.Context, after uint64, limit int) ([]control.Change, error) {
	found, err := b.journal.Changes(ctx, after, limit)
	if err != nil {
		return nil, translated(err)
	}
	list := make([]control.Change, len(found))
	for i, c := range found {
		list[i] = control.Change{Seq: c.Number, Delivery: control.Delivery(c.Delivery)}
	}
	return list, nil
}

// Pause keeps deliveries at their relays for a while, or until Resume.
func (b *backend) Pause(d time.Duration) error {
	until := time.Time{}
	if d > 0 {
		until = time.Now().Add(d)
	}
	defer b.publishStatus()
	return b.pause(until)
}

// Resume ends a pause.
func (b *backend) Resume() error {
	defer b.publishStatus()
	return b.resume(time.Time{})
}

// Subscribe follows events.
func (b *backend) Subscribe(after uint64) (<-chan control.Event, func()) {
	return b.hub.Subscribe(after)
}

// SubscribeShowing follows events for one who shows notifications.
func (b *backend) SubscribeShowing(after uint64) (<-chan control.Event, func()) {
	return b.hub.SubscribeShowing(after)
}

// publishStatus tells listeners that the status changed. It is called from
// keepers, which hold no lock.
func (a *Agent) publishStatus() {
	// Of two that were taken at once the newer has to come last.
	a.telling.Lock()
	defer a.telling.Unlock()
	s := (&backend{a}).Status()
	a.hub.Publish(control.Event{Type: control.EventStatus, Time: time.Now(), Status: &s})
}
