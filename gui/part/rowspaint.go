package part

import (
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"

	"homehook/gui/look"
)

// rowsPainter has an object for each row in sight. A row keeps its object while it
// is in sight, so that scrolling changes only those that come into it.
type rowsPainter struct {
	rows     *Rows
	slots    []rowsSlot
	hover    *canvas.Rectangle
	selected *canvas.Rectangle
	objects  []fyne.CanvasObject
}

// rowsInset is how far marks of rows are from the left side.
const rowsInset = 4

// rowsSlot is an object and the row that it shows, -1 for none.
type rowsSlot struct {
	object fyne.CanvasObject
	at     int
}

// CreateRenderer begins without rows: how many there are depends on the size.
func (r *Rows) CreateRenderer() fyne.WidgetRenderer {
	p := &rowsPainter{rows: r, hover: canvas.NewRectangle(nil), selected: canvas.NewRectangle(nil)}
	r.painter = p
	p.colour()
	p.collect()
	return p
}

func (p *rowsPainter) colour() {
	p.hover.FillColor = look.Colour(theme.ColorNameHover)
	p.selected.FillColor = look.Colour(theme.ColorNameSelection)
	p.selected.StrokeColor = look.Colour(theme.ColorNamePrimary)
	p.hover.CornerRadius = theme.Size(theme.SizeNameSelectionRadius)
	p.selected.CornerRadius = p.hover.CornerRadius
}

// collect lists the objects in the order in which they are painted.
func (p *rowsPainter) collect() {
	p.objects = append(make([]fyne.CanvasObject, 0, len(p.slots)+3), p.selected, p.hover)
	for i := range p.slots {
		p.objects = append(p.objects, p.slots[i].object)
	}
	p.objects = append(p.objects, p.rows.bar)
}

// Layout has as many objects as there can be rows in sight.
func (p *rowsPainter) Layout(size fyne.Size) {
	r := p.rows
	n := int(math.Ceil(float64(size.Height/r.Height()))) + 1
	if r.Create == nil {
		n = 0
	}
	if n != len(p.slots) {
		p.resize(n)
	}
	wide := fyne.NewSize(r.RowWidth(size.Width), r.Height())
	for i := range p.slots {
		p.slots[i].object.Resize(wide)
	}
	marks := fyne.NewSize(max(wide.Width-rowsInset, 0), wide.Height)
	p.hover.Resize(marks)
	p.selected.Resize(marks)
	r.bar.Resize(fyne.NewSize(barWidth, size.Height))
	r.bar.Move(fyne.NewPos(size.Width-barWidth, 0))
	r.clamp()
	r.moved()
}

func (p *rowsPainter) resize(n int) {
	for len(p.slots) < n {
		p.slots = append(p.slots, rowsSlot{object: p.rows.Create()})
	}
	p.slots = p.slots[:n]
	p.forget()
	p.collect()
}

// forget has every row shown anew.
func (p *rowsPainter) forget() {
	for i := range p.slots {
		p.slots[i].at = -1
	}
}

// place puts each row in sight where it belongs.
func (p *rowsPainter) place() {
	r := p.rows
	if len(p.slots) == 0 {
		return
	}
	length, h := r.Length(), r.Height()
	for at := r.first; at < r.first+len(p.slots); at++ {
		slot := &p.slots[at%len(p.slots)]
		if at >= length {
			slot.at = -1
			slot.object.Hide()
			continue
		}
		slot.object.Move(fyne.NewPos(0, float32(at-r.first)*h-r.within))
		if slot.at != at {
			slot.at = at
			r.Update(slot.object, at)
		}
		slot.object.Show()
	}
	p.mark()
	r.bar.follow()
}

// mark puts the marks of the row chosen and of the one below the pointer.
func (p *rowsPainter) mark() {
	p.put(p.selected, p.rows.chosen)
	hovered := p.rows.at(p.rows.pointer)
	if hovered == p.rows.chosen {
		hovered = -1
	}
	p.put(p.hover, hovered)
	width := float32(0)
	if p.rows.focused {
		width = 1
	}
	if p.selected.StrokeWidth != width {
		p.selected.StrokeWidth = width
		p.selected.Refresh()
	}
}

func (p *rowsPainter) put(mark *canvas.Rectangle, at int) {
	r := p.rows
	if at < r.first || at >= min(r.first+len(p.slots), r.Length()) {
		mark.Hide()
		return
	}
	mark.Move(fyne.NewPos(rowsInset, float32(at-r.first)*r.Height()-r.within))
	mark.Show()
}

// MinSize is that of a few rows.
func (p *rowsPainter) MinSize() fyne.Size { return fyne.NewSize(80, 3*p.rows.Height()) }

// Refresh shows all rows in sight anew, as after a change of the theme.
func (p *rowsPainter) Refresh() {
	p.colour()
	p.hover.Refresh()
	p.selected.Refresh()
	p.forget()
	p.Layout(p.rows.Size())
	p.rows.bar.Refresh()
}

// Objects are what is painted.
func (p *rowsPainter) Objects() []fyne.CanvasObject { return p.objects }

// Destroy has nothing to end.
func (p *rowsPainter) Destroy() {}
