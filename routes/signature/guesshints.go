package signature

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"slices"
)

// unknown is what is said when nothing passes.
func (t *trial) unknown() string {
	if t.s.recipeOf(t.l).signed == "" {
		return t.l.signature + " does not hold the secret" + t.otherUser()
	}
	if what := t.wrongSize(); what != "" {
		return what
	}
	switch same, told := t.sameBody(); {
	case told && same:
		return "wrong key: the secret here is not the one that the sender signs with; the body is as it was sent" + t.mode()
	case told:
		return "body changed on the way: the digest in the header does not fit it"
	}
	if t.signs("{content}") && bytes.ContainsFunc(t.m.Body, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "body changed on the way: it is no form as senders write it; its values were decoded, or its type was changed"
	}
	if rewritten(t.m.Body) {
		return "wrong key or body changed: the names in its JSON are in alphabetical order, as programs leave them that read it and write it anew; or the secret here is not the one that the sender signs with" + t.mode()
	}
	return "wrong key or body changed: most likely the secret here is not the one that the sender signs with; no change of the body that is known explains it" + t.mode()
}

// wrongSize tells signatures that are shorter or longer than any could be.
func (t *trial) wrongSize() string {
	if t.over() {
		return ""
	}
	list, _, err := t.s.read(t.l, t.m)
	if err != nil || !t.macs() {
		return ""
	}
	size, given := 0, 0
	for _, p := range list {
		for _, c := range p.signatures {
			if h := hashOf(t.s.recipeOf(t.l).key, c.tag, t.secrets); h != nil {
				size, given = h().Size(), len(c.value)
			}
			if size == given {
				return ""
			}
		}
	}
	return fmt.Sprintf("the signature in %s has %d bytes, where %d are needed: it was cut off, or is made in another way", t.l.signature, given, size)
}

// sameBody compares the body with a digest beside the signature.
func (t *trial) sameBody() (same, told bool) {
	if t.m.has("Content-Digest") {
		err := checkDigest(t.m)
		f, _ := err.(*Failure)
		return err == nil, err == nil || f.Step == StepSignature
	}
	if list := t.m.values("Content-MD5"); len(list) == 1 {
		if given, err := base64.StdEncoding.DecodeString(list[0]); err == nil && len(given) == md5.Size {
			sum := md5.Sum(t.m.Body)
			return bytes.Equal(given, sum[:]), true
		}
	}
	return false, false
}

// maxMode is the longest body in bytes that is asked for its mode, or for
// signatures in it.
const maxMode = 256 << 10

// mode notes that an event is of a sender's test mode or its live mode, each of
// which has a secret.
func (t *trial) mode() string {
	test := "; this is an event of the test mode, which has a secret of its own: is the one here that of the live mode?"
	if slices.Equal(t.m.values("X-Shopify-Test"), []string{"true"}) {
		return test
	}
	if len(t.m.Body) > maxMode || t.over() {
		return ""
	}
	object, err := members(t.m.Body)
	if err != nil {
		return ""
	}
	switch live := cmp.Or(scalar(object["livemode"]), scalar(object["live"]), scalar(object["live_mode"])); live {
	case "false":
		return test
	case "true":
		return "; this is an event of the live mode, which has a secret of its own: is the one here that of the test mode?"
	}
	return ""
}

// otherUser notes that it is the name of the user that differs.
func (t *trial) otherUser() string {
	if t.s.name != "basic" {
		return ""
	}
	list, _, err := t.s.read(t.l, t.m)
	if err != nil || len(t.secrets) == 0 {
		return ""
	}
	k, err := t.s.key("", t.secrets[0])
	want, _ := k.(token)
	if err != nil || len(list) == 0 || len(list[0].signatures) == 0 {
		return ""
	}
	given, _, _ := bytes.Cut(list[0].signatures[0].value, []byte(":"))
	if user, _, _ := bytes.Cut(want, []byte(":")); !bytes.Equal(user, given) {
		return ": the name of its user is not the one under user"
	}
	return ": the user is right, the password is not"
}

// rewritten reports whether a body looks as if a program had read and written
// it.
func rewritten(body []byte) bool {
	if len(body) > maxRewritten {
		return false
	}
	n, ok := readJSON(body)
	names, sorted := n.sorted()
	return ok && sorted && names >= 5
}
