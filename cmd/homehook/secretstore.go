package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"homehook/agent"
	"homehook/agent/control"
	"homehook/agent/credentials"
)

// secretStoreCmd is "homehook secret store".
type secretStoreCmd struct {
	Place string `arg:"" optional:"" default:"" enum:",keyring,systemd,file,passphrase" help:"Where to keep the root key from now on: keyring, systemd, file or passphrase."`
	Yes   bool   `help:"Do not ask."`
	// Where the agent, or this command, has not been given the one in use.
	PassphraseStdin bool `help:"Take the passphrase that the root key is made of until now from the first line of stdin."`

	Anew bool `help:"The old root key is lost: begin with a new one. Each credential must be set again then."`
}

// Help says what the places are and shows examples.
func (*secretStoreCmd) Help() string {
	return `All credentials are sealed under one root key. It is kept in

  keyring     the keyring of the system: nobody reads it before you have signed in
  systemd     a credential of the service, homehook-root-key, which systemd decrypts
  file        root.key beside the sealed file: whoever reads the files of this user
              reads the credentials
  passphrase  nowhere: it is made of a passphrase of 8 characters or more, asked for
              at each start: homehook run --passphrase-stdin. A service cannot be
              given one

With a place it is moved there and everything sealed anew; no credential is lost,
and a running agent goes on. Away from a passphrase, that is asked for if need be.

Examples:

    homehook secret store
    homehook secret store keyring
    homehook secret store file --yes`
}

// Run shows or moves the root key.
func (c *secretStoreCmd) Run(ctx context.Context, a *app) error {
	if c.Anew && c.Place == "" {
		return misused("--anew needs the place for the new root key: homehook secret store PLACE --anew")
	}
	now, alone, err := a.whereStored(ctx, c.Place != "")
	switch {
	case err != nil:
		return err
	case c.Place == "" && a.json:
		return a.writeJSON(now)
	case c.Place == "":
		a.tellStore(now, alone)
		return nil
	case c.Place == now.Store && !c.Anew && c.Place == string(credentials.PlacePassphrase):
		a.note("the root key is %s already", placeName(now.Store))
		return c.done(a, now)
	case c.Place == now.Store && !c.Anew:
		// Where nothing is stored yet, that is the place for the one to come: it is
		// made now. Otherwise nothing is moved.
		if now, err = a.moveStore(ctx, control.MoveCredentials{Place: c.Place}); err == nil {
			a.note("the root key is %s already", placeName(now.Store))
			err = c.done(a, now)
		}
		return err
	}
	if ok, err := c.agreed(ctx, a, now); err != nil || !ok {
		return err
	}
	m := control.MoveCredentials{Place: c.Place, Anew: c.Anew}
	if m.Current, err = c.current(ctx, a, now); err != nil {
		return err
	}
	if c.Place == string(credentials.PlacePassphrase) {
		if m.Passphrase, err = a.newPassphrase(ctx); err != nil {
			return err
		}
	}
	after, err := a.moveStore(ctx, m)
	if err != nil {
		return wrongPassphrase(err, m)
	}
	a.note("the root key is %s now", placeName(after.Store))
	if after.Store == string(credentials.PlacePassphrase) {
		a.note("from now on start the agent with: homehook run --passphrase-stdin")
		if a.hasService(ctx) {
			a.note("the service cannot be given it: run homehook service uninstall, or move the root key again")
		}
	}
	if c.Anew {
		a.note("every credential must be set again; see: homehook secret list")
	}
	return c.done(a, after)
}

// done prints the store for programs.
func (*secretStoreCmd) done(a *app, s *control.CredentialStore) error {
	if a.json {
		return a.writeJSON(s)
	}
	return nil
}

// placeName says in words where the root key is.
func placeName(place string) string {
	switch credentials.Place(place) {
	case credentials.PlaceKeyring:
		return "in the keyring of the system"
	case credentials.PlaceSystemd:
		return "in a credential that systemd hands over"
	case credentials.PlaceFile:
		return "in a file beside the sealed one"
	case credentials.PlacePassphrase:
		return "made of a passphrase at each start"
	case credentials.PlacePlain:
		return "not made yet, and nothing is sealed"
	}
	return "in the place " + place
}

// tellStore prints where the root key is. alone says that no agent has told so.
func (a *app) tellStore(s *control.CredentialStore, alone bool) {
	if alone {
		a.note("the agent is not running; this is what is stored for it")
	}
	if s.Store == "" {
		a.say("root key     none yet")
	} else {
		a.say("root key     %s (%s)", s.Store, placeName(s.Store))
	}
	a.say("credentials  %s", a.paint(stateColour(s.State), s.State))
	a.block("             ", s.Text)
}

