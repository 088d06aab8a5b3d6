package detail

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// traceTab shows what each route said.
func (p *Pane) traceTab() *tab {
	r := p.record
	return &tab{title: look.T("Trace"), searched: noBody, make: func() fyne.CanvasObject {
		said := r.Trace
		if len(said) == 0 {
			if r.Route == "" {
				return part.Empty("routes", look.T("Nothing to decide"), look.T("No route fits the path of this delivery."))
			}
			said = []control.Trace{plain(r)}
		}
		rows := container.NewVBox()
		for i := range said {
			rows.Add(part.Card(traced(r, &said[i])))
		}
		return container.NewVScroll(container.NewPadded(rows))
	}}
}

// plain is what the one route said of a delivery of which no trace is kept: that it
// checks the sender, and nothing else, has been decided. A replay may be for a route
// that was named, whatever fits.
func plain(r *control.Record) control.Trace {
	t := control.Trace{Route: r.Route, Took: took(r), Verified: refusal(r)}
	switch {
	case t.Took && r.Verified != "" && r.Verified != control.VerifiedNone:
		t.Verified = "ok"
	case !t.Took && t.Verified == "":
		t.Note = r.Reason
		return t
	}
	switch {
	case r.ReplayOf != "":
	case t.Took:
		t.Note = look.T("It was the first route that fits the path, and it has no condition.")
	default:
		t.Note = look.T("It was the first route that fits the path.")
	}
	return t
}

// took says whether the route of a delivery has taken it, and neither refused it nor
// waits yet for a credential to check its sender with.
func took(r *control.Record) bool {
	switch r.State {
	case control.Rejected:
		return false
	case control.Waiting, control.Dead, control.Expired:
		return r.Verified != "" || r.Attempts > 0 || r.Starts > 0
	}
	return true
}

// traced is what one route said of a delivery.
func traced(r *control.Record, t *control.Trace) fyne.CanvasObject {
	name := widget.NewLabelWithStyle(part.Visible(t.Route), fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	name.Truncation = fyne.TextTruncateEllipsis
	rows := container.NewVBox(container.NewBorder(nil, nil, nil, part.NewBadge(verdict(r, t)), name))
	if t.Note != "" {
		rows.Add(part.Wrapped(part.VisibleLines(t.Note)))
	}
	if s, text, note := asked(r, t); text != "" {
		rows.Add(reasonRow(s, text, note))
	}
	if t.Event != "" {
		rows.Add(reasonRow(look.Sign{Icon: "info", Colour: look.ColourMuted}, look.T("Event"), t.Event))
	}
	for _, c := range t.Parts {
		rows.Add(reasonRow(partSign(c.Value), c.Text, c.Note))
	}
	return rows
}

// verdict says what a route has made of a delivery.
func verdict(r *control.Record, t *control.Trace) look.Sign {
	switch {
	case t.Took:
		return look.Sign{Icon: "succeeded", Colour: theme.ColorNameSuccess, Word: look.T("took it")}
	case r.State == control.Rejected && t.Route == r.Route:
		return look.Sign{Icon: "rejected", Colour: theme.ColorNameWarning, Word: look.T("refused it")}
	case r.State == control.Waiting && t.Route == r.Route:
		return look.Sign{Icon: "waiting", Colour: theme.ColorNameWarning, Word: look.T("waits")}
	}
	return look.Sign{Icon: "idle", Colour: look.ColourMuted, Word: look.T("did not take it")}
}

// asked says what a route found of the sender; text is empty where that is not known.
func asked(r *control.Record, t *control.Trace) (s look.Sign, text, note string) {
	quiet := look.Sign{Icon: "unverified", Colour: look.ColourMuted}
	switch {
	case t.Verified != "" && t.Verified != "ok":
		return look.Sign{Icon: "unverified", Colour: theme.ColorNameError}, look.T("The sender is refused"), t.Verified
	case r.ReplayOf != "":
		if t.Took {
			return quiet, look.T("A replay runs whoever has signed it."), ""
		}
	case t.Verified == "ok":
		text = look.T("The sender was verified.")
		if t.Route == r.Route && r.Verified != "" && r.Verified != control.VerifiedNone {
			text = look.T("The sender was verified: what {{.Scheme}} asks for was right.", look.V{"Scheme": r.Verified})
		}
		return look.Sign{Icon: "verified", Colour: theme.ColorNameSuccess}, text, ""
	case t.Took && r.Verified == control.VerifiedNone:
		return quiet, look.T("Nothing was asked of the sender."), ""
	}
	return quiet, "", ""
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
