package signature

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
)

// Why a signature does not fit is found by trying: a message that is changed
// back in a way in which messages are often spoilt either passes then, or it
// was not that. What passes so is refused all the same.

// trial is a message as it may have been meant.
type trial struct {
	s       *Scheme
	l       *layout // that the message follows
	m       *Message
	secrets [][]byte
	left    *int // how many bytes may still be hashed
}

// maxHashed bounds how many bytes are hashed to find one cause, so that a
// stranger's nonsense costs little more than a genuine message.
const maxHashed = 16 << 20

// causes are looked for in this order.
var causes = []func(t *trial) string{
	wrongField, wrongSecret, wrongSender, wrongTime, wrongBody, wrongURL, wrongHash, wrongText, wrongJSON,
}

// Explain looks for the cause of a failure that [Scheme.Check] has returned, and
// returns one that names it. It takes up to some hundredths of a second, so that
// who lets strangers cause failures has to bound how often. Other errors, and
// nil, it returns as they are.
func (s *Scheme) Explain(err error, m *Message, secrets [][]byte) error {
	var f *Failure
	if !errors.As(err, &f) || f.Step == StepTime || f.Step == StepAddress || f.Step == StepSecret {
		return err
	}
	left := maxHashed
	t := &trial{s: s, m: m, secrets: secrets, left: &left}
	if t.l, err = s.find(m, secrets); err != nil {
		return f // the signature is not there: what is found in its place is said
	}
	look := causes
	switch {
	case f.Step != StepSignature || f.Detail == mismatch || strings.HasSuffix(f.Detail, otherKind):
	case strings.HasPrefix(f.Detail, bodyChanged):
		look = []func(*trial) string{wrongBody, wrongJSON}
	default:
		return f // the signature is good, and not enough
	}
	for _, find := range look {
		if what := find(t); what != "" {
			return &Failure{f.Step, what}
		}
	}
	if f.Detail != mismatch {
		return f
	}
	return &Failure{f.Step, t.unknown()}
}

// How details begin and end that leave room for a cause.
const (
	bodyChanged = "body changed on the way"
	otherKind   = "has only signatures of another kind than the secret makes"
)

// passes reports whether the message is signed, as the trial has it.
func (t trial) passes() bool {
	if *t.left < 0 {
		return false
	}
	*t.left -= len(t.m.Body) + 4096
	return t.s.passes(t.m, t.secrets)
}

// body tries another body.
func (t trial) body(b []byte) bool {
	m := *t.m
	m.Body = b
	t.m = &m
	return t.passes()
}

// field tries another value of a field.
func (t trial) field(name, value string) bool {
	m := *t.m
	m.Header = replacing(t.m, Header{name, value})
	t.m = &m
	return t.passes()
}

// recipe tries another way to make signatures.
func (t trial) recipe(change func(r *recipe)) trial {
	r, l, s := *t.s.recipeOf(t.l), *t.l, *t.s
	change(&r)
	l.own = &r
	s.layouts = []layout{l}
	t.s, t.l = &s, &s.layouts[0]
	return t
}

// macs reports whether signatures are made with a secret that both sides have.
func (t *trial) macs() bool {
	for _, tag := range t.l.tags {
		for _, secret := range t.secrets {
			if k, err := t.s.recipeOf(t.l).key(tag, secret); err == nil {
				if _, ok := k.(*macKey); ok {
					return true
				}
			}
		}
	}
	return false
}

// signs reports whether something stands in the text that is signed.
func (t *trial) signs(what string) bool { return strings.Contains(t.s.recipeOf(t.l).signed, what) }

// unknown is what is said when nothing passes.
func (t *trial) unknown() string {
	if t.s.recipeOf(t.l).signed == "" {
		return t.l.signature + " does not hold the secret" + t.otherUser()
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

// mode notes that an event is of a sender's test mode or its live mode, each of
// which has a secret.
func (t *trial) mode() string {
	test := "; this is an event of the test mode, which has a secret of its own: is the one here that of the live mode?"
	if slices.Equal(t.m.values("X-Shopify-Test"), []string{"true"}) {
		return test
	}
	object, err := members(t.m.Body)
	if err != nil || len(t.m.Body) > maxJSON {
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

// wrongSender looks for a scheme of another sender that fits. Where several do,
// it is that whose first choice such signatures are.
func wrongSender(t *trial) string {
	var best *Scheme
	least := 0
	for i := range schemes {
		o := &schemes[i]
		if o.name == t.s.name || o.open != nil || !o.signs(t.m) {
			continue
		}
		l, err := o.find(t.m, t.secrets)
		at := slices.IndexFunc(o.layouts, func(one layout) bool { return l != nil && one.signature == l.signature })
		if err != nil || o.recipeOf(l).signed == "" || best != nil && at >= least {
			continue
		}
		other := *t
		if other.s = o; other.passes() {
			best, least = o, at
		}
	}
	if best == nil {
		return ""
	}
	return "wrong header: it is signed as " + best.title + " does it, with the secret that is here; set scheme: " + best.name
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
