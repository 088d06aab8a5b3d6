package part

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
)

// bubble hands a key that a widget has no use for to the window, which Fyne does
// only while nothing has the focus. So Esc closes and j and k move from anywhere.
func bubble(from fyne.CanvasObject, key *fyne.KeyEvent) {
	if c := canvasOf(from); c != nil {
		if typed := c.OnTypedKey(); typed != nil {
			typed(key)
		}
	}
}

// canvasOf is the one that a widget with the focus is on; nil is none. Fyne does not
// know the place of a widget that another one is built on.
func canvasOf(focused fyne.CanvasObject) fyne.Canvas {
	driver := fyne.CurrentApp().Driver()
	if c := driver.CanvasForObject(focused); c != nil {
		return c
	}
	for _, w := range driver.AllWindows() {
		if w.Canvas().Focused() != nil {
			return w.Canvas()
		}
	}
	return nil
}

// Push is a button that Enter pushes, too, and that lets other keys through.
type Push struct{ widget.Button }

func newPush(text, icon string, of widget.Importance, tapped func()) *Push {
	b := &Push{}
	b.Text, b.OnTapped, b.Importance = text, tapped, of
	if icon != "" {
		b.Icon = look.Icon(icon)
	}
	b.ExtendBaseWidget(b)
	return b
}

// Primary is the button of what a person most likely wants here.
func Primary(text, icon string, tapped func()) *Push {
	return newPush(text, icon, widget.HighImportance, tapped)
}

// Button is any other button; icon may be empty.
func Button(text, icon string, tapped func()) *Push {
	return newPush(text, icon, widget.MediumImportance, tapped)
}

// Quiet is a button without a ground, for rows and toolbars.
func Quiet(text, icon string, tapped func()) *Push {
	return newPush(text, icon, widget.LowImportance, tapped)
}

// Danger is the button of what cannot be taken back.
func Danger(text, icon string, tapped func()) *Push {
	return newPush(text, icon, widget.DangerImportance, tapped)
}

// TypedKey pushes the button or lets the key through.
func (b *Push) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		if !b.Disabled() && b.OnTapped != nil {
			b.OnTapped()
		}
	default:
		bubble(b, key)
	}
}

// Entry is one line to write in. Enter is OnSubmitted, and Esc goes to the window.
type Entry struct {
	widget.Entry
	many    bool
	touched func() // by a key that writes
}

// NewEntry returns an entry with a text that shows while it is empty.
func NewEntry(placeholder string) *Entry {
	e := &Entry{}
	e.PlaceHolder = placeholder
	e.Scroll = fyne.ScrollHorizontalOnly
	e.ExtendBaseWidget(e)
	return e
}

// NewPassword returns an entry that shows dots.
func NewPassword(placeholder string) *Entry {
	e := NewEntry(placeholder)
	e.Password = true
	return e
}

// NewLines returns an entry of several lines, in letters of one width if mono.
func NewLines(placeholder string, mono bool) *Entry {
	e := NewEntry(placeholder)
	e.MultiLine, e.many = true, true
	e.Wrapping, e.Scroll = fyne.TextWrapOff, fyne.ScrollBoth
	e.TextStyle.Monospace = mono
	return e
}

// AcceptsTab leaves Tab to the window: nobody is to be caught in a field.
func (e *Entry) AcceptsTab() bool { return false }

// Put sets the text without telling anybody that it has changed.
func (e *Entry) Put(text string) {
	if e.Text == text {
		return
	}
	tell := e.OnChanged
	e.OnChanged = nil
	e.SetText(text)
	e.OnChanged = tell
}

// GoTo puts the cursor to a line and a column, both from 1.
func (e *Entry) GoTo(line, column int) {
	e.CursorRow, e.CursorColumn = max(line-1, 0), max(column-1, 0)
	e.Refresh()
}

// TypedRune writes a character.
func (e *Entry) TypedRune(r rune) {
	e.Entry.TypedRune(r)
	if e.touched != nil {
		e.touched()
	}
}