// current is the passphrase that the root key is made of until now, where it has not
// been given yet and the move needs it.
func (c *secretStoreCmd) current(ctx context.Context, a *app, now *control.CredentialStore) (phrase string, err error) {
	switch {
	case now.Store != string(credentials.PlacePassphrase) || now.State != control.CredentialsProblem || c.Anew:
		return "", nil
	case c.PassphraseStdin:
		phrase, err = a.passphraseLine(ctx)
	case isTerminal(a.in):
		phrase, err = a.secretInput(ctx, "Passphrase until now: ")
	default:
		return "", withNext(errors.New("the root key is made of a passphrase, which is needed to move it; nothing was changed"),
			"run it at a terminal, which asks for it, or: homehook secret store %s --passphrase-stdin < FILE", c.Place+yesFlag(c.Yes))
	}
	a.phrase = phrase
	return phrase, err
}

// yesFlag is the flag that the next command takes again.
func yesFlag(yes bool) string {
	if yes {
		return " --yes"
	}
	return ""
}

// wrongPassphrase is the error for a move that was refused, where it was given the
// passphrase: to begin anew is not what a slip of the finger takes.
func wrongPassphrase(err error, m control.MoveCredentials) error {
	if m.Current == "" || !strings.Contains(err.Error(), credentials.ErrWrongPassphrase.Error()) {
		return err
	}
	return withNext(errors.New("that is not the passphrase of the credentials; nothing was changed"), "try again with the right one")
}

// hasService reports whether the agent is started by a service manager, which has
// no passphrase.
func (a *app) hasService(ctx context.Context) bool {
	if os.Getenv("HOMEHOOK_HOME") != "" && !a.system {
		return false
	}
	st, err := a.serviceFor(ctx)
	return err == nil && st.Installed
}

// agreed asks where it is a step down for safety, or gives something up.
func (c *secretStoreCmd) agreed(ctx context.Context, a *app, now *control.CredentialStore) (bool, error) {
	question := ""
	switch {
	case c.Anew:
		question = "a new root key reads none of the credentials that are there, and each must be set again"
	case c.Place == string(credentials.PlaceFile) && now.Store != string(credentials.PlacePlain):
		question = "with the root key in a file, whoever reads the files of this user reads the credentials"
	case c.Place == string(credentials.PlacePassphrase) && a.hasService(ctx):
		question = "the service starts the agent with nobody to ask: after its next start nothing works that needs a credential, until the root key has another place"
	}
	if question == "" || c.Yes {
		return true, nil
	}
	yes, err := a.confirmed(ctx, question+". Go on?")
	if err == nil && !yes {
		again := c.Place
		if c.Anew {
			again += " --anew"
		}
		err = withNext(errors.New(question+"; nothing was changed"), "if that is meant: homehook secret store %s --yes", again)
	}
	return yes, err
}

// newPassphrase asks for a passphrase, at a terminal twice.
func (a *app) newPassphrase(ctx context.Context) (string, error) {
	first, err := a.secretInput(ctx, "New passphrase: ")
	if err == nil {
		err = credentials.CheckPassphrase(first)
	}
	if err != nil || !isTerminal(a.in) {
		return first, err
	}
	second, err := a.secretInput(ctx, "The same again: ")
	if err == nil && first != second {
		err = errors.New("the two are not the same; nothing was changed")
	}
	return first, err
}

// whereStored says where the root key is: as the agent has it, or alone, as it is
// stored, when none runs. With soon, whether it can be had is not waited for.
func (a *app) whereStored(ctx context.Context, soon bool) (now *control.CredentialStore, alone bool, err error) {
	client, p, err := a.client()
	if err != nil {
		return nil, false, err
	}
	defer client.Close()
	status, err := client.Status(ctx)
	if err == nil {
		return &status.Credentials, false, nil
	}
	if !noAgent(err) {
		return nil, false, err
	}
	s, err := a.lookInto(ctx, soon)
	if err != nil {
		return nil, true, err
	}
	if s == nil {
		var places []string
		for _, at := range rootKeyPlaces(p) {
			places = append(places, string(at))
		}
		text := "none is stored yet; the first one has the root key made, in the first place of these that there is: " + strings.Join(places, ", ")
		return &control.CredentialStore{State: control.CredentialsReady, Text: text}, true, nil
	}
	defer s.Close()
	out := agent.StoreOf(s)
	return &out, true, nil
}

// moveStore moves the root key through the agent, or alone when none runs.
func (a *app) moveStore(ctx context.Context, m control.MoveCredentials) (after *control.CredentialStore, err error) {
	alone, err := a.changeCredentials(ctx,
		func(c *control.Client) (err error) { after, err = c.MoveCredentials(ctx, m); return err },
		func(s *credentials.Store) error {
			o := credentials.Options{Passphrase: func(context.Context) (string, error) { return m.Passphrase, nil }}
			move := s.Move
			if m.Anew {
				move = s.Renew
			}
			if err := move(ctx, credentials.Place(m.Place), o); err != nil {
				return err
			}
			moved := agent.StoreOf(s)
			after = &moved
			return nil
		})
	if alone && err == nil {
		a.note("the agent is not running; changed what is stored for it")
	}
	return after, err
}
