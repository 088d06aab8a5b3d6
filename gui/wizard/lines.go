package wizard

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
	"homehook/gui/part"
)

// muted is text that is read second.
func muted(text string) *widget.Label { return part.Muted(text) }

// short is a muted text that does not wrap.
func short(text string) *widget.Label {
	l := part.Muted(text)
	l.Wrapping = fyne.TextWrapOff
	return l
}

// iconOf is an icon in a colour.
func iconOf(name string, colour fyne.ThemeColorName) *widget.Icon {
	return widget.NewIcon(look.IconIn(name, colour))
}

// noted is a muted sentence with an icon before it.
func noted(icon, text string) fyne.CanvasObject {
	return iconed(iconOf(icon, look.ColourMuted), part.Muted(text))
}

// told is a state in words, with its icon before it.
func told(icon string, colour fyne.ThemeColorName, text string) fyne.CanvasObject {
	l := part.Wrapped(text)
	l.Importance = map[fyne.ThemeColorName]widget.Importance{
		theme.ColorNameSuccess: widget.SuccessImportance, theme.ColorNameWarning: widget.WarningImportance,
		theme.ColorNameError: widget.DangerImportance,
	}[colour]
	return iconed(iconOf(icon, colour), l)
}

// iconed puts an icon before the first line of a label.
func iconed(icon *widget.Icon, l *widget.Label) fyne.CanvasObject {
	line := fyne.MeasureText("x", theme.Size(sizeOf(l)), fyne.TextStyle{}).Height
	of := theme.IconInlineSize()
	above := max(0, theme.InnerPadding()+(line-of)/2)
	return container.New(&besides{width: of + theme.InnerPadding() + 2}, container.New(layout.NewCustomPaddedLayout(above, 0, theme.InnerPadding(), 0), container.New(layout.NewCustomPaddedVBoxLayout(0), container.New(&square{of}, icon))), l)
}

func sizeOf(l *widget.Label) fyne.ThemeSizeName {
	if l.SizeName != "" {
		return l.SizeName
	}
	return theme.SizeNameText
}

// square gives its object a size, at the left.
type square struct{ of float32 }

func (s *square) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSquareSize(s.of) }

func (s *square) Layout(objects []fyne.CanvasObject, _ fyne.Size) {
	objects[0].Resize(fyne.NewSquareSize(s.of))
	objects[0].Move(fyne.Position{})
}

// besides lays its first object out at the left, with a width, and the second one in
// what is left, without room between them.
type besides struct{ width float32 }

// left is the width of the left one: half as much wider as the letters are larger.
func (b *besides) left() float32 { return (b.width + part.Scaled(b.width)) / 2 }

func (b *besides) MinSize(objects []fyne.CanvasObject) fyne.Size {
	left, right := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(b.left()+right.Width, max(left.Height, right.Height))
}

func (b *besides) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(fyne.NewSize(b.left(), size.Height))
	objects[0].Move(fyne.Position{})
	objects[1].Resize(fyne.NewSize(size.Width-b.left(), size.Height))
	objects[1].Move(fyne.NewPos(b.left(), 0))
}

// gap is room between things, in paddings.
func gap(paddings float32) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(paddings*theme.Padding(), 0, paddings*theme.Padding(), 0))
}

// high gives an object a height.
type high struct{ of float32 }

func (h *high) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(objects[0].MinSize().Width, h.of)
}

func (h *high) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(size)
	objects[0].Move(fyne.Position{})
}

// centred lays its one object out in the middle, with a largest width and some
// room at the sides.
type centred struct{ most float32 }

const sideRoom = 22

// MinSize is that of the object, as high as it is in the width that it has.
func (c *centred) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := objects[0].MinSize()
	return fyne.NewSize(size.Width+2*sideRoom, size.Height)
}

// Layout puts the object into the middle.
func (c *centred) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	wide := min(size.Width-2*sideRoom, c.most)
	objects[0].Resize(fyne.NewSize(wide, size.Height))
	objects[0].Move(fyne.NewPos((size.Width-wide)/2, 0))
}

// show shows or hides an object.
func show(o fyne.CanvasObject, on bool) {
	if on {
		o.Show()
	} else {
		o.Hide()
	}
}
