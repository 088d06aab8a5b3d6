package routing

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// change changes the file and shows it. What keeps a change from being written is
// told, and nothing is changed then.
func (s *screen) change(title string, edits []control.ConfigEdit, done func(*control.Configuration)) {
	if s.file == nil || !s.live() {
		s.relist() // what was ticked is not so
		return
	}
	change := control.ConfigChange{Digest: s.file.Digest, Edits: edits}
	part.Do(s.desk, func(ctx context.Context) (*control.ConfigChanged, error) {
		return s.desk.Client().ChangeConfiguration(ctx, change)
	}, func(c *control.ConfigChanged, err error) {
		switch {
		case errors.Is(err, control.ErrConflict):
			s.desk.Tell(title, errors.New(look.T("The file was changed elsewhere just now. It is shown as it is; try again.")))
			s.load()
		case err != nil:
			s.desk.Tell(title, err)
			s.relist()
		case !c.Written:
			s.desk.Tell(title, refusal(edits, c.Problems))
			s.relist()
		default:
			s.changed(&c.Configuration)
			if done != nil {
				done(&c.Configuration)
			}
		}
	})
}

// refusal says why a change was not written. Of a move the remedy is left out: it is
// to undo what nobody has done.
func refusal(edits []control.ConfigEdit, problems []control.ConfigProblem) error {
	text := look.T("Nothing was changed.")
	moves := len(edits) == 1 && edits[0].Op == control.EditMove
	if moves {
		text = look.T("The route stays where it was. There, one of the two would have nothing to do:")
	}
	for _, p := range problems {
		if moves {
			p.Remedy = ""
		}
		text += "\n\n" + problemWords(&p)
	}
	return errors.New(text)
}

func (s *screen) routeAt(at int) *control.ConfigEntry {
	if s.file == nil || at < 0 || at >= len(s.file.Routes) {
		return nil
	}
	return &s.file.Routes[at]
}

// edit opens a route in the editor.
func (s *screen) edit(at int) {
	e := s.routeAt(at)
	if e == nil {
		return
	}
	name := e.Name
	if s.editor.sheet != nil && s.editor.sheet.name == name {
		s.desk.Window.Canvas().Focus(s.editor.form.first)
		return
	}
	s.editor.leaving(func() {
		if now := entryOf(s.file, name); now != nil {
			s.open(sheetOf(now, s.file.Digest))
		}
	})
}

// open shows a sheet in the editor.
func (s *screen) open(sheet *sheet) {
	s.editor.sheet = sheet
	s.sides.Refresh()
	s.editor.content.Show()
	s.editor.open(sheet)
	s.sides.Refresh()
}

// unedit shows the list alone again.
func (s *screen) unedit() {
	s.sides.Refresh()
	s.desk.Window.Canvas().Focus(s.list)
}

// remove asks, and removes a route.
func (s *screen) remove(at int) {
	e := s.routeAt(at)
	if e == nil || !s.live() {
		return
	}
	gone := *e
	after := ""
	if next := s.routeAt(at + 1); next != nil {
		after = next.Name
	}
	title := look.T("Remove route")
	s.desk.Confirm(title, look.T("“{{.Name}}” takes no more deliveries then. What it has done stays in the history.", look.V{"Name": part.Visible(gone.Name)}), look.T("Remove"), func() {
		s.change(title, []control.ConfigEdit{{Op: control.EditRemove, Part: control.PartRoute, Name: gone.Name}}, func(*control.Configuration) {
			if s.editor.sheet != nil && s.editor.sheet.name == gone.Name {
				s.editor.leave()
			}
			s.removed(&gone, after)
		})
	})
}

// removed offers to bring a route back.
func (s *screen) removed(e *control.ConfigEntry, before string) {
	undo := part.Button(look.T("Undo"), "", func() {
		edits := []control.ConfigEdit{{Op: control.EditAdd, Part: control.PartRoute, YAML: e.YAML, Before: before}}
		if before == "" {
			edits = append(edits, control.ConfigEdit{Op: control.EditMove, Part: control.PartRoute, Name: e.Name})
		}
		s.change(look.T("Undo"), edits, func(*control.Configuration) { s.notify(nil) })
	})
	s.notify(note("info", theme.ColorNamePrimary, look.T("Removed “{{.Name}}”", look.V{"Name": part.Visible(e.Name)}), undo))
}

