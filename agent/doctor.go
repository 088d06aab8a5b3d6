package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/agent/history"
)

// What a doctor looks at.
const (
	checkAgent         = "agent"
	checkConfiguration = "configuration"
	checkPermissions   = "permissions"
	checkCredentials   = "credentials"
	checkScripts       = "scripts"
	checkHistory       = "history"
	checkDisk          = "disk"
	checkRelay         = "relay"
	checkClock         = "clock"
	checkClaim         = "claim"
)

// Patient says where an agent has its things.
type Patient struct {
	Config  string // path of the configuration file
	History string // path of the history; credentials lie beside it
	Socket  string // path of the control socket or name of the pipe
	Version string // of this program
}

// doctor is a look at an agent under way.
type doctor struct {
	Patient
	config  *config.Config     // nil when the file is not valid and no agent runs
	store   *credentials.Store // nil when it cannot be opened, or is not there
	running *backend           // nil when no agent runs
	status  control.Status     // of that agent
	found   []control.Finding
	overall time.Duration // for all relays
	each    time.Duration // for one
}

// Diagnose looks at an agent that does not run and at all around it. What only
// an agent knows is skipped. It changes nothing; the error is that of ctx.
func Diagnose(ctx context.Context, p Patient) (*control.Checkup, error) {
	d := newDoctor(p)
	d.problem(checkAgent, "", "the agent is not running, so nothing that comes in is handled", "start it with: homehook run")
	d.configuration()
	if d.config != nil {
		defer d.config.Table.Close()
	}
	// Opening would make the folder.
	if _, err := os.Stat(filepath.Dir(p.History)); err == nil {
		if d.store, err = credentials.Open(filepath.Dir(p.History)); err != nil {
			d.problem(checkCredentials, "", err.Error(), "put that right first; until then every credential counts as missing")
		}
	}
	return d.rest(ctx)
}

// Doctor looks at the agent and all around it.
func (b *backend) Doctor(ctx context.Context) (*control.Checkup, error) {
	d := newDoctor(Patient{Config: b.opts.Config, History: b.opts.History, Socket: b.opts.Socket, Version: b.opts.Version})
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
	return &doctor{Patient: p, overall: 45 * time.Second, each: 25 * time.Second}
}

// rest is all that needs the configuration, or nothing.
func (d *doctor) rest(ctx context.Context) (*control.Checkup, error) {
	d.permissions()
	d.credentials()
	d.scripts()
	d.history(ctx)
	d.disk()
	d.relays(ctx)
	d.claims()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return control.NewCheckup(d.found), nil
}

func (d *doctor) tell(check, subject, state, text, remedy string) {
	d.found = append(d.found, control.Finding{Check: check, Subject: subject, State: state, Text: text, Remedy: remedy})
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

// claims says how each one is linked.
func (d *doctor) claims() {
	switch {
	case d.unconfigured(checkClaim):
		return
	case len(d.config.Claims) == 0:
		d.warn(checkClaim, "", "nothing is claimed, so nothing can come in", "claim a name: homehook claim NAME")
		return
	case d.running == nil:
		for _, c := range d.config.Claims {
			d.skip(checkClaim, c.Name, "not linked: the agent is not running; answer mode "+c.Answer)
		}
		return
	}
	for _, c := range d.running.Claims() {
		d.claim(c)
	}
}

func (d *doctor) claim(c control.Claim) {
	mode := "answer mode " + c.Answer
	try := "see why: homehook relay test " + c.Relay
	switch {
	case c.Connected && c.Error != "":
		d.warn(checkClaim, c.Name, fmt.Sprintf("linked, %s, but: %s", mode, c.Error), try)
	case c.Connected:
		d.ok(checkClaim, c.Name, fmt.Sprintf("linked, %s, deliveries that wait at the relay: %d", mode, c.Queued))
	case d.status.Paused:
		d.skip(checkClaim, c.Name, "not linked: the agent is paused; "+mode)
	case c.Error != "":
		d.problem(checkClaim, c.Name, fmt.Sprintf("not linked, %s: %s", mode, c.Error), try)
	default:
		d.warn(checkClaim, c.Name, "not linked yet, "+mode, try)
	}
}

// history looks at the file, and asks the agent that has it open how writing
// goes.
func (d *doctor) history(ctx context.Context) {
	var in history.Inspection
	var err error
	wrong := false
	if d.running != nil {
		in, err = d.running.journal.Inspect(ctx)
		wrong = !d.writable(d.running.journal.Err(), d.running.journal.Lost())
	} else {
		in, err = history.Inspect(ctx, d.History)
	}
	for _, path := range in.Exposed {
		d.problem(checkHistory, path, path+" is open to other users of this machine", "run: chmod 600 "+path)
	}
	switch {
	case d.running == nil && errors.Is(err, os.ErrNotExist):
		d.skip(checkHistory, "", "there is none yet")
	case err != nil:
		d.problem(checkHistory, "", d.History+": "+err.Error(), "if it is damaged, start the agent anew: it sets the file aside and keeps what can be read")
	case wrong: // that it is sound is no comfort
	case in.Verified:
		d.ok(checkHistory, "", fmt.Sprintf("%s is sound, %s", d.History, bytesInWords(in.Size)))
	default:
		d.ok(checkHistory, "", fmt.Sprintf("%s, %s; not read: %s", d.History, bytesInWords(in.Size), in.Unverified))
	}
}

// writable says what the journal told of its writing, and reports whether that
// goes on.
func (d *doctor) writable(err error, lost int64) bool {
	if err != nil {
		d.problem(checkHistory, "", "it cannot be written: "+err.Error(), "make room on the disk, or give the agent's user the folder "+filepath.Dir(d.History))
		return false
	}
	if lost > 0 {
		d.warn(checkHistory, "", fmt.Sprintf("records that could not be written since the agent began: %d", lost), "see the log of the agent for when and why")
	}
	return true
}
