package credentials

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"
)

// draft is what the sealed file is to say. Nothing in it is shared with what was
// read.
type draft struct {
	content
	// root gives the root key, and makes the one of a store that has none.
	root func() (*rootKey, error)
	made *made // a root key that was made for it; nil when none was
	// placed says that the draft is the file now.
	placed bool
}

// put gives a credential its values.
func (d *draft) put(name string, values []sealedValue) {
	e := entry{Name: name, Values: values}
	e.Sum = e.sum()
	d.entries[name] = e
	delete(d.lost, name)
}

// Set gives a credential a value, in place of those it may have. The value is
// text of 1 byte to 16 KiB. It is on disk when Set returns. The error wraps
// ErrLocked while the root key has to be waited for.
func (s *Store) Set(name, value string) error {
	if err := Check(name, value); err != nil {
		return err
	}
	return s.change(s.base, func(d *draft) error {
		k, err := d.root()
		if err != nil {
			return fmt.Errorf("credential %q: %w", name, err)
		}
		d.put(name, []sealedValue{k.seal(name, value, time.Now(), time.Time{})})
		return nil
	})
}

// Rotate gives a credential a new value and lets those that it has be valid
// besides for the time keep, 0 for until they are removed. Those of an earlier
// Rotate with a time end as they would have. The error wraps
// ErrNotFound when there is no credential of that name. No more than 10 values
// are kept.
func (s *Store) Rotate(name, value string, keep time.Duration) error {
	if err := Check(name, value); err != nil {
		return err
	}
	return s.change(s.base, func(d *draft) error {
		if _, ok := d.entries[name]; !ok && !d.lost[name] {
			return missing(name)
		}
		k, err := d.root()
		if err != nil {
			return fmt.Errorf("credential %q: %w", name, err)
		}
		now := time.Now()
		values := []sealedValue{k.seal(name, value, now, time.Time{})}
		for i, v := range d.entries[name].Values {
			if old, ok := k.retire(name, v, now, keep); ok && (i == 0 || v.valid(now)) {
				values = append(values, old)
			}
		}
		if len(values) > maxValues {
			return fmt.Errorf("credential %q has %d values already; remove the old ones first: homehook secret remove %s --old", name, maxValues, name)
		}
		d.put(name, values)
		return nil
	})
}

// retire seals a value anew that is to end when keep is over. One that has an end
// keeps it: that was said to whom still sends it. A spoiled one is dropped.
func (k *rootKey) retire(name string, v sealedValue, now time.Time, keep time.Duration) (sealedValue, bool) {
	value, err := k.open(name, v)
	if err != nil {
		return v, false
	}
	if keep <= 0 || !v.Until.IsZero() {
		return v, true
	}
	return k.seal(name, value, v.Set, now.Add(keep)), true
}

// RemoveOld removes the values of a credential but the newest. The error wraps
// ErrNotFound when there is no credential of that name.
func (s *Store) RemoveOld(name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	return s.change(s.base, func(d *draft) error {
		e, err := s.entry(&d.content, name)
		if err != nil {
			return err
		}
		d.put(name, e.Values[:1:1])
		return nil
	})
}

// Remove removes a credential. The error wraps ErrNotFound when there is none
// of that name.
func (s *Store) Remove(name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	return s.change(s.base, func(d *draft) error {
		if _, ok := d.entries[name]; !ok && !d.lost[name] {
			return missing(name)
		}
		delete(d.entries, name)
		delete(d.lost, name)
		return nil
	})
}

// change has edit change the credentials and writes the result, while no other
// process changes them. What a plain file holds is sealed along with it.
func (s *Store) change(ctx context.Context, edit func(*draft) error) error {
	v, unlock, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	d, err := s.draft(ctx, v)
	if err == nil {
		err = edit(d)
	}
	if err == nil {
		err = s.write(d, v)
	}
	switch {
	case d.made == nil:
	case d.placed:
		s.hold(d.made.key)
	default:
		s.giveUp(d.made)
	}
	return err
}

// enter waits for the right to change the files, and reads them.
func (s *Store) enter(ctx context.Context) (v view, unlock func(), err error) {
	if s.opts.ReadOnly {
		return view{}, nil, errReadOnly
	}
	if unlock, err = s.lock(ctx); err != nil {
		return view{}, nil, err
	}
	if err = checkFolder(s.dir); err == nil {
		v, err = s.view()
	}
	if err != nil {
		unlock()
		return view{}, nil, err
	}
	s.sweep(v)
	return v, unlock, nil
}

// draft makes a draft of what is in the files.
func (s *Store) draft(ctx context.Context, v view) (*draft, error) {
	d := &draft{content: content{entries: map[string]entry{}, lost: map[string]bool{}, whole: true}}
	if v.sealed != nil {
		if v.sealed.head == nil {
			return d, s.errHead()
		}
		if err := s.changedBy(v.sealed); err != nil {
			return d, err
		}
		d.head, d.whole = v.sealed.head, v.sealed.whole
		maps.Copy(d.entries, v.sealed.entries)
		maps.Copy(d.lost, v.sealed.lost)
	}
	d.root = func() (*rootKey, error) {
		if d.made == nil && d.head != nil {
			return s.rootOf(v.sealed)
		}
		if d.made == nil {
			made, err := s.makeFirst(ctx)
			if err != nil {
				return nil, err
			}
			d.head, d.made = made.head, made
		}
		return d.made.key, nil
	}
	if v.plain == nil {
		return d, nil
	}
	k, err := d.root()
	if err != nil {
		return d, err
	}
	v.plain.seal(d, k)
	return d, nil
}

// write writes a draft in the place of what the files say. A spoiled file is kept
// aside, so that nothing that a person could make out is lost. An error behind the
// moment at which the draft is in place is about what is left of the time before.
func (s *Store) write(d *draft, v view) error {
	for name, e := range d.entries {
		e.Values = current(e.Values, time.Now())
		e.Sum = e.sum()
		d.entries[name] = e
	}
	if err := s.sealWhole(d, v); err != nil {
		return err
	}
	data, err := d.encode()
	if err != nil {
		return err
	}
	if v.plain != nil || v.sealed == nil || v.sealed.head != d.head { // values came from elsewhere
		if err := d.verify(data); err != nil {
			return err
		}
	}
	if v.sealed != nil && !v.sealed.intact() {
		if err := keepAside(s.path, "damaged"); err != nil {
			return err
		}
	}
	err = replaceFile(s.path, data)
	d.placed = err == nil || errors.Is(err, errPlaced)
	if err != nil {
		return err // what was used before may be wanted again
	}
	if d.head.Place != PlaceFile {
		// One may be left of a move that was cut short. It opens nothing any more.
		_ = shred(s.keyFile())
	}
	if v.plain == nil {
		return nil
	}
	return s.removePlain()
}

// current leaves out values that have run out. The newest never does.
func current(values []sealedValue, now time.Time) []sealedValue {
	var left []sealedValue
	for i, v := range values {
		if i == 0 || v.valid(now) {
			left = append(left, v)
		}
	}
	return left
}
