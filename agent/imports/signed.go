package imports

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"slices"
	"strings"

	"homehook/routes"
)

// merge brings the ways of a rule into the order in which routes can try them:
// what needs no signature first, because a signature that fails ends the search.
func (v *values) merge(list []way) ([]way, error) {
	v.item.differ("refused-signature", "a signature that is missing or wrong is answered 401; webhook answers a wrong one with 500, and a missing one as rules that are not met", Status, Body)
	var open, signed []way
	for _, w := range list {
		if w.when == never {
			continue
		}
		if w.check == nil {
			open = append(open, w)
			continue
		}
		same := slices.IndexFunc(signed, func(have way) bool {
			return have.when == w.when && slices.Equal(have.from, w.from) && sameScheme(&have.check.spec, &w.check.spec)
		})
		if same < 0 {
			signed = append(signed, w)
			continue
		}
		for _, secret := range w.check.values {
			if !slices.Contains(signed[same].check.values, secret) {
				signed[same].check.values = append(signed[same].check.values, secret)
			}
		}
	}
	if len(signed) > 1 {
		return nil, errors.New("it takes requests that are signed in one of several ways, and the first one that does not fit ends the search; make a hook of each")
	}
	return append(open, signed...), nil
}

// sameScheme reports whether two checks are of the same kind.
func sameScheme(a, b *routes.VerifySpec) bool {
	return a.Scheme == b.Scheme && a.Header == b.Header && a.Hash == b.Hash && a.Signed == b.Signed
}

// preset is a sender whose signature a rule describes.
type preset struct{ field, hash, scheme string }

var presets = []preset{
	{"X-Hub-Signature-256", "sha256", "github"},
	{"X-Hub-Signature", "sha1", "github"},
	{"X-Hub-Signature", "sha256", "bitbucket"},
	{"X-Gitea-Signature", "sha256", "gitea"},
	{"X-Gogs-Signature", "sha256", "gogs"},
}

// signature turns a rule about a signature into a check.
func (v *values) signature(m *match) (*check, error) {
	if m.Secret == "" {
		return nil, errors.New("the secret of its signature is empty: webhook answers every request with 500")
	}
	if m.Type == "scalr-signature" {
		return &check{routes.VerifySpec{Scheme: "scalr"}, []string{string(m.Secret)}}, nil
	}
	hash := string(m.Type[len("payload-hmac-"):])
	if hash != "sha1" && hash != "sha256" && hash != "sha512" {
		return nil, fmt.Errorf("the type %q of its rule is not known, in webhook neither", m.Type)
	}
	if m.Parameter.Source != "header" {
		return nil, fmt.Errorf("its signature is in the %s, and a route looks for one in header fields only", sourceOf(m.Parameter))
	}
	field := textproto.CanonicalMIMEHeaderKey(string(m.Parameter.Name))
	c := &check{values: []string{string(m.Secret)}}
	if len(m.Parameter.SignedFields) == 0 {
		for _, p := range presets {
			if p.field == field && p.hash == hash {
				c.spec.Scheme = p.scheme
				v.item.differ("signature-form", fmt.Sprintf("the signature has to be written as %s does it; webhook also takes it without its prefix, and several of them with commas between", p.scheme), Status, Body)
				return c, nil
			}
		}
	}
	c.spec = routes.VerifySpec{Scheme: "hmac", Header: field, Hash: hash}
	if hash == "sha256" {
		c.spec.Hash = ""
	}
	if len(m.Parameter.SignedFields) > 0 {
		c.spec.Signed = "{body}"
		for _, f := range m.Parameter.SignedFields {
			c.spec.Signed += "{header." + string(f) + "}"
		}
	}
	return c, nil
}

// secretName matches names of fields and parameters that hold a secret.
var secretName = regexp.MustCompile(`(?i)token|secret|passw|passphrase|api-?_?key|auth|signature|^key$`)

// tokenField reports whether a comparison is one of a secret in a header field.
func tokenField(m *match) bool {
	return m.Parameter.Source == "header" && m.Value != "" && secretName.MatchString(string(m.Parameter.Name))
}

// tokenCheck turns such a comparison into a check.
func tokenCheck(m *match) *check {
	field, secret := textproto.CanonicalMIMEHeaderKey(string(m.Parameter.Name)), string(m.Value)
	spec := routes.VerifySpec{Scheme: "token", Header: field}
	switch {
	case field == "X-Gitlab-Token":
		spec = routes.VerifySpec{Scheme: "gitlab"}
	case field == "Authorization":
		if token, ok := strings.CutPrefix(secret, "Bearer "); ok && token != "" {
			return &check{routes.VerifySpec{Scheme: "bearer"}, []string{token}}
		}
		if user, password, ok := basic(secret); ok {
			return &check{routes.VerifySpec{Scheme: "basic", User: user}, []string{password}}
		}
	}
	return &check{spec, []string{secret}}
}

// basic reads user and password of an Authorization field.
func basic(value string) (user, password string, ok bool) {
	encoded, ok := strings.CutPrefix(value, "Basic ")
	if !ok {
		return "", "", false
	}
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", "", false
	}
	user, password, ok = strings.Cut(string(text), ":")
	return user, password, ok && user != "" && password != ""
}

// inlineSecrets advises on secrets that stay in conditions, where the file
// shows them.
func (v *values) inlineSecrets(r *rule) {
	if r == nil {
		return
	}
	for _, list := range []*[]rule{r.And, r.Or} {
		if list != nil {
			for i := range *list {
				v.inlineSecrets(&(*list)[i])
			}
		}
	}
	v.inlineSecrets(r.Not)
	m := r.Match
	if m == nil || m.Type != "value" || m.Value == "" || !secretName.MatchString(string(m.Parameter.Name)) {
		return
	}
	if m.Parameter.Source != "header" {
		v.item.advise("%s is compared with what looks like a secret, and the condition in the configuration shows it; have the sender sign, or send a token in a header field", describe(sourceOf(m.Parameter), string(m.Parameter.Name)))
	}
}
