package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"homehook/agent"
	"homehook/agent/control"
)

// secretListCmd is "homehook secret list".
type secretListCmd struct{}

// Help shows an example.
func (*secretListCmd) Help() string {
	return `Values are not shown, ever. The fingerprint is the end of the newest value's
SHA-256, to tell two values apart; it takes an unlocked keyring. Several values
are valid after: homehook secret rotate.

Example:

    homehook secret list --json`
}

// Run lists the credentials.
func (*secretListCmd) Run(ctx context.Context, a *app) error {
	all, alone, err := a.credentialList(ctx)
	if alone {
		a.note("the agent is not running; this is what is stored for it")
	}
	if err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(list(all))
	}
	if len(all) == 0 {
		a.note("no credential yet; store one with: homehook secret set NAME")
		return nil
	}
	rows := make([][]cell, 0, len(all))
	for i := range all {
		rows = append(rows, a.credentialRow(&all[i]))
	}
	a.table([]string{"CREDENTIAL", "AGE", "VALUES", "FINGERPRINT", "NEEDED BY"}, rows)
	return nil
}

// credentialRow is the line of a credential.
func (a *app) credentialRow(c *control.Credential) []cell {
	row := plainCells(c.Name, age(a.now().Sub(c.Set)), strconv.Itoa(len(c.Values)), c.Fingerprint, neededBy(c.NeededBy))
	if n := len(c.Values); n > 1 && !c.Values[n-1].Until.IsZero() {
		row[2].text += ", the old until " + c.Values[1].Until.Local().Format(time.DateTime)
	}
	if c.Set.IsZero() {
		row[1] = cell{"-", faint}
	}
	switch {
	case c.Damaged:
		row[3] = cell{"damaged: set it again", red}
	case c.Fingerprint == "":
		row[3] = cell{"-", faint}
	}
	if len(c.NeededBy) == 0 {
		row[4].colour = faint
	}
	return row
}

// neededBy says who needs a credential.
func neededBy(needs []control.Need) string {
	if len(needs) == 0 {
		return "nothing"
	}
	all := make([]string, len(needs))
	for i, n := range needs {
		all[i] = n.Kind + " " + n.Name
	}
	return strings.Join(all, ", ")
}

// age is a length of time in its largest unit.
func age(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}

// credentialList is what may be shown of the credentials: as the agent has them, or
// alone, as they are stored, when none runs.
func (a *app) credentialList(ctx context.Context) (all []control.Credential, alone bool, err error) {
	client, _, err := a.client()
	if err != nil {
		return nil, false, err
	}
	defer client.Close()
	if all, err = client.Credentials(ctx); !noAgent(err) {
		return all, false, err
	}
	all, err = a.storedCredentials(ctx)
	return all, true, err
}

// storedCredentials lists the credentials without an agent. It makes no store and
// asks nobody to unlock one.
func (a *app) storedCredentials(ctx context.Context) ([]control.Credential, error) {
	s, err := a.lookIntoStore(ctx)
	if err != nil || s == nil {
		return nil, err
	}
	defer s.Close()
	cfg, _, err := a.configuration()
	if err != nil {
		cfg = nil // nobody needs any, as far as is known
	} else {
		defer cfg.Table.Close()
	}
	return agent.CredentialsIn(s, cfg)
}
