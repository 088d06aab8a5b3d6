package routing

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// keys takes what the widget with the focus does not: the screen does.
type keys interface {
	Key(*fyne.KeyEvent) bool
	Shortcut(fyne.Shortcut) bool
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
