package credentials

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"
)

// minPassphrase is the least length, in characters, of a passphrase that a root key
// is made of anew. One in use may be shorter.
const minPassphrase = 8

var (
	// ErrNoPassphrase is the error for values whose root key is made of a
	// passphrase that nobody has given.
	ErrNoPassphrase = errors.New("is made of a passphrase, and none was given")
	// ErrWrongPassphrase is the error for values whose root key is made of
	// another passphrase than the one given.
	ErrWrongPassphrase = errors.New("the passphrase is not that of")
)

// CheckPassphrase says why a root key is not to be made of a passphrase, nil if it
// may be. It is meant for backups that others may read, where guesses cost nothing.
func CheckPassphrase(phrase string) error {
	if n := utf8.RuneCountInString(phrase); n < minPassphrase {
		return fmt.Errorf("the passphrase has fewer than %d characters; give a longer one, best of several words", minPassphrase)
	}
	return nil
}

// Unlock gives a store the passphrase that its root key is made of, where that was
// not given when it was opened or was wrong. Who waits for the values goes on then.
// The error wraps ErrWrongPassphrase when it is another one.
func (s *Store) Unlock(phrase string) error {
	v, err := s.view()
	if err != nil {
		return err
	}
	if v.sealed == nil || v.sealed.head == nil || v.sealed.head.Place != PlacePassphrase {
		return errors.New("the root key is not made of a passphrase, so none is of use")
	}
	s.deriving.Lock() // one at a time: it takes memory
	secret, err := v.sealed.head.derive(phrase)
	s.deriving.Unlock()
	if err != nil {
		return err
	}
	k, err := s.accept(v.sealed.head, secret)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.takeLocked(v.sealed, k); err != nil {
		return err
	}
	s.phrase = &phrase
	return nil
}

// InMemory reports whether the root key is in a keyring that would not give it out
// now, so that only this process, which has it already, can read values. It is false
// as well where the keyring does not say.
func (s *Store) InMemory(ctx context.Context) bool {
	if s.Place() != PlaceKeyring || s.Ready() != nil {
		return false
	}
	err := s.ring.look(ctx)
	return err != nil && !errors.Is(err, errSilent)
}
