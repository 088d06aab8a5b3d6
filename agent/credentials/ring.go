package credentials

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zalando/go-keyring"
)

const (
	// ringLimit is how long a caller waits for the keyring.
	ringLimit = 3 * time.Second
	// ringService is under what name the root key is in the keyring.
	ringService = "homehook"
)

var (
	// errAbsent says that a place for the root key is not to be had here.
	errAbsent = errors.New("there is none here")
	// errRefused says that it is, and will not serve: it is not asked again.
	errRefused = fmt.Errorf("%w that serves", errAbsent)
	errSilent  = fmt.Errorf("%w: it has not answered within %s", ErrLocked, ringLimit)
)

// ring asks the keyring of the operating system. No more than one call is under
// way at a time, since one of them can hang for ever, where a program of the
// session does not answer: such a call is left behind, and holds up nobody longer
// than ringLimit. It ends with the process at the latest.
type ring struct {
	turn   chan struct{} // capacity 1: full while a call is under way
	prompt prompt
}

func newRing() ring { return ring{turn: make(chan struct{}, 1)} }

// do makes a call, for which nobody waits longer than the limit, 0 for none. The
// error wraps ErrLocked when there was no answer in time.
func (r *ring) do(ctx context.Context, limit time.Duration, call func(context.Context) error) error {
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return errSilent
	}
	answer := make(chan error, 1)
	go func() {
		defer func() { <-r.turn }()
		answer <- guarded(ctx, call)
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return errSilent
	}
}

// guarded makes a call that may panic: go-keyring does where a bus ends while the
// user is asked something.
func guarded(ctx context.Context, call func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: it failed: %v", ErrLocked, p)
		}
	}()
	return call(ctx)
}

// look returns nil when the keyring is there and unlocked. Otherwise the error
// wraps ErrLocked or errAbsent.
func (r *ring) look(ctx context.Context) error { return r.do(ctx, ringLimit, lookAt) }

// get reads the root key with an id. It waits for ctx only: the keyring may ask the
// user whether it should give it out, and is to ask once. The error wraps errGone
// when the keyring, unlocked, does not have it.
func (r *ring) get(ctx context.Context, id string) ([]byte, error) {
	var secret []byte
	err := r.do(ctx, 0, func(ctx context.Context) error {
		if err := lookSoon(ctx); err != nil {
			return err
		}
		text, err := keyring.Get(ringService, user(id))
		if err != nil {
			return explain(err)
		}
		if secret, err = parseSecret([]byte(text)); err != nil {
			return fmt.Errorf("the entry %s of %s in the keyring %w", user(id), ringService, err)
		}
		return nil
	})
	if err != nil {
		return nil, err // the call may still be under way, and write to secret
	}
	return secret, nil
}

// put stores a root key, and reads it back before it is trusted.
func (r *ring) put(ctx context.Context, id string, secret []byte) error {
	text := secretText(secret)
	return r.do(ctx, ringLimit, func(ctx context.Context) error {
		if err := lookAt(ctx); err != nil {
			return err
		}
		if err := keyring.Set(ringService, user(id), text); err != nil {
			return explain(err)
		}
		back, err := keyring.Get(ringService, user(id))
		if err != nil {
			return explain(err)
		}
		if back != text {
			return fmt.Errorf("%w: it gives back another value than it was given", errRefused)
		}
		if ctx.Err() != nil { // nobody waits for it, and nobody will ask for it
			keyring.Delete(ringService, user(id))
			return errSilent
		}
		return nil
	})
}

// remove removes a root key. That it is not there is no error.
func (r *ring) remove(ctx context.Context, id string) error {
	return r.do(ctx, ringLimit, func(ctx context.Context) error {
		if err := lookAt(ctx); err != nil {
			return err
		}
		if err := keyring.Delete(ringService, user(id)); err != nil && !errors.Is(err, keyring.ErrNotFound) {
			return explain(err)
		}
		return nil
	})
}

// lookSoon looks at the keyring, within the limit.
func lookSoon(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, ringLimit)
	defer cancel()
	return lookAt(ctx)
}

// unlock has the user asked to unlock the keyring, if he was not yet. It does not
// wait for what he does.
func (r *ring) unlock(ctx context.Context) error { return r.prompt.show(ctx, r) }

// release takes the question back, and has no other asked.
func (r *ring) release() { r.prompt.end() }

// user is the name of the entry for a root key.
func user(id string) string { return "root-key-" + id }

// explain says what an error of the keyring means.
func explain(err error) error {
	switch {
	case errors.Is(err, keyring.ErrNotFound):
		return errGone
	case errors.Is(err, keyring.ErrUnsupportedPlatform):
		return fmt.Errorf("%w: the system has no keyring", errAbsent)
	}
	return explainHere(err)
}