// notify shows a strip above the list, or nothing.
func (s *screen) notify(o fyne.CanvasObject) {
	s.notice.Objects = nil
	if o != nil {
		s.notice.Add(o)
	}
	s.left.Refresh()
}

// double opens a copy of a route.
func (s *screen) double(at int) {
	e := s.routeAt(at)
	if e == nil {
		return
	}
	of := *e
	s.editor.leaving(func() {
		name := freeName(look.T("{{.Name}} copy", look.V{"Name": of.Name}), s.file.Routes)
		d := newDraft(of.Values)
		d.set("name", name)
		sheet := newSheet(d, s.file.Digest)
		if text := copied(&of, name); text != "" {
			sheet.text, sheet.from = text, fromText
		}
		if next := s.routeAt(at + 1); next != nil {
			sheet.before = next.Name
		}
		s.open(sheet)
	})
}

// toggle switches a route off, or on.
func (s *screen) toggle(at int) {
	e := s.routeAt(at)
	if e == nil {
		return
	}
	d := newDraft(e.Values)
	d.setFlag("off", !d.flag("off"))
	s.change(look.T("Switch a route on or off"), []control.ConfigEdit{{Op: control.EditSet, Part: control.PartRoute, Name: e.Name, Values: d.values}}, nil)
}

// move has a route come before another; the number of routes is the end.
func (s *screen) move(at, before int) {
	e := s.routeAt(at)
	if e == nil || before == at || before == at+1 {
		return
	}
	edit := control.ConfigEdit{Op: control.EditMove, Part: control.PartRoute, Name: e.Name}
	if next := s.routeAt(before); next != nil {
		edit.Before = next.Name
	}
	name := e.Name
	s.change(look.T("Move a route"), []control.ConfigEdit{edit}, func(c *control.Configuration) {
		for i := range c.Routes {
			if c.Routes[i].Name == name {
				s.list.choose(i)
			}
		}
	})
}

// approve writes down that the program of a route is as it is now.
func (s *screen) approve(at int) {
	e := s.routeAt(at)
	if e == nil || !s.live() {
		return
	}
	name, title := e.Name, look.T("Approve program")
	program := newDraft(e.Values).program("script.command")
	text := look.T("Only programs that were looked at should be approved. The route runs {{.Program}} again as it is now.", look.V{"Program": part.Visible(program)})
	s.desk.Sheet(part.SheetOptions{
		Title: title, Content: part.Wrapped(text), Word: look.T("Approve"),
		Prepare: func() (func(context.Context) error, error) {
			return func(ctx context.Context) error {
				_, err := s.desk.Client().ApproveRoute(ctx, name)
				return err
			}, nil
		},
		Done: func() { s.desk.Say(look.T("Approved")); s.load() },
	})
}

// offer shows the ways to begin a new route.
func (s *screen) offer() {
	menu := fyne.NewMenu("",
		fyne.NewMenuItem(look.T("From a template…"), func() { s.fromTemplate("") }),
		fyne.NewMenuItem(look.T("Empty route"), func() { s.editor.leaving(s.blank) }),
		fyne.NewMenuItem(look.T("From a delivery in Activity"), func() { s.desk.Show(part.Place{Screen: part.Activity}) }),
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem(look.T("Edit the whole file"), s.editFile),
	)
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(s.fresh)
	widget.ShowPopUpMenuAtPosition(menu, s.desk.Window.Canvas(), at.AddXY(0, s.fresh.Size().Height))
}

// blank begins a route with nothing but what it must have.
func (s *screen) blank() {
	if s.file == nil || len(s.file.Claims) == 0 {
		return
	}
	name := freeName(look.T("new route"), s.file.Routes)
	d := newDraft(map[string]any{"name": name, "match": "POST /hook"})
	if len(s.file.Claims) > 1 {
		d.set("claim", s.file.Claims[0].Name)
	}
	s.open(newSheet(d, s.file.Digest))
}

// from begins a route for deliveries like a stored one.
func (s *screen) from(id string) {
	part.Do(s.desk, func(ctx context.Context) (*control.Record, error) {
		return s.desk.Client().Delivery(ctx, id)
	}, func(r *control.Record, err error) {
		if err != nil {
			s.desk.Tell(look.T("New route"), err)
			return
		}
		d := draftFrom(r, s.credentials)
		d.set("name", freeName(nameFor(r), s.file.Routes))
		sheet := newSheet(d, s.file.Digest)
		if entryOf(s.file, r.Route) != nil {
			sheet.before = r.Route
		}
		s.open(sheet)
	})
}
