package main

import (
	"context"
	"slices"

	"homehook/agent"
	"homehook/agent/config"
	"homehook/agent/credentials"
	"homehook/agent/senders"
	"homehook/routes"
)

// secretSource says where the value of a credential comes from that is to be
// stored.
func secretSource(specs []routes.Spec, name string) string {
	for i := range specs {
		v := specs[i].Verify
		if v == nil || v.Secret != name && !slices.Contains(v.Secrets, name) {
			continue
		}
		if senders.ChosenHere(v.Scheme) {
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
	have, _, err := a.credentialList(ctx)
	if err != nil {
		return missing
	}
	known := map[string]bool{}
	for _, c := range have {
		known[c.Name] = true
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

// findings are what keeps the routes of a file from their work on this machine.
func (a *app) findings(ctx context.Context, cfg *config.Config, path string) (warnings config.Problems) {
	store, err := a.lookIntoStore(ctx)
	secret := secretsOf(store)
	switch {
	case err != nil:
		secret = func(string) (string, error) { return "", err }
	case store != nil:
		defer store.Close()
	}
	for _, f := range agent.Findings(cfg, secret) {
		warnings = append(warnings, config.Problem{File: path, Message: f.Text, Remedy: f.Remedy})
	}
	return warnings
}

// secretsOf gives the values of a store, nil for one that is not there.
func secretsOf(s *credentials.Store) func(name string) (string, error) {
	if s == nil {
		return func(string) (string, error) { return "", credentials.ErrNotFound }
	}
	return s.Get
}
