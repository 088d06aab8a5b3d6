package history

import (
	"bytes"
	"encoding/json"
	"strings"
)

// trace takes out of what the routes said, and of the reason that is made of it,
// what was taken out of the request: an event is made of the sender's fields.
// unknown says that it is not known what that was; no event is kept then.
func (p *redaction) trace(unknown bool) {
	e := p.taken.echoes()
	if len(p.out.Trace) > 0 {
		var said []map[string]any
		if json.Unmarshal(p.out.Trace, &said) != nil {
			p.set(&p.out.Trace, nil, true)
			return
		}
		before := p.changed
		p.changed = false
		for _, route := range said {
			p.ofRoute(route, e, unknown || e.all)
		}
		if p.changed {
			text, err := json.Marshal(said)
			if err != nil {
				text = nil
			}
			p.out.Trace = text
		}
		p.changed = p.changed || before
	}
	e.text(p, &p.out.Reason)
}

// ofRoute is trace for what one route said.
func (p *redaction) ofRoute(said map[string]any, e *echoes, unknown bool) {
	if event, _ := said["event"].(string); event != "" {
		kept := redacted
		if !unknown {
			kept = p.taken.event(event, e)
		}
		if kept != event {
			said["event"], p.changed, p.out.Redacted = kept, true, true
			p.out.Reason = strings.ReplaceAll(p.out.Reason, event, kept)
			e.needles = append(e.needles, []byte(event)) // where a note repeats it
		}
	}
	p.texts(said, e, "verified", "note")
	parts, _ := said["parts"].([]any)
	for _, part := range parts {
		if part, _ := part.(map[string]any); part != nil {
			p.texts(part, e, "note")
		}
	}
}

// texts takes echoes out of some of the texts of an object.
func (p *redaction) texts(o map[string]any, e *echoes, names ...string) {
	for _, name := range names {
		if s, _ := o[name].(string); s != "" {
			e.text(p, &s)
			o[name] = s
		}
	}
}

// event returns what may be kept of the name of an event: fields of the request
// with dots between them, which may be cut off and without what cannot be
// printed. A field counts however short it is.
func (t *taken) event(event string, e *echoes) string {
	out, _ := e.content([]byte(event), false, true)
	parts := strings.Split(string(out), ".")
	for i := range parts {
		if t.holds(parts[i]) {
			parts[i] = redacted
		}
	}
	out = []byte(strings.Join(parts, "."))
	squeezed := squeeze(out)
	for _, v := range t.values {
		const begins = 40
		if v = squeeze(v); len(v) >= echoBytes && bytes.Contains(squeezed, v[:min(len(v), begins)]) {
			return redacted
		}
	}
	return string(out)
}

// holds reports whether a part of an event's name is a value that was taken out,
// or of what was taken out whole, however it is spelled.
func (t *taken) holds(part string) bool {
	p := squeeze([]byte(part))
	if len(p) == 0 {
		return false
	}
	for _, v := range t.values {
		if s := squeeze(v); bytes.Equal(s, p) || len(s) > len(p) && (v[0] == '{' || v[0] == '[') && bytes.Contains(s, p) {
			return true
		}
	}
	return false
}

// squeeze leaves the letters, as small ones, and the digits of a text: what
// nothing on its way into the history changes, be it the name of an event or what
// cannot be printed.
func squeeze(text []byte) []byte {
	return bytes.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r | 0x20
		}
		return -1
	}, text)
}
