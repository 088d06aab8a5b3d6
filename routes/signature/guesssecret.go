package signature

import (
	"bytes"
	"encoding/hex"
	"errors"
	"hash"
)

// meant is a secret as it may have been meant, and what is wrong with the one
// that is here.
type meant struct {
	secret []byte
	what   string
}

// mendings lists what may have been meant by a secret.
func mendings(secret []byte) (list []meant) {
	add := func(b []byte, what string) {
		if len(b) > 0 && !bytes.Equal(b, secret) {
			list = append(list, meant{b, what})
		}
	}
	trimmed := bytes.TrimSpace(secret)
	add(trimmed, "has white space around it that the sender's does not have")
	for _, end := range []string{`\n`, `\r\n`, `\r`} {
		add(bytes.TrimSuffix(trimmed, []byte(end)), "has "+end+" behind it")
	}
	for _, pair := range []string{`""`, "''", "``", "<>", "“”"} {
		open, end := []byte(string([]rune(pair)[0])), []byte(string([]rune(pair)[1]))
		if bytes.HasPrefix(trimmed, open) && bytes.HasSuffix(trimmed, end) && len(trimmed) > len(open)+len(end) {
			add(bytes.TrimSpace(trimmed[len(open):len(trimmed)-len(end)]), "has quotation marks around it")
		}
	}
	add(bytes.TrimPrefix(trimmed, []byte("\ufeff")), "has a byte order mark before it")
	add(bytes.TrimPrefix(trimmed, []byte("whsec_whsec_")), "has whsec_ before it twice")
	if rest, ok := bytes.CutPrefix(trimmed, []byte("whsec_whsec_")); ok {
		add(append([]byte("whsec_"), rest...), "has whsec_ before it twice")
	}
	if half := len(trimmed) / 2; len(trimmed)%2 == 0 && half > 0 && bytes.Equal(trimmed[:half], trimmed[half:]) {
		add(trimmed[:half], "was pasted twice")
	}
	for _, before := range []string{"whsec_", "sha256=", "secret=", "token=", "Bearer ", "bearer "} {
		add(bytes.TrimPrefix(trimmed, []byte(before)), "has "+before+" before it that does not belong to it")
	}
	if _, value, ok := bytes.Cut(trimmed, []byte("=")); ok {
		add(value, "has a name and = before it")
	}
	if _, value, ok := bytes.Cut(trimmed, []byte(": ")); ok {
		add(value, "has a name and a colon before it")
	}
	return list
}

// decodings lists keys that a secret may stand for, where the scheme takes it as
// text.
func decodings(secret []byte) (list []meant) {
	text := bytes.TrimPrefix(bytes.TrimSpace(secret), []byte("whsec_"))
	if b, err := hex.DecodeString(string(text)); err == nil && len(b) > 0 {
		list = append(list, meant{b, "what the secret stands for in hexadecimal digits"})
	}
	if b, ok := anyBase64(string(text)); ok {
		list = append(list, meant{b, "what the secret stands for in base64"})
	}
	return list
}

// wrongSecret looks for a secret that was spoilt when it was copied, or that
// the sender takes in another way.
func wrongSecret(t *trial) string {
	for _, secret := range t.secrets {
		for _, m := range append(mendings(secret), meant{append([]byte("whsec_"), secret...), "lacks the whsec_ before it"}) {
			one := *t
			if one.secrets = [][]byte{m.secret}; one.passes() {
				return "wrong key: the secret here " + m.what
			}
		}
		if t.s.recipeOf(t.l).signed == "" {
			continue
		}
		for _, m := range decodings(secret) {
			one := *t
			if one.secrets = [][]byte{m.secret}; one.passes() {
				return "wrong key: the sender signs with " + m.what + ", this scheme takes it as text"
			}
		}
	}
	if t.macs() {
		return t.undecoded()
	}
	return ""
}

// undecoded looks for a sender that signs with the text of a secret that should
// have been decoded, or with nothing.
func (t *trial) undecoded() string {
	plain := t.recipe(func(r *recipe) {
		own := r.key
		r.key = func(tag string, secret []byte) (signer, error) {
			h := hashOf(own, tag, t.secrets)
			if h == nil {
				return nil, nil
			}
			return &macKey{h, secret}, nil
		}
	})
	for _, secret := range t.secrets {
		for _, text := range [][]byte{secret, bytes.TrimPrefix(secret, []byte("whsec_"))} {
			if plain.secrets = [][]byte{text}; plain.passes() {
				return "wrong key: the sender signs with the text of the secret, which this scheme decodes first"
			}
		}
	}
	if plain.secrets = [][]byte{nil}; plain.passes() {
		return "wrong key: the sender signs with an empty secret"
	}
	return ""
}

// hashOf returns the hash of a scheme's keys of a tag, nil where they have none.
func hashOf(key keyReader, tag string, secrets [][]byte) func() hash.Hash {
	for _, secret := range secrets {
		if k, err := key(tag, secret); err == nil {
			if mac, ok := k.(*macKey); ok {
				return mac.hash
			}
		}
	}
	return nil
}

// explainSecret looks for the cause why a secret is no key of the scheme.
func (s *Scheme) explainSecret(err error, secret []byte) error {
	var f *Failure
	if !errors.As(err, &f) {
		return err
	}
	for _, m := range mendings(secret) {
		for i := range s.layouts {
			if s.suits(&s.layouts[i], [][]byte{m.secret}) {
				return failf(StepSecret, "%s: it %s", f.Detail, m.what)
			}
		}
	}
	return err
}
