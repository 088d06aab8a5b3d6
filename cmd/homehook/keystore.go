package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
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
	return a.lookInto(ctx, false)
}

// lookInto is lookIntoStore, which with soon does not wait for the keyring.
func (a *app) lookInto(ctx context.Context, soon bool) (*credentials.Store, error) {
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
	return credentials.OpenWith(ctx, credentials.Options{Dir: p.State, New: rootKeyPlaces(p), ReadOnly: true, NoWait: soon})
}

// passphrase is how a verb comes to the passphrase, nil where nobody can be asked.
func (a *app) passphrase() func(context.Context) (string, error) {
	if a.phrase == "" && !isTerminal(a.in) {
		return nil
	}
	return func(ctx context.Context) (string, error) {
		if a.phrase != "" {
			return a.phrase, nil
		}
		return a.secretInput(ctx, passphrasePrompt)
	}
}

const passphrasePrompt = "Passphrase of the credentials: "

// unlockNext is what helps against a locked keyring.
const unlockNext = "unlock the keyring, such as by signing in at the desktop, and try again"

// unlockable adds the next step to the error for a locked keyring.
func (a *app) unlockable(err error) error {
	if errors.Is(err, credentials.ErrNoPassphrase) && !isTerminal(a.in) {
		return withNext(errors.New("the root key of the credentials "+credentials.ErrNoPassphrase.Error()+": stdin is not a terminal"),
			"run it at a terminal with nothing on stdin, which asks for all it needs; or let the agent run, with: homehook run --passphrase-stdin")
	}
	if !errors.Is(err, control.ErrLocked) && !errors.Is(err, credentials.ErrLocked) {
		return err
	}
	if p, pathErr := a.paths(); pathErr == nil && !credentials.Exists(p.State) {
		return withNext(err, "%s", unlockNext+"; or keep the root key in a file: homehook secret store file")
	}
	return withNext(err, "%s", unlockNext)
}

// fellToFile reports whether the root key is in a file for want of a keyring.
func fellToFile(at credentials.Place, p service.Paths) bool {
	return at == credentials.PlaceFile && slices.Contains(rootKeyPlaces(p), credentials.PlaceKeyring)
}

// tellPlace says where the root key is that a first credential has had made, unless
// it is where everybody expects it.
func (a *app) tellPlace(at credentials.Place, p service.Paths) {
	if fellToFile(at, p) {
		a.note("there is no keyring here, so the root key of the credentials is in a file that only you can read; see: homehook secret store --help")
	}
}

// store opens the credentials for the agent, which does not wait for a keyring.
func (c *runCmd) store(ctx context.Context, a *app, p service.Paths, log *slog.Logger) (*credentials.Store, error) {
	o := credentials.Options{Dir: p.State, New: rootKeyPlaces(p)}
	if c.PassphraseStdin {
		o.New = []credentials.Place{credentials.PlacePassphrase}
		o.Passphrase = func(ctx context.Context) (string, error) { return a.givenPassphrase(ctx, p) }
	} else if !c.Service {
		o.Passphrase = a.passphrase()
	}
	s, err := credentials.OpenWith(ctx, o)
	if err != nil {
		return nil, err
	}
	if !c.Service {
		if err := a.askAgain(ctx, s); err != nil {
			s.Close()
			return nil, err
		}
	}
	if !credentials.Exists(p.State) && fellToFile(s.Place(), p) {
		log.Warn("there is no keyring here, so the root key of the credentials will be in a file that only this user can read")
	}
	if c.PassphraseStdin && s.Place() != credentials.PlacePassphrase {
		log.Warn("the root key of the credentials is not made of a passphrase, so none was read", "place", s.Place(),
			"remedy", "homehook secret store passphrase")
	}
	return s, nil
}

// tries is how often a wrong passphrase is asked for again.
const tries = 3

// askAgain asks at a terminal for the passphrase of a store that was given a wrong
// one.
func (a *app) askAgain(ctx context.Context, s *credentials.Store) error {
	err := s.Ready()
	for i := 1; errors.Is(err, credentials.ErrWrongPassphrase) && isTerminal(a.in); i++ {
		if i == tries {
			return withNext(errors.New("that is not the passphrase of the credentials, and the agent does not start"), "try again with the right one; what there is to do without it says: homehook secret store")
		}
		a.note("that is not the passphrase of the credentials")
		phrase, askErr := a.secretInput(ctx, passphrasePrompt)
		if askErr != nil {
			return askErr
		}
		err = s.Unlock(phrase)
	}
	return nil // whatever else is wrong, the agent runs with it
}

// givenPassphrase is the passphrase that the agent is started with. A root key is to
// be made of it, where none is there yet.
func (a *app) givenPassphrase(ctx context.Context, p service.Paths) (string, error) {
	phrase, err := a.passphraseLine(ctx)
	if err == nil && !credentials.Exists(p.State) {
		err = credentials.CheckPassphrase(phrase)
	}
	return phrase, err
}

// passphraseLine reads the first line of stdin and nothing behind it: what writes
// it may keep the pipe open.
func (a *app) passphraseLine(ctx context.Context) (string, error) {
	if isTerminal(a.in) {
		return a.secretInput(ctx, passphrasePrompt)
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
