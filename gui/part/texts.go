package part

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
)

// Heading is the title of a screen or dialog.
func Heading(text string) *widget.RichText {
	return styled(text, widget.RichTextStyle{SizeName: theme.SizeNameHeadingText, TextStyle: fyne.TextStyle{Bold: true}})
}

// Title is that of a part of a screen.
func Title(text string) *widget.RichText {
	return styled(text, widget.RichTextStyle{SizeName: theme.SizeNameSubHeadingText, TextStyle: fyne.TextStyle{Bold: true}})
}

func styled(text string, style widget.RichTextStyle) *widget.RichText {
	t := widget.NewRichText(&widget.TextSegment{Text: text, Style: style})
	t.Truncation = fyne.TextTruncateEllipsis
	return t
}

// Muted is text that is read second. It wraps.
func Muted(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.Wrapping = fyne.TextWrapWord
	l.Importance = widget.LowImportance
	l.SizeName = theme.SizeNameCaptionText
	return l
}

// Caption is a few words that are read second, in one line.
func Caption(text string) *widget.Label {
	l := Muted(text)
	l.Wrapping = fyne.TextWrapOff
	return l
}

// Wrapped is text of any length.
func Wrapped(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.Wrapping = fyne.TextWrapWord
	return l
}

// Mono is text of a fixed width, cut where it is too long.
func Mono(text string) *widget.Label {
	l := widget.NewLabelWithStyle(text, fyne.TextAlignLeading, fyne.TextStyle{Monospace: true})
	l.Truncation = fyne.TextTruncateEllipsis
	return l
}

// Badge is a sign with its word.
type Badge struct {
	widget.BaseWidget
	sign look.Sign
	icon *widget.Icon
	word *widget.RichText
}

// NewBadge returns a badge.
func NewBadge(s look.Sign) *Badge {
	b := &Badge{icon: widget.NewIcon(nil), word: widget.NewRichText()}
	b.word.Truncation = fyne.TextTruncateEllipsis
	b.ExtendBaseWidget(b)
	b.Set(s)
	return b
}

// Set shows another sign.
func (b *Badge) Set(s look.Sign) {
	if b.sign == s {
		return
	}
	b.sign = s
	b.icon.SetResource(s.Resource())
	b.word.Segments = []widget.RichTextSegment{&widget.TextSegment{Text: s.Word, Style: widget.RichTextStyle{ColorName: s.Colour, Inline: true}}}
	b.word.Refresh()
}

// MinSize is that of the sign with the whole word.
func (b *Badge) MinSize() fyne.Size {
	text := fyne.MeasureText(b.sign.Word, theme.TextSize(), fyne.TextStyle{})
	return fyne.NewSize(theme.IconInlineSize()+text.Width+4*theme.InnerPadding(), max(text.Height+theme.InnerPadding(), theme.IconInlineSize()))
}

// CreateRenderer shows the icon and, beside it, the word.
func (b *Badge) CreateRenderer() fyne.WidgetRenderer {
	icon := container.NewGridWrap(fyne.NewSquareSize(theme.IconInlineSize()), b.icon)
	return widget.NewSimpleRenderer(container.NewBorder(nil, nil, container.NewCenter(icon), nil, b.word))
}

// Empty is what a screen shows that has nothing to show yet: an icon, what the
// screen is for, and the next steps.
func Empty(icon, title, text string, steps ...fyne.CanvasObject) fyne.CanvasObject {
	picture := widget.NewIcon(look.IconIn(icon, look.ColourMuted))
	head := Title(title)
	head.Segments[0].(*widget.TextSegment).Style.Alignment = fyne.TextAlignCenter
	head.Truncation = fyne.TextTruncateOff
	about := Wrapped(text)
	about.Alignment = fyne.TextAlignCenter
	about.Importance = widget.LowImportance
	row := container.NewCenter(container.NewHBox(steps...))
	return container.NewCenter(container.NewVBox(
		container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(44), picture)),
		head, container.New(&width{of: 430}, about), row,
	))
}

// Failed is what is shown of an error, with a button to try again; again may be nil.
func Failed(err error, again func()) fyne.CanvasObject {
	var steps []fyne.CanvasObject
	if again != nil {
		steps = append(steps, Button(look.T("Try again"), "retry", again))
	}
	return Empty("problem", look.T("This did not work"), VisibleLines(err.Error()), steps...)
}

// Loading is what is shown until there is something to show.
func Loading(text string) fyne.CanvasObject {
	return container.NewCenter(container.New(&width{of: 260}, container.NewVBox(Muted(text), newBusyBar())))
}

// width lays its objects over each other, as wide as it says.
type width struct{ of float32 }

func (w *width) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.NewSize(w.of, 0)
	for _, o := range objects {
		o.Resize(fyne.NewSize(w.of, o.Size().Height)) // so that text knows how many lines it takes
		size = size.Max(o.MinSize())
	}
	return size
}

func (w *width) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Resize(size)
		o.Move(fyne.Position{})
	}
}

// Wide gives an object a width, in which text wraps.
func Wide(of float32, o fyne.CanvasObject) fyne.CanvasObject { return container.New(&width{of: of}, o) }

// Ground lays an object on a colour of the theme, which follows the theme.
func Ground(name fyne.ThemeColorName, o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewStack(newFill(name, 0), o)
}

// Card lays an object on a card with some room around it.
func Card(o fyne.CanvasObject) fyne.CanvasObject {
	room := theme.InnerPadding()
	return container.NewStack(newFill(look.ColourCard, 8), container.New(layout.NewCustomPaddedLayout(room, room, room, room), o))
}

// Tight stacks lines of text without the room that Fyne leaves between widgets.
func Tight(lines ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(-theme.InnerPadding()), lines...)
}

// Line is a thin line from side to side.
func Line() fyne.CanvasObject { return widget.NewSeparator() }

// fill is a rectangle in a colour of the theme.
type fill struct {
	widget.BaseWidget
	name   fyne.ThemeColorName
	radius float32
}

func newFill(name fyne.ThemeColorName, radius float32) *fill {
	f := &fill{name: name, radius: radius}
	f.ExtendBaseWidget(f)
	return f
}

func (f *fill) CreateRenderer() fyne.WidgetRenderer {
	r := canvas.NewRectangle(color.Transparent)
	r.CornerRadius = f.radius
	fr := &fillRenderer{WidgetRenderer: widget.NewSimpleRenderer(r), fill: f, rect: r}
	fr.paint()
	return fr
}

type fillRenderer struct {
	fyne.WidgetRenderer
	fill *fill
	rect *canvas.Rectangle
}

func (r *fillRenderer) paint() {
	r.rect.FillColor = look.Colour(r.fill.name)
	if r.fill.radius > 0 {
		r.rect.StrokeColor = look.Colour(look.ColourLine)
		r.rect.StrokeWidth = 1
	}
}

// Refresh paints it in the colour that the theme has now.
func (r *fillRenderer) Refresh() {
	r.paint()
	r.rect.Refresh()
}
