package agent

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"homehook/agent/control"
)

// Fix does what a finding of permissions offers, and returns what is still to be
// done there. Nothing is changed but what such a finding names now.
func (b *backend) Fix(ctx context.Context, a control.Action) (*control.Checkup, error) {
	if a.Kind != control.ActionFixMode {
		return nil, fmt.Errorf("kind %q is %w here: the agent does %s by itself, and nothing else", a.Kind, control.ErrInvalid, control.ActionFixMode)
	}
	if !offers(b.exposed(ctx), a) {
		return nil, fmt.Errorf("name %q is %w: no finding of the doctor names that path; ask it anew", a.Name, control.ErrInvalid)
	}
	if err := closeToOthers(a.Name); err != nil {
		return nil, err
	}
	b.log.Info("closed a file or folder to other users", "path", a.Name)
	return control.NewCheckup(b.exposed(ctx)), nil
}

// exposed are the findings of what other users may use.
func (b *backend) exposed(ctx context.Context) []control.Finding {
	d := newDoctor(Patient{History: b.opts.History, Socket: b.opts.Socket})
	d.permissions()
	in, _ := b.journal.Inspect(ctx) // a damaged one may be exposed, too
	d.exposedHistory(in.Exposed)
	return d.found
}

func offers(found []control.Finding, a control.Action) bool {
	return slices.ContainsFunc(found, func(f control.Finding) bool { return f.Action == a })
}

// once leaves out what only repeats that a file is open to others, and what follows
// from that: nobody reads it then. Who closes it is done.
func once(found []control.Finding) []control.Finding {
	var told []string
	for _, f := range found {
		if f.Action.Kind == control.ActionFixMode {
			told = append(told, "run: chmod 600 "+f.Action.Name, "run: chmod 700 "+f.Action.Name)
		}
	}
	repeats := func(f control.Finding) bool {
		return f.Action == (control.Action{}) &&
			slices.ContainsFunc(told, func(what string) bool { return strings.Contains(f.Text, what) })
	}
	closed := slices.ContainsFunc(found, func(f control.Finding) bool {
		return repeats(f) && (f.Check == checkKeyring || f.Check == checkCredentials)
	})
	return slices.DeleteFunc(found, func(f control.Finding) bool {
		return repeats(f) || closed && f.Check == checkCredentials && f.Remedy == seeStore
	})
}
