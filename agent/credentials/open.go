package credentials

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Open opens the store in dir, the agent's state folder, which is made if it is
// missing. A store without a file is empty; its root key is made with the first
// credential, in a file beside it. Folder and files must be the caller's own and
// closed to others.
func Open(dir string) (*Store, error) {
	return OpenWith(context.Background(), Options{Dir: dir})
}

// OpenWith opens a store as Open does, wherever its root key is. It does not wait
// for a keyring that is locked, see Ready, and no longer than 3 s for one that does
// not answer; with NoWait and a store that has a file not at all. What an earlier
// version left in the clear is sealed, as soon as it can be. A store that was opened
// must be closed.
func OpenWith(ctx context.Context, o Options) (*Store, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("open credentials: %w", err)
	}
	if len(o.New) == 0 {
		o.New = []Place{PlaceFile}
	}
	if !o.ReadOnly {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("open credentials: %w", err)
		}
	}
	if err := checkFolder(dir); err != nil {
		return nil, err
	}
	s := &Store{
		dir: dir, path: filepath.Join(dir, sealedName), plain: filepath.Join(dir, plainName),
		opts: o, ring: newRing(), changed: make(chan struct{}),
	}
	s.base, s.end = context.WithCancel(context.Background())
	if err := s.begin(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Exists reports whether the state folder dir has a sealed file, as it has from the
// first credential on.
func Exists(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, sealedName))
	return !errors.Is(err, fs.ErrNotExist)
}

// begin finds the root key of a store, or the place for the one to come.
func (s *Store) begin(ctx context.Context) error {
	v, err := s.view()
	if err != nil {
		return err
	}
	if v.sealed == nil {
		s.place, s.refusedFirst = s.choose(ctx)
	} else if v.sealed.head != nil {
		s.place = v.sealed.head.Place
	}
	if s.place == PlacePassphrase {
		if s.phrase, err = ask(ctx, s.opts); err != nil {
			return err
		}
	}
	if !s.opts.ReadOnly {
		s.sweepTaken(v)
	}
	if s.refusedFirst != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.keepLocked()
		return nil
	}
	if s.first(ctx) == nil {
		// Where it cannot be sealed, as on a full disk, it can still be read.
		_ = s.adopt(s.base, v)
	}
	return nil
}

// choose finds the first place at which a new store can have its root key made. A
// keyring that is there but locked is waited for, not passed over: the error then
// wraps ErrLocked.
func (s *Store) choose(ctx context.Context) (Place, error) {
	for _, at := range s.opts.New {
		switch at {
		case PlaceKeyring:
			if err := s.ring.look(ctx); !errors.Is(err, errAbsent) {
				return at, err
			}
		case PlaceSystemd:
			if _, err := systemdSecret(); !errors.Is(err, errGone) {
				return at, nil
			}
		case PlacePassphrase:
			if s.opts.Passphrase != nil {
				return at, nil
			}
		default:
			return at, nil
		}
	}
	return s.opts.New[0], nil // who sets a credential is told why it cannot be had
}

// first waits for the first answer of the keyring, where the root key is there, and
// says whether the store is ready.
func (s *Store) first(ctx context.Context) error {
	s.mu.Lock()
	changed := s.changed
	s.mu.Unlock()
	err := s.Ready()
	if !errors.Is(err, ErrLocked) {
		return err
	}
	if s.opts.NoWait {
		return err
	}
	limit := time.NewTimer(ringLimit)
	defer limit.Stop()
	select {
	case <-changed:
	case <-limit.C:
	case <-ctx.Done():
	}
	return s.Ready()
}

// Ready returns nil when values can be read, and why not otherwise. The error wraps
// ErrLocked when that can change by itself. Values that an earlier version left in
// the clear can be read: see PlacePlain.
func (s *Store) Ready() error {
	v, err := s.view()
	if err != nil {
		return err
	}
	if v.sealed != nil {
		_, err := s.rootOf(v.sealed)
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.plain != nil {
		return nil
	}
	return s.refusedFirst
}

// Wait returns nil as soon as the store is ready. The error is that of ctx, or why
// the store will not be ready by itself.
func (s *Store) Wait(ctx context.Context) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		err := s.Ready()
		if err == nil || !errors.Is(err, ErrLocked) {
			return err
		}
		select {
		case <-changed:
		case <-time.After(keepEvery): // another process may have moved the root key
		case <-ctx.Done():
			return ctx.Err()
		case <-s.base.Done():
			return errClosed
		}
	}
}

// Place is where the root key is, or where that of a store without a file will be
// made.
func (s *Store) Place() Place {
	v, err := s.view()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil && v.sealed != nil && v.sealed.head != nil:
		return v.sealed.head.Place
	case err == nil && v.sealed == nil && v.plain != nil:
		return PlacePlain
	}
	return s.place
}

// Close gives up what the store holds. It does not wait for a keyring that does not
// answer.
func (s *Store) Close() error {
	s.end()
	s.keepers.Wait()
	s.ring.release()
	return nil
}
