package credentials

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Move seals all values anew under a root key at another place, and removes the
// one that was used until then. Where it fails, all is as before, unless the error
// says that it is moved, but what is left of the time before. A store without a
// file gets one, with its root key there. Of the options it takes the passphrase.
// To where the root key is already, nothing is moved; but a passphrase is changed.
func (s *Store) Move(ctx context.Context, to Place, o Options) error {
	phrase, v, unlock, err := s.enterToMake(ctx, to, o)
	if err != nil {
		return err
	}
	defer unlock()
	var from *head
	var k *rootKey
	if v.sealed != nil {
		if k, err = s.rootOf(v.sealed); err != nil {
			return err
		}
		from = v.sealed.head
		if from.Place == to && to != PlacePassphrase {
			return nil
		}
		if names := v.sealed.lostNames(); len(names) > 0 {
			return fmt.Errorf("move root key: %w", spoiled(names[0]))
		}
	}
	m, err := s.makeAt(ctx, to, phrase, from == nil)
	if err != nil {
		return err
	}
	d := newDraft(m)
	err = s.reseal(d, v, k)
	if err := s.settle(d, phrase, err); err != nil {
		return err
	}
	if from != nil && from.Place == PlaceKeyring {
		// One that is left there opens nothing but older copies of the file.
		_ = s.ring.remove(ctx, from.Key)
	}
	return nil
}

// reseal writes a file with all values, sealed under a root key just made.
func (s *Store) reseal(d *draft, v view, k *rootKey) error {
	m := d.made
	if v.sealed != nil {
		for name, e := range v.sealed.entries {
			values := make([]sealedValue, len(e.Values))
			for i, old := range e.Values {
				value, err := k.open(name, old)
				if err != nil {
					return fmt.Errorf("move root key: %w", err)
				}
				values[i] = m.key.seal(name, value, old.Set, old.Until)
			}
			d.put(name, values)
		}
	}
	v.plain.seal(d, m.key)
	return s.write(d, v)
}

// Renew begins anew under a new root key where the old one is lost, or where the
// file no longer says where it is. The old file is kept aside. The credentials
// keep their names, and each must be set again: until then their error wraps
// ErrDamaged. A store whose root key can be had, or may come by itself, is
// refused.
func (s *Store) Renew(ctx context.Context, to Place, o Options) error {
	phrase, v, unlock, err := s.enterToMake(ctx, to, o)
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.mayRenew(v); err != nil {
		return err
	}
	for _, path := range []string{s.path, s.keyFile()} {
		if err := keepAside(path, "lost"); err != nil {
			return err
		}
	}
	m, err := s.makeAt(ctx, to, phrase, false)
	if err != nil {
		return err
	}
	d := newDraft(m)
	for name := range v.sealed.entries {
		d.lost[name] = true
	}
	for name := range v.sealed.lost {
		d.lost[name] = true
	}
	v.plain.seal(d, m.key)
	v.sealed = nil // it is kept aside already
	return s.settle(d, phrase, s.write(d, v))
}

// mayRenew says why a store does not have to begin anew.
func (s *Store) mayRenew(v view) error {
	if v.sealed == nil {
		return errors.New("there are no sealed credentials, so nothing has to begin anew")
	}
	if v.sealed.head == nil {
		return nil
	}
	_, err := s.rootOf(v.sealed)
	if err == nil {
		return fmt.Errorf("the root key of %s can be had, so nothing has to begin anew; move it with: homehook secret store PLACE", s.path)
	}
	if errors.Is(err, ErrLocked) {
		return err
	}
	return nil
}

// enterToMake has the passphrase given that a root key at a place takes, and enters.
func (s *Store) enterToMake(ctx context.Context, at Place, o Options) (phrase *string, v view, unlock func(), err error) {
	if at == PlacePassphrase {
		if phrase, err = ask(ctx, o); err != nil {
			return nil, view{}, nil, err
		}
	}
	v, unlock, err = s.enter(ctx)
	return phrase, v, unlock, err
}

// settle goes on with a root key just made, if the draft that is sealed under it is
// in place; err is what came of writing it.
func (s *Store) settle(d *draft, phrase *string, err error) error {
	if !d.placed {
		s.giveUp(d.made)
		return err
	}
	s.mu.Lock()
	s.place, s.phrase, s.refusedFirst, s.wanted = d.head.Place, phrase, nil, false
	s.holdLocked(d.made.key)
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("the root key is in the place %s now, but: %w", d.head.Place, err)
	}
	return nil
}

// newDraft is a draft without credentials, under a root key just made.
func newDraft(m *made) *draft {
	return &draft{
		made:    m,
		content: content{head: m.head, entries: map[string]entry{}, lost: map[string]bool{}, whole: true},
		root:    func() (*rootKey, error) { return m.key, nil },
	}
}

// lostNames are the names of credentials whose values are spoiled.
func (c *content) lostNames() []string { return slices.Sorted(maps.Keys(c.lost)) }

// verify makes sure that a file about to be written can be read again: what it
// replaces is gone then.
func (d *draft) verify(data []byte) error {
	k, err := d.root()
	if err != nil {
		return err
	}
	c, err := decode(data)
	if err != nil || !c.whole || c.head == nil || !k.fits(c.head) {
		return errors.New("write credentials: what was written does not read back; nothing was changed")
	}
	for _, e := range c.entries {
		if _, err := k.openAll(e, maxValues, time.Time{}); err != nil {
			return fmt.Errorf("write credentials: what was written does not read back; nothing was changed: %w", err)
		}
	}
	return nil
}
