package detail

import (
	"bytes"
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// requestTab shows what came.
func (p *Pane) requestTab() *tab {
	r := p.record
	var shown *body
	var parts *segments
	t := &tab{title: look.T("Request")}
	t.make = func() fyne.CanvasObject {
		_, fields := fieldsOf(r.Head)
		kind, parameters := typeOf(r.Head)
		all := []segment{
			{look.T("Body"), func() fyne.CanvasObject {
				shown = newBody(p.desk, content{bytes: r.Body, kind: kind, parameters: parameters, size: r.Size, cut: r.BodyTruncated, visit: p.visit}, p.saveBody)
				return shown.object
			}},
			{counted(look.T("Headers"), len(fields)), func() fyne.CanvasObject { return p.headers(fields, r.Redacted) }},
		}
		if query, ok := pairsOf(r.Query); ok && len(query) > 0 {
			all = append(all, segment{counted(look.T("Query"), len(query)), func() fyne.CanvasObject { return table(p.desk, query) }})
		}
		first := 0
		if len(r.Body) == 0 && r.Size == 0 {
			first = 1
		}
		parts = newSegments(first, all...)
		return parts.content
	}
	t.searched = func() *body {
		if parts == nil || parts.chosen != 0 {
			return nil
		}
		return shown
	}
	return t
}

// counted is a word with a number behind it.
func counted(word string, n int) string { return fmt.Sprintf("%s (%d)", word, n) }

// headers is the table of a head.
func (p *Pane) headers(fields []field, redacted bool) fyne.CanvasObject {
	if len(fields) == 0 {
		return part.Empty("file", look.T("No headers"), look.T("The history has kept none."))
	}
	rows := table(p.desk, fields)
	if !redacted {
		return rows
	}
	return container.NewBorder(part.Muted(look.T("Some values were redacted before the delivery was kept.")), nil, nil, nil, rows)
}

// responseTab shows what the sender got.
func (p *Pane) responseTab() *tab {
	r := p.record
	var shown *body
	var parts *segments
	t := &tab{title: look.T("Response")}
	t.make = func() fyne.CanvasObject {
		a := r.LastAnswer()
		if a == nil || len(a.ResponseHead) == 0 && a.Status == 0 {
			return part.Empty("respond", look.T("No response is kept"), p.noResponse())
		}
		parts, shown = p.answer(a)
		note := part.Wrapped(p.answerText(a))
		return container.NewBorder(note, nil, nil, nil, parts.content)
	}
	t.searched = func() *body {
		if parts == nil || parts.chosen != 0 {
			return nil
		}
		return shown
	}
	return t
}

// noResponse says why there is none.
func (p *Pane) noResponse() string {
	r := p.record
	status := look.V{"Status": r.Status}
	switch {
	case r.Status == 0:
	case r.State == control.Rejected || r.State == control.Duplicate || len(r.Log) == 0 && ended(r.State):
		return look.T("Homehook answered {{.Status}} by itself: no handler has run. The few words that went with it are not kept.", status)
	default:
		return look.T("The sender got status {{.Status}} when the delivery was taken. What the handler answers comes later, or the history keeps no bodies.", status)
	}
	return look.T("The sender has got nothing yet, or the history keeps no bodies.")
}

// answerText says what the sender got, and when the handler's answer is another.
func (p *Pane) answerText(a *control.Attempt) string {
	r := p.record
	if r.Status != 0 && r.Status != a.Status {
		return look.T("The sender got status {{.Status}}. The handler answered later:", look.V{"Status": r.Status})
	}
	first, _ := fieldsOf(a.ResponseHead)
	if first == "" {
		first = fmt.Sprint(a.Status)
	}
	return part.Cut(part.Visible(first), 200) + " · " + look.Milliseconds(a.DurationMS)
}

// answer shows head and body of what a handler answered.
func (p *Pane) answer(a *control.Attempt) (*segments, *body) {
	_, fields := fieldsOf(a.ResponseHead)
	kind, parameters := typeOf(a.ResponseHead)
	b := newBody(p.desk, content{bytes: a.ResponseBody, kind: kind, parameters: parameters, size: a.ResponseSize, cut: a.ResponseTruncated, visit: p.visit}, nil)
	return newSegments(0,
		segment{look.T("Body"), func() fyne.CanvasObject { return b.object }},
		segment{counted(look.T("Headers"), len(fields)), func() fyne.CanvasObject { return p.headers(fields, false) }},
	), b
}

// rawTab shows the bytes as they came.
func (p *Pane) rawTab() *tab {
	r := p.record
	var shown *body
	return &tab{
		title: look.T("Raw"),
		make: func() fyne.CanvasObject {
			raw := append(bytes.Clone(r.Head), r.Body...)
			shown = newBody(p.desk, content{bytes: raw, raw: true, size: int64(len(r.Head)) + r.Size, cut: r.BodyTruncated}, p.saveBody)
			return shown.object
		},
		searched: func() *body { return shown },
	}
}

// clock writes when an attempt began.
func clock(t time.Time) string { return look.Clock(t, time.Now()) }
