package routing

import (
	"reflect"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"

	"homehook/gui/look"
	"homehook/gui/part"
)

// field is one field of the form: what shows a value of the draft, and changes it.
type field struct {
	path string // for problems
	part *slot
	load func(*draft)
	able func(on bool)
}

// disabler is a widget that can be kept from being used.
type disabler interface {
	Enable()
	Disable()
}

func able(w ...disabler) func(bool) {
	return func(on bool) {
		for _, d := range w {
			if on {
				d.Enable()
			} else {
				d.Disable()
			}
		}
	}
}

// inYAML says in place of a hint that a field has more than the form can show.
func inYAML() string { return look.T("This is set in the YAML.") }

// makeField makes what an ask asks for.
func (f *form) makeField(a *ask) *field {
	switch a.of {
	case askFlag:
		return f.flagField(a.path, a.name, a.hint)
	case askChoice:
		s := part.Choice(a.values, a.labels, func(v string) { f.change(func(d *draft) { d.setText(a.path, v) }) })
		return &field{path: a.path, part: newSlot(a.name, s, a.hint), able: able(s), load: func(d *draft) { s.Choose(d.text(a.path)) }}
	case askCredential:
		return f.credentialField(a.path, a.name, a.hint)
	case askPairs:
		return f.linesField(a, func(d *draft) (string, bool) { return d.pairs(a.path, a.between) },
			func(d *draft, text string) { d.setPairs(a.path, text, a.between) })
	case askArguments:
		return f.linesField(a, func(d *draft) (string, bool) { return d.arguments(a.path) },
			func(d *draft, text string) { d.setCommand(a.path, d.program(a.path), text) })
	case askText:
		return f.linesField(a, func(d *draft) (string, bool) { return d.text(a.path), true },
			func(d *draft, text string) { d.setText(a.path, text) })
	}
	made, _ := f.makeLine(a)
	return made
}

// linesField is one with several lines, which load cannot always show.
func (f *form) linesField(a *ask, load func(*draft) (string, bool), store func(*draft, string)) *field {
	e := newLines(a.shown, 2)
	e.OnChanged = func(text string) {
		e.SetMinRowsVisible(min(max(lineCount(text), 2), 8))
		f.change(func(d *draft) { store(d, text) })
	}
	p := newSlot(a.name, e, a.hint)
	locked := false
	return &field{path: a.path, part: p, able: func(on bool) { able(e)(on && !locked) }, load: func(d *draft) {
		if !locked && says(d, func(d *draft) { store(d, e.Text) }) {
			return // in other words, which a person may be just writing
		}
		text, ok := load(d)
		locked = !ok
		if locked {
			text = inYAML()
		}
		able(e)(ok)
		e.Put(text)
		e.SetMinRowsVisible(min(max(lineCount(text), 2), 8))
	}}
}

// says whether what stands in a field is what the draft has already.
func says(d *draft, store func(*draft)) bool {
	probe := newDraft(d.values)
	store(probe)
	return reflect.DeepEqual(probe.values, d.values)
}

// newLines is an entry of several lines, rows of which are seen at once.
func newLines(shown string, rows int) *part.Entry {
	e := part.NewLines(shown, true)
	e.SetMinRowsVisible(rows)
	return e
}

func lineCount(text string) (n int) {
	n = 1
	for _, r := range text {
		if r == '\n' {
			n++
		}
	}
	return n
}

// makeLine makes a field of a line, with a button beside it where that can choose.
func (f *form) makeLine(a *ask) (*field, *part.Entry) {
	e := part.NewEntry(a.shown)
	load, store := func(d *draft) string { return d.text(a.path) }, func(d *draft, text string) { d.setText(a.path, text) }
	var what fyne.CanvasObject = e
	widgets := []disabler{e}
	switch a.of {
	case askNumber:
		store = func(d *draft, text string) { d.setNumber(a.path, text) }
	case askProgram:
		load = func(d *draft) string { return d.program(a.path) }
		store = func(d *draft, text string) {
			if arguments, ok := d.arguments(a.path); ok {
				d.setCommand(a.path, text, arguments)
			}
		}
	}
	if a.of == askProgram || a.of == askFile || a.of == askFolder {
		icon, choose := "file", chooseFile
		if a.of == askFolder {
			icon, choose = "folder", chooseFolder
		}
		b := part.Button("", icon, func() { choose(f.desk, e.SetText) })
		what = container.NewBorder(nil, nil, nil, b, e)
		widgets = append(widgets, b)
	}
	e.OnChanged = func(text string) { f.change(func(d *draft) { store(d, text) }) }
	return &field{path: a.path, part: newSlot(a.name, what, a.hint), able: able(widgets...), load: func(d *draft) { e.Put(load(d)) }}, e
}

// flagField is a box to tick.
func (f *form) flagField(path, name, hint string) *field {
	c := part.NewCheck(name, func(on bool) { f.change(func(d *draft) { d.setFlag(path, on) }) })
	return &field{path: path, part: newSlot("", c, hint), able: able(c), load: func(d *draft) { c.Tick(d.flag(path)) }}
}

// credentialField chooses one of those stored, or leads to where one is stored.
func (f *form) credentialField(path, name, hint string) *field {
	const fresh = "\x00new"
	var s *part.Select
	var shown string
	offer := func() {
		values := slices.Clone(f.credentials)
		if shown != "" && !slices.Contains(values, shown) {
			values = append(values, shown)
		}
		labels := make([]string, len(values))
		for i, v := range values {
			if labels[i] = part.Visible(v); !slices.Contains(f.credentials, v) {
				labels[i] = look.T("{{.Name}} (not stored yet)", look.V{"Name": part.Visible(v)})
			}
		}
		s.Offer(append(values, "", fresh), append(labels, look.T("None"), look.T("New…")))
		s.Choose(shown)
	}
	s = part.Choice(nil, nil, func(v string) {
		if v == fresh {
			s.Choose(shown)
			f.awaits = path
			f.desk.Show(part.Place{Screen: part.Credentials, New: true})
			return
		}
		shown = v
		f.change(func(d *draft) { d.setText(path, v) })
	})
	return &field{path: path, part: newSlot(name, s, hint), able: able(s), load: func(d *draft) { shown = d.text(path); offer() }}
}

// chooseFile lets a person choose a file that is there, and tells its path.
func chooseFile(d *part.Desk, chosen func(path string)) {
	c := dialog.NewFileOpen(func(r fyne.URIReadCloser, err error) {
		if err != nil {
			d.Tell(look.T("The file cannot be opened"), err)
			return
		}
		if r != nil {
			_ = r.Close() // only its name is wanted
			chosen(r.URI().Path())
		}
	}, d.Window)
	c.Resize(d.Window.Canvas().Size().Subtract(fyne.NewSquareSize(80)))
	c.Show()
}

// chooseFolder lets a person choose a folder, and tells its path.
func chooseFolder(d *part.Desk, chosen func(path string)) {
	c := dialog.NewFolderOpen(func(u fyne.ListableURI, err error) {
		if err != nil {
			d.Tell(look.T("The folder cannot be opened"), err)
			return
		}
		if u != nil {
			chosen(u.Path())
		}
	}, d.Window)
	c.Resize(d.Window.Canvas().Size().Subtract(fyne.NewSquareSize(80)))
	c.Show()
}
