package agent

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
)

// Needs are who in a configuration needs a credential, by its name. A route that
// is off needs none.
func Needs(c *config.Config) map[string][]control.Need {
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

// unreadable are credentials that are stored and cannot be read, by why.
type unreadable struct {
	reasons []string // in the order in which they came
	of      map[string]*unread
}

// unread are those that cannot be read for the same reason.
type unread struct {
	names []string
	err   error // of the first
}

func (u *unreadable) add(name string, err error) {
	why := strings.TrimPrefix(err.Error(), fmt.Sprintf("credential %q: ", name))
	if u.of == nil {
		u.of = map[string]*unread{}
	}
	if u.of[why] == nil {
		u.reasons = append(u.reasons, why)
		u.of[why] = &unread{err: err}
	}
	u.of[why].names = append(u.of[why].names, name)
}

// findings are one for each reason, however many credentials it keeps away.
func (u *unreadable) findings() (found []control.Finding) {
	for _, why := range u.reasons {
		same := u.of[why]
		f := control.Finding{Check: checkCredentials, Subject: same.names[0], State: control.FindingProblem, Text: same.err.Error()}
		if len(same.names) > 1 {
			f.Subject, f.Text = "", "these cannot be read: "+strings.Join(same.names, ", ")+"; "+why
		}
		switch {
		case errors.Is(same.err, credentials.ErrLocked):
			f.Remedy = unlockRemedy
		case errors.Is(same.err, credentials.ErrDamaged):
			f.Remedy = "set it: homehook secret set " + same.names[0]
		default:
			f.Remedy = "look where their root key is kept: homehook secret store"
		}
		found = append(found, f)
	}
	return found
}
