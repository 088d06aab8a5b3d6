package routing

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/part"
)

// slot is one field of the form, closer together than a part.Field since a route has
// many: its name, what is asked, and a hint or what is wrong with it.
type slot struct {
	widget.BaseWidget
	name, note *widget.Label
	what       fyne.CanvasObject
	hint       string
}

func newSlot(name string, what fyne.CanvasObject, hint string) *slot {
	s := &slot{name: widget.NewLabel(name), note: part.Muted(""), what: what, hint: hint}
	s.name.TextStyle.Bold = true
	s.name.Truncation = fyne.TextTruncateEllipsis
	s.name.Hidden = name == ""
	s.ExtendBaseWidget(s)
	s.problem("")
	return s
}

// problem shows what is wrong in place of the hint; "" is nothing.
func (s *slot) problem(text string) {
	importance := widget.LowImportance
	if text != "" {
		importance = widget.DangerImportance
	} else {
		text = s.hint
	}
	if s.note.Text == text && s.note.Importance == importance && s.note.Hidden == (text == "") {
		return
	}
	s.note.Importance = importance
	s.note.SetText(text)
	s.note.Hidden = text == ""
	s.Refresh()
}

// CreateRenderer lays it out.
func (s *slot) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.New(layout.NewCustomPaddedVBoxLayout(-6), s.name, s.what, s.note))
}
