package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"homehook/agent"
	"homehook/agent/config"
	"homehook/agent/imports"
	"homehook/routes"
)

// importCmd is "homehook import".
type importCmd struct {
	Webhook importWebhookCmd `cmd:"" help:"Make routes of the hooks files of adnanh/webhook."`
	Smee    importSmeeCmd    `cmd:"" help:"Make a route of a smee-client command line."`
	Gosmee  importGosmeeCmd  `cmd:"" help:"Make routes of gosmee's configuration file."`
}

// Help shows an example.
func (*importCmd) Help() string {
	return `Each says what is equal, what differs and why, what needs your approval and what
cannot be imported. Secrets go into the credential store, and shell commands come
in switched off.

Example:

    homehook import webhook /etc/webhook.conf --dry-run`
}

// importFlags are those of each import.
type importFlags struct {
	Claim  string `placeholder:"NAME" help:"The claim whose deliveries the routes take; may be left out when there is one only."`
	DryRun bool   `help:"Show the report and the routes, and change nothing."`
}

// importWebhookCmd is "homehook import webhook".
type importWebhookCmd struct {
	Files       []string `arg:"" name:"file" help:"Hooks files, JSON or YAML."`
	Prefix      string   `default:"hooks" help:"The path before the ids, as webhook's -urlprefix; ${default} by default."`
	HTTPMethods []string `name:"http-methods" placeholder:"METHOD" help:"Methods of hooks that do not say, as webhook's -http-methods."`
	Header      []string `placeholder:"NAME=VALUE" sep:"none" help:"A field of every answer, as webhook's -header; may be given again."`
	Template    bool     `help:"Webhook runs with -template: refuse hooks with templates in them, which are shown and not evaluated."`
	importFlags
}

// Help says what it does and shows examples.
func (*importWebhookCmd) Help() string {
	return `The routes are added to the configuration. Nothing of webhook is changed: both
can run until senders have the new address, the claim's with the path that the
hook had.

Examples:

    homehook import webhook hooks.json --dry-run
    homehook import webhook hooks.yaml more.yaml --claim garage --prefix hooks`
}

// Run imports hooks files.
func (c *importWebhookCmd) Run(ctx context.Context, a *app) error {
	o := imports.WebhookOptions{Prefix: c.Prefix, Methods: c.HTTPMethods, Template: c.Template}
	for _, h := range c.Header {
		name, value, ok := strings.Cut(h, "=")
		if !ok || name == "" {
			return misused("--header %q is not NAME=VALUE", h)
		}
		o.Headers = append(o.Headers, [2]string{name, value})
	}
	return c.run(ctx, a, func(cfg *config.Config, claim string) (*imports.Report, error) {
		o.Claim = claim
		for i := range cfg.Routes {
			o.Taken = append(o.Taken, agent.CredentialsOf(&cfg.Routes[i])...)
		}
		return imports.Webhook(c.Files, o)
	})
}

// importSmeeCmd is "homehook import smee".
type importSmeeCmd struct {
	URL           string   `arg:"" name:"url" help:"The channel, such as https://smee.io/abc."`
	Target        string   `short:"t" placeholder:"URL" help:"Where events go; default http://127.0.0.1:PORT/PATH."`
	Path          string   `short:"P" default:"/" help:"Path on this machine, ${default} by default."`
	Port          int      `short:"p" default:"3000" help:"Port on this machine, ${default} by default."`
	DeleteHeaders []string `short:"d" placeholder:"NAME" help:"Fields that are not passed on."`
	importFlags
}

// Help says what it does and shows an example.
func (*importSmeeCmd) Help() string {
	return `The flags are those of smee-client. Senders are given the claim's address in
place of the channel's.

Example:

    homehook import smee https://smee.io/abc --target http://127.0.0.1:3000/events`
}

