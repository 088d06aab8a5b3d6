package routing

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// unreadable says whether a file cannot be read at all, so that nothing is known of
// what stands in it.
func unreadable(c *control.Configuration) bool {
	return len(c.Problems) > 0 && len(c.Relays)+len(c.Claims)+len(c.Routes) == 0
}

// breaks notes whether the file can be read now. While it cannot, a route that is not
// among its routes is not gone: nobody knows.
func (e *editor) breaks(c *control.Configuration) bool {
	was := e.broken
	e.broken = ""
	if unreadable(c) {
		e.broken = look.T("The file cannot be read now. {{.What}} Mend it; what is typed here stays.", look.V{"What": placed(&c.Problems[0]) + "."})
	} else if was != "" {
		e.refused = ""
		if e.answer == nil && e.sheet.changed() {
			e.ask(e.touched)
		}
	}
	return e.broken != ""
}

// reread asks for the file as it is now, and goes on with it if it can be read.
func (e *editor) reread(then func(c *control.Configuration)) {
	e.busy = true
	e.refresh()
	part.Do(e.desk, e.desk.Client().Configuration, func(c *control.Configuration, err error) {
		e.busy = false
		switch {
		case e.sheet == nil:
			return
		case err != nil:
			e.refuse(err)
		default:
			e.saved(c)
			if !e.breaks(c) {
				then(c)
			}
		}
		e.refresh()
	})
}

// meanwhile finds out what of the file has changed since the route was opened. Where
// it is another part, saving goes on.
func (e *editor) meanwhile() {
	e.reread(func(c *control.Configuration) {
		now := entryOf(c, e.sheet.name)
		if e.sheet.fresh() || now != nil && now.YAML == e.sheet.was {
			e.sheet.digest = c.Digest
			e.Save()
			return
		}
		e.conflict(now)
	})
}

// entryOf is the route of a name; nil for none.
func entryOf(c *control.Configuration, name string) *control.ConfigEntry {
	for i := range c.Routes {
		if c.Routes[i].Name == name && name != "" {
			return &c.Routes[i]
		}
	}
	return nil
}

// conflict asks which of two changes of the route is to stay.
func (e *editor) conflict(now *control.ConfigEntry) {
	if e.asked {
		return
	}
	e.asked = true
	text, there := look.T("The file was changed meanwhile, and this route is no longer in it."), ""
	if now != nil {
		text, there = look.T("The file was changed meanwhile, and this route with it. This is there now:"), now.YAML
	}
	yaml := widget.NewLabelWithStyle(part.VisibleLines(there), fyne.TextAlignLeading, fyne.TextStyle{Monospace: true})
	scroll := container.NewScroll(yaml)
	scroll.SetMinSize(fyne.NewSize(460, 180))
	if now == nil {
		scroll.Hide()
	}
	var sheet *part.Sheet
	theirs := part.Button(look.T("Show what is there now"), "", func() {
		sheet.Close()
		e.theirs()
	})
	sheet = e.desk.Sheet(part.SheetOptions{
		Title: look.T("Changed elsewhere"), Width: 480, Word: look.T("Keep mine"), Offline: true,
		Content: container.NewVBox(part.Wrapped(text), part.Ground(look.ColourCode, scroll), container.NewHBox(theirs)),
		Prepare: func() (func(context.Context) error, error) {
			return func(context.Context) error { return nil }, nil
		},
		Done:   func() { e.mine(there) },
		Closed: func() { e.asked = false },
	})
}

// theirs shows the route as the file has it, and forgets what was typed.
func (e *editor) theirs() {
	e.reread(func(c *control.Configuration) {
		now := entryOf(c, e.sheet.name)
		if now == nil {
			e.leave()
			return
		}
		e.open(sheetOf(now, c.Digest))
	})
}

// mine saves over what is there now, if that is what was shown. The file may have
// become another one while the question stood, and the route may be in it again.
func (e *editor) mine(shown string) {
	e.reread(func(c *control.Configuration) {
		now := entryOf(c, e.sheet.name)
		switch {
		case now == nil && shown != "", now != nil && now.YAML != shown && now.YAML != e.sheet.was:
			e.conflict(now)
			return
		case now == nil:
			e.sheet.name = ""
		default:
			e.sheet.was = now.YAML
		}
		e.sheet.digest = c.Digest
		if e.sheet.from == fromNothing {
			e.sheet.from = fromText
		}
		e.Save()
	})
}

// refile takes a configuration that has become another one: a route that nobody has
// touched here is shown as it is now.
func (e *editor) refile(c *control.Configuration) {
	if e.sheet == nil || e.busy {
		return
	}
	broken := e.breaks(c)
	defer e.refresh()
	if broken || e.sheet.fresh() {
		return
	}
	now := entryOf(c, e.sheet.name)
	switch {
	case now == nil && e.sheet.changed():
		e.conflict(nil)
	case e.sheet.changed():
	case now == nil:
		e.leave()
	case now.YAML != e.sheet.was:
		e.open(sheetOf(now, c.Digest))
	default:
		e.sheet.digest = c.Digest
		e.judge(c, now)
	}
}
