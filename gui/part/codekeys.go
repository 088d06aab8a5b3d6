package part

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

var (
	_ fyne.Focusable      = (*codePage)(nil)
	_ fyne.Shortcutable   = (*codePage)(nil)
	_ fyne.Draggable      = (*codePage)(nil)
	_ desktop.Keyable     = (*codePage)(nil)
	_ desktop.Mouseable   = (*codePage)(nil)
	_ desktop.Cursorable  = (*codePage)(nil)
	_ fyne.DoubleTappable = (*codePage)(nil)
)

// FocusGained shows the cursor.
func (p *codePage) FocusGained() { p.focused = true; p.redraw() }

// FocusLost hides it.
func (p *codePage) FocusLost() { p.focused, p.shift = false, false; p.redraw() }

// TypedRune means nothing: the text cannot be changed.
func (p *codePage) TypedRune(rune) {}

// KeyDown and KeyUp follow shift, with which lines are chosen.
func (p *codePage) KeyDown(k *fyne.KeyEvent) { p.shifted(k, true) }

// KeyUp ends what KeyDown has begun.
func (p *codePage) KeyUp(k *fyne.KeyEvent) { p.shifted(k, false) }

func (p *codePage) shifted(k *fyne.KeyEvent, down bool) {
	if k.Name == desktop.KeyShiftLeft || k.Name == desktop.KeyShiftRight {
		p.shift = down
	}
}

// TypedKey moves the cursor, folds and unfolds.
func (p *codePage) TypedKey(k *fyne.KeyEvent) {
	c := p.code
	n := c.lines.count()
	if n == 0 {
		bubble(p, k)
		return
	}
	page := max(int(c.scroll.Size().Height/codeHeight())-1, 1)
	to := c.cursor
	switch k.Name {
	case fyne.KeyUp:
		to--
	case fyne.KeyDown:
		to++
	case fyne.KeyPageUp:
		to -= page
	case fyne.KeyPageDown:
		to += page
	case fyne.KeyHome:
		to = 0
	case fyne.KeyEnd:
		to = n - 1
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		c.toggle(c.cursor)
		return
	case fyne.KeyLeft, fyne.KeyRight:
		p.foldKey(k.Name == fyne.KeyLeft)
		return
	case fyne.KeyEscape:
		if !c.chosen {
			bubble(p, k)
		}
		c.chosen = false
		p.redraw()
		return
	default:
		bubble(p, k)
		return
	}
	p.to(min(max(to, 0), n-1), p.shift)
	c.toCursor(false)
}

// foldKey folds what the cursor's line opens, or unfolds it.
func (p *codePage) foldKey(fold bool) {
	c := p.code
	if !c.lines.doc.Folds() || c.lines.folded[c.lines.at(c.cursor).row] == fold {
		return
	}
	c.toggle(c.cursor)
}

// to moves the cursor, and chooses the lines on the way or, alone, none.
func (p *codePage) to(line int, choose bool) {
	c := p.code
	c.cursor = line
	if !choose {
		c.anchor = line
	}
	c.chosen = choose
	p.redraw()
}

// TypedShortcut copies, or chooses all.
func (p *codePage) TypedShortcut(s fyne.Shortcut) {
	c := p.code
	switch s.(type) {
	case *fyne.ShortcutCopy:
		c.Copy()
		return
	case *fyne.ShortcutSelectAll:
		c.anchor, c.cursor, c.chosen = 0, max(c.lines.count()-1, 0), true
		p.redraw()
		return
	}
	if w := fyne.CurrentApp().Driver().CanvasForObject(p); w != nil {
		if on, ok := w.(fyne.Shortcutable); ok {
			on.TypedShortcut(s) // of the window
		}
	}
}

// Cursor is that for text.
func (p *codePage) Cursor() desktop.Cursor { return desktop.TextCursor }

// lineAt is the line at a place; -1 where there is none.
func (p *codePage) lineAt(at fyne.Position) int {
	n := p.code.lines.count()
	if n == 0 {
		return -1
	}
	return min(max(int(at.Y/codeHeight()), 0), n-1)
}

// MouseDown folds at the sign of folding, and elsewhere begins to choose lines.
func (p *codePage) MouseDown(e *desktop.MouseEvent) {
	if canvas := fyne.CurrentApp().Driver().CanvasForObject(p); canvas != nil {
		canvas.Focus(p)
	}
	line := p.lineAt(e.Position)
	if line < 0 || e.Button != desktop.MouseButtonPrimary {
		return
	}
	if e.Position.X < codeGutter() && p.code.toggle(line) {
		return
	}
	p.to(line, p.shift || e.Modifier&fyne.KeyModifierShift != 0)
}

// MouseUp means nothing of its own.
func (p *codePage) MouseUp(*desktop.MouseEvent) {}

// Dragged chooses the lines from where the button went down.
func (p *codePage) Dragged(e *fyne.DragEvent) {
	if line := p.lineAt(e.Position); line >= 0 {
		p.to(line, true)
		p.code.toCursor(false)
	}
}

// DragEnd means nothing of its own.
func (p *codePage) DragEnd() {}

// DoubleTapped chooses a line.
func (p *codePage) DoubleTapped(e *fyne.PointEvent) {
	if line := p.lineAt(e.Position); line >= 0 {
		p.to(line, false)
		p.to(line, true)
	}
}
