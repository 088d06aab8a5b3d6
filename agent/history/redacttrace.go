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
	dotted := "." + string(out) + "."
	for _, v := range t.values {
		dotted = strings.ReplaceAll(dotted, "."+string(v)+".", "."+redacted+".")
	}
	out = []byte(dotted[1 : len(dotted)-1])
	squeezed := squeeze(out)
	for _, v := range t.values {
		const begins = 40
		if v = squeeze(v); len(v) >= echoBytes && bytes.Contains(squeezed, v[:min(len(v), begins)]) {
			return redacted
		}
	}
	return string(out)
}

// squeeze leaves the letters and digits of a text, which nothing on its way into
// the history changes.
func squeeze(text []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
}
