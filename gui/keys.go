package gui

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// shortcut is a combination of keys that means the same on every screen.
type shortcut struct {
	key  fyne.KeyName
	mods fyne.KeyModifier // besides Ctrl, or Cmd on a Mac
	text string
	do   func()
}

// shortcuts are those of the window, in the order in which the help lists them.
func (s *shell) shortcuts() []shortcut {
	var all []shortcut
	for i, e := range s.entries {
		all = append(all, shortcut{
			key: fyne.KeyName(rune('1' + i)), text: e.title,
			do: func() { s.show(part.Place{Screen: e.name}) },
		})
	}
	return append(all,
		shortcut{key: fyne.KeyF, text: look.T("Search this screen"), do: s.find},
		shortcut{key: fyne.KeyN, text: look.T("New on this screen"), do: s.fresh},
		shortcut{key: fyne.KeyComma, text: look.T("Settings"), do: func() { s.show(part.Place{Screen: part.Settings}) }},
		shortcut{key: fyne.KeyP, mods: fyne.KeyModifierShift, text: look.T("Pause or resume deliveries"), do: s.togglePause},
		shortcut{key: fyne.KeyW, text: look.T("Close the window"), do: s.close},
		shortcut{key: fyne.KeyQ, text: look.T("Quit"), do: s.quit},
	)
}

// screenKeys are combinations that go to the screen that is shown. A text field that
// has the focus keeps those with which text is edited.
var screenKeys = []desktop.CustomShortcut{
	{KeyName: fyne.KeyR},
	{KeyName: fyne.KeyE},
	{KeyName: fyne.KeyP},
	{KeyName: fyne.KeyM},
	{KeyName: fyne.KeyD},
	{KeyName: fyne.KeyS},
	{KeyName: fyne.KeyO},
	{KeyName: fyne.KeyT},
	{KeyName: fyne.KeyReturn},
	{KeyName: fyne.KeyEnter},
	{KeyName: fyne.KeyDelete},
	{KeyName: fyne.KeyDelete, Modifier: fyne.KeyModifierShift},
	{KeyName: fyne.KeyR, Modifier: fyne.KeyModifierShift},
	{KeyName: fyne.KeyC, Modifier: fyne.KeyModifierShift},
	{KeyName: fyne.KeyUp},
	{KeyName: fyne.KeyDown},
}

// keys has the window take its shortcuts, and the screen those that are left.
func (s *shell) keys() {
	canvas := s.desk.Window.Canvas()
	add := func(c fyne.Shortcut, do func(fyne.Shortcut)) {
		s.taken.AddShortcut(c, do)
		canvas.AddShortcut(c, s.taken.TypedShortcut)
	}
	for _, k := range s.shortcuts() {
		do := s.unlessAsked(k)
		add(
			&desktop.CustomShortcut{KeyName: k.key, Modifier: fyne.KeyModifierShortcutDefault | k.mods},
			func(fyne.Shortcut) { do() },
		)
	}
	for _, k := range screenKeys {
		add(&desktop.CustomShortcut{KeyName: k.KeyName, Modifier: fyne.KeyModifierShortcutDefault | k.Modifier}, s.pass)
	}
	for _, key := range []fyne.KeyName{fyne.KeyUp, fyne.KeyDown, fyne.KeyLeft, fyne.KeyRight} {
		add(&desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierAlt}, s.pass)
	}
	for _, c := range []fyne.Shortcut{&fyne.ShortcutCopy{}, &fyne.ShortcutUndo{}, &fyne.ShortcutRedo{}} {
		add(c, s.pass)
	}
	canvas.SetOnTypedKey(s.typed)
}

// unlessAsked does nothing while a dialog waits for an answer, but to close or quit.
func (s *shell) unlessAsked(k shortcut) func() {
	return func() {
		if s.desk.Window.Canvas().Overlays().Top() == nil || k.key == fyne.KeyQ || k.key == fyne.KeyW {
			k.do()
		}
	}
}

// pass hands a combination to the screen that is shown. Those that save or send end a
// dialog; one that is not a sheet belongs to the screen, which gets them then.
func (s *shell) pass(c fyne.Shortcut) {
	asked := s.desk.Window.Canvas().Overlays().Top() != nil
	if asked && (!ends(c) || s.desk.SubmitTop()) {
		return
	}
	if screen := s.screens[s.current]; screen != nil {
		screen.Shortcut(c)
	}
}

// ends says whether a combination saves or sends what is edited.
func ends(c fyne.Shortcut) bool {
	custom, ok := c.(*desktop.CustomShortcut)
	if !ok || custom.Modifier != fyne.KeyModifierShortcutDefault {
		return false
	}
	return custom.KeyName == fyne.KeyReturn || custom.KeyName == fyne.KeyEnter || custom.KeyName == fyne.KeyS
}

// typed takes a key that nothing with the focus takes.
func (s *shell) typed(e *fyne.KeyEvent) {
	if s.desk.Window.Canvas().Overlays().Top() != nil {
		if e.Name == fyne.KeyEscape {
			s.desk.CloseTop()
		}
		return
	}
	if e.Name == fyne.KeyF1 {
		s.openHelp()
		return
	}
	if screen := s.screens[s.current]; screen != nil {
		screen.Key(e)
	}
}

// fresh begins a new item on the screen, in its own way if it has one.
func (s *shell) fresh() {
	c := &desktop.CustomShortcut{KeyName: fyne.KeyN, Modifier: fyne.KeyModifierShortcutDefault}
	if screen := s.screens[s.current]; screen != nil && !screen.Shortcut(c) {
		s.show(part.Place{Screen: s.current, New: true})
	}
}

func (s *shell) find() {
	if screen := s.screens[s.current]; screen != nil && !screen.Find() {
		s.desk.Say(look.T("There is nothing to search here"))
	}
}

func (s *shell) togglePause() {
	state := s.desk.Feed.State()
	switch {
	case !state.Live() || state.Status == nil:
		s.desk.Say(look.T("The agent is not running"))
	case state.Status.State == control.StatePaused || state.Status.Paused:
		s.resume()
	default:
		s.pause(0)
	}
}

// label writes a combination as people read it.
func (k *shortcut) label() string {
	words, key := []string{look.T("Ctrl")}, string(k.key)
	if k.key == fyne.KeyReturn {
		key = look.T("Enter")
	}
	if runtime.GOOS == "darwin" {
		words[0] = "Cmd"
	}
	if k.mods&fyne.KeyModifierShift != 0 {
		words = append(words, look.T("Shift"))
	}
	return strings.Join(append(words, key), " + ")
}

// missing says whether there is no file at path.
func missing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}
