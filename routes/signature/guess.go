package signature

import (
	"errors"
	"slices"
	"strings"
	"time"
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
	*budget
}

// budget bounds what looking for one cause costs, so that a stranger's nonsense
// costs little more than a genuine message.
type budget struct {
	work  int // what has been done, as bytes that could have been hashed
	until time.Time
}

const (
	// maxHashed is how much is done at the most, and maxLook how long it takes
	// but for the step that is being taken.
	maxHashed = 16 << 20
	maxLook   = 50 * time.Millisecond
	// sure is how much is done however long it takes: what is found out about
	// a usual message does not depend on how busy the machine is.
	sure = 2 << 20
)

func (b *budget) over() bool {
	return b.work > maxHashed || b.work > sure && time.Now().After(b.until)
}

// causes are looked for in this order.
var causes = []func(t *trial) string{
	wrongField, wrongSecret, wrongSender, wrongTime, wrongBody, wrongURL, wrongHash, wrongText, wrongJSON,
}

// Explain looks for the cause of a failure that [Scheme.Check] has returned, and
// returns one that names it. It takes up to a tenth of a second, so that who lets
// strangers cause failures has to bound how often. Other errors, and nil, it
// returns as they are.
func (s *Scheme) Explain(err error, m *Message, secrets [][]byte) error {
	var f *Failure
	if !errors.As(err, &f) || f.Step == StepTime || f.Step == StepAddress || f.Step == StepSecret {
		return err
	}
	t := &trial{s: s, m: m, secrets: secrets, budget: &budget{until: time.Now().Add(maxLook)}}
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
	if t.over() {
		return false
	}
	m := *t.m
	m.work = &t.work
	m.spend(4096)
	return t.s.passes(&m, t.secrets)
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

// wrongSender looks for a scheme of another sender that fits. Where several do,
// it is that whose first choice such signatures are.
func wrongSender(t *trial) string {
	var best *Scheme
	least := 0
	for i := range schemes {
		o := &schemes[i]
		if o.name == t.s.name || o.open != nil && !o.ready || !o.signs(t.m) {
			continue
		}
		if t.over() {
			break
		}
		l, err := o.find(t.m, t.secrets)
		at := slices.IndexFunc(o.layouts, func(one layout) bool { return l != nil && one.signature == l.signature })
		if err != nil || o.recipeOf(l).signed == "" || l.inBody() && len(t.m.Body) > maxMode || best != nil && at >= least {
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
