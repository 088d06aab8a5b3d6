package detail

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"homehook/gui/part"
)

// bar is a row of buttons that lose their words, the last ones first, where there
// is no room for them.
type bar struct {
	buttons []*part.Push
	words   []string
}

func newBar(buttons []*part.Push) fyne.CanvasObject {
	b := &bar{buttons: buttons}
	var objects []fyne.CanvasObject
	for _, o := range buttons {
		b.words = append(b.words, o.Text)
		objects = append(objects, o)
	}
	return container.New(b, objects...)
}

// buttonWidth is how wide a button with an icon and a word is.
func buttonWidth(word string) float32 {
	w := theme.IconInlineSize() + 3*theme.InnerPadding()
	if word != "" {
		w += fyne.MeasureText(word, theme.TextSize(), fyne.TextStyle{Bold: true}).Width + theme.InnerPadding()
	}
	return w
}

// MinSize is that of icons alone.
func (b *bar) MinSize(objects []fyne.CanvasObject) fyne.Size {
	width := theme.Padding() * float32(len(objects)-1)
	height := float32(0)
	for _, o := range objects {
		width += buttonWidth("")
		height = max(height, o.MinSize().Height)
	}
	return fyne.NewSize(width+2*theme.Padding(), height+theme.Padding())
}

// Layout gives each button what it needs.
func (b *bar) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	words := append([]string{}, b.words...)
	for i := len(words) - 1; i > 0 && b.total(words) > size.Width-2*theme.Padding(); i-- {
		words[i] = ""
	}
	x := theme.Padding()
	for i, o := range b.buttons {
		if o.Text != words[i] {
			o.SetText(words[i])
		}
		w := buttonWidth(words[i])
		o.Resize(fyne.NewSize(w, size.Height-theme.Padding()))
		o.Move(fyne.NewPos(x, 0))
		x += w + theme.Padding()
	}
}

func (b *bar) total(words []string) float32 {
	sum := theme.Padding() * float32(len(words)-1)
	for _, w := range words {
		sum += buttonWidth(w)
	}
	return sum
}
