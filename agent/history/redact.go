package history

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// redacted is what stands for what was taken out.
const redacted = "[redacted]"

// redactor takes out of a record what Options.Redact names. A nil one takes out
// nothing. Safe for concurrent use.
type redactor struct {
	headers [][]byte   // lower case
	query   []string   // names
	form    []string   // names
	json    [][]string // paths; "*" stands for every entry
}

// newRedactor returns nil for no rules.
func newRedactor(rules []string) (*redactor, error) {
	if len(rules) == 0 {
		return nil, nil
	}
	r := &redactor{}
	for _, rule := range rules {
		part, name, _ := strings.Cut(rule, ".")
		if name == "" {
			return nil, fmt.Errorf("redact %q: write header.NAME, query.NAME, form.NAME or json.PATH", rule)
		}
		switch part {
		case "header":
			r.headers = append(r.headers, bytes.ToLower([]byte(name)))
		case "query":
			r.query = append(r.query, name)
		case "form":
			r.form = append(r.form, name)
		case "json":
			r.json = append(r.json, strings.Split(name, "."))
		default:
			return nil, fmt.Errorf("redact %q: there is no part %q of a delivery; write header.NAME, query.NAME, form.NAME or json.PATH", rule, part)
		}
	}
	return r, nil
}

// inside says that there are rules for what is in a content.
func (r *redactor) inside() bool { return len(r.json) > 0 || len(r.form) > 0 }

// redacted returns what may be kept of in, which stays as it is: in itself if
// that is all. log says that in.Log is to be kept as well.
func (j *Journal) redacted(in *Record, log bool) *Record {
	r := j.redact.Load()
	if r == nil {
		return in
	}
	p := &redaction{redactor: r, out: *in}
	p.request(in)
	p.marks(j.mask)
	unknown := j.takenBefore(in, r, &p.taken)
	if log && len(in.Log) > 0 {
		p.log(in, unknown)
	}
	p.trace(unknown)
	if !p.changed {
		return in
	}
	return &p.out
}

// redaction is what is done to one record.
type redaction struct {
	*redactor
	out     Record
	taken   taken
	changed bool // out is another than what came in
	body    bool // the body is, or may be beyond what is at hand of it
}

// set puts b into the record if something was taken out of it.
func (p *redaction) set(to *[]byte, b []byte, changed bool) {
	if changed {
		*to, p.changed, p.out.Redacted = b, true, true
	}
}

func (p *redaction) request(in *Record) {
	head, changed := p.head(in.Head, &p.taken)
	p.set(&p.out.Head, head, changed)
	body, changed := p.content(in.Body, contentOf(in.Head), &p.taken)
	p.set(&p.out.Body, body, changed)
	p.body = changed || in.BodyTruncated && p.inside()
	if q, changed := p.pairs([]byte(in.Query), p.query, true, &p.taken); changed {
		p.out.Query, p.out.Redacted, p.changed = string(q), true, true
	}
}

// marks hides what would tell a value that was taken out: the id that was made
// of one, and the digest of a body, by which one that is short can be guessed.
func (p *redaction) marks(mask func(part, value string) string) {
	d := &p.out.Delivery
	digest := p.body && strings.HasPrefix(d.SenderID, "sha256:")
	if digest || p.taken.tells(d.SenderID) {
		d.SenderID, p.changed = mask("sender id", d.SenderID), true
	}
	if p.body && d.BodySHA256 != "" {
		d.BodySHA256, p.changed = mask("body", d.BodySHA256), true
	}
}

// log takes out of the attempts what rules name, and what a handler echoes of
// the request. unknown says that it is not known what was taken out of that.
func (p *redaction) log(in *Record, unknown bool) {
	e := p.taken.echoes()
	e.all = e.all || unknown
	p.out.Log = slices.Clone(in.Log)
	for i := range p.out.Log {
		a := &p.out.Log[i]
		is := contentOf(a.ResponseHead)
		head, changed := p.head(a.ResponseHead, nil)
		p.set(&a.ResponseHead, head, changed)
		head, changed = e.head(a.ResponseHead)
		p.set(&a.ResponseHead, head, changed)
		body, changed := p.content(a.ResponseBody, is, nil)
		p.set(&a.ResponseBody, body, changed)
		body, changed = e.content(a.ResponseBody, is.encoded, a.ResponseTruncated)
		p.set(&a.ResponseBody, body, changed)
		output, changed := p.content(a.Output, declared{}, nil)
		p.set(&a.Output, output, changed)
		output, changed = e.content(a.Output, false, a.OutputTruncated)
		p.set(&a.Output, output, changed)
		e.text(p, &a.Error)
	}
}
