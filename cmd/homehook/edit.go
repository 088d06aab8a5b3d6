package main

import (
	"context"
	"errors"
	"maps"
	"slices"

	"homehook/agent/config"
)

// look reads a configuration file that is to be changed, which has to be good.
func look(path string) (*config.View, error) {
	v, err := config.Look(path)
	if err == nil && len(v.Problems) > 0 {
		err = v.Problems
	}
	return v, err
}

// change makes one edit of a file that was looked at, and of no other.
func change(ctx context.Context, path string, v *config.View, e config.Edit) (*config.View, error) {
	now, _, err := config.Make(ctx, path, config.Change{Digest: v.Digest, Edits: []config.Edit{e}})
	switch {
	case errors.Is(err, config.ErrStale):
		return nil, withNext(err, "run the command again")
	case err != nil:
		return nil, err
	case len(now.Problems) > 0:
		found := slices.Clone(now.Problems)
		for i := range found {
			found[i].Line, found[i].Column = 0, 0 // of a text that was not written
		}
		return nil, flagRemedies(found)
	}
	return now, nil
}

// named finds an entry of a list, -1 for none.
func named(list []config.Entry, name string) int {
	return slices.IndexFunc(list, func(e config.Entry) bool { return e.Name == name })
}

// setKeys changes keys of an entry: those with nil are taken out.
func setKeys(ctx context.Context, path string, v *config.View, part string, e *config.Entry, keys map[string]any) error {
	values := maps.Clone(e.Values)
	for key, value := range keys {
		if values[key] = value; value == nil {
			delete(values, key)
		}
	}
	_, err := change(ctx, path, v, config.Edit{Op: config.EditSet, Part: part, Name: e.Name, Values: values})
	return err
}
