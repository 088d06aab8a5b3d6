package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
)

// Credentials lists what may be shown of the credentials, and who needs them.
func (b *backend) Credentials() ([]control.Credential, error) {
	b.mu.Lock()
	inUse := b.config
	b.mu.Unlock()
	return CredentialsIn(b.opts.Credentials, inUse)
}

// CredentialsIn lists what may be shown of the credentials of a store, with who in
// a configuration needs each. The configuration may be nil.
func CredentialsIn(s *credentials.Store, c *config.Config) ([]control.Credential, error) {
	infos, err := s.List()
	if err != nil {
		return nil, err
	}
	needs := map[string][]control.Need{}
	if c != nil {
		needs = needsOf(c)
	}
	if c != nil && len(c.History.Redact) > 0 {
		needs[sealName] = append(needs[sealName], control.Need{Kind: "history", Name: "redact"})
	}
	list := make([]control.Credential, 0, len(infos))
	for _, i := range infos {
		out := control.Credential{
			Name: i.Name, Set: i.Set, Fingerprint: i.Fingerprint, Damaged: i.Damaged,
			Values: make([]control.Value, 0, len(i.Values)), NeededBy: slices.Clone(needs[i.Name]),
		}
		for _, v := range i.Values {
			out.Values = append(out.Values, control.Value(v))
		}
		if out.NeededBy == nil {
			out.NeededBy = []control.Need{}
		}
		list = append(list, out)
	}
	return list, nil
}

// CheckCredential says why nobody can set a credential to a value, nil if somebody
// can.
func CheckCredential(name, value string) error {
	if err := credentials.Check(name, value); err != nil {
		return err
	}
	if name == sealName {
		return fmt.Errorf("credential %q is the agent's own, made by itself for history.redact; it cannot be set", name)
	}
	return nil
}

// CheckRemoval says why nobody can remove a credential of a store, nil if somebody
// can. The key of the history goes when it is of no use any more: what waits sealed
// under it could not be run.
func CheckRemoval(s *credentials.Store, name string) error {
	if name != sealName {
		return credentials.CheckName(name)
	}
	text, err := s.Get(name)
	if errors.Is(err, credentials.ErrDamaged) || errors.Is(err, credentials.ErrNotFound) {
		return nil
	}
	if err == nil {
		_, err = sealKey(text)
		if err != nil {
			return nil
		}
	}
	return fmt.Errorf("credential %q is the agent's own: under it the history keeps what history.redact names, until that has run; it cannot be removed", name)
}

// changed makes a change of a credential count from now on.
func (b *backend) changed(err error) error {
	switch {
	case err != nil && b.opts.Credentials.Ready() != nil:
		return refusedFor(err)
	case err != nil:
		return translated(err)
	}
	b.refresh()
	return nil
}

// SetCredential stores a credential and uses it from now on.
func (b *backend) SetCredential(name, value string) error {
	if err := CheckCredential(name, value); err != nil {
		return marked{err, control.ErrInvalid}
	}
	return b.changed(b.opts.Credentials.Set(name, value))
}

// RotateCredential gives a credential another value, beside those that it has.
func (b *backend) RotateCredential(name, value string, keep time.Duration) error {
	if err := CheckCredential(name, value); err != nil {
		return marked{err, control.ErrInvalid}
	}
	return b.changed(b.opts.Credentials.Rotate(name, value, keep))
}

// RemoveCredential forgets a credential.
func (b *backend) RemoveCredential(name string) error {
	if err := CheckRemoval(b.opts.Credentials, name); err != nil {
		return marked{err, control.ErrInvalid}
	}
	return b.changed(b.opts.Credentials.Remove(name))
}

// RemoveOldValues forgets the values of a credential but the newest.
func (b *backend) RemoveOldValues(name string) error {
	if err := credentials.CheckName(name); err != nil {
		return marked{err, control.ErrInvalid}
	}
	return b.changed(b.opts.Credentials.RemoveOld(name))
}

// MoveCredentials keeps the root key of the credentials at another place.
func (b *backend) MoveCredentials(ctx context.Context, m control.MoveCredentials) (control.CredentialStore, error) {
	store := b.opts.Credentials
	before := store.Place()
	place, o, err := keyPlaceOf(m)
	switch {
	case err != nil:
		return control.CredentialStore{}, marked{err, control.ErrInvalid}
	case m.Anew:
		err = store.Renew(ctx, place, o)
	case m.Current != "" && before == credentials.PlacePassphrase:
		if err = store.Unlock(m.Current); err == nil {
			err = store.Move(ctx, place, o)
		}
	default:
		err = store.Move(ctx, place, o)
	}
	if err != nil {
		return control.CredentialStore{}, refusedFor(err)
	}
	b.refresh()
	b.log.Info("the root key of the credentials has another place", "before", before, "now", store.Place())
	return b.credentialStore(), nil
}

// keyPlaceOf reads a request for another place.
func keyPlaceOf(m control.MoveCredentials) (credentials.Place, credentials.Options, error) {
	place, o := credentials.Place(m.Place), credentials.Options{}
	switch place {
	case credentials.PlaceKeyring, credentials.PlaceSystemd, credentials.PlaceFile:
		if m.Passphrase != "" {
			return "", o, errors.New("a passphrase goes with the place passphrase only")
		}
	case credentials.PlacePassphrase:
		if m.Passphrase == "" {
			return "", o, errors.New("the passphrase is missing")
		}
		if err := credentials.CheckPassphrase(m.Passphrase); err != nil {
			return "", o, err
		}
		o.Passphrase = func(context.Context) (string, error) { return m.Passphrase, nil }
	default:
		return "", o, fmt.Errorf("there is no place %q for the root key; use keyring, systemd, file or passphrase", m.Place)
	}
	return place, o, nil
}
