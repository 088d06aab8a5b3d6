package history

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// term is one part of a search, between spaces.
type term struct {
	text        []byte // folded
	first, last kind   // of its first and last rune
	open        bool   // words may go on behind it
}

// matcher decides whether a delivery is what a search looks for. It is the
// meaning of a search; the index only says where to look. Not safe for
// concurrent use.
type matcher struct {
	terms  []term
	found  []bool // by term, of the delivery at hand
	folded []byte
}

func newMatcher(search string) *matcher {
	m := &matcher{}
	// Half a letter would be found within another one.
	for _, s := range strings.Fields(strings.ToValidUTF8(search, " ")) {
		text := fold(nil, []byte(s))
		first, _ := utf8.DecodeRune(text)
		last, _ := utf8.DecodeLastRune(text)
		m.terms = append(m.terms, term{text: text, first: kindOf(first), last: kindOf(last)})
	}
	if n := len(m.terms); n > 0 {
		m.terms[n-1].open = true
	}
	m.found = make([]bool, len(m.terms))
	return m
}

// begin turns to the next delivery.
func (m *matcher) begin() { clear(m.found) }

// all reports whether all terms have been found.
func (m *matcher) all() bool { return !slices.Contains(m.found, false) }

// look looks for the terms in one text of the delivery, and reports whether all
// have been found by now.
func (m *matcher) look(text []byte) (all bool) {
	m.folded = m.folded[:0]
	all = true
	for i := range m.terms {
		if m.found[i] {
			continue
		}
		if len(m.folded) == 0 {
			m.folded = fold(m.folded, searched(text))
		}
		m.found[i] = m.terms[i].in(m.folded)
		all = all && m.found[i]
	}
	return all
}

// in says whether the term stands in a folded text, beginning where a word
// begins, and ending where one ends unless it is open.
func (t *term) in(text []byte) bool {
	for at := 0; ; {
		i := bytes.Index(text[at:], t.text)
		if i < 0 {
			return false
		}
		at += i
		before, _ := utf8.DecodeLastRune(text[:at])
		after, _ := utf8.DecodeRune(text[at+len(t.text):])
		if !(t.first == within && kindOf(before) == within) &&
			(t.open || !(t.last == within && kindOf(after) == within)) {
			return true
		}
		at++
	}
}

// expressionWords is how many words of a search the index is asked for at most;
// the matcher sees to the rest.
const expressionWords = 32

// expression asks the index for all deliveries that m can match and that have
// the filter's words. It is empty if the index is of no help.
func (m *matcher) expression(filter []string) string {
	var parts []string
	seen := make(map[string]bool)
	add := func(word string, prefix bool) {
		part := `"` + word + `"`
		if prefix {
			part += " *"
		}
		if !seen[part] && len(parts) < expressionWords {
			seen[part] = true
			parts = append(parts, part)
		}
	}
	for _, word := range filter {
		add(word, false)
	}
	for _, t := range m.terms {
		eachWord(t.text, func(word []byte, last bool) {
			open := t.open && last
			if open {
				// Words that go on behind it may be cut in the index.
				word = cutWord(word, wordBytes-utf8.UTFMax)
			}
			add(string(word), open)
		})
	}
	return strings.Join(parts, " AND ")
}
