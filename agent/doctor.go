package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
)

// What a doctor looks at.
const (
	checkAgent         = "agent"
	checkConfiguration = "configuration"
	checkPermissions   = "permissions"
	checkCredentials   = "credentials"
	checkKeyring       = "keyring"
	checkScripts       = "scripts"
	checkHistory       = "history"
	checkDisk          = "disk"
	checkNetwork       = "network"
	checkDNS           = "dns"
	checkProxy         = "proxy"
	checkRelay         = "relay"
	checkTLS           = "tls"
	checkToken         = "token"
	checkClock         = "clock"
	checkClaim         = "claim"
	checkCanary        = "canary"
	checkNotifications = "notifications"
	checkUpdates       = "updates"
)

// Patient says where an agent has its things, and how it is to be looked at.
type Patient struct {
	Config  string // path of the configuration file
	History string // path of the history; credentials lie beside it
	Socket  string // path of the control socket or name of the pipe
	Version string // of this program
	// Start is the command that starts the agent where none runs. Default:
	// homehook run.
	Start string
	// Open opens the credentials to look at them, nil for none that are there.
	// Default: those beside the history, with their root key wherever it is.
	Open func(context.Context) (*credentials.Store, error)
	// Withheld says why this doctor is not to open them, nor any other file beside
	// the history; empty if it may.
	Withheld string
	// Canary has a running agent send itself a request to each public URL.
	Canary bool
}

// doctor is a look at an agent under way.
type doctor struct {
	Patient
	config    *config.Config     // nil when the file is not valid and no agent runs
	store     *credentials.Store // nil when it cannot be opened, or is not there
	closed    string             // why it cannot be opened
	running   *backend           // nil when no agent runs
	status    control.Status     // of that agent
	found     []control.Finding
	ill       map[string]string  // relays that links cannot be had from, and what is wrong
	claimless map[string]Finding // claims that their relay does not give, with its answer

	overall  time.Duration // for all relays
	each     time.Duration // for one
	patience time.Duration // for canaries; 0 for canaryWait
}

// serviceStart is how an agent is started that is installed as a service.
const serviceStart = "homehook service start"

// Diagnose looks at an agent that does not run and at all around it. What only
// an agent knows is skipped. It changes nothing; the error is that of ctx.
func Diagnose(ctx context.Context, p Patient) (*control.Checkup, error) {
	d := newDoctor(p)
	d.problem(checkAgent, "", "the agent is not running, so nothing that comes in is handled", "start it with: "+cmp.Or(p.Start, "homehook run"))
	if p.Start == serviceStart {
		d.act(control.ActionServiceStart, "")
	}
	d.configuration()
	if d.config != nil {
		defer d.config.Table.Close()
	}
	d.open(ctx)
	if d.store != nil {
		defer d.store.Close()
	}
	return d.rest(ctx)
}

// open opens the credentials where no agent has them.
func (d *doctor) open(ctx context.Context) {
	if d.closed = d.Withheld; d.closed != "" {
		d.skip(checkCredentials, "", d.closed)
		return
	}
	open := d.Open
	if open == nil {
		open = d.lookIntoStore
	}
	store, err := open(ctx)
	if err != nil {
		d.closed = err.Error()
		d.problem(checkCredentials, "", d.closed, "put that right, and start the agent anew")
		return
	}
	if d.store = store; store == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, keyringWait)
	defer cancel()
	_ = store.Wait(ctx) // what came of it is asked later
}

// lookIntoStore opens the credentials beside the history. Opening others would
// make the folder.
func (d *doctor) lookIntoStore(ctx context.Context) (*credentials.Store, error) {
	dir := filepath.Dir(d.History)
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return credentials.OpenWith(ctx, credentials.Options{Dir: dir, ReadOnly: true})
}

