package routing

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// keys takes what the widget with the focus does not: the screen does.
type keys interface {
	Key(*fyne.KeyEvent) bool
	Shortcut(fyne.Shortcut) bool
}

// entry is a widget.Entry that hands on the keys which are the screen's, and is left
// by Tab even where it has many lines.
type entry struct {
	widget.Entry
	keys keys
}

func newEntry(k keys) *entry {
	e := &entry{keys: k}
	e.ExtendBaseWidget(e)
	return e
}

// newLines is an entry of several lines, rows of which are seen at once.
func newLines(k keys, rows int) *entry {
	e := &entry{keys: k}
	e.MultiLine = true
	e.Wrapping = fyne.TextWrapOff
	e.TextStyle.Monospace = true
	e.SetMinRowsVisible(rows)
	e.ExtendBaseWidget(e)
	return e
}

// AcceptsTab leaves Tab to the window: nobody is to be caught in a field.
func (e *entry) AcceptsTab() bool { return false }

// TypedKey hands to the window what means nothing in a text.
func (e *entry) TypedKey(k *fyne.KeyEvent) {
	if k.Name == fyne.KeyEscape || k.Name == fyne.KeyF1 || k.Name == fyne.KeyF5 {
		bubble(e, e.keys, k)
		return
	}
	e.Entry.TypedKey(k)
}

// bubble hands a key to the window, or where that takes none to the screen.
func bubble(from fyne.CanvasObject, to keys, k *fyne.KeyEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(from); c != nil {
		if typed := c.OnTypedKey(); typed != nil {
			typed(k)
			return
		}
	}
	to.Key(k)
}

// TypedShortcut has the screen take what is no command of an entry.
func (e *entry) TypedShortcut(s fyne.Shortcut) {
	if c, ok := s.(*desktop.CustomShortcut); ok && c.KeyName != fyne.KeyLeft && c.KeyName != fyne.KeyRight && e.keys.Shortcut(s) {
		return
	}
	e.Entry.TypedShortcut(s)
}

// show sets the text without telling anybody that it has changed.
func (e *entry) show(text string) {
	if e.Text == text {
		return
	}
	told := e.OnChanged
	e.OnChanged = nil
	e.SetText(text)
	e.OnChanged = told
}

// to puts the cursor at the beginning of a line, from 1.
func (e *entry) to(line, column int) {
	e.CursorRow, e.CursorColumn = max(line-1, 0), max(column-1, 0)
	e.Refresh()
}

// command says whether a shortcut is Ctrl, or Cmd, with this key.
func command(s fyne.Shortcut, key fyne.KeyName) bool {
	c, ok := s.(*desktop.CustomShortcut)
	return ok && c.KeyName == key && c.Modifier == fyne.KeyModifierShortcutDefault
}

// alt says whether a shortcut is Alt with this key.
func alt(s fyne.Shortcut, key fyne.KeyName) bool {
	c, ok := s.(*desktop.CustomShortcut)
	return ok && c.KeyName == key && c.Modifier == fyne.KeyModifierAlt
}
