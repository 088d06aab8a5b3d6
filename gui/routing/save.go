package routing

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// away says whether an error is that nobody could be asked.
func away(err error) bool { return errors.Is(err, control.ErrNotRunning) }

// why says why nothing can be saved now; empty where it can.
func (e *editor) why() string {
	switch {
	case !e.desk.Feed.State().Live():
		return look.T("The agent is away. What is typed here stays; saving waits until it is back.")
	case e.busy:
		return look.T("Saving…")
	case e.broken != "":
		return e.broken
	case !e.sheet.changed():
		return look.T("Nothing has changed.")
	case e.sheet.fresh() && !e.touched && len(blocking(e.wrong)) > 0:
		return e.missing()
	case e.refused != "":
		return look.T("The agent cannot read this.")
	case len(blocking(e.wrong)) > 0:
		return look.N("{{.Count}} problems are to be mended first.", len(blocking(e.wrong)))
	}
	return ""
}

// missing says what a new route has to have yet: the field, where it is but one.
func (e *editor) missing() string {
	if all := blocking(e.wrong); len(all) == 1 {
		paths, names := []string{}, map[string]string{}
		for _, f := range e.form.all() {
			paths, names[f.path] = append(paths, f.path), f.part.name.Text
		}
		if name := names[fieldOf(&all[0], paths)]; name != "" {
			return look.T("Fill in “{{.Field}}”.", look.V{"Field": name})
		}
	}
	return look.T("Say who may send and which handler runs.")
}

// blocking are the problems of a configuration itself, which keep it from being used.
func blocking(all []control.ConfigProblem) (out []control.ConfigProblem) {
	for i := range all {
		if !all[i].Passing {
			out = append(out, all[i])
		}
	}
	return out
}

// refresh shows what can be done with the sheet now.
func (e *editor) refresh() {
	if e.sheet == nil {
		return
	}
	title := look.T("New route")
	if !e.sheet.fresh() {
		title = part.Visible(e.sheet.name)
	}
	e.title.Segments[0].(*widget.TextSegment).Text = title
	e.title.Refresh()
	why := e.why()
	e.note.SetText(why)
	able(e.save)(why == "")
	known := e.answer != nil || !e.sheet.changed()
	able(e.try)(e.desk.Feed.State().Live() && known && e.refused == "" && len(blocking(e.wrong)) == 0)
	word := look.T("Close")
	if e.sheet.changed() && (e.touched || !e.sheet.fresh()) {
		word = look.T("Cancel")
	}
	e.cancel.SetText(word)
}

// Save writes the route into the file.
func (e *editor) Save() {
	if e.sheet == nil || e.why() != "" {
		return
	}
	e.busy = true
	e.refresh()
	turn, old := e.turn, e.file().Routes
	change := control.ConfigChange{Digest: e.sheet.digest, Edits: e.sheet.edits()}
	part.Do(e.desk, func(ctx context.Context) (*control.ConfigChanged, error) {
		return e.desk.Client().ChangeConfiguration(ctx, change)
	}, func(c *control.ConfigChanged, err error) {
		e.busy = false
		switch {
		case e.sheet == nil:
		case errors.Is(err, control.ErrConflict):
			e.meanwhile()
		case err != nil:
			e.refuse(err)
		case !c.Written:
			e.take(&c.Configuration, old, true)
		default:
			e.written(&c.Configuration, old, turn == e.turn)
		}
		e.refresh()
	})
}

// written goes on with the route as the file has it now. What was typed meanwhile
// stays.
func (e *editor) written(c *control.Configuration, old []control.ConfigEntry, all bool) {
	entry := e.sheet.found(c, old)
	e.untry() // it showed what saving would do
	e.saved(c)
	e.desk.Say(look.T("Saved"))
	if entry == nil {
		e.leave()
		return
	}
	if !all {
		e.sheet.name, e.sheet.was, e.sheet.digest = entry.Name, entry.YAML, c.Digest
		return
	}
	e.stop()
	e.turn++
	e.sheet = sheetOf(entry, c.Digest)
	e.touched, e.answer = false, c
	e.form.load(e.sheet.draft)
	e.yaml.Put(e.sheet.text)
	e.judge(c, entry)
}

// Close leaves the editor, and asks first where that loses something.
func (e *editor) Close() { e.leaving(func() {}) }

// leaving leaves the editor, and then does something else.
func (e *editor) leaving(then func()) {
	if e.sheet == nil || !e.touched || !e.sheet.changed() {
		e.leave()
		then()
		return
	}
	e.desk.Confirm(look.T("Discard changes?"), look.T("What was changed in this route is not saved."), look.T("Discard"), func() {
		e.leave()
		then()
	})
}

// leave forgets the sheet.
func (e *editor) leave() {
	e.stop()
	e.turn++
	e.sheet = nil
	e.closed()
}

// Try shows what the changed routes would do with stored deliveries.
func (e *editor) Try() {
	if e.sheet == nil || e.try.Disabled() {
		return
	}
	text, was, name := "", e.sheet.name, e.sheet.base
	if was == "" {
		was = name
	}
	if e.answer != nil {
		text = e.answer.Text
	}
	e.body.Objects = []fyne.CanvasObject{e.trial.content}
	e.body.Refresh()
	e.trial.run(text, was, name)
}

// untry goes back to the route.
func (e *editor) untry() {
	if len(e.body.Objects) == 1 && e.body.Objects[0] == fyne.CanvasObject(e.twin.box) {
		return
	}
	e.body.Objects = []fyne.CanvasObject{e.twin.box}
	e.body.Refresh()
}

// trying says whether the trial is shown.
func (e *editor) trying() bool { return e.body.Objects[0] != fyne.CanvasObject(e.twin.box) }
