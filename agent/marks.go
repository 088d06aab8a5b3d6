package agent

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A text that has a mark by itself gets a sign into it when it is written down, by
// which the two are told apart: nobody can have a value put into a request by writing
// the name of its credential there.
const (
	markStart = "[credential"
	markOwn   = markStart + " " // a value stood there
	markTheir = markStart + "!" // the text itself stood there, without the sign
	markEnd   = "]"
	markMost  = 120 // bytes of the longest mark
)

// leastHidden is how long a value has to be to be looked for. Shorter ones are words
// that stand anywhere.
const leastHidden = 8

// marks are values in all their spellings, and what stands for each in the history. It
// is immutable.
type marks struct {
	names  []string
	shapes []shape
	values map[string]string // by what stands in the mark; the newest
}

// shape is one spelling of a value.
type shape struct {
	text []byte
	mark []byte
}

func newMarks(names []string, known map[string][]string) *marks {
	m := &marks{names: slices.Clone(names), values: map[string]string{}}
	m.shapes = append(m.shapes, shape{[]byte(markStart), []byte(markTheir)})
	for _, name := range names {
		for i, value := range known[name] {
			value = strings.TrimSpace(value)
			for _, s := range spellings(value) {
				about := name + s.how
				if i == 0 {
					m.values[about] = s.text
				}
				if len(value) >= leastHidden {
					m.shapes = append(m.shapes, shape{[]byte(s.text), []byte(markOwn + about + markEnd)})
				}
			}
		}
	}
	return m
}

// spelling is a way in which a value may be written, and how that is said.
type spelling struct{ how, text string }

// spellings are the ways to write a value: as it is, in a JSON text, in a URL, and as
// a part of a text in base64.
func spellings(value string) (list []spelling) {
	add := func(how, text string) {
		if text != "" && !slices.ContainsFunc(list, func(s spelling) bool { return s.text == text }) {
			list = append(list, spelling{how, text})
		}
	}
	add("", value)
	add(" in JSON", inJSON(value, true))
	add(" in JSON as it is", inJSON(value, false))
	add(" in a URL", url.QueryEscape(value))
	add(" in a path", url.PathEscape(value))
	for lead := range 3 {
		add(fmt.Sprintf(" in base64/%d", lead), within64(base64.StdEncoding, value, lead))
		add(fmt.Sprintf(" in base64url/%d", lead), within64(base64.URLEncoding, value, lead))
	}
	return list
}

// inJSON is a text in JSON, in which <, > and & may be as they are or escaped.
func inJSON(value string, html bool) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(html)
	if err := e.Encode(value); err != nil {
		return ""
	}
	text := strings.TrimSuffix(b.String(), "\n")
	return text[1 : len(text)-1]
}

// within64 is what a value comes to inside of a longer text in base64, with lead bytes
// before it in a group of three: but for the letters that it has in common with what
// is around it.
func within64(code *base64.Encoding, value string, lead int) string {
	text := code.EncodeToString(append(make([]byte, lead), value...))
	from := (lead*8 + 5) / 6
	to := (lead + len(value)) * 8 / 6
	return text[from:to]
}

// conceal puts marks in the place of values, and reports whether there were any. It
// goes through a text once for each shape, whatever is in it.
func (m *marks) conceal(text []byte) (out []byte, found bool) {
	if len(text) == 0 {
		return text, false
	}
	pos := 0
	look := func(i int) int { // for the next of a shape from pos on; len(text) for none
		if n := bytes.Index(text[pos:], m.shapes[i].text); n >= 0 {
			return pos + n
		}
		return len(text)
	}
	at := make([]int, 0, 64) // by shape; of so many it takes no memory
	for i := range m.shapes {
		at = append(at, look(i))
	}
	for {
		next := 0
		for i := range m.shapes {
			if at[i] < at[next] || at[i] == at[next] && len(m.shapes[i].text) > len(m.shapes[next].text) {
				next = i
			}
		}
		if at[next] == len(text) {
			break
		}
		out = append(append(out, text[pos:at[next]]...), m.shapes[next].mark...)
		pos, found = at[next]+len(m.shapes[next].text), true
		for i := range m.shapes {
			if at[i] < pos {
				at[i] = look(i)
			}
		}
	}
	if !found {
		return text, false
	}
	return append(out, text[pos:]...), true
}

// reveal is the reverse of conceal, with the values of now.
func (m *marks) reveal(text []byte) []byte { return m.revealOnly(text, nil) }

// revealOnly is reveal for the marks that stand in another text too; nil is any.
func (m *marks) revealOnly(text, marked []byte) []byte {
	if !bytes.Contains(text, []byte(markStart)) {
		return text
	}
	var out []byte
	for {
		i := bytes.Index(text, []byte(markStart))
		if i < 0 {
			return append(out, text...)
		}
		out, text = append(out, text[:i]...), text[i:]
		length, value := m.at(text)
		if marked != nil && length > 0 && !bytes.Contains(marked, text[:length]) {
			length = 0
		}
		if length == 0 { // of a credential that is gone, or not written by us
			length, value = len(markStart), markStart
		}
		out, text = append(out, value...), text[length:]
	}
}

// at is the mark that a text begins with, and what stands for it: of length 0 where
// there is none.
func (m *marks) at(text []byte) (length int, value string) {
	if bytes.HasPrefix(text, []byte(markTheir)) {
		return len(markTheir), markStart
	}
	end := bytes.Index(text[:min(len(text), markMost)], []byte(markEnd))
	if !bytes.HasPrefix(text, []byte(markOwn)) || end < 0 {
		return 0, ""
	}
	value, known := m.values[string(text[len(markOwn):end])]
	if !known {
		return 0, ""
	}
	return end + len(markEnd), value
}
