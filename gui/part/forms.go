package part

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Field is one entry of a form: its name above, what is asked below it, and under
// that a hint, or what is wrong with it.
type Field struct {
	widget.BaseWidget
	name *widget.Label
	hint *widget.Label
	what fyne.CanvasObject
	text string
}

// NewField returns a field; the hint may be empty.
func NewField(name string, what fyne.CanvasObject, hint string) *Field {
	f := &Field{name: widget.NewLabel(name), hint: Muted(hint), what: what, text: hint}
	f.name.TextStyle.Bold = true
	if e, ok := what.(*Entry); ok {
		e.touched = func() { f.Problem("") } // what is being mended is not wrong any more
	}
	f.ExtendBaseWidget(f)
	f.Problem("")
	return f
}

// Name is what is asked.
func (f *Field) Name() string { return f.name.Text }

// Problem shows what is wrong with the entry, in place of the hint; "" is nothing.
func (f *Field) Problem(text string) {
	f.hint.Importance = widget.LowImportance
	if text != "" {
		f.hint.Importance = widget.DangerImportance
	} else {
		text = f.text
	}
	f.hint.SetText(text)
	f.hint.Hidden = text == ""
	f.Refresh()
}

// CreateRenderer lays it out.
func (f *Field) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewVBox(f.name, f.what, f.hint))
}

// Narrow keeps the column of a form from becoming wider than is read well.
func Narrow(o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(&column{most: 640}, o)
}

// column lays out its object at the left side with a largest width.
type column struct{ most float32 }

func (c *column) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

func (c *column) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(fyne.NewSize(min(size.Width-theme.Padding(), c.most), size.Height))
	objects[0].Move(fyne.NewPos(theme.Padding(), 0))
}
