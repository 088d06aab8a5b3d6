package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"homehook/agent"
	"homehook/agent/control"
	"homehook/service"
)

// runCmd is "homehook run".
type runCmd struct {
	LogLevel  string `enum:"debug,info,warn,error" default:"info" help:"Least level that is logged: ${enum}."`
	LogFormat string `enum:"text,json" default:"text" help:"How log lines are written: ${enum}."`
	// The agent asks for it once, before anything else.
	PassphraseStdin bool `help:"Take the passphrase of the credentials from the first line of stdin."`
	Service         bool `help:"Run as service managers want it: log where the system does, and tell how it goes."`

	// What the definitions of services say besides, which service install writes.
	Supervise  bool   `hidden:"" help:"Start the agent again when it crashes."`
	Supervised bool   `hidden:"" help:"End with stdin."`
	Account    string `hidden:"" help:"Make the folders as root, and run as this user."`
}

// Help says how it ends and shows an example.
func (*runCmd) Help() string {
	return `The agent keeps links to the relays, runs the routes and follows the
configuration file. Its log goes to stderr. The first SIGTERM or Ctrl-C lets
running handlers finish, for 5 seconds at most; the second one stops
them and ends it at once.

With --service the log goes to the journal, or to syslog or the event log
and the file homehook.log in the state folder; systemd is told when the
agent is ready and well; and the exit code is 78 if the configuration or a
folder is refused, which no start would mend.

Example:

    homehook run --log-level debug`
}

// abortWait is what handlers get to be gone when a second signal came.
const abortWait = 2 * time.Second

// Run is the agent until ctx ends.
func (c *runCmd) Run(ctx context.Context, a *app) error {
	if c.Service {
		return c.service(ctx, a)
	}
	again := a.signals.second()
	p, err := a.folders()
	if err != nil {
		return err
	}
	return c.agent(ctx, a, duty{paths: p, log: c.logger(a.err), again: again})
}

// duty is what the agent is run with, by a person or a service manager.
type duty struct {
	paths service.Paths
	log   *slog.Logger
	again <-chan struct{}    // closed when it is to end at once
	begin func()             // told when it is known to be alone; nil tells nobody
	ready func(*agent.Agent) // told when it answers; nil tells nobody
}

// agent runs the agent until ctx ends.
func (c *runCmd) agent(ctx context.Context, a *app, d duty) error {
	p, log := d.paths, d.log
	if err := alone(ctx, p.Socket()); err != nil {
		return err
	}
	if d.begin != nil {
		d.begin()
	}
	store, err := c.store(ctx, a, p, log)
	if err != nil {
		return err
	}
	defer store.Close()
	var ag *agent.Agent
	relays := newEmbedded(p.State, log)
	ag, err = agent.New(ctx, agent.Options{
		Embedded: relays,
		Config:   p.Config, History: p.History(), Socket: p.Socket(),
		Credentials: store, Version: a.version, Log: log,
		Ready: func() {
			if d.ready != nil {
				d.ready(ag)
			}
		},
	})
	if err != nil {
		return err
	}
	relays.run(ctx, store.Get, ag)
	defer relays.close()
	log.Info("agent starts", "version", a.version, "pid", os.Getpid(), "config", p.Config, "socket", p.Socket())
	stopped := context.AfterFunc(ctx, func() {
		log.Info("agent ends; running handlers may finish, another signal ends it at once")
	})
	defer stopped()
	ended := make(chan error, 1)
	go func() { ended <- ag.Run(ctx) }()
	select {
	case err = <-ended:
	case <-d.again:
		return abort(ag, ended, log)
	}
	if err != nil {
		return occupied(err)
	}
	log.Info("agent ended")
	return nil
}

// abort ends running handlers instead of waiting for them. What is not gone in
// time is left to the end of the process.
func abort(ag *agent.Agent, ended <-chan error, log *slog.Logger) error {
	log.Warn("agent ends at once; running handlers are stopped")
	ag.Abort()
	select {
	case <-ended:
	case <-time.After(abortWait):
		log.Error("handlers are still running; the agent does not wait for them")
	}
	return errSilent // the log has said it
}

// level is the least level that is logged.
func (c *runCmd) level() slog.Level {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return slog.LevelInfo // the flag has no other values
	}
	return level
}

// logger writes to w as the flags say.
func (c *runCmd) logger(w io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: c.level()}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// aloneWait is how long an agent that listens may take to say so. One that
// hangs is found by its socket.
const aloneWait = 5 * time.Second

// alone refuses to start beside a running agent before anything is opened.
// The socket decides in the end; this look only comes with the better answer.
func alone(ctx context.Context, socket string) error {
	ctx, cancel := context.WithTimeout(ctx, aloneWait)
	defer cancel()
	c := control.NewClient(socket)
	defer c.Close()
	s, err := c.Status(ctx)
	if err != nil {
		return nil // nobody answers, or the socket will say why not
	}
	return occupied(fmt.Errorf("%w (pid %d)", control.ErrRunning, s.PID))
}

// occupied adds the next step to the error of a second agent.
func occupied(err error) error {
	if errors.Is(err, control.ErrRunning) {
		return withNext(err, "look at it with: homehook status")
	}
	return err
}
