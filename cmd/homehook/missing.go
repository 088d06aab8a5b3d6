package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"

	"homehook/agent"
	"homehook/agent/config"
	"homehook/agent/credentials"
	"homehook/routes"
)

// chosenHere are the schemes whose secret the owner of the address chooses and
// gives to the sender. The senders of others make their own.
var chosenHere = []string{"basic", "bearer", "bitbucket", "gitea", "github", "gitlab", "gogs", "graph", "hmac", "jira", "token", "twitch"}

// secretSource says where the value of a credential comes from that is to be
// stored.
func secretSource(specs []routes.Spec, name string) string {
	for i := range specs {
		v := specs[i].Verify
		if v == nil || v.Secret != name && !slices.Contains(v.Secrets, name) {
			continue
		}
		if slices.Contains(chosenHere, v.Scheme) {
			return "or with --generate --show for a new one to give to the sender"
		}
		return "with the secret that the sender shows you"
	}
	return "with the value that its server has given you"
}

// missingCredentials are those that routes name and nobody has stored. Where
// that cannot be found out, none is missing.
func (a *app) missingCredentials(ctx context.Context, specs []routes.Spec) []string {
	missing := []string{}
	known, err := a.knownCredentials(ctx)
	if err != nil {
		return missing
	}
	for i := range specs {
		for _, name := range agent.CredentialsOf(&specs[i]) {
			if !known[name] {
				known[name] = true
				missing = append(missing, name)
			}
		}
	}
	return missing
}

// knownCredentials are the names of those that are stored, without anything being
// made for it.
func (a *app) knownCredentials(ctx context.Context) (map[string]bool, error) {
	client, p, err := a.client()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	known := map[string]bool{}
	have, err := client.Credentials(ctx)
	if noAgent(err) {
		if _, err := os.Stat(p.State); errors.Is(err, fs.ErrNotExist) {
			return known, nil // to open it would make it
		}
		have, err = a.storedCredentials()
	}
	for _, c := range have {
		known[c.Name] = true
	}
	return known, err
}

// findings are what keeps the routes of a file from their work on this machine.
func (a *app) findings(cfg *config.Config, path string) (warnings config.Problems) {
	for _, f := range agent.Findings(cfg, a.secret()) {
		warnings = append(warnings, config.Problem{File: path, Message: f.Text, Remedy: f.Remedy})
	}
	return warnings
}

// secret returns what gives the values of credentials as they are stored. It
// makes no store where there is none.
func (a *app) secret() func(name string) (string, error) {
	fail := func(err error) func(string) (string, error) {
		return func(string) (string, error) { return "", err }
	}
	p, err := a.paths()
	if err != nil {
		return fail(err)
	}
	if _, err := os.Stat(p.State); errors.Is(err, fs.ErrNotExist) {
		return fail(credentials.ErrNotFound)
	}
	store, err := credentials.Open(p.State)
	if err != nil {
		return fail(err)
	}
	return store.Get
}
