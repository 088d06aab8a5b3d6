package part

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// PopUp opens a menu beside a widget: below it, or above it where the window ends, and
// never at the very edge.
func PopUp(beside fyne.CanvasObject, items ...*fyne.MenuItem) {
	window := canvasOf(beside)
	if window == nil {
		return
	}
	menu := widget.NewPopUpMenu(fyne.NewMenu("", items...), window)
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(beside)
	edge, size, all := theme.Padding(), menu.MinSize(), window.Size()
	at.X = max(min(at.X, all.Width-size.Width-edge), edge)
	below := at.Y + beside.Size().Height
	if below+size.Height+edge > all.Height {
		below = max(at.Y-size.Height, edge)
	}
	menu.ShowAtPosition(fyne.NewPos(at.X, below))
}
