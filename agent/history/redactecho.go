package history

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"html"
	"net/url"
	"slices"
	"strings"
)

const (
	// echoBytes is the size from which on a value is looked for in what a
	// handler says: shorter ones stand there for other reasons.
	echoBytes = 6
	// takenMost bounds the values that are remembered of a record.
	takenMost = 500
)

// taken gathers the values that are taken out of a record. A nil one gathers
// nothing.
type taken struct {
	values [][]byte
	many   bool // there are more
}

func (t *taken) add(value []byte) {
	value = bytes.TrimSpace(value)
	if t == nil || len(value) == 0 || string(value) == redacted || string(value) == url.QueryEscape(redacted) {
		return
	}
	if len(t.values) == takenMost {
		t.many = true
		return
	}
	t.values = append(t.values, value)
}

func (t *taken) join(other *taken) {
	if t != nil {
		t.values, t.many = append(t.values, other.values...), t.many || other.many || len(t.values) > takenMost
	}
}

// addField adds the value of a field, and what of it is likely to be used alone:
// what stands behind the scheme, and the values of parameters and cookies.
func (t *taken) addField(value []byte) {
	t.add(value)
	if _, credential, found := bytes.Cut(bytes.TrimSpace(value), []byte(" ")); found {
		t.add(credential)
	}
	for part := range bytes.FieldsFuncSeq(value, func(r rune) bool { return r == ';' || r == ',' }) {
		if _, v, found := bytes.Cut(part, []byte("=")); found {
			t.add(bytes.Trim(bytes.TrimSpace(v), `"`))
		}
	}
}

// addJSON adds a value, and all that are in it.
func (t *taken) addJSON(raw []byte) {
	if t == nil {
		return
	}
	t.add(unquoted(raw))
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	for {
		switch token, err := d.Token(); v := token.(type) {
		case string:
			t.add([]byte(v))
		case json.Number:
			t.add([]byte(v))
		case nil:
			if err != nil {
				return
			}
		}
	}
}

// unquoted is a value without the quotes around it.
func unquoted(raw []byte) []byte {
	raw = bytes.TrimSpace(raw)
	if n := len(raw); n > 1 && raw[0] == '"' && raw[n-1] == '"' {
		return raw[1 : n-1]
	}
	return raw
}

// tells says whether an id tells something of what was taken out.
func (t *taken) tells(id string) bool {
	return id != "" && (t.many || slices.ContainsFunc(t.values, func(v []byte) bool {
		return strings.Contains(id, string(v)) || bytes.Contains(v, []byte(id))
	}))
}

// takenBefore adds what was taken out of the request when it came, if in, which
// brings what a handler or the routes said, does not hold it. unknown says that it cannot be
// found out.
func (j *Journal) takenBefore(in *Record, r *redactor, t *taken) (unknown bool) {
	says := func(a Attempt) bool { return len(a.Output)+len(a.ResponseHead)+len(a.ResponseBody)+len(a.Error) > 0 }
	if in.Head != nil || len(in.Trace) == 0 && in.Reason == "" && !slices.ContainsFunc(in.Log, says) {
		return false
	}
	was, err := j.readOriginal(context.Background(), in.ID)
	if err != nil {
		return !errors.Is(err, ErrNotFound)
	}
	p := &redaction{redactor: r, out: *was}
	p.request(was)
	t.join(&p.taken)
	return false
}

// echoes finds again in a text what was taken out of the request.
type echoes struct {
	needles [][]byte // the longest first
	all     bool     // not all of them are known
}

// echoes returns the values as handlers are likely to say them.
func (t *taken) echoes() *echoes {
	e := &echoes{all: t.many}
	known := make(map[string]bool)
	for _, value := range t.values {
		v := string(value)
		if len(v) < echoBytes {
			continue
		}
		quoted, _ := json.Marshal(v) // a string cannot fail
		var plain bytes.Buffer
		encoder := json.NewEncoder(&plain)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(v)
		for _, s := range []string{
			v, string(unquoted(quoted)), string(unquoted(plain.Bytes())),
			url.QueryEscape(v), url.PathEscape(v), html.EscapeString(v),
		} {
			if len(s) >= echoBytes && !known[s] {
				known[s] = true
				e.needles = append(e.needles, []byte(s))
			}
		}
	}
	slices.SortStableFunc(e.needles, func(a, b []byte) int { return cmp.Compare(len(b), len(a)) })
	return e
}

// content takes echoes out of a text; one that is encoded or too full of them is
// taken out as a whole. Of a text that is cut off, at either end, the first and
// the last one may be too.
func (e *echoes) content(text []byte, encoded, truncated bool) (out []byte, changed bool) {
	if len(text) == 0 {
		return text, false
	}
	if e.all || encoded && len(e.needles) > 0 {
		return []byte(redacted), true
	}
	out = text
	for _, n := range e.needles {
		if bytes.Contains(out, n) {
			out, changed = bytes.ReplaceAll(out, n, []byte(redacted)), true
		}
	}
	if !truncated {
		return out, changed
	}
	for _, n := range e.needles {
		if at := beginsAt(out, n); at >= 0 {
			out, changed = append(out[:at:at], redacted...), true
			break
		}
	}
	for _, n := range e.needles {
		if at := endsAt(out, n); at > 0 {
			return append([]byte(redacted), out[at:]...), true
		}
	}
	return out, changed
}

// endsAt is where the end of a value ends with which a text begins, or 0.
func endsAt(text, value []byte) int {
	const short = 4096
	for n := min(len(value)-1, len(text), short); n >= echoBytes; n-- {
		if bytes.HasPrefix(text, value[len(value)-n:]) {
			return n
		}
	}
	return 0
}

// beginsAt is where the beginning of a value stands at the end of a text, or -1.
func beginsAt(text, value []byte) int {
	const short = 64
	if len(value) > short {
		for at := 0; ; at++ {
			i := bytes.Index(text[at:], value[:short])
			if i < 0 {
				break
			}
			if at += i; bytes.HasPrefix(value, text[at:]) {
				return at
			}
		}
	}
	for n := min(len(value)-1, len(text), short); n >= echoBytes; n-- {
		if bytes.HasSuffix(text, value[:n]) {
			return len(text) - n
		}
	}
	return -1
}

// head takes echoes out of the fields of a response.
func (e *echoes) head(head []byte) (out []byte, changed bool) {
	i := bytes.IndexByte(head, '\n') + 1
	fields := &echoes{needles: e.needles}
	rest, changed := fields.content(head[i:], false, false)
	if !changed {
		return head, false
	}
	return slices.Concat(head[:i], rest), true
}

// text takes echoes out of what is said for a person.
func (e *echoes) text(p *redaction, s *string) {
	fields := &echoes{needles: e.needles}
	if out, changed := fields.content([]byte(*s), false, false); changed {
		*s, p.changed, p.out.Redacted = string(out), true, true
	}
}
