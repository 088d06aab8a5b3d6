package gui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
	"homehook/gui/part"
)

// statusLine tells at the foot of the window how the agent is doing. A click on it,
// or on its button, goes to where that is mended.
type statusLine struct {
	widget.BaseWidget
	shown  summary
	act    func(summary)
	badge  *part.Badge
	text   *widget.Label
	button *part.Push
	pause  *part.Push // opens the menu of how long
}

var _ fyne.Tappable = (*statusLine)(nil)

func newStatusLine(act func(summary), pauses func() []*fyne.MenuItem) *statusLine {
	l := &statusLine{act: act, badge: part.NewBadge(look.Sign{}), text: widget.NewLabel("")}
	l.text.Truncation = fyne.TextTruncateEllipsis
	l.text.Importance = widget.LowImportance
	l.button = part.Quiet("", "", func() { l.act(l.shown) })
	l.pause = part.Quiet(look.T("Pause"), "pause", func() { part.PopUp(l.pause, pauses()...) })
	l.pause.Hide()
	l.ExtendBaseWidget(l)
	return l
}

// set shows a summary.
func (l *statusLine) set(s summary) {
	if l.shown == s {
		return
	}
	l.shown = s
	l.badge.Set(s.sign)
	l.text.SetText(s.text)
	l.button.SetText(s.word)
	l.button.Hidden = s.word == ""
	l.pause.Hidden = !s.runs
	l.Refresh()
}

// Tapped does what the button does.
func (l *statusLine) Tapped(*fyne.PointEvent) { l.act(l.shown) }

// CreateRenderer lays it out: the sign, the text, the button.
func (l *statusLine) CreateRenderer() fyne.WidgetRenderer {
	row := container.NewBorder(nil, nil, l.badge, container.NewHBox(l.button, l.pause), l.text)
	padded := container.New(layout.NewCustomPaddedLayout(0, 0, theme.InnerPadding(), theme.InnerPadding()), row)
	box := container.New(&atLeast{size: fyne.NewSize(0, 32)}, padded)
	return widget.NewSimpleRenderer(part.Ground(look.ColourSide, container.NewBorder(part.Line(), nil, nil, nil, box)))
}
