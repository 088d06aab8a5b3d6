package detail

import (
	"testing"

	"fyne.io/fyne/v2"

	"homehook/gui/stage"
)

// A delivery that is shown for the first time, with the body of its request.
func BenchmarkShow(b *testing.B) {
	s := stage.Empty(b)
	p := New(s.Desk)
	p.OnClose = func() {}
	s.Window.SetContent(p.Content())
	s.Window.Resize(fyne.NewSize(480, 640))
	for b.Loop() {
		p.built = nil
		p.id, p.record = kept().ID, kept()
		p.build()
		s.Settle(func() bool { return Settled(p) })
	}
}
