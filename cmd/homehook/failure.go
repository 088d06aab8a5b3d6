package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"homehook/agent/config"
	"homehook/agent/control"
)

// Exit codes of the command line.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitAway   = 3 // the agent is not running
)

// failure is an error with the next step to take, and a code of its own if it
// has one.
type failure struct {
	error
	next string
	code int
}

var _ error = (*failure)(nil)

// Unwrap gives the error without the next step.
func (f *failure) Unwrap() error { return f.error }

// withNext adds to err what the user can do about it.
func withNext(err error, format string, args ...any) error {
	return &failure{error: err, next: fmt.Sprintf(format, args...), code: exitFailed}
}

// misused is the error for a command line that says something impossible.
func misused(format string, args ...any) error {
	return &failure{error: fmt.Errorf(format, args...), code: exitUsage}
}

// errSilent fails a verb that has said all there is to say.
var errSilent = errors.New("failed")

// report prints err for a person and returns the exit code that it stands for.
func (a *app) report(ctx context.Context, err error) int {
	var (
		problems config.Problems
		parse    *kong.ParseError
		f        *failure
		code     exit
	)
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, errSilent):
		return exitFailed
	case errors.As(err, &parse):
		// That a flag may be left out is no value to give.
		a.complain(strings.Replace(parse.Error(), `must be one of "",`, "must be one of ", 1), usageHint(parse))
		return exitUsage
	case noAgent(err):
		a.complain(innermost(err).Error(), a.startNext(ctx))
		return exitAway
	case a.system && errors.Is(err, control.ErrNotOwner):
		a.complain("only root and the account of the system's agent may ask that", "run the same as root, with sudo")
	case errors.As(err, &problems):
		// All of them at once: who mends one line mends the others too.
		for _, p := range problems {
			remedy := p.Remedy
			p.Remedy = ""
			a.complain(p.Error(), remedy)
		}
	case errors.As(err, &f):
		a.complain(err.Error(), f.next)
		return f.code
	case errors.Is(err, control.ErrLocked):
		a.complain(err.Error(), unlockNext)
	case ctx.Err() != nil:
		// Whatever failed, it failed because a signal came.
		a.complain("interrupted", "")
	default:
		a.complain(err.Error(), "")
	}
	return exitFailed
}

// complain prints what is wrong and, on a second line, the next step.
func (a *app) complain(what, next string) {
	fmt.Fprintf(a.err, "homehook: %s\n", visibleText(what))
	if next != "" {
		fmt.Fprintf(a.err, "  %s\n", visibleText(a.ours(next)))
	}
}

// usageHint names the help of the verb that was meant.
func usageHint(e *kong.ParseError) string {
	command := "homehook"
	if e.Context != nil {
		if node := e.Context.Selected(); node != nil {
			command = node.FullPath()
		}
	}
	return "see: " + command + " --help"
}

// innermost is the error that tells where no agent was found, without the
// steps that led there.
func innermost(err error) error {
	var below []error
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		below = append(below, e.Unwrap())
	case interface{ Unwrap() []error }:
		below = e.Unwrap()
	}
	for _, next := range below {
		if next != control.ErrNotRunning && noAgent(next) {
			return innermost(next)
		}
	}
	return err
}
