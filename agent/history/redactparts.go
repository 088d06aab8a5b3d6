package history

import (
	"bytes"
	"mime"
	"slices"
	"strings"
)

// boundaryOf says whether a content is, or says that it is, made of parts, and
// what stands between them: "" if that is not clear.
func boundaryOf(body []byte, is *declared) (parts bool, boundary string) {
	first, _, _ := bytes.Cut(bytes.TrimLeft(body, "\r\n"), []byte("\n"))
	dashed := bytes.HasPrefix(first, []byte("--")) && len(bytes.TrimSpace(first)) > 2
	if !is.any(isParts) && !(dashed && bytes.Contains(bytes.ToLower(body), []byte("content-disposition"))) {
		return false, ""
	}
	var found []string
	for _, kind := range is.types {
		if _, parameters, err := mime.ParseMediaType(kind); err == nil {
			b := parameters["boundary"]
			if b != "" && bytes.Contains(body, []byte("--"+b)) && !slices.Contains(found, b) {
				found = append(found, b)
			}
		}
	}
	if len(found) == 0 && dashed {
		found = append(found, strings.TrimSpace(string(first[2:])))
	}
	if len(found) != 1 {
		return true, ""
	}
	return true, found[0]
}

// parts takes out the parts of a form that rules name, and looks into the
// others.
func (r *redactor) parts(body []byte, boundary string, t *taken, depth int) (out []byte, changed bool) {
	if boundary == "" {
		return whole(body, t)
	}
	line := []byte("--" + boundary)
	from, at, within := 0, 0, false
	flush := func(to int) {
		part, more := r.part(body[from:to], within, t, depth)
		out, changed = append(out, part...), changed || more
	}
	for l := range bytes.Lines(body) {
		if rest, found := bytes.CutPrefix(l, line); found {
			rest = bytes.TrimSpace(rest)
			last := string(rest) == "--"
			if len(rest) > 0 && !last {
				return whole(body, t) // some take it for an end, others do not
			}
			flush(at)
			out = append(out, l...)
			from, within = at+len(l), !last
		}
		at += len(l)
	}
	flush(at)
	if !changed {
		return body, false
	}
	return out, true
}

// part looks into what stands between two boundaries, or outside of them.
func (r *redactor) part(part []byte, within bool, t *taken, depth int) (out []byte, changed bool) {
	text := bytes.TrimRight(part, "\r\n")
	if len(text) == 0 {
		return part, false
	}
	head, content, is, named := []byte(nil), text, declared{}, false
	if within {
		var found bool
		if head, content, found = cutHead(part); !found {
			head, content, named = nil, part, true // nobody knows what it is
		}
		content = bytes.TrimSuffix(bytes.TrimSuffix(content, []byte("\n")), []byte("\r"))
		// Heads begin with a line that is no field.
		lines := append([]byte("\n"), head...)
		named, is = named || r.names(lines), contentOf(lines)
	}
	if len(content) == 0 {
		return part, false
	}
	end := part[len(head)+len(content):]
	if named {
		content, changed = whole(content, t)
	} else {
		content, changed = r.contentIn(content, is, t, depth+1)
	}
	return slices.Concat(head, content, end), changed
}

// cutHead splits a part behind the empty line that ends its head, whatever its
// lines end with.
func cutHead(part []byte) (head, content []byte, found bool) {
	at := 0
	for l := range bytes.Lines(part) {
		at += len(l)
		if len(bytes.TrimRight(l, "\r\n")) == 0 {
			return part[:at], part[at:], true
		}
	}
	return nil, part, false
}

// names says whether the head of a part has a name that form rules name.
func (r *redactor) names(head []byte) (named bool) {
	if len(r.form) == 0 {
		return false
	}
	eachField(head, func(name, value []byte) {
		if !bytes.EqualFold(name, []byte("content-disposition")) {
			return
		}
		_, parameters, err := mime.ParseMediaType(string(value))
		// A part whose name cannot be read may be any.
		named = named || err != nil || isNamed(r.form, parameters["name"])
	})
	return named
}
