package agent

import (
	"slices"
	"sync"
	"time"

	"homehook/agent/config"
	"homehook/routes"
	"homehook/routes/signature"
)

// Some senders prove who they are by sending the secret itself: in a field, as GitLab
// and Basic do, or in the body, as Microsoft Graph does. Others repeat what they were
// told. The history is no place for that: it has the name in the place of the value,
//
//	X-Gitlab-Token: [credential gitlab]
//
// and what runs again has the value that the credential has then.

// veil knows the values of the credentials that may be in a delivery. It is safe for
// concurrent use.
type veil struct {
	values func(name string) ([]string, error)

	mu    sync.Mutex
	names []string            // of those credentials
	known map[string][]string // their values, as they were when they could be read last
	made  *marks              // of these
	since time.Time           // when they were read
}

// veilAge is how long values count that were read: another process may have set them.
const veilAge = time.Second

func newVeil(values func(name string) ([]string, error)) *veil {
	return &veil{values: values, known: map[string][]string{}}
}

// use takes the credentials of a configuration.
func (v *veil) use(c *config.Config) {
	names := travelling(c)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.names, v.since = names, time.Time{}
}

// renew has the values read anew before they are looked for again.
func (v *veil) renew() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.since = time.Time{}
}

// marks returns what to look for.
func (v *veil) marks() *marks {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.made != nil && time.Since(v.since) < veilAge {
		return v.made
	}
	v.since = time.Now()
	same := v.made != nil && slices.Equal(v.made.names, v.names)
	for _, name := range v.names {
		if now, err := v.values(name); err == nil && !slices.Equal(now, v.known[name]) {
			v.known[name], same = now, false
		}
	}
	if !same {
		v.made = newMarks(v.names, v.known)
	}
	return v.made
}

// travelling are the credentials whose values may come in a delivery, or come back
// from a server: not those that only sign.
func travelling(c *config.Config) (names []string) {
	for _, r := range c.Relays {
		names = append(names, r.Token, r.ProxyPassword)
	}
	for _, claim := range c.Claims {
		names = append(names, claim.VerifyToken)
	}
	for i := range c.Routes {
		s := c.Routes[i]
		if s.Verify != nil && !sendsSecret(s.Verify) {
			v := *s.Verify
			v.Secret, v.Secrets = "", nil
			s.Verify = &v
		}
		names = append(names, CredentialsOf(&s)...)
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
}

// sendsSecret reports whether the senders of a route may send the secret itself.
func sendsSecret(v *routes.VerifySpec) bool {
	scheme, ok := signature.Find(v.Scheme)
	if !ok {
		return false
	}
	with, err := scheme.With(v.Options())
	return err == nil && with.SendsSecret()
}
