package signature

import (
	"strings"
)

// text returns the pieces that are signed, with one spelling of the URL.
func (r *recipe) text(p *parts, url string) (pieces [][]byte) {
	for rest := r.signed; rest != ""; {
		before, after, _ := strings.Cut(rest, "{")
		name, more, _ := strings.Cut(after, "}")
		pieces = append(pieces, []byte(before))
		switch field, ok := strings.CutPrefix(name, "header."); {
		case ok:
			pieces = append(pieces, []byte(p.fields[field]))
		case name == "id":
			pieces = append(pieces, []byte(p.id))
		case name == "time":
			pieces = append(pieces, []byte(p.time))
		case name == "method":
			pieces = append(pieces, []byte(p.method))
		case name == "url":
			pieces = append(pieces, []byte(url))
		case name == "body":
			pieces = append(pieces, p.body)
		case name == "content":
			pieces = append(pieces, p.content)
		case name == "base":
			pieces = append(pieces, p.base)
		}
		rest = more
	}
	return pieces
}

// fieldsIn lists the names of the fields that a signed text has in it.
func fieldsIn(signed string) (names []string) {
	for {
		_, after, ok := strings.Cut(signed, "{header.")
		if !ok {
			return names
		}
		var name string
		name, signed, _ = strings.Cut(after, "}")
		names = append(names, name)
	}
}
