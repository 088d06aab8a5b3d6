package credentials

import (
	"context"
	"errors"
)

// Place is where the root key is kept, under which all values are sealed.
type Place string

// The places of a root key.
const (
	PlaceKeyring    Place = "keyring"    // of the operating system, for the user who is signed in
	PlaceSystemd    Place = "systemd"    // a credential that systemd hands to the service
	PlaceFile       Place = "file"       // a file beside the sealed one, closed to others
	PlacePassphrase Place = "passphrase" // made of a passphrase that is asked for at each start
	// PlacePlain is said of values that an earlier version left in the clear, as
	// long as there is no root key to seal them under. They can be read, and
	// are sealed as soon as the keyring allows. It is no place to move to.
	PlacePlain Place = "plain"
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
	// ReadOnly opens a store to look at it: no folder is made, nothing is taken
	// over from an earlier version, nobody is asked to unlock a keyring, and
	// every change is refused.
	ReadOnly bool
	// NoWait opens a store without waiting for the first answer of the keyring,
	// for who wants to know its place only.
	NoWait bool
}

// ErrLocked is the error for values that cannot be read until somebody unlocks
// the keyring with their root key.
var ErrLocked = errors.New("waiting for the keyring")

// ErrDamaged is the error for a credential whose value in the file is spoiled.
// Setting it again repairs it.
var ErrDamaged = errors.New("is damaged")
