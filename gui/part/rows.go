package part

import (
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Rows is a list of rows of one height, of which there may be millions: it has an
// object for each row in sight and for no other. Where it stands is kept as a row
// and a part of it, since a distance in pixels is not exact any more so far down.
//
// Its functions are set before it is shown.
type Rows struct {
	widget.BaseWidget
	// Length says how many rows there are, and Height how high each is.
	Length func() int
	Height func() float32
	// Create makes an object for rows, and Update has it show the row at a position.
	Create func() fyne.CanvasObject
	Update func(row fyne.CanvasObject, at int)
	// Chosen is called when a person has moved to a row, Opened when they want to
	// see more of it, by a tap too, and Moved when other rows came into sight.
	Chosen func(at int)
	Opened func(at int)
	Moved  func()

	first   int     // the row at the top
	within  float32 // how much of it is above, less than a height
	chosen  int     // -1 for none
	pointer float32 // how far down the pointer is, -1 where it is not
	focused bool
	bar     *rowsBar
	painter *rowsPainter // nil until it is shown
}

var (
	_ fyne.Scrollable   = (*Rows)(nil)
	_ fyne.Tappable     = (*Rows)(nil)
	_ fyne.Focusable    = (*Rows)(nil)
	_ desktop.Hoverable = (*Rows)(nil)
)

// NewRows returns a list of nothing.
func NewRows() *Rows {
	r := &Rows{chosen: -1, pointer: -1, Length: func() int { return 0 }}
	r.Height = func() float32 { return theme.TextSize() * 2 }
	r.bar = newRowsBar(r)
	r.ExtendBaseWidget(r)
	return r
}

// Top is the row at the top, some of which may be above.
func (r *Rows) Top() int { return r.first }

// AtTop says whether nothing is above.
func (r *Rows) AtTop() bool { return r.first == 0 && r.within == 0 }

// InSight are the rows that can be seen: from <= row < to.
func (r *Rows) InSight() (from, to int) {
	n := int(math.Ceil(float64((r.Size().Height + r.within) / r.Height())))
	return r.first, min(r.first+n, r.Length())
}

// RowWidth is how wide a row is in a list of a width.
func (r *Rows) RowWidth(width float32) float32 { return max(width-barWidth, 0) }

// Selected is the row that a person has moved to, -1 for none.
func (r *Rows) Selected() int { return r.chosen }

// Place says where the list stands after rows came or went: which row is at the
// top, and which is chosen. What is above of the row at the top stays.
func (r *Rows) Place(top, chosen int) {
	if top == 0 && r.first != 0 {
		r.within = 0
	}
	r.first, r.chosen = top, chosen
	r.clamp()
}

// ToTop goes to the first row.
func (r *Rows) ToTop() { r.stand(0, 0) }

// Choose moves to a row and has it in sight.
func (r *Rows) Choose(at int) {
	at = min(at, r.Length()-1)
	if at < 0 {
		return
	}
	r.chosen = at
	r.Reveal(at)
	r.Refresh()
	if r.Chosen != nil {
		r.Chosen(at)
	}
}

// Reveal scrolls as little as it takes to have a row in sight.
func (r *Rows) Reveal(at int) {
	room := int(r.Size().Height / r.Height())
	switch {
	case at < r.first || at == r.first && r.within > 0:
		r.stand(at, 0)
	case at > r.first+room-1 && room > 0:
		rest := r.Size().Height - float32(room)*r.Height()
		if over := at - (r.first + room - 1); over > 1 || r.within < r.Height()-rest {
			r.stand(at-room, r.Height()-rest)
		}
	}
}

// stand has a row at the top.
func (r *Rows) stand(first int, within float32) {
	r.first, r.within = first, within
	r.clamp()
	r.moved()
}

// scroll moves the rows up by some pixels.
func (r *Rows) scroll(by float32) {
	h := r.Height()
	by += r.within
	down := float32(math.Floor(float64(by / h)))
	r.stand(r.first+int(down), by-down*h)
}

// clamp keeps the rows within the list.
func (r *Rows) clamp() {
	h := r.Height()
	if r.within >= h {
		r.first, r.within = r.first+1, r.within-h
	}
	hidden := float64(r.Length())*float64(h) - float64(r.Size().Height)
	last := int(max(hidden, 0) / float64(h))
	rest := float32(max(hidden, 0) - float64(last)*float64(h))
	if r.first > last || r.first == last && r.within > rest {
		r.first, r.within = last, rest
	}
	if r.first < 0 {
		r.first, r.within = 0, 0
	}
}

// fraction is how far down the list stands, from 0 to 1.
func (r *Rows) fraction() float64 {
	h := float64(r.Height())
	hidden := float64(r.Length())*h - float64(r.Size().Height)
	if hidden <= 0 {
		return 0
	}
	return (float64(r.first)*h + float64(r.within)) / hidden
}

// share is how much of the list is in sight, up to 1.
func (r *Rows) share() float64 {
	all := float64(r.Length()) * float64(r.Height())
	return min(float64(r.Size().Height)/max(all, 1), 1)
}

// toFraction goes as far down as it says.
func (r *Rows) toFraction(f float64) {
	h := float64(r.Height())
	at := min(max(f, 0), 1) * max(float64(r.Length())*h-float64(r.Size().Height), 0)
	first := math.Floor(at / h)
	r.stand(int(first), float32(at-first*h))
}

// moved shows the rows that are in sight now.
func (r *Rows) moved() {
	if r.painter != nil {
		r.painter.place()
	}
	if r.Moved != nil {
		r.Moved()
	}
}

// Scrolled moves the rows as the wheel does.
func (r *Rows) Scrolled(e *fyne.ScrollEvent) { r.scroll(-e.Scrolled.DY) }

// at is the row at a height of the widget, -1 for none.
func (r *Rows) at(y float32) int {
	if at := r.first + int((y+r.within)/r.Height()); y >= 0 && at < r.Length() {
		return at
	}
	return -1
}
