package agent

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
)

// needsOf are who in a configuration needs a credential, by its name. A route that
// is off needs none.
func needsOf(c *config.Config) map[string][]control.Need {
	needs := map[string][]control.Need{}
	add := func(name, kind, who string) {
		if name != "" {
			needs[name] = append(needs[name], control.Need{Kind: kind, Name: who})
		}
	}
	for _, r := range c.Relays {
		add(r.Token, "relay", r.Name)
		add(r.ProxyPassword, "relay", r.Name)
	}
	for _, claim := range c.Claims {
		add(claim.VerifyToken, "claim", claim.Name)
	}
	for i := range c.Routes {
		s := &c.Routes[i]
		if s.Off {
			continue
		}
		for _, name := range CredentialsOf(s) {
			add(name, "route", nameOf(s))
		}
	}
	return needs
}

// inWords says who needs a credential.
func inWords(needs []control.Need) string {
	all := make([]string, len(needs))
	for i, n := range needs {
		all[i] = fmt.Sprintf("%s %q", n.Kind, n.Name)
	}
	return strings.Join(all, " and ")
}

// needsCredential reports whether what comes for a claim, or its links, may need
// one.
func needsCredential(c *config.Config, claim *config.Claim) bool {
	if claim.VerifyToken != "" || slices.ContainsFunc(c.Relays, func(r config.Relay) bool { return r.Name == claim.Relay && (r.Token != "" || r.ProxyPassword != "") }) {
		return true
	}
	for i := range c.Routes {
		if s := &c.Routes[i]; s.Claim == claim.Name && !s.Off && len(CredentialsOf(s)) > 0 {
			return true
		}
	}
	return false
}

// unlockRemedy is what a person does about a keyring that is locked.
const unlockRemedy = "unlock the keyring, such as by signing in at the desktop; where nobody does that, move the root key then: homehook secret store file"

// seeStore is what a person does where the root key is lost.
const seeStore = "see why: homehook secret store"

// unreadableFindings tell of credentials that are stored and cannot be read, by
// their names. What they have in common is told once: why it is so, and what to do
// about it, takes many words, and stands where it is told of the root key.
func unreadableFindings(of map[string]error) (found []control.Finding) {
	var locked, closed []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		switch err := of[name]; {
		case errors.Is(err, credentials.ErrDamaged):
			found = append(found, control.Finding{
				Subject: name, Text: err.Error(), Remedy: "set it: homehook secret set " + name,
				Action: control.Action{Kind: control.ActionSetCredential, Name: name},
			})
		case errors.Is(err, credentials.ErrLocked):
			locked = append(locked, name)
		default:
			closed = append(closed, name)
		}
	}
	if len(locked) > 0 {
		f := cannotBeRead(locked, unlockRemedy)
		f.Text += ": " + credentials.ErrLocked.Error()
		f.Action.Kind = control.ActionUnlock
		found = append(found, f)
	}
	if len(closed) > 0 {
		found = append(found, cannotBeRead(closed, seeStore))
	}
	for i := range found {
		found[i].Check, found[i].State = checkCredentials, control.FindingProblem
	}
	return found
}

// cannotBeRead is what is found of those that cannot be read for one reason.
func cannotBeRead(names []string, remedy string) control.Finding {
	if len(names) == 1 {
		return control.Finding{Subject: names[0], Text: fmt.Sprintf("the credential %q cannot be read", names[0]), Remedy: remedy}
	}
	return control.Finding{Text: "these credentials cannot be read: " + strings.Join(names, ", "), Remedy: remedy}
}
