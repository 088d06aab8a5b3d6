package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"homehook/access"
	"homehook/agent"
	"homehook/agent/config"
	"homehook/service"
)

// exit ends a verb with a code, when all there is to say is in the log.
type exit int

var _ error = exit(0)

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// service runs the agent for a service manager. Nobody reads its stderr, so all
// that goes wrong goes to the log.
func (c *runCmd) service(ctx context.Context, a *app) error {
	again := a.signals.second()
	p, err := a.paths()
	if err != nil {
		return err
	}
	o := service.RunOptions{Paths: p, Level: c.level(), JSON: c.LogFormat == "json", Stderr: a.err, Supervised: c.Supervised}
	if c.Account != "" {
		if err := service.Become(c.Account, p); err != nil {
			return err
		}
	}
	var code int
	if c.Supervise {
		program, err := os.Executable()
		if err != nil {
			return fmt.Errorf("find this program: %w", err)
		}
		code = service.Supervise(ctx, o, program, c.supervised(a.system))
	} else {
		code = service.Run(ctx, o, func(ctx context.Context, h *service.Host) int {
			err := c.agent(ctx, a, duty{
				paths: p, log: h.Log, again: again, begin: h.Begin,
				ready: func(ag *agent.Agent) { h.Ready(ag.Healthy) },
			})
			return c.logged(ctx, h.Log, err)
		})
	}
	if code == service.ExitDone {
		return nil
	}
	return exit(code)
}

// supervised are the arguments of the agent that this process supervises.
func (c *runCmd) supervised(system bool) []string {
	args := []string{"run", "--service", "--supervised", "--log-level", c.LogLevel, "--log-format", c.LogFormat}
	if system {
		args = append(args, "--system")
	}
	return args
}

// logged writes down why the agent ended, and returns the exit code for it.
func (*runCmd) logged(ctx context.Context, log *slog.Logger, err error) int {
	var (
		problems config.Problems
		f        *failure
	)
	switch {
	case err == nil:
		return service.ExitDone
	case errors.Is(err, errSilent): // the log has it
	case errors.As(err, &problems):
		code := service.ExitFailed
		for _, p := range problems {
			remedy := p.Remedy
			p.Remedy = ""
			log.Error("agent cannot start: the configuration is refused", "problem", p.Error(), "remedy", remedy)
			if !p.Passing {
				code = service.ExitConfig
			}
		}
		return code
	case errors.As(err, new(access.Refusal)), errors.Is(err, service.ErrRefused):
		log.Error("agent cannot start", "error", err)
		return service.ExitConfig
	case errors.As(err, &f):
		log.Error("agent failed", "error", err, "remedy", f.next)
	case ctx.Err() != nil:
		log.Warn("agent was ended while it started", "error", err)
		return service.ExitDone
	default:
		log.Error("agent failed", "error", err)
	}
	return service.ExitFailed
}
