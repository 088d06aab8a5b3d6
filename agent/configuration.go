package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
)

// applyWait is how long a change waits for the agent to use it: the file is read a
// moment after it has changed, or some seconds where the system does not tell.
const applyWait = 5 * time.Second

// applyLook is the time between looks whether it does.
const applyLook = 10 * time.Millisecond

// Configuration returns the configuration file as it is now.
func (b *backend) Configuration(context.Context) (*control.Configuration, error) {
	v, err := config.Look(b.opts.Config)
	if err != nil {
		return nil, err
	}
	c := configurationOf(v)
	return &c, nil
}

// ChangeConfiguration changes the configuration file and waits until the agent uses
// it.
func (b *backend) ChangeConfiguration(ctx context.Context, change control.ConfigChange) (*control.ConfigChanged, error) {
	in := config.Change{Digest: change.Digest, Text: change.Text, DryRun: change.DryRun}
	for _, e := range change.Edits {
		in.Edits = append(in.Edits, config.Edit(e))
	}
	v, written, err := config.Make(ctx, b.opts.Config, in)
	if err != nil {
		return nil, configErrorOf(err)
	}
	if written {
		b.awaitConfig(ctx, v.Digest)
	}
	return &control.ConfigChanged{Configuration: configurationOf(v), Written: written}, nil
}

// ApproveRoute writes the digests of the programs of a route into the file and
// waits until the agent uses it.
func (b *backend) ApproveRoute(ctx context.Context, name string) ([]control.Approved, error) {
	done, err := config.Approve(b.opts.Config, name)
	if err != nil {
		if errors.Is(err, config.ErrNotFound) {
			return nil, marked{err, control.ErrNotFound}
		}
		return nil, configErrorOf(err)
	}
	if v, err := config.Look(b.opts.Config); err == nil {
		b.awaitConfig(ctx, v.Digest)
	}
	list := make([]control.Approved, len(done))
	for i, a := range done {
		list[i] = control.Approved(a)
	}
	return list, nil
}

// configErrorOf marks an error of a change as what it is to a client.
func configErrorOf(err error) error {
	_, bad := errors.AsType[config.Problems](err)
	switch {
	case errors.Is(err, config.ErrStale):
		return marked{err, control.ErrConflict}
	case bad, errors.Is(err, config.ErrEdit), errors.Is(err, config.ErrNoScript):
		return marked{err, control.ErrInvalid}
	}
	return fmt.Errorf("change configuration: %w", err)
}

// configurationOf translates a view of the file.
func configurationOf(v *config.View) control.Configuration {
	return control.Configuration{
		Path: v.Path, Text: v.Text, Digest: v.Digest,
		Problems: configProblems(v.Problems), Warnings: configProblems(v.Warnings),
		Relays: configEntries(v.Relays), Claims: configEntries(v.Claims), Routes: configEntries(v.Routes),
		History: control.ConfigEntry(v.History), Updates: control.ConfigEntry(v.Updates),
	}
}

func configProblems(ps config.Problems) []control.ConfigProblem {
	list := make([]control.ConfigProblem, len(ps))
	for i, p := range ps {
		list[i] = control.ConfigProblem{
			Part: p.Part, Name: p.Name, Field: p.Field, Line: p.Line, Column: p.Column,
			Message: p.Message, Remedy: p.Remedy, Passing: p.Passing,
		}
	}
	return list
}

func configEntries(entries []config.Entry) []control.ConfigEntry {
	list := make([]control.ConfigEntry, len(entries))
	for i, e := range entries {
		list[i] = control.ConfigEntry(e)
	}
	return list
}

// awaitConfig returns when the file of that digest is in use, when ctx ends, or
// after applyWait: somebody else may have changed it again.
func (b *backend) awaitConfig(ctx context.Context, digest string) {
	ctx, cancel := context.WithTimeout(ctx, applyWait)
	defer cancel()
	look := time.NewTicker(applyLook)
	defer look.Stop()
	for !b.uses(digest) {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// uses reports whether the file of that digest is in use.
func (b *backend) uses(digest string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.config.Digest == digest && b.configErr == nil
}
