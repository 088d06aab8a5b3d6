package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/agent/history"
	"homehook/routes"
)

const (
	// pingEvery is the interval of pings that the agent asks relays for.
	pingEvery = 20 * time.Second

	// finishing is what running handlers get to end by themselves when the
	// agent stops.
	finishing = 5 * time.Second

	// delivering is what their answers get behind that to reach the relay. One
	// that does not take them would hold the agent up.
	delivering = 2 * time.Second
)

// Options say where an agent finds its things.
type Options struct {
	Config      string             // path of the configuration file, which need not exist yet
	History     string             // path of the history
	Socket      string             // path of the control socket or name of the pipe; "" opens none
	Credentials *credentials.Store // holds relay tokens
	Version     string             // of this program
	Log         *slog.Logger       // default: nowhere
	// Embedded runs the relays that the configuration has embedded; nil runs none.
	Embedded Embedder
	// Ready, if set, is called once, by Run, when the control API answers and
	// deliveries that were left unfinished have their places. Links come up later.
	Ready func()
}

// Agent is one running agent. It is made by [New] and runs once.
type Agent struct {
	opts    Options
	log     *slog.Logger
	hub     *control.Hub
	inbox   *inbox
	journal *ledger
	control net.Listener // nil when there is none
	started time.Time

	base    context.Context         // Run's own, ends when the agent stops
	abort   context.CancelCauseFunc // ends the context of handlers
	halt    context.CancelFunc      // ends the inbox's stopping
	keeping sync.WaitGroup          // keepers at work, those on their way out included
	severed chan struct{}           // closed when links are not waited for any more

	telling sync.Mutex // is held while a status is taken and published

	mu        sync.Mutex // guards the rest
	pausing   pausing
	config    *config.Config
	configErr error
	keepers   map[string]*running // by claim
	releasing map[string]bool     // claims that get no keeper: they are given back
	before    map[string]standing // of claims whose keepers have ended
	unsealed  error               // why the history does not do yet what history.redact says

	updates  updates
	silence  *silence
	feed     *feed
	programs digests       // of scripts that were approved
	lines    lastLines     // of the log, for a report
	closed   chan struct{} // says that a credential could not be read just now
}

// running is a keeper at work and what it was made from.
type running struct {
	*keeper
	relay config.Relay
	token string
	why   string // it does not work, "" if it does
	stop  context.CancelFunc
	done  chan struct{} // closed when it has stopped
}

// New reads the configuration, takes the control socket and opens the history;
// Run gives both back. The error is [config.Problems] when the configuration is
// bad, and wraps [control.ErrRunning] when another agent has the socket.
func New(ctx context.Context, o Options) (*Agent, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c, err := config.LoadToRun(o.Config)
	if err != nil {
		return nil, err
	}
	a := &Agent{
		opts: o, log: o.Log, started: time.Now(), pausing: pausing{path: pausePath(o.History)},
		config: c, keepers: make(map[string]*running), severed: make(chan struct{}),
		releasing: make(map[string]bool), before: make(map[string]standing), closed: make(chan struct{}, 1),
	}
	a.log = a.lines.with(o.Log)
	a.expectUpdates(c)
	a.expectSilence()
	// The socket first: its owner is the one agent that may open the history.
	if o.Socket != "" {
		if a.control, err = control.Listen(o.Socket); err != nil {
			return nil, err
		}
	}
	if err := a.open(ctx, c); err != nil {
		if a.control != nil {
			a.control.Close()
		}
		return nil, err
	}
	return a, nil
}

// open opens the history and makes the inbox that writes into it.
func (a *Agent) open(ctx context.Context, c *config.Config) error {
	o := a.historyOptions(c.History)
	// The hub goes on with the numbers of the journal, which has to be open for
	// that; what is told until then nobody has asked for.
	var hub atomic.Pointer[control.Hub]
	o.Changed = func(change history.Change) {
		a.silence.note(&change.Delivery)
		if h := hub.Load(); h != nil {
			d := control.Delivery(change.Delivery)
			h.Publish(control.Event{Type: control.EventDelivery, Seq: change.Number, Delivery: &d})
		}
	}
	j, err := history.Open(ctx, a.opts.History, o)
	if err != nil {
		return err
	}
	a.journal = &ledger{j, newVeil(a.opts.Credentials.All)}
	a.hub = control.NewHubAt(a.journal.LastChange())
	hub.Store(a.hub)
	a.inbox = newInbox(a.journal, a.hub, a.log)
	a.inbox.credential, a.inbox.heard = remedied(a.values), a.silence.note
	a.silence.configure(c, func(claim string) time.Time { return a.newestOf(ctx, claim) })
	// Handlers outlive the end of Run's context for as long as they may finish.
	a.inbox.work, a.abort = context.WithCancelCause(context.WithoutCancel(ctx))
	a.inbox.stopping, a.halt = context.WithCancel(context.WithoutCancel(ctx))
	return a.recallPause()
}

