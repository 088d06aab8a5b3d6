package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"homehook/agent/control"
	"homehook/agent/credentials"
)

// keyringWait is how long a doctor waits for a keyring that nobody has asked yet.
const keyringWait = 4 * time.Second

// keyring says where the root key is and whether it can be had.
func (d *doctor) keyring(ctx context.Context) {
	switch {
	case d.closed != "":
		d.skip(checkKeyring, "", "the credentials are closed, so nobody knows whether they need one")
		return
	case d.store == nil:
		d.skip(checkKeyring, "", "no credential is stored yet")
		return
	}
	place, err := d.store.Place(), d.store.Ready()
	switch {
	case errors.Is(err, credentials.ErrNoPassphrase):
		d.problem(checkKeyring, "", fmt.Sprintf("the root key of the credentials %v", credentials.ErrNoPassphrase),
			"stop the agent and start it with: homehook run --passphrase-stdin; a service cannot be given one: keep the root key elsewhere, which asks for the passphrase: homehook secret store file")
	case errors.Is(err, credentials.ErrWrongPassphrase):
		d.problem(checkKeyring, "", "the root key of the credentials is made of another passphrase than the one given",
			"stop the agent and start it again with the right one: homehook run --passphrase-stdin")
	case errors.Is(err, credentials.ErrChanged):
		d.problem(checkKeyring, "", err.Error(), "find out what writes to the state folder: a backup, a program that keeps folders alike, or somebody else")
	case errors.Is(err, credentials.ErrLocked):
		d.problem(checkKeyring, "", "the root key of the credentials cannot be had: "+err.Error(), unlockRemedy)
		d.act(control.ActionUnlock, "")
	case err != nil:
		d.problem(checkKeyring, "", err.Error(), "see where the root key is, and choose another place: homehook secret store")
	case d.store.InMemory(ctx):
		d.warn(checkKeyring, "", "it is locked; the agent has had the root key of the credentials since before, but waits when it starts the next time", unlockRemedy)
		d.act(control.ActionUnlock, "")
	case place == credentials.PlaceKeyring:
		d.ok(checkKeyring, "", "it has the root key of the credentials, and is open")
	default:
		d.ok(checkKeyring, "", "none is needed; the root key of the credentials is in: "+string(place))
	}
}

// credentials looks for each one that the configuration names.
func (d *doctor) credentials() {
	if d.closed != "" || d.unconfigured(checkCredentials) {
		return // the former is told
	}
	if d.store != nil && errors.Is(d.store.Ready(), credentials.ErrLocked) {
		d.lockedCredentials()
		return
	}
	d.damage()
	found := credentialFindings(d.config, d.stored)
	d.found = append(d.found, found...)
	switch names := needsOf(d.config); {
	case len(found) > 0:
	case len(names) == 0:
		d.ok(checkCredentials, "", "the configuration names none")
	default:
		all := slices.Sorted(maps.Keys(names))
		d.ok(checkCredentials, "", "stored as they should be: "+strings.Join(all, ", "))
	}
}

// damage tells what of the stored credentials is spoiled or left in the clear.
func (d *doctor) damage() {
	if d.store == nil {
		return
	}
	switch err := d.store.Damage(); {
	case err == nil, errors.Is(err, credentials.ErrChanged): // told with the root key
	case errors.Is(err, credentials.ErrDamaged):
		d.problem(checkCredentials, "", err.Error(), "see which ones there are: homehook secret list")
	default:
		d.problem(checkCredentials, "", err.Error(), "once all of them are sealed, remove that file, and give new values to those that others may have read")
	}
}

// lockedCredentials looks for the names of credentials, which are all that can be
// read. That the values cannot is told of the keyring.
func (d *doctor) lockedCredentials() {
	known := make(map[string]bool)
	if all, err := d.store.List(); err == nil {
		for _, c := range all {
			known[c.Name] = true
		}
	}
	needs := needsOf(d.config)
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		if known[name] {
			d.skip(checkCredentials, name, fmt.Sprintf("the credential %q is stored, and cannot be read while the keyring is locked; %s needs it", name, inWords(needs[name])))
			continue
		}
		d.problem(checkCredentials, name, fmt.Sprintf("the credential %q is missing, which %s needs", name, inWords(needs[name])), "unlock the keyring, then set it: homehook secret set "+name)
		d.act(control.ActionUnlock, "")
	}
	if len(needs) == 0 {
		d.ok(checkCredentials, "", "the configuration names none")
	}
}

// stored returns the value of a credential as the store does.
func (d *doctor) stored(name string) (string, error) {
	switch {
	case d.closed != "":
		return "", errors.New(d.closed)
	case d.store == nil:
		return "", credentials.ErrNotFound
	}
	return d.store.Get(name)
}

// credential returns the value of a credential, or says that it is missing.
func (d *doctor) credential(name string) (string, error) {
	value, err := d.stored(name)
	if errors.Is(err, credentials.ErrNotFound) {
		return "", fmt.Errorf("the credential %q is missing", name)
	}
	return value, err
}
