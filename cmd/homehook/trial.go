package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"homehook/agent"
	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/relay"
	"homehook/service"
)

// trial is a relay, an agent and an app to forward to, in this process and in
// one temporary folder, which is laid out as HOMEHOOK_HOME is.
type trial struct {
	home   string
	paths  service.Paths
	relay  *relay.Relay
	base   string // the relay's address
	app    *http.Server
	appURL string
	client *control.Client
	store  *credentials.Store

	deliveries chan *control.Delivery // from the agent's events
	stopAgent  context.CancelCauseFunc
	stopRelay  context.CancelFunc
	agents     sync.WaitGroup // what ends with stopAgent
	relays     sync.WaitGroup // and with stopRelay
	log        logBuffer
}

// newTrial makes the folder and starts the relay. The caller closes the trial,
// whatever else happens.
func newTrial(ctx context.Context) (*trial, error) {
	t := &trial{deliveries: make(chan *control.Delivery, 256), stopAgent: func(error) {}, stopRelay: func() {}}
	if err := t.startRelay(ctx); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// startRelay makes the folder and serves the relay on a free port of loopback.
func (t *trial) startRelay(ctx context.Context) (err error) {
	// Only this user may enter it: the token lies there.
	if t.home, err = os.MkdirTemp("", "homehook-try-"); err != nil {
		return fmt.Errorf("make temporary folder: %w", err)
	}
	t.paths = service.Paths{
		Config:  filepath.Join(t.home, "config.yaml"),
		State:   filepath.Join(t.home, "state"),
		Runtime: filepath.Join(t.home, "run"),
	}
	log := slog.New(slog.NewTextHandler(&t.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if t.relay, err = relay.New(ctx, relay.Options{Data: filepath.Join(t.home, "relay"), Local: true, Log: log}); err != nil {
		return fmt.Errorf("start relay: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("start relay: %w", err)
	}
	t.base = "http://" + l.Addr().String()
	// The relay outlives the agent, which says goodbye to it.
	ctx, t.stopRelay = context.WithCancel(context.WithoutCancel(ctx))
	t.relays.Go(func() {
		if err := t.relay.Serve(ctx, l); err != nil {
			log.Error("relay ended", "error", err)
		}
	})
	return nil
}

// startAgent starts the app and the agent. The context it returns ends with
// ctx, or with the agent for the reason that is its cause.
func (t *trial) startAgent(ctx context.Context, version string) (context.Context, error) {
	if err := t.startApp(); err != nil {
		return nil, err
	}
	store, err := t.configure(ctx)
	if err != nil {
		return nil, err
	}
	t.store = store
	log := slog.New(slog.NewTextHandler(&t.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	ag, err := agent.New(ctx, agent.Options{
		Config: t.paths.Config, History: t.paths.History(), Socket: t.paths.Socket(),
		Credentials: store, Version: version, Log: log,
	})
	if err != nil {
		return nil, err
	}
	ctx, t.stopAgent = context.WithCancelCause(ctx)
	t.agents.Go(func() {
		if err := ag.Run(ctx); err != nil {
			t.stopAgent(err)
		}
	})
	t.client = control.NewClient(t.paths.Socket())
	return ctx, t.listen(ctx)
}

// startApp serves what the second route forwards to.
func (t *trial) startApp() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("start sample app: %w", err)
	}
	t.appURL = "http://" + l.Addr().String()
	t.app = &http.Server{Handler: sampleApp(), ReadHeaderTimeout: 5 * time.Second}
	t.relays.Go(func() { _ = t.app.Serve(l) }) // ends when close closes it
	return nil
}

// configure writes what the agent needs to its folders.
func (t *trial) configure(ctx context.Context) (*credentials.Store, error) {
	if err := t.paths.Make(); err != nil {
		return nil, err
	}
	token, err := t.relay.CreateToken(ctx, "try", 1)
	if err != nil {
		return nil, err
	}
	store, err := credentials.Open(t.paths.State)
	if err != nil {
		return nil, err
	}
	if err := store.Set(sampleSecret, token); err != nil {
		return nil, err
	}
	command, err := sampleCommand(ctx, t.home)
	if err != nil {
		return nil, err
	}
	text := sampleConfig(t.base, command, t.home, t.appURL)
	if err := os.WriteFile(t.paths.Config, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("write config: %w", err)
	}
	return store, nil
}

// listen waits for the agent to answer and follows its events from then on.
func (t *trial) listen(ctx context.Context) error {
	begun := make(chan struct{})
	ended := make(chan error, 1)
	f := follower{
		client: t.client, lost: func() {}, found: func() {},
		begin: func() { close(begun) },
		each: func(d *control.Delivery) error {
			select {
			case t.deliveries <- d:
			case <-ctx.Done(): // nobody reads any more
			}
			return nil
		},
	}
	t.agents.Go(func() {
		for {
			err := f.follow(ctx)
			if ctx.Err() != nil || !noAgent(err) {
				ended <- err
				return
			}
			select {
			case <-time.After(5 * time.Millisecond): // the socket is about to open
			case <-ctx.Done():
			}
		}
	})
	select {
	case <-begun:
		return nil
	case err := <-ended:
		return errors.Join(err, context.Cause(ctx))
	case <-time.After(claimWait):
		return errors.New("the agent does not answer")
	}
}

// close ends everything in order and removes the folder.
func (t *trial) close() {
	t.stopAgent(nil)
	t.agents.Wait()
	if t.client != nil {
		t.client.Close()
	}
	if t.store != nil {
		_ = t.store.Close() // its folder is about to go
	}
	if t.app != nil {
		_ = t.app.Close() // nothing of it is to be kept
	}
	t.stopRelay()
	t.relays.Wait()
	if t.relay != nil {
		_ = t.relay.Close() // likewise
	}
	if t.home != "" {
		_ = os.RemoveAll(t.home) // the system clears its temporary folder too
	}
}

// logBuffer keeps the last of what relay and agent log, for the case that
// something fails.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// maxLog is how many bytes of log are kept.
const maxLog = 8 << 10

// Write adds a line, and forgets the older ones when there are too many.
func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.text.Len()+len(p) > maxLog {
		b.text.Reset()
	}
	return b.text.Write(p)
}

// String is what is kept.
func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.TrimSpace(b.text.String())
}