// Abort ends running handlers at once: scripts are killed with all that they
// started, and requests to apps are broken off. It does not wait for that, and
// it does not end Run, which returns once its context has ended too and the
// handlers are gone. Handlers that start later end at once. Any goroutine may
// call it, at any time and more than once.
func (a *Agent) Abort() { a.abort(routes.ErrAtOnce) }

// Run keeps links and takes deliveries until ctx ends, then ends in order:
// links first, running handlers within five seconds, the history last. Links
// whose relay takes no answers are cut off two seconds after that. It
// returns nil when ctx ended, or why the control socket could not be served.
func (a *Agent) Run(ctx context.Context) error {
	defer a.journal.Close()
	defer a.hub.Close()
	defer a.abort(nil)
	defer a.halt()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	a.inbox.install(a.config)
	a.mu.Lock()
	a.base = ctx
	a.withholdLocked()
	a.mu.Unlock()
	var wg sync.WaitGroup
	a.warnMissing(a.config)
	// What an agent before this one left unfinished comes before all that is new.
	if err := a.inbox.resume(ctx, a.pausing.paused); err != nil && ctx.Err() == nil {
		a.stopHandlers()
		return err
	}
	a.embed(a.config)
	a.reconcile()
	a.serveControl(ctx, stop, &wg)
	wg.Go(func() { a.watch(ctx) })
	wg.Go(func() { a.lookOut(ctx) })
	wg.Go(func() { a.feed.run(ctx) })
	wg.Go(func() { a.followCredentials(ctx) })
	wg.Go(func() { a.followSilence(ctx) })
	if a.opts.Ready != nil {
		a.opts.Ready()
	}

	<-ctx.Done()
	hurry := time.AfterFunc(finishing, func() { a.abort(nil) })
	defer hurry.Stop()
	sever := time.AfterFunc(finishing+delivering, func() { close(a.severed) })
	defer sever.Stop()
	a.stopHandlers()
	a.stopKeepers()
	wg.Wait()
	a.pausing.end()
	a.inbox.executor.wait()
	a.inbox.table.Load().Close()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// stopHandlers lets no handler begin any more. Those that run go on, and what
// still comes on the links is written down for the next agent.
func (a *Agent) stopHandlers() {
	a.inbox.executor.stop()
	a.halt()
}

// serveControl answers the control API until ctx ends.
func (a *Agent) serveControl(ctx context.Context, stop context.CancelCauseFunc, wg *sync.WaitGroup) {
	if a.control == nil {
		return
	}
	s := control.NewServer(&backend{a}, a.log)
	wg.Go(func() {
		if err := s.Serve(ctx, a.control); err != nil && ctx.Err() == nil {
			stop(fmt.Errorf("serve control socket: %w", err))
		}
	})
}

// watch follows the configuration file until ctx ends.
func (a *Agent) watch(ctx context.Context) {
	refuse := func(err error) {
		a.mu.Lock()
		a.configErr = err
		a.mu.Unlock()
		a.log.Error("configuration refused, the last good one stays in use", "error", err)
		a.hub.Publish(control.Event{Type: control.EventConfig, Error: err.Error()})
	}
	apply := func(c *config.Config) {
		a.apply(c)
		a.log.Info("configuration loaded", "claims", len(c.Claims), "routes", len(c.Routes))
		a.hub.Publish(control.Event{Type: control.EventConfig})
	}
	if err := config.Watch(ctx, a.opts.Config, a.log, apply, refuse); err != nil && ctx.Err() == nil {
		a.log.Error("configuration is not watched, changes need a restart", "error", err)
	}
}

// apply puts a configuration in force: routes at once, and links of claims
// that are new or changed. Links of other claims are not touched.
func (a *Agent) apply(c *config.Config) {
	a.inbox.install(c)
	a.warnMissing(c)
	a.silence.configure(c, func(claim string) time.Time { return a.newestOf(a.base, claim) })
	a.embed(c)
	a.mu.Lock()
	defer a.mu.Unlock()
	if before := a.config.History; before.Keep != c.History.Keep || before.MaxSize != c.History.MaxSize {
		a.journal.SetRetention(c.History.Keep, int64(c.History.MaxSize))
	}
	if !slices.Equal(a.config.History.Redact, c.History.Redact) {
		a.redactLocked(c.History.Redact)
	}
	a.followUpdates(c)
	a.config, a.configErr = c, nil
	a.reconcileLocked()
}
