package part

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
)

// Fold is a line of words that opens and closes what stands below it, by a click,
// Enter or the space bar.
type Fold struct {
	widget.BaseWidget
	head *Push
	what fyne.CanvasObject
	// OnChanged is told that it has opened or closed; nil for nothing.
	OnChanged func(open bool)
}

// NewFold returns a closed one.
func NewFold(words string, what fyne.CanvasObject) *Fold {
	f := &Fold{what: what}
	f.head = Quiet(words, "down", f.Toggle)
	f.head.Alignment = widget.ButtonAlignLeading
	what.Hide()
	f.ExtendBaseWidget(f)
	return f
}

// Open says whether it is open.
func (f *Fold) Open() bool { return f.what.Visible() }

// Toggle opens or closes it.
func (f *Fold) Toggle() {
	if f.Open() {
		f.what.Hide()
		f.head.SetIcon(look.Icon("down"))
	} else {
		f.what.Show()
		f.head.SetIcon(look.Icon("up"))
	}
	f.Refresh()
	if f.OnChanged != nil {
		f.OnChanged(f.Open())
	}
}

// CreateRenderer lays it out.
func (f *Fold) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.New(layout.NewVBoxLayout(), container.NewHBox(f.head), f.what))
}
