package part

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
)

const (
	busyHigh  = 4
	busyShare = 0.3 // of the width, that moves
	busyTurn  = 1500 * time.Millisecond
	// busyUnseen is how long a bar goes on moving that is not painted any more.
	busyUnseen = time.Second
)

// busyBar is a bar that moves while something is waited for. It moves only while it
// is in sight: Fyne's own has the whole window painted sixty times a second for a
// minute after it was taken out of it.
type busyBar struct{ widget.BaseWidget }

func newBusyBar() *busyBar {
	b := &busyBar{}
	b.ExtendBaseWidget(b)
	return b
}

// CreateRenderer begins without moving.
func (b *busyBar) CreateRenderer() fyne.WidgetRenderer {
	p := &busyPainter{bar: b, ground: canvas.NewRectangle(nil), part: canvas.NewRectangle(nil)}
	p.all = []fyne.CanvasObject{p.ground, p.part}
	p.turn = &fyne.Animation{Duration: busyTurn, RepeatCount: fyne.AnimationRepeatForever, AutoReverse: true, Tick: p.tick}
	p.paint()
	return p
}

type busyPainter struct {
	bar     *busyBar
	ground  *canvas.Rectangle
	part    *canvas.Rectangle
	all     []fyne.CanvasObject
	turn    *fyne.Animation
	at      float32 // of the way
	moving  bool
	painted time.Time
}

// Objects is asked for whenever the bar is painted, and when it is not in sight for
// nothing but that.
func (p *busyPainter) Objects() []fyne.CanvasObject {
	p.painted = time.Now()
	if !p.moving {
		p.moving = true
		p.turn.Start()
	}
	return p.all
}

// tick moves the bar, or ends that.
func (p *busyPainter) tick(at float32) {
	if time.Since(p.painted) > busyUnseen {
		p.Destroy()
		return
	}
	p.at = at
	p.Layout(p.bar.Size())
	canvas.Refresh(p.part)
}

// Layout puts the part where it is on its way.
func (p *busyPainter) Layout(size fyne.Size) {
	y := (size.Height - busyHigh) / 2
	p.ground.Resize(fyne.NewSize(size.Width, busyHigh))
	p.ground.Move(fyne.NewPos(0, y))
	p.part.Resize(fyne.NewSize(size.Width*busyShare, busyHigh))
	p.part.Move(fyne.NewPos(p.at*size.Width*(1-busyShare), y))
}

func (p *busyPainter) MinSize() fyne.Size { return fyne.NewSize(60, 3*busyHigh) }

func (p *busyPainter) paint() {
	p.ground.FillColor, p.part.FillColor = look.Colour(look.ColourLine), look.Colour(theme.ColorNamePrimary)
	p.ground.CornerRadius, p.part.CornerRadius = busyHigh/2, busyHigh/2
}

// Refresh paints it in the colours that the theme has now.
func (p *busyPainter) Refresh() {
	p.paint()
	p.ground.Refresh()
	p.part.Refresh()
}

// Destroy has it stand still.
func (p *busyPainter) Destroy() {
	p.moving = false
	p.turn.Stop()
}
