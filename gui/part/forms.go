package part

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
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
	f.ExtendBaseWidget(f)
	f.Problem("")
	return f
}

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

// Primary is the button of what a person most likely wants here.
func Primary(text, icon string, tapped func()) *widget.Button {
	b := widget.NewButton(text, tapped)
	if icon != "" {
		b.SetIcon(look.Icon(icon))
	}
	b.Importance = widget.HighImportance
	return b
}

// Button is any other button; icon may be empty.
func Button(text, icon string, tapped func()) *widget.Button {
	b := widget.NewButton(text, tapped)
	if icon != "" {
		b.SetIcon(look.Icon(icon))
	}
	return b
}

// Quiet is a button without a ground, for rows and toolbars.
func Quiet(text, icon string, tapped func()) *widget.Button {
	b := Button(text, icon, tapped)
	b.Importance = widget.LowImportance
	return b
}

// Confirm asks before something that cannot be taken back; word is what is done
// then. It returns the dialog, which Esc closes.
func (d *Desk) Confirm(title, text, word string, do func()) dialog.Dialog {
	c := dialog.NewCustomWithoutButtons(title, Wide(380, Wrapped(text)), d.Window)
	yes := widget.NewButton(word, func() {
		c.Hide()
		do()
	})
	yes.Importance = widget.DangerImportance
	c.SetButtons([]fyne.CanvasObject{widget.NewButton(look.T("Cancel"), c.Hide), yes})
	c.Show()
	return c
}

// Tell shows an error in a dialog.
func (d *Desk) Tell(title string, err error) {
	text := Wrapped(VisibleLines(err.Error()))
	text.Selectable = true
	c := dialog.NewCustom(title, look.T("Close"), Wide(420, text), d.Window)
	c.Show()
}

// Choice is one of a few words of which one is chosen. Labels stand for values.
func Choice(values, labels []string, chosen func(value string)) *widget.Select {
	s := widget.NewSelect(labels, nil)
	s.OnChanged = func(label string) {
		if i := s.SelectedIndex(); i >= 0 {
			chosen(values[i])
		}
	}
	return s
}

// Narrow keeps the column of a form from becoming wider than is read well.
func Narrow(o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(&column{most: 640}, o)
}

// column lays out its object at the left side with a largest width.
type column struct{ most float32 }

func (c *column) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

func (c *column) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(fyne.NewSize(min(size.Width, c.most), size.Height))
	objects[0].Move(fyne.NewPos(theme.Padding(), 0))
}
