package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"homehook/routes"
)

// Errors of edits, for callers that treat them apart.
var (
	// ErrExists: the file has a relay or claim of that name already.
	ErrExists = errors.New("is in the configuration already")
	// ErrNotFound: the file has no relay or claim of that name.
	ErrNotFound = errors.New("is not in the configuration")
)

// header opens a file that an edit creates.
const header = `# Homehook's configuration. Edits by hand and by the homehook command live
# together here: comments stay, and a change takes effect at once.
# Secrets do not belong in this file; it names credentials, which
# "homehook secret set NAME" keeps.

`

// AddRelay adds a relay to the file at path, which is created when there is
// none. The error is [Problems] when the file, before or after, would not
// load, and wraps ErrExists when the name is taken.
func AddRelay(path string, r Relay) error {
	return edit(path, func(f *file, e *editor) error {
		if slices.ContainsFunc(f.Relays, func(have Relay) bool { return have.Name == r.Name }) {
			return fmt.Errorf("relay %q %w", r.Name, ErrExists)
		}
		f.Relays = append(f.Relays, r)
		return e.add("relays", r)
	})
}

// RemoveRelay removes a relay. A relay that claims still name stays, with an
// error that names them; the error wraps ErrNotFound when there is none.
func RemoveRelay(path, name string) error {
	return edit(path, func(f *file, e *editor) error {
		i := slices.IndexFunc(f.Relays, func(r Relay) bool { return r.Name == name })
		if i < 0 {
			return fmt.Errorf("relay %q %w", name, ErrNotFound)
		}
		var users []string
		for _, c := range f.Claims {
			if c.Relay == name || c.Relay == "" {
				users = append(users, fmt.Sprintf("%q", c.Name))
			}
		}
		if len(users) > 0 {
			return fmt.Errorf("relay %q is used by claim %s; release it first", name, strings.Join(users, ", "))
		}
		f.Relays = slices.Delete(f.Relays, i, i+1)
		return e.remove("relays", i)
	})
}

// AddClaim adds a claim, as AddRelay adds a relay. A claim that does not say
// on which relay gets the only one written down, so that adding a second relay
// later changes nothing for it.
func AddClaim(path string, c Claim) error {
	return edit(path, func(f *file, e *editor) error {
		if slices.ContainsFunc(f.Claims, func(have Claim) bool { return have.Name == c.Name }) {
			return fmt.Errorf("claim %q %w", c.Name, ErrExists)
		}
		if c.Relay == "" && len(f.Relays) == 1 {
			c.Relay = f.Relays[0].Name
		}
		f.Claims = append(f.Claims, c)
		return e.add("claims", c)
	})
}

// RemoveClaim removes a claim. A claim that routes still name stays, with an
// error that names them; the error wraps ErrNotFound when there is none.
func RemoveClaim(path, name string) error {
	return edit(path, func(f *file, e *editor) error {
		i := slices.IndexFunc(f.Claims, func(c Claim) bool { return c.Name == name })
		if i < 0 {
			return fmt.Errorf("claim %q %w", name, ErrNotFound)
		}
		if err := unused(path, name, f.Claims, f.Routes); err != nil {
			return err
		}
		f.Claims = slices.Delete(f.Claims, i, i+1)
		return e.remove("claims", i)
	})
}

// Removable says why a claim cannot be removed, nil if it can: RemoveClaim's
// check, for callers that have something else to do before.
func (c *Config) Removable(claim string) error {
	return unused(c.Path, claim, c.Claims, c.Routes)
}

func unused(path, claim string, claims []Claim, specs []routes.Spec) error {
	var users []string
	for _, r := range specs {
		if r.Claim == claim || r.Claim == "" && len(claims) == 1 {
			users = append(users, fmt.Sprintf("%q", cmp.Or(r.Name, r.Match)))
		}
	}
	if len(users) == 0 {
		return nil
	}
	return fmt.Errorf("claim %q is used by route %s; remove it from %s first", claim, strings.Join(users, ", "), path)
}

// edit changes the file at path under its lock. change makes the same change
// to the decoded file and to the text; the text is written only when it reads
// back as the decoded file and passes every check.
func edit(path string, change func(*file, *editor) error) error {
	return rewrite(path, func(old []byte) ([]byte, error) { return changed(path, old, change) })
}

// rewrite puts what change makes of the text of the file at path in its place,
// under its lock. A file that is not there begins with a comment.
func rewrite(path string, change func(old []byte) ([]byte, error)) error {
	real, err := target(path)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(real), 0o700); err != nil {
		return fmt.Errorf("write config: %w", err)
	}
	return withLock(real, func() error {
		old, err := readFile(path, false)
		if errors.Is(err, fs.ErrNotExist) {
			old, err = []byte(header), nil
		}
		if err != nil {
			return err
		}
		text, err := change(old)
		if err != nil {
			return err
		}
		return replace(real, text)
	})
}

// changed gives the text of the file after a change.
func changed(path string, old []byte, change func(*file, *editor) error) ([]byte, error) {
	if err := check(path, old); err != nil {
		return nil, err
	}
	want, d := decode(path, old)
	e := &editor{doc: d.doc}
	if err := change(want, e); err != nil {
		return nil, err
	}
	text := e.out
	if bytes.HasPrefix(old, bom) {
		text = append(slices.Clone(bom), text...)
	}
	// A file can be laid out in ways that the editor does not understand.
	// Then it says so and changes nothing.
	if got, _ := decode(path, text); !got.same(want) {
		return nil, fmt.Errorf("%s is laid out in a way that cannot be edited from here; change it by hand", path)
	}
	if err := check(path, text); err != nil {
		return nil, withoutPlaces(err)
	}
	return text, nil
}

// check says what is wrong with the text of a file.
func check(path string, text []byte) error {
	c, err := Parse(path, text)
	if err == nil {
		c.Table.Close()
	}
	return err
}

// same says whether two files have the same content. An empty list is as good
// as none.
func (f *file) same(other *file) bool {
	a, b := *f, *other
	for _, f := range []*file{&a, &b} {
		if len(f.Relays) == 0 {
			f.Relays = nil
		}
		if len(f.Claims) == 0 {
			f.Claims = nil
		}
		if len(f.Routes) == 0 {
			f.Routes = nil
		}
	}
	return reflect.DeepEqual(a, b)
}

// withoutPlaces takes line and column out of problems with a text that is not
// going to be written: they would lead to other lines of the file.
func withoutPlaces(err error) error {
	ps, ok := errors.AsType[Problems](err)
	if !ok {
		return err
	}
	ps = slices.Clone(ps)
	for i := range ps {
		ps[i].Line, ps[i].Column = 0, 0
	}
	return ps
}
