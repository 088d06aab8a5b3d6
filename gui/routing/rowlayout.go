package routing

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"homehook/gui/part"
)

// roomy is the width from which a row has room for all of its parts, at the usual size
// of text.
const roomy = 580

// line lays out the first line of a row: whose it is and where it leads share what
// room the rest leaves. A narrow one has only what tells routes apart.
type line struct {
	left, who, what, check, shield, up, down, more fyne.CanvasObject
}

func (l *line) MinSize([]fyne.CanvasObject) fyne.Size {
	height := max(l.left.MinSize().Height, l.who.MinSize().Height, l.what.MinSize().Height)
	return fyne.NewSize(260, height)
}

func (l *line) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	wide := size.Width >= part.Scaled(roomy)
	for _, o := range []fyne.CanvasObject{l.what, l.check, l.up, l.down} {
		shown(o, wide)
	}
	shown(l.shield, !wide)
	pad := theme.Padding()
	to := size.Width
	for _, o := range []fyne.CanvasObject{l.more, l.down, l.up, l.check, l.shield} {
		if !o.Visible() {
			continue
		}
		want := o.MinSize()
		if o == l.shield {
			want = fyne.NewSquareSize(theme.IconInlineSize())
		}
		to -= want.Width
		put(o, to, want, size.Height)
		to -= pad
	}
	left := l.left.MinSize()
	put(l.left, 0, left, size.Height)
	room := to - left.Width - pad
	who := room
	if wide {
		who = room * 0.52
		put(l.what, left.Width+pad+who, fyne.NewSize(room-who, l.what.MinSize().Height), size.Height)
	}
	put(l.who, left.Width+pad, fyne.NewSize(who, l.who.MinSize().Height), size.Height)
}

// put has an object stand at x, in the middle of a height.
func put(o fyne.CanvasObject, x float32, size fyne.Size, height float32) {
	o.Resize(size)
	o.Move(fyne.NewPos(x, (height-size.Height)/2))
}

// shown shows or hides an object that is not so already.
func shown(o fyne.CanvasObject, on bool) {
	switch {
	case o.Visible() == on:
	case on:
		o.Show()
	default:
		o.Hide()
	}
}

// wideAs gives a badge a width, whatever it wants, and the height of its text.
type wideAs struct{ width float32 }

func (w *wideAs) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(part.Scaled(w.width), o[0].MinSize().Height+theme.InnerPadding())
}

func (w *wideAs) Layout(o []fyne.CanvasObject, size fyne.Size) { o[0].Resize(size) }
