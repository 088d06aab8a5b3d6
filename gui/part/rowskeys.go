package part

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// Key moves through the list; false for a key that means nothing to it.
func (r *Rows) Key(e *fyne.KeyEvent) bool {
	page := max(int(r.Size().Height/r.Height())-1, 1)
	switch e.Name {
	case fyne.KeyDown, fyne.KeyJ:
		r.step(1)
	case fyne.KeyUp, fyne.KeyK:
		r.step(-1)
	case fyne.KeyPageDown:
		r.step(page)
	case fyne.KeyPageUp:
		r.step(-page)
	case fyne.KeyHome:
		r.Choose(0)
	case fyne.KeyEnd:
		r.Choose(r.Length() - 1)
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		if r.chosen < 0 || r.Opened == nil {
			return false
		}
		r.Opened(r.chosen)
	default:
		return false
	}
	return true
}

// step moves by some rows. Without a row to begin at it begins at the first that
// is in sight.
func (r *Rows) step(by int) {
	if r.chosen < 0 || r.chosen >= r.Length() {
		from := r.first
		if r.within > 0 && from+1 < r.Length() {
			from++
		}
		r.Choose(from)
		return
	}
	r.Choose(max(r.chosen+by, 0))
}

// TypedKey takes keys while the list has the focus, and lets others through.
func (r *Rows) TypedKey(e *fyne.KeyEvent) {
	if !r.Key(e) {
		bubble(r, e)
	}
}

// TypedRune takes nothing: letters are keys here.
func (r *Rows) TypedRune(rune) {}

// FocusGained shows that keys go to the list.
func (r *Rows) FocusGained() {
	r.focused = true
	r.moved()
}

// FocusLost shows that they do no more.
func (r *Rows) FocusLost() {
	r.focused = false
	r.moved()
}

// Tapped moves to the row there and opens it.
func (r *Rows) Tapped(e *fyne.PointEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(r); c != nil {
		c.Focus(r)
	}
	if at := r.at(e.Position.Y); at >= 0 {
		r.Choose(at)
		if r.Opened != nil {
			r.Opened(at)
		}
	}
}

// MouseIn marks the row below the pointer.
func (r *Rows) MouseIn(e *desktop.MouseEvent) { r.MouseMoved(e) }

// MouseMoved marks the row below the pointer.
func (r *Rows) MouseMoved(e *desktop.MouseEvent) { r.hover(e.Position.Y) }

// MouseOut marks none.
func (r *Rows) MouseOut() { r.hover(-1) }

// hover notes where the pointer is. What it marks changes as rows move below it.
func (r *Rows) hover(y float32) {
	r.pointer = y
	if r.painter != nil {
		r.painter.mark()
	}
}
