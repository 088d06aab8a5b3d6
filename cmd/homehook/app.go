package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/routes/signature"
	"homehook/service"
)

// app is what every verb works with. A test may fill it in by hand.
type app struct {
	in       io.Reader
	out, err io.Writer
	paths    func() (service.Paths, error)
	now      func() time.Time
	version  string
	colour   bool // out is a terminal that may be coloured
	json     bool // --json was given
	signals  *interrupts
}

// newApp is the app of this process.
func newApp() *app {
	return &app{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		paths: service.UserPaths, now: time.Now, version: buildVersion(),
		colour: wantsColour(os.Stdout, os.Getenv), signals: newInterrupts(),
	}
}

// wantsColour reports whether f is a terminal on which colours are welcome.
func wantsColour(f *os.File, getenv func(string) string) bool {
	return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb" &&
		term.IsTerminal(int(f.Fd())) && enableColour(f)
}

// buildVersion is the version of the module as it was built, without the v.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "dev"
	}
	if v := info.Main.Version; v[0] == 'v' {
		return v[1:]
	}
	return info.Main.Version
}

// execute runs the verb that args name and returns the exit code.
func (a *app) execute(ctx context.Context, args []string) int {
	var g grammar
	help, code := a.out, exitDone
	// Alone the command says what it can do, and that this was no way to call it.
	if len(args) == 0 {
		args, help, code = []string{"--help"}, a.err, exitUsage
	}
	helped := false
	k, err := newParser(&g, help, a.err, func(int) { helped = true })
	if err != nil {
		return a.report(ctx, err)
	}
	kc, err := k.Parse(args)
	if helped {
		return code // --help has printed all there is to say
	}
	if err != nil {
		return a.report(ctx, err)
	}
	a.json = g.JSON
	kc.BindTo(ctx, (*context.Context)(nil))
	return a.report(ctx, kc.Run(a))
}

// newParser builds the parser for g, which prints help on out and then calls
// exit.
func newParser(g *grammar, out, errs io.Writer, exit func(int)) (*kong.Kong, error) {
	k, err := kong.New(g,
		kong.Name("homehook"),
		kong.Description("Webhooks from the internet to a script or an app on this machine."),
		kong.Writers(out, errs),
		kong.Exit(exit),
		kong.Vars{"schemes": strings.Join(signature.Names(), ",")},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		return nil, fmt.Errorf("build command line: %w", err)
	}
	return k, nil
}

// client returns a client of this user's agent, and the paths it goes by.
func (a *app) client() (*control.Client, service.Paths, error) {
	p, err := a.paths()
	if err != nil {
		return nil, p, err
	}
	return control.NewClient(p.Socket()), p, nil
}

// configuration loads this user's configuration, whose table the caller closes.
func (a *app) configuration() (*config.Config, service.Paths, error) {
	p, err := a.paths()
	if err != nil {
		return nil, p, err
	}
	cfg, err := config.Load(p.Config)
	return cfg, p, err
}

// folders returns this user's paths and makes the folders.
func (a *app) folders() (service.Paths, error) {
	p, err := a.paths()
	if err != nil {
		return p, err
	}
	return p, p.Make()
}

// store opens the credentials for a command that runs without an agent.
func (a *app) store() (*credentials.Store, error) {
	p, err := a.folders()
	if err != nil {
		return nil, err
	}
	return credentials.Open(p.State)
}

// noAgent reports whether err says that there is no agent to ask.
func noAgent(err error) bool { return errors.Is(err, control.ErrNotRunning) }
