package part

import "fyne.io/fyne/v2"

// within keeps what a scroller shows as high as it is, but no higher than the window
// has room for beside the title, the buttons and an error of a sheet.
type within struct {
	window fyne.Canvas
	what   fyne.CanvasObject
}

// The room of those: their text at its usual size, and what is around it.
const (
	besideContent = 80
	edges         = 70
)

func (w *within) MinSize(o []fyne.CanvasObject) fyne.Size {
	room := max(w.window.Size().Height-edges-Scaled(besideContent), Scaled(120))
	least := w.what.MinSize()
	return fyne.NewSize(max(least.Width, o[0].MinSize().Width), min(least.Height, room))
}

func (w *within) Layout(o []fyne.CanvasObject, size fyne.Size) { o[0].Resize(size) }
