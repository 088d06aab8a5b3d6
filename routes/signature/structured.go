package signature

import (
	"encoding/base64"
	"errors"
	"strings"
)

// The structured fields of RFC 8941, as far as message signatures use them.

// bare is a bare item in its canonical spelling, and what it is: 's' a string,
// 't' a token, 'i' an integer or a decimal, 'b' bytes, '?' a truth value.
type bare struct {
	kind byte
	text string // the content of a string, token, number; bytes as they are
}

func (b bare) String() string {
	switch b.kind {
	case 's':
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(b.text) + `"`
	case 'b':
		return ":" + base64.StdEncoding.EncodeToString([]byte(b.text)) + ":"
	case '?':
		return "?" + b.text
	}
	return b.text
}

// item is a bare item with parameters.
type item struct {
	bare
	params params
}

func (i item) String() string { return i.bare.String() + i.params.String() }

type params []param

type param struct {
	name  string
	value bare
}

func (p params) String() string {
	var b strings.Builder
	for _, one := range p {
		b.WriteString(";" + one.name)
		if one.value != (bare{'?', "1"}) {
			b.WriteString("=" + one.value.String())
		}
	}
	return b.String()
}

// get returns the value of a parameter of a kind.
func (p params) get(name string, kind byte) (string, bool) {
	for _, one := range p {
		if one.name == name && one.value.kind == kind {
			return one.value.text, true
		}
	}
	return "", false
}

// dictMember is a member of a dictionary: an item, or an inner list of them.
type dictMember struct {
	name   string
	item   item   // its value, or the list's parameters
	list   []item // of an inner list
	isList bool
}

func (m dictMember) String() string {
	if !m.isList {
		return m.item.String()
	}
	texts := make([]string, len(m.list))
	for i := range m.list {
		texts[i] = m.list[i].String()
	}
	return "(" + strings.Join(texts, " ") + ")" + m.item.params.String()
}

var errStructured = errors.New("no structured field")
