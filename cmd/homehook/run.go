package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"homehook/agent"
	"homehook/agent/control"
	"homehook/agent/credentials"
)

// runCmd is "homehook run".
type runCmd struct {
	LogLevel  string `enum:"debug,info,warn,error" default:"info" help:"Least level that is logged: ${enum}."`
	LogFormat string `enum:"text,json" default:"text" help:"How log lines are written: ${enum}."`
}

// Help says how it ends and shows an example.
func (*runCmd) Help() string {
	return `The agent keeps links to the relays, runs the routes and follows the
configuration file. Its log goes to stderr. The first SIGTERM or Ctrl-C lets
running handlers finish, for 5 seconds at most; the second one ends it at once.

Example:

    homehook run --log-level debug`
}

// Run is the agent until ctx ends.
func (c *runCmd) Run(ctx context.Context, a *app) error {
	p, err := a.folders()
	if err != nil {
		return err
	}
	if err := alone(ctx, p.Socket()); err != nil {
		return err
	}
	store, err := credentials.Open(p.State)
	if err != nil {
		return err
	}
	log := c.logger(a.err)
	ag, err := agent.New(ctx, agent.Options{
		Config: p.Config, History: p.History(), Socket: p.Socket(),
		Credentials: store, Version: a.version, Log: log,
	})
	if err != nil {
		return err
	}
	log.Info("agent starts", "version", a.version, "pid", os.Getpid(), "config", p.Config, "socket", p.Socket())
	stopped := context.AfterFunc(ctx, func() {
		log.Info("agent ends; running handlers may finish, another signal ends it at once")
	})
	defer stopped()
	if err := ag.Run(ctx); err != nil {
		return occupied(err)
	}
	log.Info("agent ended")
	return nil
}

// logger writes to w as the flags say.
func (c *runCmd) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo // the flag has no other values
	}
	o := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// alone refuses to start beside a running agent before anything is opened.
// The socket decides in the end; this look only comes with the better answer.
func alone(ctx context.Context, socket string) error {
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
