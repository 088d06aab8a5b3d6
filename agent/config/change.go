package config

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// What an [Edit] does.
const (
	EditAdd    = "add"
	EditSet    = "set"
	EditRemove = "remove"
	EditMove   = "move"
)

// Errors of changes.
var (
	// ErrStale: the file is not the one that the change was made for.
	ErrStale = errors.New("has changed meanwhile; read it again")
	// ErrEdit: an edit says what cannot be done.
	ErrEdit = errors.New("the edit is not possible")
)

// errManyEdits ends a change that keeps others waiting.
var errManyEdits = fmt.Errorf("%w: so many edits of a file of this size take more than %v; make fewer of them at once", ErrEdit, lockHeld)

// Change is what is to become of a file.
type Change struct {
	// Digest is that of the text that it was made for; empty is any.
	Digest string
	// Text is the whole new file; empty is the one that is there. Edits change it one
	// after the other.
	Text  string
	Edits []Edit
	// DryRun has nothing written.
	DryRun bool
}

// Edit changes one entry.
type Edit struct {
	Op, Part string
	// Name is that of the entry to set, remove or move.
	Name string
	// YAML is the new entry, as an [Entry] has it; Values may stand in its place.
	YAML   string
	Values map[string]any
	// Before is the route that the moved or added one comes before.
	Before string
}

// Make makes a change of the file at path, all of it or nothing, and returns what
// the file is then, or would be: with problems nothing is written. The error wraps
// ErrStale or ErrEdit, or is about a file that cannot be read or written, or that of
// ctx: many edits of a large file take their time. More than some seconds of it they
// do not get, because others wait for the file meanwhile.
func Make(ctx context.Context, path string, c Change) (v *View, written bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, lockHeld, errManyEdits)
	defer cancel()
	if c.DryRun {
		old, err := readFile(path, true)
		v, err := c.made(ctx, path, old, err)
		return v, false, err
	}
	real, err := target(path)
	if err != nil {
		return nil, false, err
	}
	if err := os.MkdirAll(filepath.Dir(real), 0o700); err != nil {
		return nil, false, fmt.Errorf("write config: %w", err)
	}
	err = withLock(real, func() error {
		old, err := readFile(path, true)
		v, err = c.made(ctx, path, old, err)
		if err != nil || len(v.Problems) > 0 {
			return err
		}
		written = true
		if string(old) == v.Text {
			return nil
		}
		return replace(real, []byte(v.Text))
	})
	if err != nil {
		return nil, false, err
	}
	return v, written, nil
}

// made is what a change makes of what reading the file came to.
func (c *Change) made(ctx context.Context, path string, old []byte, err error) (*View, error) {
	v, err := viewOf(path, old, err)
	if err != nil || len(old) == 0 && len(v.Problems) > 0 {
		return v, err
	}
	if c.Digest != "" && c.Digest != v.Digest {
		return nil, fmt.Errorf("%s %w", path, ErrStale)
	}
	d := &draft{path: path, text: []byte(v.Text)}
	if c.Text != "" {
		d.text = []byte(c.Text)
	}
	before := namesIn(path, d.text)
	for i, e := range c.Edits {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("change config: %w", context.Cause(ctx))
		}
		problems, err := d.edit(&e)
		if err != nil {
			return nil, fmt.Errorf("edit %d (%s %s %q): %w", i+1, e.Op, e.Part, e.Name, err)
		}
		if len(problems) > 0 {
			v = view(path, d.text)
			v.Problems = problems
			return v, nil
		}
	}
	v = view(path, d.text)
	v.Problems = append(unnamed(path, c.Edits, before, d.text), v.Problems...)
	return v, nil
}

// namesIn reads the entries of a text and nothing more.
func namesIn(path string, text []byte) *View {
	v := &View{}
	if doc, problem := read(path, bare(text)); problem == nil {
		v.entries(newPatch(doc))
	}
	return v
}

// unnamed are the relays and claims whose names edits have taken away, and that
// others still name.
func unnamed(path string, edits []Edit, before *View, text []byte) (found Problems) {
	after := namesIn(path, text)
	for _, e := range edits {
		var have, left, users []Entry
		kind := ""
		switch e.Part {
		case PartRelay:
			have, left, users, kind = before.Relays, after.Relays, after.Claims, PartClaim
		case PartClaim:
			have, left, users, kind = before.Claims, after.Claims, after.Routes, PartRoute
		}
		if e.Op != EditSet && e.Op != EditRemove || indexNamed(have, e.Name) < 0 || indexNamed(left, e.Name) >= 0 {
			continue
		}
		for _, u := range users {
			if u.Values[e.Part] != e.Name {
				continue
			}
			p := Problem{File: path, Line: u.Line, Column: 1, Part: e.Part, Name: e.Name, Message: fmt.Sprintf("%s %q is used by %s %q", e.Part, e.Name, kind, u.Name)}
			if p.Remedy = fmt.Sprintf("remove or change that %s first", kind); e.Op == EditSet {
				p.Field, p.Remedy = "name", fmt.Sprintf("keep the name, or change it in that %s too", kind)
			}
			found = append(found, p)
		}
	}
	return found.sorted()
}

// indexNamed finds an entry by its name.
func indexNamed(list []Entry, name string) int {
	for i, e := range list {
		if e.Name == name {
			return i
		}
	}
	return -1
}
