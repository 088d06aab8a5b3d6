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
	system   bool // --system was given
	services func(context.Context, service.Scope) (service.Status, error)
	signals  *interrupts
	phrase   string // of the credentials, once it was asked for
}

// newApp is the app of this process.
func newApp() *app {
	return &app{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		paths: service.UserPaths, now: time.Now, version: buildVersion(), services: serviceStatus,
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
	a.json, a.system = g.JSON, g.System
	if a.system {
		a.paths = func() (service.Paths, error) { return service.SystemPaths(), nil }
	}
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

// folders returns this user's paths and makes the folders. Those of the system's
// service are made by its installation, as whose they are.
func (a *app) folders() (service.Paths, error) {
	p, err := a.paths()
	if err != nil {
		return p, err
	}
	if a.system && (p.Missing() || p.Foreign()) {
		return p, a.administers(p)
	}
	return p, p.Make()
}

// administers returns nil if this process may change what is the system's agent's.
func (a *app) administers(p service.Paths) error {
	switch {
	case p.Missing():
		return withNext(errors.New("the system's service is not installed"), "install it with: sudo homehook service install --system")
	case os.Geteuid() > 0:
		return withNext(fmt.Errorf("%s is not this user's", p.State), "run it as root, with sudo")
	}
	return nil
}

// agentsOwn refuses what only the system's agent, and who has become its account,
// may open.
func (a *app) agentsOwn(ctx context.Context, p service.Paths) error {
	if !a.system || !p.Foreign() {
		return nil
	}
	c, _, err := a.client()
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Status(ctx); noAgent(err) {
		return withNext(errors.New("only the system's agent may use its credentials, and it is not running"), "%s", a.startNext(ctx))
	}
	return withNext(errors.New("only the system's agent may use its credentials"), `run this as the agent's account: put "sudo -u %s" before the same command, with --system`, a.account(ctx))
}

// account is the user that the system's agent runs as.
func (a *app) account(ctx context.Context) string {
	if st, err := a.serviceFor(ctx); err == nil && st.User != "" {
		return st.User
	}
	return "homehook"
}

// noAgent reports whether err says that there is no agent to ask.
func noAgent(err error) bool { return errors.Is(err, control.ErrNotRunning) }
