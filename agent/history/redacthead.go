package history

import (
	"bytes"
	"net/url"
	"slices"
)

// eachField calls f with the fields of a head, without its first line. A line
// that begins with a space goes on with the field before, and is passed on with
// that field's name.
func eachField(head []byte, f func(name, value []byte)) {
	first := true
	var name []byte
	for line := range bytes.Lines(head) {
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case first:
			first = false
		case len(line) > 0 && (line[0] == ' ' || line[0] == '\t'):
			f(name, bytes.TrimSpace(line))
		default:
			n, value, found := bytes.Cut(line, []byte(":"))
			if name = nil; found {
				name = bytes.TrimSpace(n)
				f(name, bytes.TrimSpace(value))
			}
		}
	}
}

// head takes the values of fields out of a head, and of its query.
func (r *redactor) head(head []byte) (out []byte, changed bool) {
	rest := head
	if i := bytes.IndexByte(head, '\n'); i >= 0 {
		var line []byte
		line, changed = r.requestLine(head[:i+1])
		out, rest = append(make([]byte, 0, len(head)+len(redacted)), line...), head[i+1:]
	}
	named := false
	for line := range bytes.Lines(rest) {
		end := line[len(bytes.TrimRight(line, "\r\n")):]
		if line[0] == ' ' || line[0] == '\t' {
			if named { // it goes on with a value that is taken out
				changed = true
				continue
			}
			out = append(out, line...)
			continue
		}
		name, _, found := bytes.Cut(line, []byte(":"))
		lower := bytes.ToLower(bytes.TrimSpace(name))
		named = found && slices.ContainsFunc(r.headers, func(h []byte) bool { return bytes.Equal(h, lower) })
		if !named {
			out = append(out, line...)
			continue
		}
		changed = true
		out = append(append(append(append(out, name...), ": "...), redacted...), end...)
	}
	if !changed {
		return head, false
	}
	return out, true
}

// requestLine takes query parameters out of the target. A status line has none.
func (r *redactor) requestLine(line []byte) (out []byte, changed bool) {
	at := bytes.IndexByte(line, '?')
	if at < 0 || len(r.query) == 0 {
		return line, false
	}
	end := len(line)
	if i := bytes.IndexByte(line[at:], ' '); i >= 0 {
		end = at + i
	}
	q, changed := redactQuery(line[at+1:end], r.query)
	if !changed {
		return line, false
	}
	return slices.Concat(line[:at+1], q, line[end:]), true
}

// redactQuery takes the values of parameters out of a query or an urlencoded
// form. Names are compared as they are meant, whatever of them is escaped.
func redactQuery(q []byte, names []string) (out []byte, changed bool) {
	if len(names) == 0 || len(q) == 0 {
		return q, false
	}
	for i, pair := range bytes.Split(q, []byte("&")) {
		if i > 0 {
			out = append(out, '&')
		}
		name, value, found := bytes.Cut(pair, []byte("="))
		meant, err := url.QueryUnescape(string(name))
		if err != nil {
			meant = string(name)
		}
		if !found || len(value) == 0 || !slices.Contains(names, meant) {
			out = append(out, pair...)
			continue
		}
		changed = true
		out = append(append(append(out, name...), '='), url.QueryEscape(redacted)...)
	}
	if !changed {
		return q, false
	}
	return out, true
}
