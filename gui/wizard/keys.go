package wizard

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
	"homehook/gui/part"
)

// copiedFor is how long a button says that it has copied.
const copiedFor = 2 * time.Second

// The keys of the wizard go to whatever has the focus, so all that can have it
// passes on what it has no use for.

// shortcut takes Alt+Left; false is any other.
func (w *wizard) shortcut(s fyne.Shortcut) bool {
	c, ok := s.(*desktop.CustomShortcut)
	if !ok || c.Modifier != fyne.KeyModifierAlt || c.KeyName != fyne.KeyLeft {
		return false
	}
	if !w.busy {
		w.backward()
	}
	return true
}

// take takes a combination, or hands it to the window.
func (w *wizard) take(from fyne.CanvasObject, s fyne.Shortcut) {
	if !w.shortcut(s) {
		part.ToWindow(from, s)
	}
}

// entry is a line to type in.
type entry struct {
	part.Entry
	wizard *wizard
	// arrow is told of up and down; nil for nothing.
	arrow func(by int)
}

// entry returns a line, for a secret one that is not shown.
func (w *wizard) entry(placeholder string, secret bool) *entry {
	e := &entry{wizard: w}
	e.Password = secret
	e.Scroll = fyne.ScrollHorizontalOnly
	e.ExtendBaseWidget(e)
	e.SetPlaceHolder(placeholder)
	e.OnSubmitted = func(string) { w.goOn() }
	return e
}

// TypedKey has Esc close the wizard.
func (e *entry) TypedKey(k *fyne.KeyEvent) {
	switch {
	case k.Name == fyne.KeyEscape:
		e.wizard.key(k)
	case k.Name == fyne.KeyUp && e.arrow != nil:
		e.arrow(-1)
	case k.Name == fyne.KeyDown && e.arrow != nil:
		e.arrow(1)
	default:
		e.Entry.TypedKey(k)
	}
}

// TypedShortcut has Alt+Left go back.
func (e *entry) TypedShortcut(s fyne.Shortcut) {
	if !e.wizard.shortcut(s) {
		e.Entry.TypedShortcut(s)
	}
}

// button is one that Enter presses, too.
type button struct {
	widget.Button
	wizard *wizard
}

// button returns a button; the icon may be empty.
func (w *wizard) button(text, icon string, tapped func()) *button {
	b := &button{wizard: w}
	b.Text, b.OnTapped = text, tapped
	if icon != "" {
		b.Icon = look.Icon(icon)
	}
	b.ExtendBaseWidget(b)
	return b
}

// TypedKey has Enter press the button.
func (b *button) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		b.Tapped(nil)
	case fyne.KeyEscape:
		b.wizard.key(k)
	default:
		b.Button.TypedKey(k)
	}
}

// TypedShortcut has Alt+Left go back.
func (b *button) TypedShortcut(s fyne.Shortcut) { b.wizard.take(b, s) }

// toggle is a switch with words.
type toggle struct {
	widget.Check
	wizard *wizard
}

func (w *wizard) toggle(text string, changed func(bool)) *toggle {
	t := &toggle{wizard: w}
	t.Text, t.OnChanged = text, changed
	t.ExtendBaseWidget(t)
	return t
}

// TypedKey has Enter go on.
func (t *toggle) TypedKey(k *fyne.KeyEvent) { t.wizard.key(k) }

// TypedShortcut has Alt+Left go back.
func (t *toggle) TypedShortcut(s fyne.Shortcut) { t.wizard.take(t, s) }

// list is one of rows to choose from.
type list struct {
	widget.List
	wizard *wizard
}

// TypedKey has Enter go on and the arrows choose.
func (l *list) TypedKey(k *fyne.KeyEvent) {
	if !l.wizard.key(k) {
		l.List.TypedKey(k)
	}
}

// TypedShortcut has Alt+Left go back.
func (l *list) TypedShortcut(s fyne.Shortcut) { l.wizard.take(l, s) }
