package history

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
)

// pairs takes the values of names out of a query, a form, or with form unset any
// text with pairs of name and value in it, and what json rules name out of
// values that are JSON. Names are compared as they are meant, whatever of them
// is escaped. Not all programs take a semicolon for the end of a value, so a
// value goes on to the next "&"; in a text also a line ends it.
func (r *redactor) pairs(text []byte, names []string, form bool, t *taken) (out []byte, changed bool) {
	if len(text) == 0 || len(names) == 0 && len(r.json) == 0 || bytes.IndexByte(text, '=') < 0 {
		return text, false
	}
	copied := 0
	for at := 0; at < len(text); {
		pair := text[at : at+until(text[at:], "&;\r\n")]
		name, value, found := bytes.Cut(pair, []byte("="))
		from, next := at+len(name)+1, at+len(pair)+1
		if found {
			value = text[from : from+until(text[from:], "&")]
		}
		switch {
		case found && isNamed(names, unescape(name)):
			if !form {
				value = value[:until(value, "\r\n")]
			}
			if len(value) == 0 {
				break
			}
			t.add(value)
			t.add([]byte(unescape(value)))
			out = append(append(out, text[copied:from]...), url.QueryEscape(redacted)...)
			copied, changed, next = from+len(value), true, from+len(value)
		case found:
			if v, more := r.member(value, form, t); more {
				out = append(append(out, text[copied:from]...), v...)
				copied, changed, next = from+len(value), true, from+len(value)
			}
		}
		at = next
	}
	if !changed {
		return text, false
	}
	return append(out, text[copied:]...), true
}

// until is how far it is to the first of some bytes, or to the end.
func until(b []byte, ends string) int {
	if i := bytes.IndexAny(b, ends); i >= 0 {
		return i
	}
	return len(b)
}

// member takes what json rules name out of a value that is escaped JSON.
func (r *redactor) member(value []byte, form bool, t *taken) (out []byte, changed bool) {
	if len(r.json) == 0 || len(value) == 0 || !strings.ContainsAny(string(value[:1]), "%+{[ \"") {
		return value, false
	}
	meant := []byte(unescape(value))
	if !looksLikeJSON(meant) {
		return value, false
	}
	var found taken
	meant, changed, clean := scanJSON(meant, r.json, &found)
	if !changed || !clean && !form {
		return value, false
	}
	t.join(&found)
	return []byte(url.QueryEscape(string(meant))), true
}

// isNamed says whether a name is one of some, or that of an entry or member of
// one, as name[] and name[key] are.
func isNamed(names []string, name string) bool {
	name = strings.TrimSpace(name)
	return slices.ContainsFunc(names, func(n string) bool {
		rest, found := strings.CutPrefix(name, n)
		return found && (rest == "" || rest[0] == '[')
	})
}

// unescape is what an escaped text means. What is no escape stays as it is.
func unescape(b []byte) string {
	s := string(b)
	if meant, err := url.QueryUnescape(s); err == nil {
		return meant
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+3 <= len(s) {
			if c, err := url.PathUnescape(s[i : i+3]); err == nil {
				out.WriteString(c)
				i += 2
				continue
			}
		}
		if s[i] == '+' {
			out.WriteByte(' ')
			continue
		}
		out.WriteByte(s[i])
	}
	return out.String()
}
