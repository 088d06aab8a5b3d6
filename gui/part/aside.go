package part

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// Aside lays an object out at the right of a text that may be cut short, or below it
// where too little of the text would be left. The text is in bold letters of a size.
func Aside(text string, size fyne.ThemeSizeName, shown, end fyne.CanvasObject) *fyne.Container {
	return container.New(&aside{text: text, size: size}, shown, end)
}

// leastOfText is how much of a text stays at least beside something, at the usual
// size of text.
const leastOfText = 160

// aside remembers its width, since how high it is depends on that.
type aside struct {
	text  string
	size  fyne.ThemeSizeName
	width float32
}

// beside says whether both have room in one line.
func (a *aside) beside(end fyne.CanvasObject) bool {
	wants := fyne.MeasureText(a.text, theme.Size(a.size), fyne.TextStyle{Bold: true}).Width + 2*theme.InnerPadding()
	return a.width == 0 || min(wants, Scaled(leastOfText))+theme.Padding()+end.MinSize().Width <= a.width
}

func (a *aside) MinSize(o []fyne.CanvasObject) fyne.Size {
	start, end := o[0].MinSize(), o[1].MinSize()
	height := max(start.Height, end.Height)
	if !a.beside(o[1]) {
		height = start.Height + end.Height + theme.Padding()
	}
	return fyne.NewSize(max(start.Width, end.Width), height)
}

func (a *aside) Layout(o []fyne.CanvasObject, size fyne.Size) {
	a.width = size.Width
	start, end := o[0].MinSize(), o[1].MinSize()
	if !a.beside(o[1]) {
		o[0].Resize(fyne.NewSize(size.Width, start.Height))
		o[0].Move(fyne.NewPos(0, 0))
		o[1].Resize(end)
		o[1].Move(fyne.NewPos(0, start.Height))
		return
	}
	o[0].Resize(fyne.NewSize(size.Width-end.Width-theme.Padding(), start.Height))
	o[0].Move(fyne.NewPos(0, (size.Height-start.Height)/2))
	o[1].Resize(end)
	o[1].Move(fyne.NewPos(size.Width-end.Width, (size.Height-end.Height)/2))
}

// Scaled is a length in the measure of the text: at the usual size the length itself.
func Scaled(length float32) float32 {
	const usual = 13
	return length * theme.TextSize() / usual
}
