package history

import (
	"bytes"
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
func (r *redactor) head(head []byte, t *taken) (out []byte, changed bool) {
	rest := head
	if i := bytes.IndexByte(head, '\n'); i >= 0 {
		var line []byte
		line, changed = r.requestLine(head[:i+1], t)
		out, rest = append(make([]byte, 0, len(head)+len(redacted)), line...), head[i+1:]
	}
	named := false
	for line := range bytes.Lines(rest) {
		end := line[len(bytes.TrimRight(line, "\r\n")):]
		if line[0] == ' ' || line[0] == '\t' {
			if named { // it goes on with a value that is taken out
				t.addField(line)
				changed = true
				continue
			}
			out = append(out, line...)
			continue
		}
		name, value, found := bytes.Cut(line, []byte(":"))
		lower := bytes.ToLower(bytes.TrimSpace(name))
		named = found && slices.ContainsFunc(r.headers, func(h []byte) bool { return bytes.Equal(h, lower) })
		if !named {
			out = append(out, line...)
			continue
		}
		t.addField(value)
		changed = true
		out = append(append(append(append(out, name...), ": "...), redacted...), end...)
	}
	if !changed {
		return head, false
	}
	return out, true
}

// requestLine takes query parameters out of the target. A status line has none.
func (r *redactor) requestLine(line []byte, t *taken) (out []byte, changed bool) {
	at := bytes.IndexByte(line, '?')
	if at < 0 || len(r.query) == 0 && len(r.json) == 0 {
		return line, false
	}
	end := len(bytes.TrimRight(line, "\r\n"))
	if i := bytes.LastIndex(line, []byte(" HTTP/")); i > at {
		end = i
	}
	q, changed := r.pairs(line[at+1:end], r.query, true, t)
	if !changed {
		return line, false
	}
	return slices.Concat(line[:at+1], q, line[end:]), true
}
