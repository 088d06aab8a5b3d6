package gui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/assets"
	"homehook/gui/look"
	"homehook/gui/part"
)

// sideWidth is that of the side list; words of a language that need more get it.
const sideWidth = 176

// sideItem is one line of the side list. It can be reached by Tab, too.
type sideItem struct {
	widget.BaseWidget
	icon, text               string
	tapped                   func()
	other                    func(*fyne.KeyEvent) // takes keys that mean nothing here
	chosen, hovered, focused bool
}

var (
	_ fyne.Tappable     = (*sideItem)(nil)
	_ fyne.Focusable    = (*sideItem)(nil)
	_ desktop.Hoverable = (*sideItem)(nil)
)

func newSideItem(icon, text string, tapped func()) *sideItem {
	i := &sideItem{icon: icon, text: text, tapped: tapped, other: func(*fyne.KeyEvent) {}}
	i.ExtendBaseWidget(i)
	return i
}

// Tapped goes there.
func (i *sideItem) Tapped(*fyne.PointEvent) { i.tapped() }

// MouseIn, MouseMoved and MouseOut light it up.
func (i *sideItem) MouseIn(*desktop.MouseEvent)    { i.hovered = true; i.Refresh() }
func (i *sideItem) MouseMoved(*desktop.MouseEvent) {}
func (i *sideItem) MouseOut()                      { i.hovered = false; i.Refresh() }

// FocusGained and FocusLost show where the keys go.
func (i *sideItem) FocusGained() { i.focused = true; i.Refresh() }
func (i *sideItem) FocusLost()   { i.focused = false; i.Refresh() }

// TypedRune does nothing.
func (i *sideItem) TypedRune(rune) {}

// TypedKey goes there by Enter and Space.
func (i *sideItem) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		i.tapped()
	default:
		i.other(e)
	}
}

// linkSide has the arrows move the focus from item to item, and gives other keys to
// the window.
func linkSide(canvas fyne.Canvas, items []*sideItem, others func(*fyne.KeyEvent)) {
	for at, i := range items {
		i.other = func(e *fyne.KeyEvent) {
			switch {
			case e.Name == fyne.KeyDown && at+1 < len(items):
				canvas.Focus(items[at+1])
			case e.Name == fyne.KeyUp && at > 0:
				canvas.Focus(items[at-1])
			case e.Name != fyne.KeyDown && e.Name != fyne.KeyUp:
				others(e)
			}
		}
	}
}

// choose says whether it is the screen that is shown.
func (i *sideItem) choose(chosen bool) {
	if i.chosen != chosen {
		i.chosen = chosen
		i.Refresh()
	}
}

// CreateRenderer draws it.
func (i *sideItem) CreateRenderer() fyne.WidgetRenderer {
	r := &sideRenderer{
		item: i, ground: canvas.NewRectangle(color.Transparent), bar: canvas.NewRectangle(color.Transparent),
		icon: widget.NewIcon(nil), text: canvas.NewText(i.text, color.Transparent),
	}
	r.ground.CornerRadius, r.bar.CornerRadius = 6, 1.5
	r.Refresh()
	return r
}

type sideRenderer struct {
	item        *sideItem
	ground, bar *canvas.Rectangle
	icon        *widget.Icon
	text        *canvas.Text
}

func (r *sideRenderer) Destroy() {}

func (r *sideRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ground, r.bar, r.icon, r.text}
}

// room is that on each side of the icon.
const room = 11

func (r *sideRenderer) MinSize() fyne.Size {
	text, icon := r.text.MinSize(), theme.IconInlineSize()
	return fyne.NewSize(icon+text.Width+3*room, max(text.Height, icon)+2*theme.InnerPadding()+2)
}

func (r *sideRenderer) Layout(size fyne.Size) {
	icon := theme.IconInlineSize()
	r.ground.Resize(size)
	r.bar.Resize(fyne.NewSize(3, size.Height/2))
	r.bar.Move(fyne.NewPos(1, size.Height/4))
	r.icon.Resize(fyne.NewSquareSize(icon))
	r.icon.Move(fyne.NewPos(room, (size.Height-icon)/2))
	text := r.text.MinSize()
	r.text.Resize(fyne.NewSize(size.Width-icon-3*room, text.Height))
	r.text.Move(fyne.NewPos(icon+2*room-2, (size.Height-text.Height)/2))
}

func (r *sideRenderer) Refresh() {
	i, word := r.item, theme.ColorNameForeground
	r.ground.FillColor, r.bar.FillColor = color.Transparent, color.Transparent
	r.ground.StrokeWidth = 0
	if i.hovered {
		r.ground.FillColor = look.Colour(theme.ColorNameHover)
	}
	if i.chosen {
		word = theme.ColorNamePrimary
		r.ground.FillColor = look.Colour(theme.ColorNameSelection)
		r.bar.FillColor = look.Colour(theme.ColorNamePrimary)
	}
	if i.focused {
		r.ground.StrokeWidth, r.ground.StrokeColor = 2, look.Colour(theme.ColorNamePrimary)
	}
	r.icon.SetResource(look.IconIn(i.icon, word))
	r.text.Text, r.text.Color, r.text.TextSize = i.text, look.Colour(word), theme.TextSize()
	r.text.TextStyle.Bold = i.chosen
	for _, o := range r.Objects() {
		o.Refresh()
	}
}

// appIcon is the icon of Homehook.
func appIcon() fyne.Resource { return fyne.NewStaticResource("homehook.svg", assets.Icon) }

// sideList lays out the name of the app, upper and lower items.
func sideList(upper, lower []*sideItem) fyne.CanvasObject {
	icon := canvas.NewImageFromResource(appIcon())
	icon.FillMode = canvas.ImageFillContain
	icon.SetMinSize(fyne.NewSquareSize(26))
	name := part.Title("Homehook")
	name.Truncation = fyne.TextTruncateOff
	head := container.New(layout.NewCustomPaddedLayout(8, 8, 6, 0), container.NewHBox(icon, name))
	column := func(items []*sideItem) *fyne.Container {
		box := container.New(layout.NewCustomPaddedVBoxLayout(2))
		for _, i := range items {
			box.Add(i)
		}
		return box
	}
	top := container.NewVBox(head, column(upper))
	list := container.NewBorder(top, column(lower), nil, nil)
	room := theme.InnerPadding()
	padded := container.New(layout.NewCustomPaddedLayout(room, room, room, room), list)
	return part.Ground(look.ColourSide, container.New(&atLeast{size: fyne.NewSize(sideWidth, 0)}, padded))
}

// atLeast lays its objects over each other and wants a size at least.
type atLeast struct{ size fyne.Size }

func (a *atLeast) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := a.size
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size
}

func (a *atLeast) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Resize(size)
		o.Move(fyne.Position{})
	}
}
