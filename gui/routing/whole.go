package routing

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// whole is the editor of the whole file, for one that cannot be read as routes.
type whole struct {
	desk    *part.Desk
	content *fyne.Container
	yaml    *part.Entry
	path    *widget.Label
	list    *fyne.Container
	note    *widget.Label
	save    *part.Push
	saved   func(*control.Configuration)
	closed  func()

	open     bool
	was      string
	digest   string
	problems []control.ConfigProblem
	failed   string
	turn     int
	stop     func()
	unasked  bool
}

func newWhole(d *part.Desk, k keys) *whole {
	w := &whole{desk: d, path: part.Mono(""), note: part.Muted(""), list: container.NewVBox(), stop: func() {}}
	w.yaml = newLines("", 6)
	w.yaml.OnChanged = func(string) {
		w.turn++
		w.stop()
		w.stop = d.Crew.After(pause, w.ask)
		w.refresh()
	}
	w.save = part.Primary(look.T("Save"), "", w.Save)
	w.note.Alignment, w.note.Wrapping = fyne.TextAlignTrailing, fyne.TextWrapOff
	w.path.SizeName = theme.SizeNameCaptionText
	buttons := container.NewHBox(part.Button(look.T("Close"), "", w.Close), w.save)
	head := container.NewBorder(nil, nil, part.Quiet("", "back", w.Close), container.NewCenter(buttons), part.Title(look.T("Configuration file")))
	scroll := container.NewVScroll(w.list)
	scroll.SetMinSize(fyne.NewSize(0, 110))
	w.content = container.NewPadded(container.NewBorder(container.NewVBox(head, container.NewBorder(nil, nil, nil, w.note, w.path)), scroll, nil, nil, w.yaml))
	return w
}

// show opens the editor with the file as it is.
func (w *whole) show(c *control.Configuration) {
	w.open, w.was, w.digest, w.failed, w.unasked = true, c.Text, c.Digest, "", false
	w.path.SetText(part.Visible(c.Path))
	w.yaml.Put(c.Text)
	w.judge(c.Problems)
	w.desk.Window.Canvas().Focus(w.yaml)
}

// ask has the agent say what is wrong with the text.
func (w *whole) ask() {
	turn, change := w.turn, control.ConfigChange{Text: w.yaml.Text, DryRun: true}
	part.Do(w.desk, func(ctx context.Context) (*control.ConfigChanged, error) {
		return w.desk.Client().ChangeConfiguration(ctx, change)
	}, func(c *control.ConfigChanged, err error) {
		if turn != w.turn || !w.open {
			return
		}
		w.unasked = err != nil && away(err)
		w.failed = ""
		if err != nil && !w.unasked {
			w.failed = err.Error()
		}
		if err == nil {
			w.judge(c.Problems)
		}
		w.refresh()
	})
}

// back asks what could not be asked while the agent was away.
func (w *whole) back() {
	if w.open && w.unasked {
		w.ask()
	}
}

func (w *whole) judge(all []control.ConfigProblem) {
	w.problems = all
	w.list.Objects = nil
	for _, p := range all {
		l := part.Wrapped(placed(&p))
		l.SizeName = theme.SizeNameCaptionText
		icon := container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(16), widget.NewIcon(look.IconIn("problem", theme.ColorNameError))))
		var to fyne.CanvasObject
		if p.Line > 0 {
			to = container.NewCenter(part.Quiet(look.T("Show"), "", func() {
				w.desk.Window.Canvas().Focus(w.yaml)
				w.yaml.GoTo(p.Line, p.Column)
			}))
		}
		w.list.Add(container.NewBorder(nil, nil, icon, to, l))
	}
	w.list.Refresh()
	w.refresh()
}

// refresh says why the file cannot be saved.
func (w *whole) refresh() {
	why := w.why()
	w.note.SetText(why)
	w.content.Refresh()
	able(w.save)(why == "")
}

func (w *whole) why() string {
	switch n := len(blocking(w.problems)); {
	case !w.desk.Feed.State().Live():
		return look.T("The agent is away. What is typed here stays; saving waits until it is back.")
	case w.failed != "":
		return part.VisibleLines(w.failed)
	case w.yaml.Text == w.was:
		return look.T("Nothing has changed.")
	case n > 0:
		return look.N("{{.Count}} problems are to be mended first.", n)
	}
	return ""
}

// Save writes the file.
func (w *whole) Save() {
	if w.open && w.why() == "" {
		w.write(w.digest)
	}
}

func (w *whole) write(digest string) {
	change := control.ConfigChange{Text: w.yaml.Text, Digest: digest}
	part.Do(w.desk, func(ctx context.Context) (*control.ConfigChanged, error) {
		return w.desk.Client().ChangeConfiguration(ctx, change)
	}, func(c *control.ConfigChanged, err error) {
		switch {
		case errors.Is(err, control.ErrConflict):
			w.desk.Confirm(look.T("Changed elsewhere"), look.T("The file was changed meanwhile. Saving writes over that."), look.T("Keep mine"), func() { w.write("") })
		case err != nil:
			w.desk.Tell(look.T("Configuration file"), err)
		case !c.Written:
			w.judge(c.Problems)
		default:
			w.desk.Say(look.T("Saved"))
			w.leave()
			w.saved(&c.Configuration)
		}
	})
}

// refile takes a file that has changed, where nothing was typed.
func (w *whole) refile(c *control.Configuration) {
	if w.open && w.yaml.Text == w.was && c.Text != w.was {
		w.show(c)
	}
}

// Close leaves the editor, and asks first where that loses something.
func (w *whole) Close() {
	if w.yaml.Text == w.was {
		w.leave()
		return
	}
	w.desk.Confirm(look.T("Discard changes?"), look.T("What was changed in the file is not saved."), look.T("Discard"), w.leave)
}

func (w *whole) leave() {
	w.open = false
	w.stop()
	w.turn++
	w.closed()
}

// editFile opens the editor of the whole file.
func (s *screen) editFile() {
	if s.file == nil {
		return
	}
	s.editor.leaving(func() {
		s.root.Objects = []fyne.CanvasObject{s.whole.content}
		s.root.Refresh()
		s.whole.show(s.file)
	})
}

// unwhole shows the list again.
func (s *screen) unwhole() {
	s.root.Objects = []fyne.CanvasObject{s.content}
	s.root.Refresh()
	s.desk.Window.Canvas().Focus(s.list)
}
