package credentials

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// cost is what it takes to make a root key of a passphrase: argon2id.
type cost struct {
	Passes uint32 `json:"passes"`
	Memory uint32 `json:"memory"` // KiB
	Lanes  uint8  `json:"lanes"`
}

// usual is the cost that RFC 9106 recommends for machines with little memory. It
// takes a tenth of a second.
var usual = cost{Passes: 3, Memory: 64 << 10, Lanes: 4}

// most is the highest cost that is believed: a spoiled file shall not take the
// machine's memory, nor more than seconds of its time.
var most = cost{Passes: 8, Memory: 256 << 10, Lanes: 8}

// derive makes the root key of a passphrase.
func (h *head) derive(phrase string) ([]byte, error) {
	c := h.Cost
	if c == nil || len(h.Salt) < 8 || c.Passes < 1 || c.Memory < 8 || c.Lanes < 1 ||
		c.Passes > most.Passes || c.Memory > most.Memory || c.Lanes > most.Lanes {
		return nil, fmt.Errorf("the sealed file %w: it does not say how its root key is made; restore it from a backup, or %s", ErrDamaged, anew(PlacePassphrase))
	}
	return argon2.IDKey([]byte(phrase), h.Salt, c.Passes, c.Memory, c.Lanes, keySize), nil
}

// ask has the passphrase given, if anybody can be asked.
func ask(ctx context.Context, o Options) (*string, error) {
	if o.Passphrase == nil {
		return nil, nil
	}
	phrase, err := o.Passphrase(ctx)
	if err != nil {
		return nil, fmt.Errorf("read passphrase: %w", err)
	}
	if phrase == "" {
		return nil, errors.New("the passphrase is empty; give one of several words")
	}
	return &phrase, nil
}
