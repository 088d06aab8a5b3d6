package activity

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
)

// tag is a quiet word with a small icon behind it, which can be pushed: a filter that
// can be chosen, or with a ground, one that is in force.
type tag struct {
	widget.BaseWidget
	text   string
	icon   string
	ground bool
	pushed func()

	hovered, focused bool
}

var (
	_ fyne.Tappable     = (*tag)(nil)
	_ fyne.Focusable    = (*tag)(nil)
	_ desktop.Hoverable = (*tag)(nil)
)

func newTag(text, icon string, ground bool, pushed func()) *tag {
	t := &tag{text: text, icon: icon, ground: ground, pushed: pushed}
	t.ExtendBaseWidget(t)
	return t
}

// Tapped pushes it.
func (t *tag) Tapped(*fyne.PointEvent) { t.pushed() }

// TypedKey pushes it, or lets the key through to the window.
func (t *tag) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		t.pushed()
		return
	case fyne.KeyDown:
		if !t.ground { // as menus open
			t.pushed()
			return
		}
	}
	if c := fyne.CurrentApp().Driver().CanvasForObject(t); c != nil && c.OnTypedKey() != nil {
		c.OnTypedKey()(e)
	}
}

// TypedRune takes nothing.
func (t *tag) TypedRune(rune) {}

// FocusGained shows that keys go to it.
func (t *tag) FocusGained() { t.mark(&t.focused, true) }

// FocusLost shows that they do no more.
func (t *tag) FocusLost() { t.mark(&t.focused, false) }

// MouseIn shows that it can be pushed.
func (t *tag) MouseIn(*desktop.MouseEvent) { t.mark(&t.hovered, true) }

// MouseMoved changes nothing.
func (t *tag) MouseMoved(*desktop.MouseEvent) {}

// MouseOut shows it as it was.
func (t *tag) MouseOut() { t.mark(&t.hovered, false) }

func (t *tag) mark(what *bool, on bool) {
	*what = on
	t.Refresh()
}

// CreateRenderer lays text and icon on the ground.
func (t *tag) CreateRenderer() fyne.WidgetRenderer {
	p := &tagPainter{
		tag: t, ground: canvas.NewRectangle(color.Transparent), veil: canvas.NewRectangle(color.Transparent),
		text: canvas.NewText(t.text, color.Transparent), icon: &canvas.Image{FillMode: canvas.ImageFillContain},
	}
	p.paint()
	return p
}

type tagPainter struct {
	tag    *tag
	ground *canvas.Rectangle
	veil   *canvas.Rectangle // of the pointer and of the focus
	text   *canvas.Text
	icon   *canvas.Image
}

const (
	tagIcon = 12
	tagGap  = 5
	tagSide = 9
)

func (p *tagPainter) paint() {
	t := p.tag
	p.text.Text, p.text.TextSize, p.text.Color = t.text, theme.TextSize(), look.Colour(theme.ColorNameForeground)
	p.icon.Resource = look.IconIn(t.icon, look.ColourMuted)
	p.ground.FillColor = color.Transparent
	if t.ground {
		p.ground.FillColor = look.Colour(theme.ColorNameSelection)
	}
	p.veil.FillColor = color.Transparent
	if t.hovered {
		p.veil.FillColor = look.Colour(theme.ColorNameHover)
	}
	if t.focused {
		p.veil.FillColor = look.Colour(theme.ColorNameFocus)
	}
	p.ground.CornerRadius = theme.InputRadiusSize()
	p.veil.CornerRadius = p.ground.CornerRadius
}

func (p *tagPainter) Layout(size fyne.Size) {
	p.ground.Resize(size)
	p.veil.Resize(size)
	text := p.text.MinSize()
	p.text.Resize(text)
	p.text.Move(fyne.NewPos(tagSide, (size.Height-text.Height)/2))
	p.icon.Resize(fyne.NewSquareSize(tagIcon))
	p.icon.Move(fyne.NewPos(tagSide+text.Width+tagGap, (size.Height-tagIcon)/2+1))
}

func (p *tagPainter) MinSize() fyne.Size {
	text := p.text.MinSize()
	return fyne.NewSize(text.Width+tagGap+tagIcon+2*tagSide, text.Height+2*theme.Padding()+1)
}

func (p *tagPainter) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{p.ground, p.veil, p.text, p.icon}
}

// Refresh paints it as it is now.
func (p *tagPainter) Refresh() {
	p.paint()
	p.Layout(p.tag.Size())
	for _, o := range p.Objects() {
		o.Refresh()
	}
}

func (p *tagPainter) Destroy() {}