// Doctor looks at the agent and all around it.
func (b *backend) Doctor(ctx context.Context, e control.Examination) (*control.Checkup, error) {
	d := newDoctor(Patient{Config: b.opts.Config, History: b.opts.History, Socket: b.opts.Socket, Version: b.opts.Version, Canary: e.Canary})
	d.running, d.store, d.status = b, b.opts.Credentials, b.Status()
	b.mu.Lock()
	inUse := b.config
	b.mu.Unlock()
	d.agent()
	// The file as it is now, then everything by what the agent goes by.
	d.configuration()
	if d.config != nil {
		d.config.Table.Close()
	} else {
		d.warn(checkConfiguration, "", "the agent goes on with the configuration before that", "")
	}
	d.config = inUse
	return d.rest(ctx)
}

func newDoctor(p Patient) *doctor {
	return &doctor{
		Patient: p, overall: 38 * time.Second, each: 25 * time.Second,
		ill: make(map[string]string), claimless: make(map[string]Finding),
	}
}

// rest is all that needs the configuration, or nothing.
func (d *doctor) rest(ctx context.Context) (*control.Checkup, error) {
	d.permissions()
	d.keyring(ctx)
	d.credentials()
	d.scripts()
	d.history(ctx)
	d.disk()
	d.network(ctx)
	d.relays(ctx)
	d.claims()
	if d.config != nil {
		d.canaries(ctx)
	}
	d.notifications(ctx)
	d.updates()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return control.NewCheckup(once(d.found)), nil
}

func (d *doctor) tell(check, subject, state, text, remedy string) {
	d.found = append(d.found, control.Finding{Check: check, Subject: subject, State: state, Text: text, Remedy: remedy})
}

// act says what a program can do about the finding that was told last.
func (d *doctor) act(kind, name string) {
	d.found[len(d.found)-1].Action = control.Action{Kind: kind, Name: name}
}

func (d *doctor) ok(check, subject, text string) {
	d.tell(check, subject, control.FindingOK, text, "")
}

func (d *doctor) skip(check, subject, text string) {
	d.tell(check, subject, control.FindingSkipped, text, "")
}

func (d *doctor) warn(check, subject, text, remedy string) {
	d.tell(check, subject, control.FindingWarning, text, remedy)
}

func (d *doctor) problem(check, subject, text, remedy string) {
	d.tell(check, subject, control.FindingProblem, text, remedy)
}

// unconfigured skips a check that the configuration would have to be read for.
func (d *doctor) unconfigured(check string) bool {
	if d.config == nil {
		d.skip(check, "", "the configuration is not valid")
	}
	return d.config == nil
}

// agent says how the agent is that runs.
func (d *doctor) agent() {
	text := fmt.Sprintf("runs, version %s, pid %d", d.status.Version, d.status.PID)
	if !d.status.Paused {
		d.ok(checkAgent, "", text)
		return
	}
	text += "; it is paused"
	if !d.status.PausedUntil.IsZero() {
		text += " until " + d.status.PausedUntil.Local().Format(time.DateTime)
	}
	d.warn(checkAgent, "", text, "end the pause with: homehook resume")
}

// configuration reads the file as it is now.
func (d *doctor) configuration() {
	_, missing := os.Stat(d.Config)
	c, err := config.Load(d.Config)
	problems, bad := errors.AsType[config.Problems](err)
	switch {
	case bad:
		for _, p := range problems {
			remedy := p.Remedy
			p.Remedy = ""
			d.problem(checkConfiguration, "", p.Error(), remedy)
		}
		return
	case err != nil:
		d.problem(checkConfiguration, "", err.Error(), "let the user who runs the agent read "+d.Config)
		return
	}
	d.config = c
	if errors.Is(missing, os.ErrNotExist) {
		d.warn(checkConfiguration, "", "there is no file "+d.Config+" yet", "begin with: homehook relay add NAME URL --token-stdin")
		return
	}
	d.ok(checkConfiguration, "", fmt.Sprintf("%s is valid: relays %d, claims %d, routes %d", d.Config, len(c.Relays), len(c.Claims), len(c.Routes)))
}
