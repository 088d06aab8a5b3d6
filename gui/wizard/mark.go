package wizard

import (
	"image/color"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
)

// mark is one line of the list of steps: a number in a circle or, once the step is
// done, a tick, and the step's word.
type mark struct {
	widget.BaseWidget
	number              int
	word                string
	tapped              func()
	now, done, unneeded bool
	circle              *canvas.Circle
	digit               *canvas.Text
	tick                *widget.Icon
	ground              *canvas.Rectangle
	text                *canvas.Text
}

func newMark(at int, word string, tapped func()) *mark {
	m := &mark{number: at + 1, word: word, tapped: tapped}
	m.circle = canvas.NewCircle(color.Transparent)
	m.circle.StrokeWidth = 1.5
	m.digit = canvas.NewText(strconv.Itoa(m.number), color.Black)
	m.digit.Alignment = fyne.TextAlignCenter
	m.tick = widget.NewIcon(nil)
	m.ground = canvas.NewRectangle(color.Transparent)
	m.ground.CornerRadius = 6
	m.text = canvas.NewText(word, color.Black)
	m.ExtendBaseWidget(m)
	m.set(false, false, false)
	return m
}

// set says whether the step is shown now, done, or has nothing to decide.
func (m *mark) set(now, done, unneeded bool) {
	m.now, m.done, m.unneeded = now, done, unneeded
	m.Refresh()
}

// Tapped goes to a step that is done.
func (m *mark) Tapped(*fyne.PointEvent) { m.tapped() }

// Cursor shows that a step that is done can be tapped.
func (m *mark) Cursor() desktop.Cursor {
	if m.done {
		return desktop.PointerCursor
	}
	return desktop.DefaultCursor
}

// CreateRenderer lays the line out.
func (m *mark) CreateRenderer() fyne.WidgetRenderer {
	sign := container.NewGridWrap(fyne.NewSquareSize(22), container.NewStack(m.circle, container.NewCenter(m.digit), m.tick))
	row := container.NewBorder(nil, nil, container.NewHBox(gap(1), container.NewCenter(sign), gap(1)), nil, container.NewVBox(m.text))
	r := &markRenderer{WidgetRenderer: widget.NewSimpleRenderer(container.NewStack(m.ground, container.NewPadded(row))), of: m}
	row.Objects[0] = container.New(middle{}, m.text)
	r.paint()
	return r
}

// middle lays its one object out in the middle of the height.
type middle struct{}

func (middle) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

func (middle) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	high := objects[0].MinSize().Height
	objects[0].Resize(fyne.NewSize(size.Width, high))
	objects[0].Move(fyne.NewPos(0, (size.Height-high)/2))
}

type markRenderer struct {
	fyne.WidgetRenderer
	of *mark
}

func (r *markRenderer) paint() {
	m := r.of
	primary, faint := look.Colour(theme.ColorNamePrimary), look.Colour(look.ColourMuted)
	m.circle.FillColor, m.circle.StrokeColor = color.Transparent, look.Colour(theme.ColorNameInputBorder)
	m.digit.Color, m.digit.TextSize = faint, theme.CaptionTextSize()
	m.text.Color, m.text.TextSize, m.text.TextStyle.Bold = faint, theme.TextSize(), false
	m.ground.FillColor = color.Transparent
	m.digit.Text = strconv.Itoa(m.number)
	m.tick.SetResource(nil)
	switch {
	case m.now:
		m.circle.FillColor, m.circle.StrokeColor = primary, primary
		m.digit.Color = look.Colour(theme.ColorNameForegroundOnPrimary)
		m.text.Color, m.text.TextStyle.Bold = look.Colour(theme.ColorNameForeground), true
		m.ground.FillColor = look.Colour(theme.ColorNameHover)
	case m.done:
		m.circle.StrokeColor = color.Transparent
		m.digit.Text = ""
		m.tick.SetResource(look.IconIn("succeeded", theme.ColorNamePrimary))
		m.text.Color = look.Colour(theme.ColorNameForeground)
	case m.unneeded:
		m.digit.Text = "–"
	}
}

// Refresh paints the line as it is now.
func (r *markRenderer) Refresh() {
	r.paint()
	r.of.circle.Refresh()
	r.of.digit.Refresh()
	r.of.text.Refresh()
	r.of.ground.Refresh()
	r.WidgetRenderer.Refresh()
}
