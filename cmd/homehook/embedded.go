package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"homehook/agent"
	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/relay"
)

const (
	// embeddedToken is the name of the token that the embedded relay has for this
	// agent, and embeddedClaims how many names it may hold.
	embeddedToken  = "agent"
	embeddedClaims = 1000

	// embeddedCheck is the check of findings about it.
	embeddedCheck = "relay"

	// embeddedRetry is the time between two attempts to start it.
	embeddedRetry = 5 * time.Second
	// embeddedPatience is how long an agent waits for it before it goes on.
	embeddedPatience = 3 * time.Second
	// embeddedDrain is what its senders get at the end.
	embeddedDrain = 2 * time.Second
)

// embeddedFor is the agent, as far as the relay needs it.
type embeddedFor interface {
	SetCredential(name, value string) error
	Announce()
}

// embedded runs the relay that a configuration has embedded, in this process and
// for this machine alone. Its goroutine starts and stops it; what is wrong with it
// is tried again, since it may pass.
type embedded struct {
	data   string // folder of the relay
	log    *slog.Logger
	retry  time.Duration
	secret func(name string) (string, error)
	agent  embeddedFor
	wanted chan embeddedWish
	stop   context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex   // guards what follows
	entry  config.Relay // that was looked at last
	serves bool         // it runs
	failed embeddedFault
}

// embeddedWish is the relay to run from now on, nil for none. ready is closed when
// it was tried.
type embeddedWish struct {
	entry *config.Relay
	ready chan struct{}
}

// embeddedFault is why the relay does not run as it should.
type embeddedFault struct{ text, remedy string }

var _ agent.Embedder = (*embedded)(nil)

func newEmbedded(state string, log *slog.Logger) *embedded {
	return &embedded{
		data: filepath.Join(state, "relay"), log: log, retry: embeddedRetry,
		wanted: make(chan embeddedWish), done: make(chan struct{}),
	}
}

// run takes up the work. The relay outlives ctx: the agent says goodbye to it.
func (e *embedded) run(ctx context.Context, secret func(name string) (string, error), a embeddedFor) {
	ctx, e.stop = context.WithCancel(context.WithoutCancel(ctx))
	e.secret, e.agent = secret, a
	go func() {
		defer close(e.done)
		e.serve(ctx)
	}()
}

// close ends the relay.
func (e *embedded) close() {
	e.stop()
	<-e.done
}

// Embed has the first of relays run from now on; there is no second.
func (e *embedded) Embed(relays []config.Relay) {
	w := embeddedWish{ready: make(chan struct{})}
	if len(relays) > 0 {
		w.entry = &relays[0]
	}
	late := time.NewTimer(embeddedPatience)
	defer late.Stop()
	select {
	case e.wanted <- w:
	case <-e.done:
		return
	}
	select {
	case <-w.ready:
	case <-e.done:
	case <-late.C:
	}
}

// Serves reports whether it runs as an entry has it.
func (e *embedded) Serves(r config.Relay) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.serves && e.entry.Name == r.Name && e.entry.URL == r.URL
}

// Findings say why it does not run.
func (e *embedded) Findings() []control.Finding {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failed.text == "" {
		return nil
	}
	return []control.Finding{{
		Check: embeddedCheck, Subject: e.entry.Name, State: control.FindingProblem, Text: e.failed.text, Remedy: e.failed.remedy,
	}}
}

// serve starts and stops the relay as it is wanted until ctx ends.
func (e *embedded) serve(ctx context.Context) {
	var entry *config.Relay
	var running *embeddedRelay
	defer func() { running.end() }()
	tick := time.NewTicker(e.retry)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-running.ended():
			running.end()
			running = nil
			e.report(*entry, false, embeddedFault{
				"the embedded relay has ended; the log says why", fmt.Sprintf("it is started again within %s", embeddedRetry),
			})
		case w := <-e.wanted:
			if w.entry == nil || entry == nil || w.entry.URL != entry.URL || w.entry.Name != entry.Name {
				e.away()
				running.end()
				running = nil
			}
			entry = w.entry
			running = e.tend(ctx, entry, running)
			close(w.ready)
		case <-tick.C:
			running = e.tend(ctx, entry, running)
		}
	}
}

