package main

import (
	"context"
	"errors"

	"homehook/agent/config"
	"homehook/agent/credentials"
	"homehook/service"
)

// serviceCmd is "homehook service".
type serviceCmd struct {
	Install   serviceInstallCmd   `cmd:"" help:"Have the agent start by itself, and start it now."`
	Uninstall serviceUninstallCmd `cmd:"" help:"Stop the agent for good; its files stay."`
	Start     serviceStartCmd     `cmd:"" help:"Start the agent."`
	Stop      serviceStopCmd      `cmd:"" help:"Stop the agent until the next start."`
	Restart   serviceRestartCmd   `cmd:"" help:"Stop the agent and start it again."`
	Status    serviceStatusCmd    `cmd:"" help:"Show what the system does with the agent."`
}

// Help says what a service is here and shows examples.
func (*serviceCmd) Help() string {
	return `The agent is a service of the user who installs it: it starts when that user signs
in and runs scripts as that user. With --system it is one of the machine: it
starts with that, and runs scripts as an account of its own.

Examples:

    homehook service install
    homehook service status`
}

// serviceOf is the service that the command line means.
func (a *app) serviceOf(o service.Options) (*service.Service, error) {
	o.Scope = service.User
	if a.system {
		o.Scope = service.System
	}
	return service.New(o)
}

// serviceAnswer is what a verb that changes the service has come to.
type serviceAnswer struct {
	Changed bool `json:"changed"`
	service.Status
}

// serviceInstallCmd is "homehook service install".
type serviceInstallCmd struct {
	Account string `placeholder:"NAME" help:"With --system: the user it runs as, in place of an account of its own."`
	Linger  bool   `help:"Let it run while its user is not signed in."`
	NoStart bool   `help:"Do not start it now."`
}

// Help says what it does and shows examples.
func (*serviceInstallCmd) Help() string {
	return `It may be called again at any time, as after the program has moved: what is as it
should be stays. On Linux a user's service ends when the user signs out, unless
--linger lets it run from the start of the machine.

Examples:

    homehook service install --linger
    sudo homehook service install --system`
}

// Run installs the service and starts it.
func (c *serviceInstallCmd) Run(ctx context.Context, a *app) error {
	s, err := a.serviceOf(service.Options{Account: c.Account, Linger: c.Linger})
	if err != nil {
		return misused("%w", err)
	}
	changed, err := s.Install(ctx)
	if err != nil {
		return err
	}
	st, err := s.Status(ctx)
	if err != nil {
		return err
	}
	if !c.NoStart {
		begin := s.Start
		if changed && st.State == service.StateRunning {
			begin = s.Restart // what runs is what was installed before
		}
		if st.State != service.StateRunning || changed {
			if err := begin(ctx); err != nil {
				return a.notStarted(err)
			}
		}
		if st, err = s.Status(ctx); err != nil {
			return err
		}
	}
	if a.json {
		return a.writeJSON(serviceAnswer{changed, st})
	}
	if changed {
		a.say("the service is installed and starts by itself from now on")
	} else {
		a.say("the service is installed already, nothing changed")
	}
	a.serviceLines(st)
	if now, _, err := a.whereStored(ctx, true); err == nil && now.Store == string(credentials.PlacePassphrase) {
		a.note("the root key of the credentials is made of a passphrase, which the service cannot be given: what needs a credential waits until it is elsewhere: homehook secret store file")
	}
	return nil
}

// notStarted adds the next step to the error of a service that does not run.
func (a *app) notStarted(err error) error {
	if errors.Is(err, service.ErrNotInstalled) {
		return withNext(err, "install it with: homehook service install")
	}
	if errors.Is(err, service.ErrRefused) {
		found := a.refusedLines()
		if len(found) == 0 {
			return withNext(err, "see what is wrong with: homehook doctor")
		}
		a.complain(err.Error(), "")
		for _, n := range found {
			a.complain(n.Text, n.Remedy)
		}
		return errSilent
	}
	return err
}

// refusedLines are what keeps an agent from starting that refuses its
// configuration, as the agent would say it; none if the file is not what is wrong,
// or is not this user's to read.
func (a *app) refusedLines() (found []service.Note) {
	cfg, _, err := a.configuration()
	var problems config.Problems
	switch {
	case err == nil:
		cfg.Table.Close()
	case errors.As(err, &problems):
		for _, p := range problems {
			remedy := p.Remedy
			p.Remedy = ""
			found = append(found, service.Note{Text: p.Error(), Remedy: remedy})
		}
	}
	return found
}

