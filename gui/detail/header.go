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
	line := indented(part.NewBadge(look.DeliverySign(r.State)), part.NewBadge(shield(r, p.route)))
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
	if r.Route != "" {
		parts = append(parts, look.T("route {{.Name}}", look.V{"Name": part.Visible(r.Route)}))
	} else {
		parts = append(parts, look.T("no route"))
	}
	if r.Remote != "" {
		parts = append(parts, look.T("from {{.Address}}", look.V{"Address": part.Visible(r.Remote)}))
	}
	parts = append(parts, look.Bytes(r.Size))
	if r.Status != 0 {
		parts = append(parts, look.T("answered {{.Status}} after {{.Time}}", look.V{"Status": r.Status, "Time": look.Milliseconds(r.DurationMS)}))
	}
	if !r.Due.IsZero() {
		parts = append(parts, look.T("next try at {{.Time}}", look.V{"Time": look.Clock(r.Due, time.Now())}))
	}
	if r.SenderID != "" {
		parts = append(parts, look.T("sender's id {{.ID}}", look.V{"ID": part.Cut(part.Visible(r.SenderID), 80)}))
	}
	if r.ReplayOf != "" {
		parts = append(parts, look.T("a replay"))
	}
	return strings.Join(parts, " · ")
}

// shield says whether the sender is who it says to be. Where only the route as it is
// now can tell, it says no more than that.
func shield(r *control.Record, route control.Route) look.Sign {
	for i := len(r.Trace) - 1; i >= 0; i-- {
		t := &r.Trace[i]
		switch {
		case t.Verified == "" || t.Route != r.Route && t.Verified == "ok":
		case t.Verified == "ok":
			return look.Sign{Icon: "verified", Colour: theme.ColorNameSuccess, Word: look.T("Verified")}
		default:
			return look.Sign{Icon: "unverified", Colour: theme.ColorNameError, Word: look.T("Sender refused")}
		}
	}
	switch {
	case refused(r):
		return look.Sign{Icon: "unverified", Colour: theme.ColorNameError, Word: look.T("Sender refused")}
	case route.Verify != "" && r.Attempts > 0:
		return look.Sign{Icon: "verified", Colour: theme.ColorNameSuccess, Word: look.T("Route verifies")}
	}
	return look.Sign{Icon: "unverified", Colour: look.ColourMuted, Word: look.T("Not verified")}
}

// refused says whether a delivery ended because its sender could not be verified.
func refused(r *control.Record) bool {
	return r.State == control.Rejected && strings.HasPrefix(r.Reason, "not verified")
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

// retries says whether a delivery in a state can be run anew as it came.
func retries(state string) bool {
	switch state {
	case control.Waiting, control.Rejected, control.Duplicate, control.Dead, control.Expired:
		return true
	}
	return false
}

// bar is a row of buttons that lose their words, the last ones first, where there
// is no room for them.
type bar struct {
	buttons []*part.Push
	words   []string
}

func newBar(buttons []*part.Push) fyne.CanvasObject {
	b := &bar{buttons: buttons}
	var objects []fyne.CanvasObject
	for _, o := range buttons {
		b.words = append(b.words, o.Text)
		objects = append(objects, o)
	}
	return container.New(b, objects...)
}

// buttonWidth is how wide a button with an icon and a word is.
func buttonWidth(word string) float32 {
	w := theme.IconInlineSize() + 3*theme.InnerPadding()
	if word != "" {
		w += fyne.MeasureText(word, theme.TextSize(), fyne.TextStyle{Bold: true}).Width + theme.InnerPadding()
	}
	return w
}

// MinSize is that of icons alone.
func (b *bar) MinSize(objects []fyne.CanvasObject) fyne.Size {
	width := theme.Padding() * float32(len(objects)-1)
	height := float32(0)
	for _, o := range objects {
		width += buttonWidth("")
		height = max(height, o.MinSize().Height)
	}
	return fyne.NewSize(width+2*theme.Padding(), height+theme.Padding())
}

// Layout gives each button what it needs.
func (b *bar) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	words := append([]string{}, b.words...)
	for i := len(words) - 1; i > 0 && b.total(words) > size.Width-2*theme.Padding(); i-- {
		words[i] = ""
	}
	x := theme.Padding()
	for i, o := range b.buttons {
		if o.Text != words[i] {
			o.SetText(words[i])
		}
		w := buttonWidth(words[i])
		o.Resize(fyne.NewSize(w, size.Height-theme.Padding()))
		o.Move(fyne.NewPos(x, 0))
		x += w + theme.Padding()
	}
}

func (b *bar) total(words []string) float32 {
	sum := theme.Padding() * float32(len(words)-1)
	for _, w := range words {
		sum += buttonWidth(w)
	}
	return sum
}
