package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"homehook/agent/config"
	"homehook/agent/credentials"
	"homehook/http1"
	"homehook/ptth"
)

// reconcile makes changed credentials count.
func (a *Agent) reconcile() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reconcileLocked()
}

// reconcileLocked starts and stops keepers until they fit the configuration
// and the credentials.
func (a *Agent) reconcileLocked() {
	a.withholdLocked()
	wanted := make(map[string]bool)
	for _, claim := range a.config.Claims {
		wanted[claim.Name] = true
		if a.releasing[claim.Name] {
			continue // its links would take it anew
		}
		relay := a.relayLocked(claim.Relay)
		token, err := "", a.obstacleLocked(&claim)
		if err == nil {
			err = a.unserved(relay)
		}
		if err == nil {
			token, err = a.token(relay)
		}
		if r := a.keepers[claim.Name]; r != nil {
			if r.claim.SameLinks(claim) && r.relay == relay && r.token == token && r.why == textOf(err) && !a.pausing.paused {
				continue
			}
			a.partLocked(claim.Name, r)
		}
		if a.pausing.paused {
			continue
		}
		a.keepers[claim.Name] = a.start(claim, relay, token, err)
	}
	for name, r := range a.keepers {
		if !wanted[name] {
			a.partLocked(name, r)
		}
	}
	for name := range a.before {
		if !wanted[name] {
			delete(a.before, name)
		}
	}
}

// textOf is what an error says, "" for none.
func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// standing is what is known of a claim at its relay.
type standing struct {
	relay  string // its address
	url    string
	queued int
}

// partLocked ends a keeper. What it knows stays to be shown.
func (a *Agent) partLocked(name string, r *running) {
	r.stop()
	delete(a.keepers, name)
	url, last := r.snapshot().url, a.before[name]
	if url != "" || last.relay != r.relay.URL {
		a.before[name] = standing{relay: r.relay.URL, url: url, queued: int(r.queued.Load())}
	}
}

func (a *Agent) relayLocked(name string) config.Relay {
	for _, r := range a.config.Relays {
		if r.Name == name {
			return r
		}
	}
	return config.Relay{}
}

// token returns the value of a relay's token, "" for a relay that has none.
func (a *Agent) token(r config.Relay) (string, error) {
	if r.Token == "" {
		return "", nil
	}
	v, err := a.opts.Credentials.Get(r.Token)
	if errors.Is(err, credentials.ErrNotFound) {
		return "", fmt.Errorf("credential %q is missing; set it with: homehook secret set %s", r.Token, r.Token)
	}
	return v, err
}

// start sets a keeper to work for a claim. problem, if any, is why it cannot.
func (a *Agent) start(claim config.Claim, relay config.Relay, token string, problem error) *running {
	ctx, stop := context.WithCancel(a.base)
	k := &keeper{
		claim: claim, wanted: make(chan struct{}, 1), doubted: make(chan struct{}, 1), log: a.log.With("relay", relay.Name),
		changed: a.publishStatus, severed: a.severed, told: relay.Dialect != "",
	}
	r := &running{keeper: k, relay: relay, token: token, why: textOf(problem), stop: stop, done: make(chan struct{})}
	d, err := newDialer(relay, token, a.opts.Credentials.Get)
	if problem == nil {
		problem = err
	}
	if problem != nil {
		level := slog.LevelError
		if errors.Is(problem, credentials.ErrLocked) || errors.Is(problem, errUnembedded) {
			level = slog.LevelInfo // the log says that once, and what to do
		}
		a.log.Log(ctx, level, "claim is not served", "claim", claim.Name, "error", problem)
		k.state = linkState{err: problem.Error(), refused: true}
		close(r.done)
		return r
	}
	d.Ping, d.MaxLinks, d.Agent = pingEvery, claim.MaxLinks, "Homehook/"+a.opts.Version
	k.dial = func(ctx context.Context) (ptth.AgentLink, error) { return d.Dial(ctx, claim.Name) }
	k.serve = func(_ context.Context, l ptth.AgentLink, x *http1.Exchange) { a.inbox.take(k, l, x) }
	k.check = d.CheckConnections
	var asking errand
	k.connected = func(ctx context.Context, about ptth.About) {
		r := newRegistry(d)
		r.version = func(v string) { a.noteRelay(relay.Name, v) }
		if about.Negotiated {
			asking.do(ctx, func() { a.register(ctx, k, r, about) })
			return
		}
		// What is the claims API here may be somebody's claim on a relay of
		// another make, and is not to see the token.
		k.suppose(r, about)
		a.publishStatus()
	}
	a.keeping.Go(func() {
		defer close(r.done)
		k.run(ctx)
		asking.wait()
		k.checking.wait()
	})
	return r
}

// register tells a relay the settings of a claim and learns its public URL.
func (a *Agent) register(ctx context.Context, k *keeper, r *registry, about ptth.About) {
	settings, err := settingsOf(&k.claim, remedied(a.opts.Credentials.Get))
	if err != nil {
		k.log.Error("settings of the claim are not complete", "claim", k.claim.Name, "error", err)
	}
	told, err := r.put(ctx, k.claim.Name, settings)
	switch {
	case err == nil:
		k.setURL(told.URL)
		k.log.Info("claim is public", "claim", k.claim.Name, "url", told.URL)
		k.queued.Store(int32(told.Queued))
	case errors.Is(err, errForeign):
		k.suppose(r, about)
		k.log.Debug("relay has no claims API", "claim", k.claim.Name)
	case ctx.Err() == nil:
		k.log.Warn("settings of the claim did not reach the relay", "claim", k.claim.Name, "error", err)
		k.set(func(s *linkState) { s.err = err.Error() })
	}
	a.publishStatus()
}

// stopKeepers ends all links and waits for what runs on them.
func (a *Agent) stopKeepers() {
	a.mu.Lock()
	for _, r := range a.keepers {
		r.stop()
	}
	a.mu.Unlock()
	a.keeping.Wait()
}

// warnMissing logs the routes that cannot check their senders.
func (a *Agent) warnMissing(c *config.Config) {
	for _, r := range c.Routes {
		for _, name := range secretNames(&r) {
			if name == "" {
				continue
			}
			if _, err := a.opts.Credentials.Get(name); errors.Is(err, credentials.ErrNotFound) {
				a.log.Warn("a credential is missing, so the route cannot check its senders", "route", r.Name,
					"credential", name, "remedy", "homehook secret set "+name)
			}
		}
	}
}
