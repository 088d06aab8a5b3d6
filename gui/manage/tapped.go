package manage

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// tapped makes an object one to click on.
type tapped struct {
	widget.BaseWidget
	what fyne.CanvasObject
	do   func()
}

func newTapped(what fyne.CanvasObject, do func()) *tapped {
	t := &tapped{what: what, do: do}
	t.ExtendBaseWidget(t)
	return t
}

func (t *tapped) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(t.what) }
func (t *tapped) Tapped(*fyne.PointEvent)             { t.do() }
func (t *tapped) Cursor() desktop.Cursor              { return desktop.PointerCursor }
