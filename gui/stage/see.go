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
	root := w.Content()
	if top := w.Canvas().Overlays().Top(); top != nil {
		root = top
	}
	each(root, visit)
}

func each(o fyne.CanvasObject, visit func(fyne.CanvasObject) bool) bool {
	if o == nil || !o.Visible() {
		return true
	}
	if !visit(o) {
		return false
	}
	var children []fyne.CanvasObject
	switch o := o.(type) {
	case *fyne.Container:
		children = o.Objects
	case fyne.Widget:
		children = test.WidgetRenderer(o).Objects()
	}
	for _, c := range children {
		if !each(c, visit) {
			return false
		}
	}
	return true
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
	var found fyne.Tappable
	Each(w, func(o fyne.CanvasObject) bool {
		t, ok := o.(fyne.Tappable)
		if ok && wordOf(o) == word {
			if d, can := o.(fyne.Disableable); !can || !d.Disabled() {
				found = t
			}
		}
		return found == nil
	})
	if found == nil {
		return false
	}
	found.Tapped(&fyne.PointEvent{})
	return true
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
