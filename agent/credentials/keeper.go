package credentials

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// keepEvery is how often a keyring that cannot be had is looked at again.
const keepEvery = 2 * time.Second

// awaitLocked says why the root key with an id, that is in the keyring, cannot be
// had at present, and has somebody wait for it if that can change.
func (s *Store) awaitLocked(id string) error {
	if s.refusedID != id || s.refused == nil {
		s.refused, s.refusedID = fmt.Errorf("%w: it has not answered yet", ErrLocked), id
	}
	if errors.Is(s.refused, ErrLocked) {
		s.keepLocked()
	}
	return s.refused
}

// keepLocked has somebody wait for the keyring.
func (s *Store) keepLocked() {
	if !s.keeping && s.base.Err() == nil {
		s.keeping = true
		s.keepers.Go(func() { s.keep(s.base) })
	}
}

// keep waits for the keyring, until the root key is had or never will be.
func (s *Store) keep(ctx context.Context) {
	for {
		again := s.attempt(ctx)
		s.mu.Lock()
		if !again || ctx.Err() != nil {
			s.keeping = false
		}
		going := s.keeping
		s.news()
		s.mu.Unlock()
		if !going {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(keepEvery):
		}
	}
}

// attempt asks the keyring for what the store wants of it, and says whether to do
// so again.
func (s *Store) attempt(ctx context.Context) bool {
	v, err := s.view()
	if err != nil {
		return true // whoever uses the store is told; it may be mended meanwhile
	}
	if v.sealed == nil {
		return s.attemptFirst(ctx, v)
	}
	h := v.sealed.head
	if h == nil || h.Place != PlaceKeyring {
		return false
	}
	s.mu.Lock()
	_, err = s.followLocked(v.sealed)
	s.mu.Unlock()
	if err != nil {
		return false // whoever uses the store is told
	}
	silent := time.AfterFunc(ringLimit, func() { s.refuse(h.Key, errSilent) })
	secret, err := s.ring.get(ctx, h.Key)
	silent.Stop()
	var k *rootKey
	if err == nil {
		k, err = s.accept(h, secret)
	}
	if err == nil {
		s.mu.Lock()
		err = s.takeLocked(v.sealed, k)
		s.mu.Unlock()
	}
	if err == nil {
		s.ring.release()
		s.adopt(ctx, v)
		return false
	}
	if errors.Is(err, ErrLocked) {
		s.prompt(ctx)
	}
	return s.refuse(h.Key, s.lasting(h, err))
}

// attemptFirst looks whether a store that has no file can have its root key made
// in the keyring now, and has the plain file sealed then.
func (s *Store) attemptFirst(ctx context.Context, v view) bool {
	s.mu.Lock()
	at, wanted := s.place, s.wanted || v.plain != nil
	s.mu.Unlock()
	if at != PlaceKeyring {
		return false
	}
	err := s.ring.look(ctx)
	if err == nil {
		s.ring.release()
		s.refuseFirst(nil)
		err = s.adopt(ctx, v)
		return err != nil && errors.Is(err, ErrLocked)
	}
	if wanted && errors.Is(err, ErrLocked) {
		s.prompt(ctx)
	}
	s.refuseFirst(waiting(err))
	return true
}

// refuseFirst notes why the first root key cannot be made.
func (s *Store) refuseFirst(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusedFirst = err
}

// waiting gives an error of the keyring the words for somebody who waits for it.
func waiting(err error) error {
	if err == nil || errors.Is(err, ErrLocked) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrLocked, err)
}

// adopt seals what a plain file holds, if there is one, and has values dropped that
// have run out: a clock that is put back shall not make them valid again. Where that
// fails, the files are read as they are, and it is tried again with the next change.
func (s *Store) adopt(ctx context.Context, v view) error {
	if s.opts.ReadOnly || v.plain == nil && !v.sealed.stale(time.Now()) {
		return nil
	}
	return s.change(ctx, func(*draft) error { return nil })
}

// stale says whether a file that is as it was written has values that have run out.
func (c *content) stale(now time.Time) bool {
	if c == nil || !c.intact() {
		return false
	}
	for _, e := range c.entries {
		if len(current(e.Values, now)) < len(e.Values) {
			return true
		}
	}
	return false
}

// prompt has the user asked to unlock the keyring, once. That nobody can be asked is
// no error: it may be unlocked otherwise.
func (s *Store) prompt(ctx context.Context) {
	if !s.opts.ReadOnly {
		_ = s.ring.unlock(ctx)
	}
}

// lasting gives an error of the keyring the words for somebody who waits, or says
// that waiting is no use.
func (s *Store) lasting(h *head, err error) error {
	switch {
	case errors.Is(err, ErrLocked), errors.Is(err, ErrChanged):
		return err
	case errors.Is(err, errRefused):
		return fmt.Errorf("the root key of %s is in the keyring, which cannot be opened: %w; start again to try it once more, or %s", s.path, err, anew(PlaceFile))
	case errors.Is(err, errAbsent):
		return waiting(err)
	}
	return s.unusable(h, err)
}

// refuse notes why the root key cannot be had, and says whether that can change.
func (s *Store) refuse(id string, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused, s.refusedID = err, id
	return errors.Is(err, ErrLocked)
}
