package signature

import (
	"net/netip"
	"slices"
	"time"
)

// Scheme is one way in which senders sign. It is immutable and safe for
// concurrent use.
type Scheme struct {
	name  string
	title string // of the sender, in a sentence

	// mark is a field that the sender's requests have, signed or not; empty
	// where there is none.
	mark string

	// vague says that others use the field of the signature as well, so that
	// nobody is recognised by it.
	vague bool

	// layouts are where a message can carry its signature. The first one that
	// is there, and of which the secrets are, is verified; signing makes those
	// that are there, or else the first.
	layouts []layout

	// recipe is how signatures are made, where the layout has none of its own.
	recipe

	// takes has the names of the options that the scheme leaves open, and open
	// makes a scheme of them, where it cannot do without.
	takes string
	open  func(s *Scheme, o Options) error
	ready bool // it can do without

	keyless bool // nothing is signed

	// What the options said.
	url    string
	from   []netip.Prefix
	covers []string // nil is the default
}

// recipe is how a signature is made.
type recipe struct {
	// signed is the text that is signed, with {id}, {time}, {method}, {url},
	// {header.NAME} and {body} in it, and {content} for what content makes of
	// the body. It is empty where the secret itself is sent.
	signed string

	// key reads a secret for signatures with a tag. It returns nil where
	// signatures of that tag are made with another kind of key.
	key keyReader

	window window
	clock  clock
	within time.Duration // the tolerance unless a route says otherwise; 0 for the usual

	content func(body []byte, url string) ([]byte, error)
	urls    func(url string) []string // the spellings of a URL that are tried; nil is as it stands
}

type keyReader = func(tag string, secret []byte) (signer, error)

// layout says where the parts of a signature stand, and how it is written.
type layout struct {
	signature, time, id string // names of fields; empty where there is none
	format
	tags []string // that are taken, best for signing first

	own   *recipe // in place of the scheme's
	where *Header // a field by whose value the layout is known beside its signature

	// custom is for signatures that are no value of a field.
	custom *custom
}

// custom reads and writes signatures that stand elsewhere than in a field of
// their own.
type custom struct {
	there func(m *Message) bool
	// read returns what is signed. all says that each of the parts must be
	// good, as those of a body are; otherwise one is enough.
	read func(s *Scheme, l *layout, m *Message) (list []*parts, all bool, err error)
	// sign returns the fields; nil where no field can hold the signature.
	sign func(s *Scheme, l *layout, m *Message, secret []byte, now time.Time) ([]Header, error)
}

// recipeOf returns how signatures of a layout are made.
func (s *Scheme) recipeOf(l *layout) *recipe {
	if l.own != nil {
		return l.own
	}
	return &s.recipe
}

// Find returns the scheme of that name; names are in lower case.
func Find(name string) (*Scheme, bool) {
	for i := range schemes {
		if schemes[i].name == name {
			return &schemes[i], true
		}
	}
	return nil, false
}

// Names lists the schemes by name, sorted.
func Names() []string {
	var names []string
	for i := range schemes {
		names = append(names, schemes[i].name)
	}
	slices.Sort(names)
	return names
}

// Name returns the name by which Find knows the scheme.
func (s *Scheme) Name() string { return s.name }

// Timed reports whether signed times are checked, so that a tolerance counts.
func (s *Scheme) Timed() bool {
	return s.window != untimed || slices.ContainsFunc(s.layouts, func(l layout) bool { return s.recipeOf(&l).window != untimed })
}

// Keyless reports whether the scheme checks without a secret.
func (s *Scheme) Keyless() bool { return s.keyless }

// Authenticate returns the value of the field WWW-Authenticate that belongs to
// the answer 401 to a message that fails, "" for schemes that have none.
func (s *Scheme) Authenticate() string {
	switch s.name {
	case "basic":
		return `Basic realm="homehook", charset="UTF-8"`
	case "bearer":
		return `Bearer realm="homehook"`
	}
	return ""
}