// TypedKey edits, or lets the key through that an entry has no use for.
func (e *Entry) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyEscape, fyne.KeyF1, fyne.KeyF5:
		bubble(e, key)
	case fyne.KeyUp, fyne.KeyDown, fyne.KeyPageUp, fyne.KeyPageDown:
		if !e.many {
			bubble(e, key)
			return
		}
		e.Entry.TypedKey(key)
	default:
		e.Entry.TypedKey(key)
	}
}

// TypedShortcut edits, or hands the window a combination with which no text is
// edited. Fyne gives those of the window to the window only while no text has the
// focus.
func (e *Entry) TypedShortcut(s fyne.Shortcut) {
	custom, ok := s.(*desktop.CustomShortcut)
	if !ok || moves[custom.KeyName] || !ToWindow(e, s) {
		e.Entry.TypedShortcut(s)
	}
}

// ToWindow hands a combination to the window that a widget with the focus is on.
// Fyne gives one that takes combinations all of them, those of the window, too. It
// says whether there is a window that takes any.
func ToWindow(from fyne.CanvasObject, s fyne.Shortcut) bool {
	window, takes := canvasOf(from).(fyne.Shortcutable)
	if takes {
		window.TypedShortcut(s)
	}
	return takes
}

// moves are the keys that edit text or move in it with Ctrl or Alt.
var moves = map[fyne.KeyName]bool{
	fyne.KeyLeft: true, fyne.KeyRight: true, fyne.KeyBackspace: true, fyne.KeyDelete: true,
	fyne.KeyHome: true, fyne.KeyEnd: true,
}

// Select is one of a few words, of which one is chosen. The words stand for values.
type Select struct {
	widget.Select
	values []string
}

// Choice returns a select of values, which labels stand for, in the same order.
func Choice(values, labels []string, chosen func(value string)) *Select {
	s := &Select{values: values}
	s.Options = labels
	s.ExtendBaseWidget(s)
	s.OnChanged = func(string) {
		if i := s.SelectedIndex(); i >= 0 && chosen != nil {
			chosen(s.values[i])
		}
	}
	return s
}

// Value is the value chosen; empty is none.
func (s *Select) Value() string {
	if i := s.SelectedIndex(); i >= 0 && i < len(s.values) {
		return s.values[i]
	}
	return ""
}

// Choose chooses a value, or nothing where there is none such, without telling.
func (s *Select) Choose(value string) {
	tell := s.OnChanged
	s.OnChanged = nil
	s.ClearSelected()
	for i, v := range s.values {
		if v == value {
			s.SetSelectedIndex(i)
		}
	}
	s.OnChanged = tell
}

// Offer replaces what may be chosen. What is chosen stays if it is still offered.
func (s *Select) Offer(values, labels []string) {
	was := s.Value()
	s.values = values
	tell := s.OnChanged
	s.OnChanged = nil
	s.SetOptions(labels)
	s.OnChanged = tell
	s.Choose(was)
}

// TypedKey opens and chooses, or lets the key through.
func (s *Select) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		s.Select.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	case fyne.KeySpace, fyne.KeyUp, fyne.KeyDown:
		s.Select.TypedKey(key)
	default:
		bubble(s, key)
	}
}

// Check is a box to tick.
type Check struct{ widget.Check }

// NewCheck returns a box with a word beside it.
func NewCheck(text string, changed func(on bool)) *Check {
	c := &Check{}
	c.Text, c.OnChanged = text, changed
	c.ExtendBaseWidget(c)
	return c
}

// Tick sets it without telling.
func (c *Check) Tick(on bool) {
	tell := c.OnChanged
	c.OnChanged = nil
	c.SetChecked(on)
	c.OnChanged = tell
}

// TypedKey ticks it, or lets the key through.
func (c *Check) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		if !c.Disabled() {
			c.SetChecked(!c.Checked)
		}
	default:
		bubble(c, key)
	}
}
