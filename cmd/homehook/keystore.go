package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/service"
)

// unlockWait is how long a verb at a terminal waits for its user to unlock the
// keyring.
const unlockWait = time.Minute

// rootKeyPlaces are the places at which a store that is made new may keep its root
// key. One in a folder of its own, as with HOMEHOOK_HOME, has the key there too, so
// that it can be carried elsewhere, and tests touch nobody's keyring.
func rootKeyPlaces(p service.Paths) []credentials.Place {
	switch user, err := service.UserPaths(); {
	case p == service.SystemPaths():
		return []credentials.Place{credentials.PlaceSystemd, credentials.PlaceFile}
	case err == nil && p == user && os.Getenv("HOMEHOOK_HOME") == "":
		return []credentials.Place{credentials.PlaceSystemd, credentials.PlaceKeyring, credentials.PlaceFile}
	}
	return []credentials.Place{credentials.PlaceFile}
}

// store opens the credentials for a command that runs without an agent. The caller
// closes them.
func (a *app) store(ctx context.Context) (*credentials.Store, error) {
	p, err := a.folders()
	if err == nil {
		err = a.agentsOwn(ctx, p)
	}
	if err != nil {
		return nil, err
	}
	s, err := credentials.OpenWith(ctx, credentials.Options{Dir: p.State, New: rootKeyPlaces(p), Passphrase: a.passphrase()})
	if err != nil {
		return nil, err
	}
	if errors.Is(s.Ready(), credentials.ErrLocked) && isTerminal(a.in) {
		a.note("waiting for the keyring to be unlocked")
		ctx, cancel := context.WithTimeout(ctx, unlockWait)
		defer cancel()
		_ = s.Wait(ctx) // what needs the keyring says so
	}
	return s, nil
}

// lookIntoStore opens the credentials to look at them, and returns nil where there
// are none. It asks nobody for anything. The caller closes them.
func (a *app) lookIntoStore(ctx context.Context) (*credentials.Store, error) {
	p, err := a.paths()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(p.State); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err := a.agentsOwn(ctx, p); err != nil {
		return nil, err
	}
	return credentials.OpenWith(ctx, credentials.Options{Dir: p.State, New: rootKeyPlaces(p), ReadOnly: true})
}

// passphrase is how a verb comes to the passphrase, nil where nobody can be asked.
func (a *app) passphrase() func(context.Context) (string, error) {
	if !isTerminal(a.in) {
		return nil
	}
	return func(ctx context.Context) (string, error) {
		return a.secretInput(ctx, "Passphrase of the credentials: ")
	}
}

// sealedFile is the file of a store that has one.
func sealedFile(p service.Paths) string { return filepath.Join(p.State, "secrets.sealed") }

// unlockNext is what helps against a locked keyring.
const unlockNext = "unlock the keyring, such as by signing in at the desktop, and try again"

// unlockable adds the next step to the error for a locked keyring.
func (a *app) unlockable(err error) error {
	if !errors.Is(err, control.ErrLocked) && !errors.Is(err, credentials.ErrLocked) {
		return err
	}
	if p, pathErr := a.paths(); pathErr == nil {
		if _, statErr := os.Stat(sealedFile(p)); errors.Is(statErr, fs.ErrNotExist) {
			return withNext(err, "%s", unlockNext+"; or keep the root key in a file: homehook secret store file")
		}
	}
	return withNext(err, "%s", unlockNext)
}

// fellToFile reports whether the root key is in a file for want of a keyring.
func fellToFile(s *credentials.Store, p service.Paths) bool {
	return s.Place() == credentials.PlaceFile && slices.Contains(rootKeyPlaces(p), credentials.PlaceKeyring)
}

// tellPlace says where the root key is that a first credential has had made, unless
// it is where everybody expects it.
func (a *app) tellPlace(s *credentials.Store, p service.Paths) {
	if fellToFile(s, p) {
		a.note("there is no keyring here, so the root key of the credentials is in a file that only you can read; see: homehook secret store --help")
	}
}

// store opens the credentials for the agent, which does not wait for a keyring.
func (c *runCmd) store(ctx context.Context, a *app, p service.Paths, log *slog.Logger) (*credentials.Store, error) {
	o := credentials.Options{Dir: p.State, New: rootKeyPlaces(p)}
	if c.PassphraseStdin {
		o.New = []credentials.Place{credentials.PlacePassphrase}
		o.Passphrase = func(ctx context.Context) (string, error) { return a.passphraseLine(ctx) }
	}
	s, err := credentials.OpenWith(ctx, o)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(sealedFile(p)); errors.Is(err, fs.ErrNotExist) && fellToFile(s, p) {
		log.Warn("there is no keyring here, so the root key of the credentials will be in a file that only this user can read")
	}
	if c.PassphraseStdin && s.Place() != credentials.PlacePassphrase {
		log.Warn("the root key of the credentials is not made of a passphrase, so none was read", "place", s.Place(),
			"remedy", "homehook secret store passphrase")
	}
	return s, nil
}

// passphraseLine reads the first line of stdin and nothing behind it: what writes
// it may keep the pipe open.
func (a *app) passphraseLine(ctx context.Context) (string, error) {
	if isTerminal(a.in) {
		return a.secretInput(ctx, "Passphrase of the credentials: ")
	}
	line, err := await(ctx, func() ([]byte, error) { return readLine(a.in) })
	if err != nil {
		return "", err
	}
	if len(line) == 0 {
		return "", errors.New("there is no passphrase on stdin")
	}
	return string(line), nil
}
