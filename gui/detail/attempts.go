package detail

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// attempts lists the runs of handlers, and shows what the chosen one has put out.
type attempts struct {
	pane   *Pane
	rows   []*attemptRow
	stack  *fyne.Container
	shown  []*body // by segment, of the attempt that is chosen
	parts  *segments
	chosen int
}

// attemptsTab shows the runs of handlers.
func (p *Pane) attemptsTab() *tab {
	r := p.record
	var list *attempts
	t := &tab{title: look.T("Attempts")}
	if n := len(r.Log); n > 1 {
		t.title = counted(t.title, n)
	}
	t.make = func() fyne.CanvasObject {
		if len(r.Log) == 0 {
			title := look.T("No attempt yet")
			if ended(r.State) {
				title = look.T("No handler has run")
			}
			return part.Empty("play", title, p.noAttempts())
		}
		list = &attempts{pane: p, stack: container.NewStack(), chosen: -1}
		return list.object()
	}
	t.searched = func() *body {
		if list == nil || list.parts == nil || list.parts.chosen >= len(list.shown) {
			return nil
		}
		return list.shown[list.parts.chosen]
	}
	return t
}

func (p *Pane) noAttempts() string {
	switch p.record.State {
	case control.Rejected:
		return look.T("The delivery was refused before one could run.")
	case control.Duplicate:
		return look.T("It is a duplicate: what it asks for was done when the first one came.")
	case control.Waiting, control.Received, control.Running:
		return look.T("The first one is shown here when it has begun.")
	}
	return look.T("There was nothing to run for this delivery.")
}

// ended says whether a delivery in a state goes on by itself no more.
func ended(state string) bool {
	switch state {
	case control.Received, control.Running, control.Waiting:
		return false
	}
	return true
}

func (a *attempts) object() fyne.CanvasObject {
	rows := container.New(layout.NewCustomPaddedVBoxLayout(1))
	log := a.pane.record.Log
	for i := range log {
		row := newAttemptRow(&log[i], func() { a.choose(i) })
		a.rows = append(a.rows, row)
		rows.Add(row)
	}
	a.choose(len(log) - 1)
	list := container.NewVScroll(rows)
	list.SetMinSize(fyne.NewSize(0, min(rows.MinSize().Height, 4*a.rows[0].MinSize().Height)))
	return container.NewBorder(container.NewVBox(list, widget.NewSeparator()), nil, nil, nil, a.stack)
}

// choose shows one attempt.
func (a *attempts) choose(i int) {
	if i == a.chosen {
		return
	}
	a.chosen = i
	for at, row := range a.rows {
		row.set(at == i)
	}
	t := &a.pane.record.Log[i]
	a.shown = nil
	var all []segment
	add := func(word string, c content) {
		b := newBody(a.pane.desk, c, nil)
		a.shown = append(a.shown, b)
		all = append(all, segment{word, func() fyne.CanvasObject { return b.object }})
	}
	if len(t.Output) > 0 {
		c := content{bytes: t.Output, size: int64(len(t.Output)), cut: false}
		add(look.T("Output"), c)
	}
	if len(t.ResponseHead) > 0 || t.ResponseSize > 0 {
		kind, parameters := typeOf(t.ResponseHead)
		add(look.T("Body"), content{bytes: t.ResponseBody, kind: kind, parameters: parameters, size: t.ResponseSize, cut: t.ResponseTruncated, visit: a.pane.visit})
		_, fields := fieldsOf(t.ResponseHead)
		all = append(all, segment{counted(look.T("Headers"), len(fields)), func() fyne.CanvasObject { return a.pane.headers(fields, false) }})
	}
	top := a.about(t)
	below := part.Empty("file", look.T("No output"), look.T("The handler has put out nothing that is kept."))
	a.parts = nil
	if len(all) > 0 {
		a.parts = newSegments(0, all...)
		below = a.parts.content
	}
	a.stack.Objects = []fyne.CanvasObject{container.NewBorder(top, nil, nil, nil, below)}
	a.stack.Refresh()
}

// about says in words how an attempt went.
func (a *attempts) about(t *control.Attempt) fyne.CanvasObject {
	rows := container.NewVBox()
	if t.Error != "" {
		l := part.Wrapped(part.Cut(part.VisibleLines(t.Error), mostLetters))
		l.Importance, l.Selectable = widget.DangerImportance, true
		rows.Add(l)
	}
	if t.GivenUp {
		rows.Add(part.Muted(look.T("It was given up: this handler is not tried again.")))
	}
	if t.OutputTruncated {
		rows.Add(part.Muted(look.T("Only the beginning of the output is kept.")))
	}
	return rows
}

// attemptRow is one line of the list, that is chosen with a click or with Enter.
type attemptRow struct {
	widget.BaseWidget
	ground fyne.CanvasObject
	mark   fyne.CanvasObject
	row    fyne.CanvasObject
	tapped func()
}

func newAttemptRow(t *control.Attempt, tapped func()) *attemptRow {
	r := &attemptRow{tapped: tapped}
	r.ground = part.Ground(theme.ColorNameSelection, layout.NewSpacer())
	r.mark = part.Ground(theme.ColorNameHover, layout.NewSpacer())
	r.ground.Hide()
	r.mark.Hide()
	sign := look.FindingSign(control.FindingOK)
	if t.Error != "" {
		sign = look.FindingSign(control.FindingProblem)
	}
	icon := container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(theme.IconInlineSize()), widget.NewIcon(sign.Resource())))
	left := widget.NewLabel(fmt.Sprintf("%d  %s", t.Number, part.Visible(t.Handler)))
	left.TextStyle.Bold = true
	result := widget.NewLabel(part.Visible(t.Route))
	result.Truncation = fyne.TextTruncateEllipsis
	right := widget.NewLabel(strings.Join(measures(t), " · "))
	right.Importance, right.SizeName = widget.LowImportance, theme.SizeNameCaptionText
	r.row = container.NewBorder(nil, nil, indented(icon, left), right, result)
	r.ExtendBaseWidget(r)
	return r
}

// measures are what an attempt came to, and when, and how long it took.
func measures(t *control.Attempt) []string {
	var out []string
	if t.Status != 0 {
		out = append(out, fmt.Sprint(t.Status))
	}
	if t.Exit >= 0 {
		out = append(out, look.T("exit {{.Code}}", look.V{"Code": t.Exit}))
	}
	return append(out, look.Milliseconds(t.DurationMS), clock(t.Started))
}

func (r *attemptRow) set(chosen bool) {
	if chosen {
		r.ground.Show()
	} else {
		r.ground.Hide()
	}
	r.Refresh()
}

// CreateRenderer lays the line on its grounds.
func (r *attemptRow) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewStack(r.ground, r.mark, r.row))
}

// Tapped chooses it.
func (r *attemptRow) Tapped(*fyne.PointEvent) { r.tapped() }

// FocusGained shows that keys go here.
func (r *attemptRow) FocusGained() { r.mark.Show() }

// FocusLost hides that.
func (r *attemptRow) FocusLost() { r.mark.Hide() }

// TypedRune means nothing.
func (r *attemptRow) TypedRune(rune) {}

// TypedKey chooses it with Enter or Space.
func (r *attemptRow) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		r.tapped()
	default:
		if c := fyne.CurrentApp().Driver().CanvasForObject(r); c != nil && c.OnTypedKey() != nil {
			c.OnTypedKey()(k) // of the window
		}
	}
}