// tend makes the relay run that is wanted, and sees to its token.
func (e *embedded) tend(ctx context.Context, entry *config.Relay, running *embeddedRelay) *embeddedRelay {
	if entry == nil {
		e.report(config.Relay{}, false, embeddedFault{})
		return nil
	}
	if running == nil {
		var err error
		if running, err = e.start(ctx, entry); err != nil {
			e.report(*entry, false, embeddedFault{
				"the embedded relay does not run: " + err.Error(),
				fmt.Sprintf("if another program has the port, choose another one in url: of relay %s; it is tried again every %s", entry.Name, embeddedRetry),
			})
			return nil
		}
	}
	e.report(*entry, true, e.admit(ctx, entry, running.relay))
	return running
}

// away ends links to a relay that is about to end: they would be dialled anew, and
// show the token to whoever takes its address then.
func (e *embedded) away() {
	e.mu.Lock()
	served := e.serves
	e.serves = false
	e.mu.Unlock()
	if served {
		e.agent.Announce()
	}
}

// report notes whether the relay runs and what is wrong with it, and tells it if that
// is news.
func (e *embedded) report(entry config.Relay, serves bool, f embeddedFault) {
	e.mu.Lock()
	broke := f != e.failed
	news := broke || serves != e.serves || entry != e.entry
	e.entry, e.serves, e.failed = entry, serves, f
	e.mu.Unlock()
	if !news {
		return
	}
	if broke && f.text != "" {
		e.log.Error(f.text, "relay", entry.Name, "url", entry.URL, "remedy", f.remedy)
	}
	e.agent.Announce()
}

// admit gives the agent a token unless it has one.
func (e *embedded) admit(ctx context.Context, entry *config.Relay, r *relay.Relay) (f embeddedFault) {
	_, err := e.secret(entry.Token)
	known := false
	if tokens, listErr := r.Tokens(ctx); listErr != nil {
		return embeddedFault{text: listErr.Error()}
	} else {
		for _, t := range tokens {
			known = known || t.Name == embeddedToken && t.Revoked.IsZero()
		}
	}
	switch {
	case err == nil && known:
		return f
	case err == nil:
		return embeddedFault{
			fmt.Sprintf("the credential %q is there already, and is no token of the embedded relay", entry.Token),
			fmt.Sprintf("have a token made under another name, with another token: of relay %s, or forget this one: homehook secret remove %s", entry.Name, entry.Token),
		}
	case !errors.Is(err, credentials.ErrNotFound):
		return f // the status says that credentials cannot be read, and they may be later
	}
	if known { // what it was is lost
		if err := r.RevokeToken(ctx, embeddedToken); err != nil {
			return embeddedFault{text: err.Error()}
		}
	}
	token, err := r.CreateToken(ctx, embeddedToken, embeddedClaims)
	if err == nil {
		err = e.agent.SetCredential(entry.Token, token)
	}
	if err != nil {
		return embeddedFault{text: "the embedded relay has no token for this agent: " + err.Error()}
	}
	e.log.Info("a token for the embedded relay was made", "relay", entry.Name, "credential", entry.Token)
	return f
}

// embeddedRelay is a relay that runs.
type embeddedRelay struct {
	relay *relay.Relay
	stop  context.CancelFunc
	done  chan struct{} // closed when it has ended
}

// start opens the relay's data and serves it at the entry's address.
func (e *embedded) start(ctx context.Context, entry *config.Relay) (*embeddedRelay, error) {
	u, err := url.Parse(entry.URL)
	if err != nil {
		return nil, err
	}
	// The address is one of loopback, or the configuration would not be in use.
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	log := e.log.With("relay", entry.Name)
	r, err := relay.New(ctx, relay.Options{Data: e.data, Local: true, DrainTimeout: embeddedDrain, Log: log})
	if err != nil {
		l.Close()
		return nil, err
	}
	run := &embeddedRelay{relay: r, done: make(chan struct{})}
	ctx, run.stop = context.WithCancel(ctx)
	go func() {
		defer close(run.done)
		if err := r.Serve(ctx, l); err != nil {
			log.Error("the embedded relay has ended and is started again", "error", err)
		}
	}()
	e.log.Info("embedded relay runs, for this machine only", "relay", entry.Name, "url", entry.URL)
	return run, nil
}

// ended tells when a relay has ended by itself; one that is not there never does.
func (r *embeddedRelay) ended() <-chan struct{} {
	if r == nil {
		return nil
	}
	return r.done
}

// end stops a relay and waits for it. One that is not there has ended.
func (r *embeddedRelay) end() {
	if r == nil {
		return
	}
	r.stop()
	<-r.done
	_ = r.relay.Close() // what it holds was written when it was accepted
}
