package agent

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/routes"
	"homehook/routes/signature"
)

// A configuration can be good and its routes stand still all the same: for want
// of a credential, or because a program is not the one that was approved.

// Findings are the problems that keep relays and routes from their work although
// the configuration is good. secret returns the value of a credential; its error
// wraps [credentials.ErrNotFound] for one that is not stored. Programs with a
// digest are read whole.
func Findings(c *config.Config, secret func(name string) (string, error)) []control.Finding {
	return findings(c, secret, new(digests))
}

func findings(c *config.Config, secret func(name string) (string, error), known *digests) []control.Finding {
	found := credentialFindings(c, secret)
	for i := range c.Routes {
		if s := &c.Routes[i]; !s.Off {
			found = append(found, programFindings(s, known)...)
		}
	}
	return found
}

// faultFindings are the programs and folders that were not as they have to be when
// the file was read last, which is a few seconds ago while there are any.
func faultFindings(c *config.Config) (found []control.Finding) {
	for _, p := range c.Faults {
		remedy := p.Remedy
		p.Remedy = ""
		found = append(found, control.Finding{Check: checkScripts, State: control.FindingProblem, Text: p.Error(), Remedy: remedy})
	}
	return found
}

// CredentialsOf are the names of the credentials that a route needs, each once.
func CredentialsOf(s *routes.Spec) []string {
	names := secretNames(s)
	if s.Verify != nil {
		names = append(names, s.Verify.Token)
	}
	for _, h := range handlersOf(s) {
		if h.Notify != nil && h.Notify.NTFY != nil {
			names = append(names, h.Notify.NTFY.Token)
		}
		if h.Notify != nil && h.Notify.Mail != nil {
			names = append(names, h.Notify.Mail.Password)
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
}

// remedied adds to the error for a credential that is not stored what to do: it
// ends up where nobody has asked for a credential, in the history of a delivery.
func remedied[V any](get func(name string) (V, error)) func(name string) (V, error) {
	return func(name string) (V, error) {
		value, err := get(name)
		if errors.Is(err, credentials.ErrNotFound) {
			err = marked{fmt.Errorf("it is not stored; store it with: homehook secret set %s", name), credentials.ErrNotFound}
		}
		return value, err
	}
}

// secretNames are the credentials that senders of a route are checked with.
func secretNames(s *routes.Spec) []string {
	if s.Verify == nil {
		return nil
	}
	return append([]string{s.Verify.Secret}, s.Verify.Secrets...)
}

// credentialFindings are the credentials that are missing or cannot be read, and
// those that a scheme cannot use.
func credentialFindings(c *config.Config, secret func(name string) (string, error)) (found []control.Finding) {
	tell := func(name, text, remedy string) {
		found = append(found, control.Finding{
			Check: checkCredentials, Subject: name, State: control.FindingProblem, Text: text, Remedy: remedy,
			Action: control.Action{Kind: control.ActionSetCredential, Name: name},
		})
	}
	needed := needsOf(c)
	values := map[string]string{}
	unreadable := map[string]error{}
	for _, name := range slices.Sorted(maps.Keys(needed)) {
		value, err := secret(name)
		switch {
		case errors.Is(err, credentials.ErrNotFound) && madeByItself(c, name):
		case errors.Is(err, credentials.ErrNotFound):
			tell(name, fmt.Sprintf("the credential %q is missing, which %s needs", name, inWords(needed[name])), "set it: homehook secret set "+name)
		case err != nil:
			unreadable[name] = err
		default:
			values[name] = value
		}
	}
	found = append(found, unreadableFindings(unreadable)...)
	for i := range c.Routes {
		s := &c.Routes[i]
		scheme := schemeAsConfigured(s.Verify)
		if scheme == nil || s.Off {
			continue
		}
		for _, name := range secretNames(s) {
			value, stored := values[name]
			if !stored {
				continue
			}
			if err := scheme.CheckSecret([]byte(value)); err != nil {
				tell(name, fmt.Sprintf("%s of route %q cannot use the credential %q: %s", s.Verify.Scheme, nameOf(s), name, err),
					"store the one that the sender shows: homehook secret set "+name)
			}
		}
	}
	return found
}

// schemeAsConfigured is the scheme that a route's senders sign by, nil when
// there is none such.
func schemeAsConfigured(v *routes.VerifySpec) *signature.Scheme {
	if v == nil {
		return nil
	}
	scheme, known := signature.Find(v.Scheme)
	if !known {
		return nil
	}
	with, err := scheme.With(v.Options())
	if err != nil {
		return nil
	}
	return with
}

// programFindings are the programs of a route that are not those that were
// approved. One that cannot be read is told where scripts are looked at.
func programFindings(s *routes.Spec, known *digests) (found []control.Finding) {
	for _, h := range handlersOf(s) {
		if h.Script == nil || h.Script.SHA256 == "" || len(h.Script.Command) == 0 {
			continue
		}
		program := h.Script.Command[0]
		if now, err := known.of(program); err != nil || strings.EqualFold(now, h.Script.SHA256) {
			continue
		}
		found = append(found, control.Finding{
			Check: checkScripts, Subject: nameOf(s), State: control.FindingProblem,
			Text:   fmt.Sprintf("route %q does not run %s: it has changed since you approved it", nameOf(s), program),
			Remedy: "look at it, then run: " + routes.ApproveCommand(nameOf(s)),
			Action: control.Action{Kind: control.ActionApproveRoute, Name: nameOf(s)},
		})
	}
	return found
}

// digests keeps the digests of programs while the files look as they did. The
// zero value is ready, and safe for concurrent use.
type digests struct {
	mu   sync.Mutex
	seen map[string]digested
}

type digested struct {
	info   os.FileInfo
	digest string
}

// of returns the SHA-256 digest of a program in hex.
func (d *digests) of(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if was, ok := d.seen[path]; ok && os.SameFile(was.info, info) && was.info.Size() == info.Size() && was.info.ModTime().Equal(info.ModTime()) {
		return was.digest, nil
	}
	digest, err := routes.Digest(path)
	if err != nil {
		return "", err
	}
	if d.seen == nil {
		d.seen = make(map[string]digested)
	}
	d.seen[path] = digested{info, digest}
	return digest, nil
}
