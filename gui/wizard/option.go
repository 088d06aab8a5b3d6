package wizard

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
)

// option is a card that can be chosen, one of several: an icon, a title and what it
// means. Arrows go to its neighbours.
type option struct {
	widget.BaseWidget
	of      *options
	value   string
	icon    *widget.Icon
	title   *widget.Label
	about   *widget.Label
	name    string
	chosen  bool
	focused bool
	hovered bool
}

var (
	_ fyne.Focusable    = (*option)(nil)
	_ fyne.Tappable     = (*option)(nil)
	_ desktop.Hoverable = (*option)(nil)
)

// options are cards of which one is chosen.
type options struct {
	wizard  *wizard
	all     []*option
	changed func(value string)
}

// add returns a new card.
func (o *options) add(value, icon, title, about string) *option {
	c := &option{of: o, value: value, name: icon, icon: widget.NewIcon(nil), title: widget.NewLabel(title), about: muted(about)}
	c.title.TextStyle.Bold = true
	c.title.Wrapping = fyne.TextWrapWord
	c.ExtendBaseWidget(c)
	c.paint()
	o.all = append(o.all, c)
	return c
}

// value is that of the chosen card; empty where none is.
func (o *options) value() string {
	for _, c := range o.all {
		if c.chosen {
			return c.value
		}
	}
	return ""
}

// choose marks a card and tells of it.
func (o *options) choose(value string) {
	for _, c := range o.all {
		if on := c.value == value; on != c.chosen {
			c.chosen = on
			c.Refresh()
		}
	}
	if o.changed != nil {
		o.changed(value)
	}
}

// focus is the card to begin at: the chosen one or else the first that is seen.
func (o *options) focus() fyne.Focusable {
	for _, c := range o.all {
		if c.chosen && c.Visible() {
			return c
		}
	}
	for _, c := range o.all {
		if c.Visible() {
			return c
		}
	}
	return nil
}

// step goes from a card to the one that is by away, and chooses it.
func (o *options) step(from *option, by int) {
	var seen []*option
	at := 0
	for _, c := range o.all {
		if c.Visible() {
			if c == from {
				at = len(seen)
			}
			seen = append(seen, c)
		}
	}
	to := seen[(at+by+len(seen))%len(seen)]
	o.choose(to.value)
	o.wizard.desk.Window.Canvas().Focus(to)
}

// say shows another title and meaning.
func (c *option) say(title, about string) {
	c.title.SetText(title)
	c.about.SetText(about)
}

func (c *option) paint() {
	colour := look.ColourMuted
	if c.chosen {
		colour = theme.ColorNamePrimary
	}
	c.icon.SetResource(look.IconIn(c.name, colour))
}

// Tapped chooses it.
func (c *option) Tapped(*fyne.PointEvent) {
	c.of.choose(c.value)
	c.of.wizard.desk.Window.Canvas().Focus(c)
}

// FocusGained and FocusLost show whether keys go here.
func (c *option) FocusGained() { c.focused = true; c.Refresh() }

// FocusLost says that they go elsewhere.
func (c *option) FocusLost() { c.focused = false; c.Refresh() }

// MouseIn and MouseOut show that it can be tapped.
func (c *option) MouseIn(*desktop.MouseEvent) { c.hovered = true; c.Refresh() }

// MouseMoved changes nothing.
func (c *option) MouseMoved(*desktop.MouseEvent) {}

// MouseOut ends what MouseIn began.
func (c *option) MouseOut() { c.hovered = false; c.Refresh() }

// TypedRune chooses it with the space bar.
func (c *option) TypedRune(r rune) {
	if r == ' ' {
		c.of.choose(c.value)
	}
}

// TypedKey goes to the neighbours with the arrows, and on with Enter.
func (c *option) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeyDown, fyne.KeyRight:
		c.of.step(c, 1)
	case fyne.KeyUp, fyne.KeyLeft:
		c.of.step(c, -1)
	case fyne.KeyReturn, fyne.KeyEnter:
		if !c.chosen {
			c.of.choose(c.value)
		}
		c.of.wizard.key(k)
	default:
		c.of.wizard.key(k)
	}
}

// TypedShortcut has Alt+Left go back.
func (c *option) TypedShortcut(s fyne.Shortcut) { c.of.wizard.take(c, s) }

// CreateRenderer lays the card out.
func (c *option) CreateRenderer() fyne.WidgetRenderer {
	ground := canvas.NewRectangle(color.Transparent)
	ground.CornerRadius = 8
	icon := container.NewGridWrap(fyne.NewSquareSize(26), c.icon)
	words := container.New(layout.NewCustomPaddedVBoxLayout(-10), c.title, c.about)
	inside := container.NewBorder(nil, nil, container.New(layout.NewCustomPaddedLayout(2, 2, 6, 4), container.NewCenter(icon)), nil, words)
	r := &optionRenderer{WidgetRenderer: widget.NewSimpleRenderer(container.NewStack(ground, container.New(layout.NewCustomPaddedLayout(1, 3, 6, 6), inside))), of: c, ground: ground}
	r.paint()
	return r
}

type optionRenderer struct {
	fyne.WidgetRenderer
	of     *option
	ground *canvas.Rectangle
}

func (r *optionRenderer) paint() {
	c := r.of
	r.ground.FillColor, r.ground.StrokeColor, r.ground.StrokeWidth = look.Colour(look.ColourCard), look.Colour(look.ColourLine), 1
	if c.hovered && !c.chosen {
		r.ground.StrokeColor = look.Colour(look.ColourMuted)
	}
	if c.chosen {
		r.ground.StrokeColor, r.ground.StrokeWidth = look.Colour(theme.ColorNamePrimary), 2
	}
	if c.focused {
		r.ground.FillColor = look.Colour(theme.ColorNameSelection)
	}
	c.paint()
}

// Refresh paints the card as it is now.
func (r *optionRenderer) Refresh() {
	r.paint()
	r.ground.Refresh()
	r.WidgetRenderer.Refresh()
}
