package detail

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// header is what stands above the tabs: what came, what became of it, and what can
// be done.
type header struct {
	object fyne.CanvasObject
	acts   []*part.Push          // that ask the agent
	all    map[string]*part.Push // by what they are for
}

// focused says what the button is for that has the focus; "" where none has.
func (h *header) focused(c fyne.Canvas) string {
	if h == nil {
		return ""
	}
	for name, b := range h.all {
		if c.Focused() == fyne.Focusable(b) {
			return name
		}
	}
	return ""
}

// focus gives the focus to the button that is for the same as one before, or to the
// first: a person with a keyboard goes on where they were.
func (h *header) focus(c fyne.Canvas, name string) {
	if name == "" {
		return
	}
	if b := h.all[name]; b != nil {
		c.Focus(b)
	} else {
		c.Focus(h.acts[0])
	}
}

func newHeader(p *Pane, r *control.Record) *header {
	h := &header{all: map[string]*part.Push{}}
	line := badges(r)
	var closer fyne.CanvasObject
	if p.OnClose != nil {
		h.all["close"] = p.closer()
		closer = container.NewVBox(h.all["close"])
	}
	title := widget.NewLabel(part.Cut(part.Visible(r.Method+" "+target(&r.Delivery)), 400))
	title.TextStyle = fyne.TextStyle{Bold: true, Monospace: true}
	title.Wrapping = fyne.TextWrapBreak
	title.Selectable = true
	rows := container.New(layout.NewCustomPaddedVBoxLayout(-2), container.NewBorder(nil, nil, line, closer), title)
	if r.Reason != "" {
		reason := part.Wrapped(part.Cut(part.VisibleLines(r.Reason), 600))
		reason.Importance = importance(r.State)
		rows.Add(reason)
	}
	rows.Add(part.Muted(about(r)))
	rows.Add(p.idRow(h, r))
	h.object = container.NewVBox(rows, p.actions(h, r))
	return h
}

// indented is a row that begins with a sign, which stands above the text of the rows
// below it then, and not at the edge.
func indented(row ...fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(0, 0, theme.InnerPadding()/2, 0), container.NewHBox(row...))
}

// idRow shows the id, with a button that copies it.
func (p *Pane) idRow(h *header, r *control.Record) fyne.CanvasObject {
	id := part.Mono(r.ID)
	id.SizeName = theme.SizeNameCaptionText
	id.Importance = widget.LowImportance
	h.all["copy"] = part.Quiet("", "copy", p.copyID)
	return container.NewBorder(nil, nil, nil, h.all["copy"], id)
}

// about says when, from where and to where.
func about(r *control.Record) string {
	parts := []string{look.Clock(r.Received, time.Now()), part.Visible(r.Claim)}
	name := look.V{"Name": part.Visible(r.Route)}
	switch {
	case r.Route == "":
		parts = append(parts, look.T("no route"))
	case r.State == control.Rejected:
		parts = append(parts, look.T("refused by route {{.Name}}", name))
	default:
		parts = append(parts, look.T("route {{.Name}}", name))
	}
	if r.Remote != "" {
		parts = append(parts, look.T("from {{.Address}}", look.V{"Address": part.Visible(r.Remote)}))
	}
	parts = append(parts, look.Bytes(r.Size))
	if r.Status != 0 {
		parts = append(parts, look.T("answered {{.Status}} after {{.Time}}", look.V{"Status": r.Status, "Time": look.Milliseconds(r.DurationMS)}))
	}
	if r.State == control.Dead {
		parts = append(parts, look.T("failed for good, not tried again by itself"))
	}
	if !r.Due.IsZero() {
		parts = append(parts, look.T("next try at {{.Time}}", look.V{"Time": look.Clock(r.Due, time.Now())}))
	}
	if r.SenderID != "" {
		parts = append(parts, look.T("sender's id {{.ID}}", look.V{"ID": part.Cut(part.Visible(r.SenderID), 80)}))
	}
	return strings.Join(parts, " · ")
}

func importance(state string) widget.Importance {
	switch state {
	case control.Dead:
		return widget.DangerImportance
	case control.Rejected, control.Waiting:
		return widget.WarningImportance
	}
	return widget.MediumImportance
}

// actions is the bar of what can be done.
func (p *Pane) actions(h *header, r *control.Record) fyne.CanvasObject {
	replay := part.Primary(look.T("Replay"), "replay", p.replay)
	edit := part.Button(look.T("Edit and replay"), "edit", p.openEditor)
	buttons := []*part.Push{replay, edit}
	h.acts = buttons
	if retries(r.State) {
		retry := part.Button(look.T("Retry"), "retry", p.retry)
		buttons = append(buttons, retry)
		h.acts = buttons
		h.all["retry"] = retry
	}
	var more *part.Push
	more = part.Button(look.T("More"), "more", func() { menuAt(p.desk, more, p.moreItems()...) })
	h.all["replay"], h.all["edit"], h.all["more"] = replay, edit, more
	return newBar(append(append([]*part.Push{}, buttons...), more))
}

// enable says whether the agent can be asked.
func (h *header) enable(on bool) {
	for _, b := range h.acts {
		if on {
			b.Enable()
		} else {
			b.Disable()
		}
	}
}
