package detail

import (
	"bytes"
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

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
				shown = newBody(p.desk, content{bytes: r.Body, kind: kind, parameters: parameters, size: r.Size, cut: r.BodyTruncated}, p.saveBody)
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
	if s := p.record.Status; s != 0 {
		return look.T("The sender got status {{.Status}}, which no handler has made.", look.V{"Status": s})
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
	b := newBody(p.desk, content{bytes: a.ResponseBody, kind: kind, parameters: parameters, size: a.ResponseSize, cut: a.ResponseTruncated}, nil)
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

// traceTab shows what each route said.
func (p *Pane) traceTab() *tab {
	r := p.record
	return &tab{title: look.T("Trace"), searched: noBody, make: func() fyne.CanvasObject {
		if len(r.Trace) == 0 && refused(r) {
			refusal := control.Trace{Route: r.Route, Verified: r.Reason, Note: look.T("It was the first route that fits the path.")}
			return container.NewVScroll(container.NewPadded(container.NewVBox(part.Card(p.traced(&refusal)))))
		}
		if len(r.Trace) == 0 {
			return part.Empty("routes", look.T("Nothing to decide"), p.noTrace())
		}
		rows := container.NewVBox()
		for i := range r.Trace {
			rows.Add(part.Card(p.traced(&r.Trace[i])))
		}
		return container.NewVScroll(container.NewPadded(rows))
	}}
}

func (p *Pane) noTrace() string {
	if r := p.record; r.Route != "" {
		return look.T("Route {{.Name}} was the first that fits the path, and it has no condition.", look.V{"Name": part.Visible(r.Route)})
	}
	return look.T("No route fits the path of this delivery.")
}

// traced is what one route said.
func (p *Pane) traced(t *control.Trace) fyne.CanvasObject {
	sign := look.Sign{Icon: "idle", Colour: look.ColourMuted, Word: look.T("did not take it")}
	if t.Took {
		sign = look.Sign{Icon: "succeeded", Colour: theme.ColorNameSuccess, Word: look.T("took it")}
	}
	name := widget.NewLabelWithStyle(part.Visible(t.Route), fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	name.Truncation = fyne.TextTruncateEllipsis
	rows := container.NewVBox(container.NewBorder(nil, nil, nil, part.NewBadge(sign), name))
	if t.Note != "" {
		rows.Add(part.Wrapped(part.VisibleLines(t.Note)))
	}
	switch {
	case t.Verified == "ok":
		rows.Add(reasonRow(look.Sign{Icon: "verified", Colour: theme.ColorNameSuccess}, look.T("The signature is right."), ""))
	case t.Verified != "":
		rows.Add(reasonRow(look.Sign{Icon: "unverified", Colour: theme.ColorNameError}, look.T("The sender is refused"), t.Verified))
	}
	if t.Event != "" {
		rows.Add(reasonRow(look.Sign{Icon: "info", Colour: look.ColourMuted}, look.T("Event"), t.Event))
	}
	for _, c := range t.Parts {
		rows.Add(reasonRow(partSign(c.Value), c.Text, c.Note))
	}
	return rows
}

// partSign is that of what a part of a condition came to.
func partSign(value string) look.Sign {
	switch value {
	case "true":
		return look.Sign{Icon: "succeeded", Colour: theme.ColorNameSuccess, Word: look.T("true")}
	case "false":
		return look.Sign{Icon: "rejected", Colour: theme.ColorNameWarning, Word: look.T("false")}
	}
	return look.Sign{Icon: "idle", Colour: look.ColourMuted, Word: look.T("not needed")}
}

// reasonRow is a sign with what it is about, and more on that.
func reasonRow(s look.Sign, text, note string) fyne.CanvasObject {
	icon := container.NewGridWrap(fyne.NewSquareSize(theme.IconInlineSize()), widget.NewIcon(s.Resource()))
	what := cell(text)
	right := container.NewVBox(what)
	if note != "" {
		right.Add(part.Muted(part.Cut(part.VisibleLines(note), mostLetters)))
	}
	var word fyne.CanvasObject
	if s.Word != "" {
		l := widget.NewLabel(s.Word)
		l.Importance, l.SizeName = widget.LowImportance, theme.SizeNameCaptionText
		word = container.NewVBox(l)
	}
	return container.NewBorder(nil, nil, container.NewVBox(container.NewPadded(icon)), word, right)
}

// clock writes when an attempt began.
func clock(t time.Time) string { return look.Clock(t, time.Now()) }
