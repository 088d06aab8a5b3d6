package stage

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"homehook/gui/part"
)

// Each calls visit for every object that a window shows, those of the topmost
// overlay if there is one, until it returns false.
func Each(w fyne.Window, visit func(fyne.CanvasObject) bool) {
	each(root(w), visit)
}

// root is what a person can use now.
func root(w fyne.Window) fyne.CanvasObject {
	if top := w.Canvas().Overlays().Top(); top != nil {
		return top
	}
	return w.Content()
}

func each(o fyne.CanvasObject, visit func(fyne.CanvasObject) bool) bool {
	if o == nil || !o.Visible() {
		return true
	}
	if !visit(o) {
		return false
	}
	for _, c := range children(o) {
		if !each(c, visit) {
			return false
		}
	}
	return true
}

func children(o fyne.CanvasObject) []fyne.CanvasObject {
	switch o := o.(type) {
	case *fyne.Container:
		return o.Objects
	case fyne.Widget:
		return test.WidgetRenderer(o).Objects()
	}
	return nil
}

// Texts are all texts that a window shows, from the top to the bottom of its tree.
func Texts(w fyne.Window) (all []string) {
	Each(w, func(o fyne.CanvasObject) bool {
		if t, ok := o.(*canvas.Text); ok && t.Text != "" {
			all = append(all, t.Text)
		}
		return true
	})
	return all
}

// Sees says whether a window shows a text, in one piece, as a part of a line.
func Sees(w fyne.Window, text string) bool {
	found := false
	Each(w, func(o fyne.CanvasObject) bool {
		if t, ok := o.(*canvas.Text); ok && strings.Contains(t.Text, text) {
			found = true
		}
		return !found
	})
	return found
}

// Press pushes the first button, or item of a menu, with that word. It reports
// whether there was one that could be pushed.
func Press(w fyne.Window, word string) bool {
	t := tappable(root(w), word)
	if t != nil {
		t.Tapped(&fyne.PointEvent{})
	}
	return t != nil
}

// tappable is the first object with that word, or what lies deepest in it.
func tappable(o fyne.CanvasObject, word string) fyne.Tappable {
	if o == nil || !o.Visible() {
		return nil
	}
	for _, c := range children(o) {
		if t := tappable(c, word); t != nil {
			return t
		}
	}
	t, ok := o.(fyne.Tappable)
	if d, can := o.(fyne.Disableable); !ok || can && d.Disabled() || wordOf(o) != word {
		return nil
	}
	return t
}

// wordOf is the text that an object shows as its first one.
func wordOf(o fyne.CanvasObject) string {
	word := ""
	each(o, func(o fyne.CanvasObject) bool {
		if t, ok := o.(*canvas.Text); ok && word == "" {
			word = t.Text
		}
		return word == ""
	})
	return word
}

// Select chooses a word of the select that shows another one now.
func Select(w fyne.Window, shows, word string) bool {
	chosen := false
	Each(w, func(o fyne.CanvasObject) bool {
		if s, ok := o.(*part.Select); ok && s.Selected == shows {
			s.SetSelected(word)
			chosen = true
		}
		return !chosen
	})
	return chosen
}

// Fill writes into the entry of the field of that name, as a person would. It
// reports whether there is one.
func Fill(w fyne.Window, field, text string) bool {
	entry := entryOf(w, field)
	if entry == nil {
		return false
	}
	w.Canvas().Focus(entry)
	entry.SetText("")
	test.Type(entry, text)
	return true
}

// entryOf is the entry of a field; nil for none.
func entryOf(w fyne.Window, field string) (found *part.Entry) {
	Each(w, func(o fyne.CanvasObject) bool {
		f, ok := o.(*part.Field)
		if !ok || f.Name() != field {
			return found == nil
		}
		each(f, func(o fyne.CanvasObject) bool {
			if e, ok := o.(*part.Entry); ok && found == nil {
				found = e
			}
			return found == nil
		})
		return found == nil
	})
	return found
}

// Menu opens the menu of the card or row that begins with a word, and pushes one of
// its items. It reports whether there was one.
func Menu(w fyne.Window, row, item string) bool {
	var menus []fyne.Tappable // that open with a button of no word
	under := false
	Each(w, func(o fyne.CanvasObject) bool {
		if t, ok := o.(*canvas.Text); ok && t.Text == row {
			under = true
		}
		if p, ok := o.(*part.Push); ok && p.Text == "" && under {
			menus = append(menus, p)
		}
		return len(menus) == 0
	})
	if len(menus) == 0 {
		return false
	}
	menus[0].Tapped(&fyne.PointEvent{})
	return Press(w, item)
}
