package agent

import (
	"context"
	"slices"

	"homehook/agent/control"
	"homehook/agent/history"
)

// ledger is the journal as the agent works with it: what it writes down has the names
// of credentials in the place of their values, and what is to run has the values.
type ledger struct {
	*history.Journal
	veil *veil
}

// Begin is that of the journal.
func (l *ledger) Begin(r *history.Record, durable bool) error {
	return l.Journal.Begin(l.veil.concealed(r), durable)
}

// Finish is that of the journal.
func (l *ledger) Finish(r *history.Record) error { return l.Journal.Finish(l.veil.concealed(r)) }

// Original is that of the journal, with the values of credentials in it.
func (l *ledger) Original(ctx context.Context, id string) (*history.Record, error) {
	r, err := l.Journal.Original(ctx, id)
	if err != nil {
		return nil, err
	}
	m := l.veil.marks()
	r.Head, r.Body = m.reveal(r.Head), m.reveal(r.Body)
	r.Query = string(m.reveal([]byte(r.Query)))
	return r, nil
}

// Answered is Get of the journal, with the values of credentials in the answers, for a
// sender who is to have one again.
func (l *ledger) Answered(ctx context.Context, id string) (*history.Record, error) {
	r, err := l.Journal.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	m := l.veil.marks()
	for i := range r.Log {
		a := &r.Log[i]
		a.ResponseHead, a.ResponseBody = m.reveal(a.ResponseHead), m.reveal(a.ResponseBody)
	}
	return r, nil
}

// concealed is a record as it may be written down: itself where there is nothing to
// conceal.
func (v *veil) concealed(in *history.Record) *history.Record {
	m, out := v.marks(), *in
	changed := false
	bytesOf := func(to *[]byte) {
		if b, found := m.conceal(*to); found {
			*to, changed = b, true
		}
	}
	textOf := func(to *string) {
		if b, found := m.conceal([]byte(*to)); found {
			*to, changed = string(b), true
		}
	}
	bytesOf(&out.Head)
	bytesOf(&out.Body)
	bytesOf(&out.Trace)
	textOf(&out.Query)
	textOf(&out.Reason)
	out.Log = slices.Clone(in.Log)
	for i := range out.Log {
		a := &out.Log[i]
		bytesOf(&a.ResponseHead)
		bytesOf(&a.ResponseBody)
		bytesOf(&a.Output)
		textOf(&a.Error)
	}
	if !changed {
		return in
	}
	return &out
}

// plan conceals what stands in a plan.
func (m *marks) plan(p *control.Plan) {
	if p == nil {
		return
	}
	p.Command, p.Variables, p.Files = slices.Clone(p.Command), slices.Clone(p.Variables), slices.Clone(p.Files)
	m.texts(p.Command)
	m.texts(p.Variables)
	m.texts(p.Files)
	m.text(&p.URL)
	m.text(&p.Host)
	m.text(&p.Note)
	if g := p.Given; g != nil {
		m.text(&g.Target)
		for i := range g.Fields {
			m.text(&g.Fields[i][1])
		}
		g.Body, _ = m.conceal(g.Body)
	}
	for i := range p.Also {
		m.plan(&p.Also[i])
	}
}

// traces conceals what routes say of a delivery.
func (m *marks) traces(list []control.Trace) {
	for i := range list {
		m.text(&list[i].Note)
		for j := range list[i].Parts {
			m.text(&list[i].Parts[j].Note)
		}
	}
}

func (m *marks) text(to *string) {
	b, _ := m.conceal([]byte(*to))
	*to = string(b)
}

func (m *marks) texts(list []string) {
	for i := range list {
		m.text(&list[i])
	}
}