// Run imports a channel.
func (c *importSmeeCmd) Run(ctx context.Context, a *app) error {
	o := imports.SmeeOptions{URL: c.URL, Target: c.Target, DeleteHeaders: c.DeleteHeaders}
	if o.Target == "" {
		o.Target = "http://127.0.0.1:" + strconv.Itoa(c.Port) + "/" + strings.TrimPrefix(c.Path, "/")
	}
	return c.run(ctx, a, func(_ *config.Config, claim string) (*imports.Report, error) {
		o.Claim = claim
		return imports.Smee(o)
	})
}

// importGosmeeCmd is "homehook import gosmee".
type importGosmeeCmd struct {
	File string `arg:"" help:"Its configuration file, such as ~/.config/gosmee/config.yaml."`
	importFlags
}

// Help says what it does and shows an example.
func (*importGosmeeCmd) Help() string {
	return `The section client is what counts. A line for the shell (exec) comes in as a
route of its own that is switched off.

Example:

    homehook import gosmee ~/.config/gosmee/config.yaml --dry-run`
}

// Run imports a file of gosmee.
func (c *importGosmeeCmd) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, func(_ *config.Config, claim string) (*imports.Report, error) { return imports.Gosmee(c.File, claim) })
}

// run reads, reports and writes.
func (f *importFlags) run(ctx context.Context, a *app, read func(cfg *config.Config, claim string) (*imports.Report, error)) error {
	cfg, p, err := a.configuration()
	if err != nil {
		return err
	}
	defer cfg.Table.Close()
	claim, err := f.claim(cfg, p.Config)
	if err != nil {
		return err
	}
	r, err := read(cfg, claim)
	if err != nil {
		return importFailure(err)
	}
	r.DropNames(knownRoutes(cfg.Routes))
	if !f.DryRun && len(r.Routes()) > 0 {
		if _, err := a.folders(); err != nil {
			return err
		}
		if err := a.writeImport(ctx, r, p.Config); err != nil {
			return err
		}
	}
	return a.reportImport(ctx, r, claim, p.Config, f.DryRun)
}

// knownRoutes finds routes by their names.
func knownRoutes(specs []routes.Spec) func(string) bool {
	names := map[string]bool{}
	for i := range specs {
		names[specs[i].Name] = true
	}
	return func(name string) bool { return names[name] }
}

// claim is the claim that is meant, empty for one that is still to be chosen: a
// dry run needs none.
func (f *importFlags) claim(cfg *config.Config, path string) (string, error) {
	var names []string
	for _, c := range cfg.Claims {
		if c.Name == f.Claim {
			return f.Claim, nil
		}
		names = append(names, c.Name)
	}
	switch {
	case f.Claim != "" && f.DryRun && len(names) == 0:
		return f.Claim, nil
	case f.Claim != "":
		return "", withNext(fmt.Errorf("claim %q %w", f.Claim, config.ErrNotFound), "claim it first: homehook claim %s", f.Claim)
	case len(names) == 1:
		return names[0], nil
	case f.DryRun:
		return "", nil
	case len(names) > 1:
		return "", misused("there are several claims; say which one with --claim: %s", strings.Join(names, ", "))
	}
	return "", withNext(fmt.Errorf("there is no claim in %s", path), "claim a name first: homehook claim NAME; --dry-run shows the report without one")
}

// writeImport stores the secrets, and then the routes that name them.
func (a *app) writeImport(ctx context.Context, r *imports.Report, path string) error {
	alone := false
	err := r.Secrets(func(name, value string) error {
		var err error
		alone, err = a.setCredential(ctx, name, value)
		return err
	})
	if err != nil {
		return err
	}
	if err := r.Write(path); err != nil {
		return err
	}
	if alone {
		a.note("the agent is not running; stored for when it starts")
	}
	return nil
}

// importFailure adds to an error what can be done about it.
func importFailure(err error) error {
	if _, ok := errors.AsType[*imports.TemplateError](err); ok {
		return withNext(err, "write the values in their place in a copy of the file, and import that")
	}
	return err
}
