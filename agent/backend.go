package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/agent/history"
	"homehook/routes"
)

// backend answers the control API for an agent.
type backend struct{ *Agent }

var _ control.Backend = (*backend)(nil)

// Status describes the agent as it is now.
func (b *backend) Status() control.Status {
	s := control.Status{
		Version: b.opts.Version, Config: b.opts.Config, PID: os.Getpid(), Started: b.started,
		Relays: b.Relays(), Claims: b.Claims(),
		Credentials: control.CredentialStore{Store: b.opts.Credentials.Kind()},
	}
	b.mu.Lock()
	if b.configErr != nil {
		s.ConfigError = b.configErr.Error()
	}
	b.mu.Unlock()
	s.State = overall(s)
	return s
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
	if s.ConfigError != "" {
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
	out := control.Relay{Name: r.Name, URL: r.URL, State: control.StateIdle}
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
		if k := b.keepers[c.Name]; k != nil {
			s := k.snapshot()
			out.URL, out.Connected, out.Error, out.Links = s.url, s.connected, s.err, int(k.up.Load())
		}
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
		kind, target := describe(s)
		list = append(list, control.Route{
			Name: s.Name, Claim: s.Claim, Match: s.Match, Handler: kind, Target: target, Unverified: s.Unverified,
		})
	}
	return list
}

// describe says what a route does and where it leads.
func describe(s routes.Spec) (kind, target string) {
	switch {
	case s.Forward != nil:
		return "forward", s.Forward.To
	case s.Script != nil:
		return "script", s.Script.Command[0]
	}
	return "respond", ""
}

// Credentials lists the names of credentials.
func (b *backend) Credentials() ([]control.Credential, error) {
	infos, err := b.opts.Credentials.List()
	if err != nil {
		return nil, err
	}
	list := make([]control.Credential, 0, len(infos))
	for _, i := range infos {
		list = append(list, control.Credential(i))
	}
	return list, nil
}

// SetCredential stores a credential and uses it from now on.
func (b *backend) SetCredential(name, value string) error {
	if err := b.opts.Credentials.Set(name, value); err != nil {
		return translated(err)
	}
	b.reconcile()
	return nil
}

// RemoveCredential forgets a credential.
func (b *backend) RemoveCredential(name string) error {
	if err := b.opts.Credentials.Remove(name); err != nil {
		return translated(err)
	}
	b.reconcile()
	return nil
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

// Delivery returns one delivery with its contents.
func (b *backend) Delivery(ctx context.Context, id string) (*control.Record, error) {
	found, err := b.journal.Get(ctx, id)
	if err != nil {
		return nil, translated(err)
	}
	r := &control.Record{
		Delivery: control.Delivery(found.Delivery), Head: found.Head,
		Body: found.Body, BodyTruncated: found.BodyTruncated,
	}
	for _, a := range found.Log {
		r.Log = append(r.Log, control.Attempt(a))
	}
	return r, nil
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
	case is(history.ErrAmbiguous, history.ErrShortID, history.ErrQuery):
		return marked{err, control.ErrInvalid}
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

// ReleaseClaim gives a claim back to its relay and takes it out of the
// configuration. Its links are ended first: they would be dialled again as soon
// as the relay drops them, and take the claim anew.
func (b *backend) ReleaseClaim(ctx context.Context, name string) error {
	b.mu.Lock()
	k := b.keepers[name]
	b.mu.Unlock()
	if k != nil {
		k.stop()
		select {
		case <-k.done:
		case <-ctx.Done():
		}
	}
	err := Release(ctx, b.opts.Config, b.opts.Credentials.Get, name)
	if err != nil && k != nil {
		b.mu.Lock()
		if b.keepers[name] == k {
			delete(b.keepers, name) // to be started anew
		}
		b.reconcileLocked()
		b.mu.Unlock()
	}
	return translated(err)
}

// Release gives a claim back to its relay and takes it out of the
// configuration file. secret returns the value of a credential. A claim that
// routes still use, or whose relay cannot be reached, stays as it is.
func Release(ctx context.Context, path string, secret func(name string) (string, error), name string) error {
	c, err := config.Load(path)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(c.Claims, func(c config.Claim) bool { return c.Name == name })
	if i < 0 {
		return fmt.Errorf("claim %q: %w", name, control.ErrNotFound)
	}
	if err := c.Removable(name); err != nil {
		return err
	}
	if err := giveBack(ctx, c, c.Claims[i], secret); err != nil {
		return fmt.Errorf("release %q at relay %q: %w", name, c.Claims[i].Relay, err)
	}
	return config.RemoveClaim(path, name)
}

func giveBack(ctx context.Context, c *config.Config, claim config.Claim, secret func(string) (string, error)) error {
	for _, r := range c.Relays {
		if r.Name != claim.Relay {
			continue
		}
		token := ""
		if r.Token != "" {
			var err error
			if token, err = secret(r.Token); err != nil {
				return err
			}
		}
		d, err := newDialer(r, token)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, registryTimeout)
		defer cancel()
		reg := newRegistry(d)
		if ours, err := reg.ours(ctx); err != nil || !ours {
			return err
		}
		if err := reg.remove(ctx, claim.Name); !errors.Is(err, errForeign) {
			return err
		}
	}
	return nil
}

// Subscribe follows events.
func (b *backend) Subscribe(after uint64) (<-chan control.Event, func()) {
	return b.hub.Subscribe(after)
}

// publishStatus tells listeners that the status changed. It is called from
// keepers, which hold no lock.
func (a *Agent) publishStatus() {
	s := (&backend{a}).Status()
	a.hub.Publish(control.Event{Type: control.EventStatus, Time: time.Now(), Status: &s})
}
