package part

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
)

// Measures of the bar at the side of rows.
const (
	barWidth   = 12 // of the strip in which it lies
	barThin    = 5  // of its thumb, and below where the pointer is on it
	barThick   = 8
	thumbLeast = 28 // long, so that it can be taken hold of
)

// rowsBar is the bar at the side of rows, which shows where they stand and takes
// them elsewhere.
type rowsBar struct {
	widget.BaseWidget
	rows    *Rows
	thumb   *canvas.Rectangle
	hovered bool
	dragged bool
	held    float32 // where the thumb would be while it is dragged
}

var (
	_ fyne.Draggable    = (*rowsBar)(nil)
	_ fyne.Tappable     = (*rowsBar)(nil)
	_ desktop.Hoverable = (*rowsBar)(nil)
)

func newRowsBar(r *Rows) *rowsBar {
	b := &rowsBar{rows: r, thumb: canvas.NewRectangle(nil)}
	b.ExtendBaseWidget(b)
	return b
}

// length is that of the thumb.
func (b *rowsBar) length() float32 {
	return max(b.Size().Height*float32(b.rows.share()), min(thumbLeast, b.Size().Height))
}

// follow puts the thumb where the rows stand.
func (b *rowsBar) follow() {
	if b.rows.share() >= 1 {
		b.thumb.Hide()
		return
	}
	wide := float32(barThin)
	if b.hovered || b.dragged {
		wide = barThick
	}
	long := b.length()
	b.thumb.CornerRadius = wide / 2
	b.thumb.Resize(fyne.NewSize(wide, long))
	b.thumb.Move(fyne.NewPos((barWidth-wide)/2, float32(b.rows.fraction())*(b.Size().Height-long)))
	b.thumb.Show()
}

// Dragged takes the rows along with the thumb.
func (b *rowsBar) Dragged(e *fyne.DragEvent) {
	if !b.dragged {
		b.dragged, b.held = true, b.thumb.Position().Y
	}
	b.held += e.Dragged.DY
	b.to(b.held)
}

// DragEnd lets go of the thumb.
func (b *rowsBar) DragEnd() {
	b.dragged = false
	b.follow()
}

// Tapped goes to where it was.
func (b *rowsBar) Tapped(e *fyne.PointEvent) {
	if top := b.thumb.Position().Y; e.Position.Y < top || e.Position.Y > top+b.length() {
		b.to(e.Position.Y - b.length()/2)
	}
}

// to puts the upper end of the thumb somewhere.
func (b *rowsBar) to(y float32) {
	if room := b.Size().Height - b.length(); room > 0 {
		b.rows.toFraction(float64(y / room))
	}
}

// MouseIn makes the thumb easier to take hold of.
func (b *rowsBar) MouseIn(*desktop.MouseEvent) {
	b.hovered = true
	b.rows.hover(-1)
	b.follow()
}

// MouseMoved changes nothing.
func (b *rowsBar) MouseMoved(*desktop.MouseEvent) {}

// MouseOut makes it thin again.
func (b *rowsBar) MouseOut() {
	b.hovered = false
	b.follow()
}

// CreateRenderer shows the thumb.
func (b *rowsBar) CreateRenderer() fyne.WidgetRenderer {
	b.thumb.FillColor = look.Colour(theme.ColorNameScrollBar)
	return &rowsBarPainter{b}
}

// rowsBarPainter lays out the thumb itself: where it is depends on the rows.
type rowsBarPainter struct{ bar *rowsBar }

func (p *rowsBarPainter) Layout(fyne.Size)             { p.bar.follow() }
func (p *rowsBarPainter) MinSize() fyne.Size           { return fyne.NewSize(barWidth, thumbLeast) }
func (p *rowsBarPainter) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{p.bar.thumb} }
func (p *rowsBarPainter) Destroy()                     {}

// Refresh paints it in the colour that the theme has now.
func (p *rowsBarPainter) Refresh() {
	p.bar.thumb.FillColor = look.Colour(theme.ColorNameScrollBar)
	p.bar.follow()
	p.bar.thumb.Refresh()
}
