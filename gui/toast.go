package gui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/feed"
	"homehook/gui/part"
)

// sayFor is how long a few words stay.
const sayFor = 2500 * time.Millisecond

// toast shows a few words over the foot of a screen for a moment. It takes neither
// clicks nor the focus.
type toast struct {
	crew  *feed.Crew
	layer *fyne.Container
	card  fyne.CanvasObject
	text  *widget.Label
	stop  func()
}

func newToast(crew *feed.Crew) *toast {
	t := &toast{crew: crew, text: widget.NewLabel("")}
	t.card = part.Card(t.text)
	t.card.Hide()
	t.layer = container.New(footLayout{}, t.card)
	return t
}

// say shows text in place of what was said before.
func (t *toast) say(text string) {
	if t.stop != nil {
		t.stop()
	}
	t.text.SetText(text)
	t.card.Show()
	t.layer.Refresh()
	t.stop = t.crew.After(sayFor, t.card.Hide)
}

// footLayout lays an object in the middle above the foot.
type footLayout struct{}

func (footLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

func (footLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		least := o.MinSize()
		least.Width = min(least.Width, size.Width)
		o.Resize(least)
		o.Move(fyne.NewPos((size.Width-least.Width)/2, size.Height-least.Height-4*theme.Padding()))
	}
}