// failedNotes say what keeps a service from starting that has given up, and how to
// have it tried again.
func (a *app) failedNotes(st service.Status) []service.Note {
	if !st.Installed || st.State != service.StateFailed {
		return nil
	}
	if found := a.refusedLines(); len(found) > 0 {
		return append(found, service.Note{Text: "the service is not started again by itself", Remedy: a.ours("once that is right: homehook service start")})
	}
	return []service.Note{{
		Text:   "the service is not started again by itself",
		Remedy: a.ours("see what is wrong: homehook doctor; its log says more: " + st.Log + "; then: homehook service start"),
	}}
}

// serviceUninstallCmd is "homehook service uninstall".
type serviceUninstallCmd struct{}

// Help says what stays and shows an example.
func (*serviceUninstallCmd) Help() string {
	return `The configuration, the history and the credentials stay, and are found again by the
next installation.

Example:

    homehook service uninstall`
}

// Run removes the service.
func (*serviceUninstallCmd) Run(ctx context.Context, a *app) error {
	s, err := a.serviceOf(service.Options{})
	if err != nil {
		return err
	}
	before, err := s.Status(ctx)
	if err != nil {
		return err
	}
	if err := s.Uninstall(ctx); err != nil {
		return err
	}
	after, err := s.Status(ctx)
	if err != nil {
		return err
	}
	changed := before.Enabled || before.Installed != after.Installed || before.State != after.State
	if a.json {
		return a.writeJSON(serviceAnswer{changed, after})
	}
	if !changed {
		a.say("there is no service, nothing changed")
		return nil
	}
	a.say("the service is removed; what it has kept stays:")
	a.say("config   %s", after.Config)
	a.say("state    %s (history and credentials)", after.Folder)
	return nil
}

// serviceStartCmd is "homehook service start".
type serviceStartCmd struct{}

// Help shows an example.
func (*serviceStartCmd) Help() string {
	return `It returns when the agent answers. The links to the relays may take longer.

Example:

    homehook service start`
}

// Run starts the service.
func (*serviceStartCmd) Run(ctx context.Context, a *app) error {
	return a.serviceDo(ctx, (*service.Service).Start)
}

// serviceStopCmd is "homehook service stop".
type serviceStopCmd struct{}

// Help says how it ends and shows an example.
func (*serviceStopCmd) Help() string {
	return `Scripts that run get 5 seconds to end. Relays keep what comes in the meantime for
claims that store; the service starts again with the machine or its user.

Example:

    homehook service stop`
}

// Run stops the service.
func (*serviceStopCmd) Run(ctx context.Context, a *app) error {
	return a.serviceDo(ctx, (*service.Service).Stop)
}

// serviceRestartCmd is "homehook service restart".
type serviceRestartCmd struct{}

// Help shows an example.
func (*serviceRestartCmd) Help() string {
	return `The configuration needs none: the agent follows it by itself.

Example:

    homehook service restart`
}

// Run restarts the service.
func (*serviceRestartCmd) Run(ctx context.Context, a *app) error {
	return a.serviceDo(ctx, (*service.Service).Restart)
}

// serviceDo does one thing with the service and says what has become of it.
func (a *app) serviceDo(ctx context.Context, do func(*service.Service, context.Context) error) error {
	s, err := a.serviceOf(service.Options{})
	if err != nil {
		return err
	}
	before, err := s.Status(ctx)
	if err != nil {
		return err
	}
	if err := do(s, ctx); err != nil {
		return a.notStarted(err)
	}
	st, err := s.Status(ctx)
	if err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(serviceAnswer{before.State != st.State || before.PID != st.PID, st})
	}
	a.serviceLines(st)
	return nil
}

// serviceStatusCmd is "homehook service status". It ends with 0 whatever the
// state is, as "homehook status" does.
type serviceStatusCmd struct{}

// Help says what it tells and shows an example.
func (*serviceStatusCmd) Help() string {
	return `It asks the system and not the agent, so it works whether that runs or not.

Example:

    homehook service status --json`
}

// Run prints the status of the service.
func (*serviceStatusCmd) Run(ctx context.Context, a *app) error {
	s, err := a.serviceOf(service.Options{})
	if err != nil {
		return err
	}
	st, err := s.Status(ctx)
	if err != nil {
		return err
	}
	st.Notes = append(st.Notes, a.failedNotes(st)...)
	if a.json {
		return a.writeJSON(st)
	}
	a.serviceLines(st)
	if !st.Installed {
		a.note("install it with: homehook service install")
	}
	return nil
}
