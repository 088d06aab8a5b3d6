package part

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
)

// SheetOptions say what a [Sheet] asks and does.
type SheetOptions struct {
	Title string
	// Content is the form; Width is what it gets, 460 by default.
	Content fyne.CanvasObject
	Width   float32
	// Word is that of the button which does it; without one there is only Close.
	Word   string
	Danger bool // it cannot be taken back
	// First gets the focus.
	First fyne.Focusable
	// Prepare reads the form on the goroutine of the user interface and returns what
	// to do beside it, or what is wrong.
	Prepare func() (do func(context.Context) error, err error)
	// Failed may take an error to deal with it otherwise: the sheet closes then.
	Failed func(error) bool
	// Done is called when it is done and the sheet has closed; Closed whenever it
	// has closed.
	Done, Closed func()
	// Offline says that it needs no agent.
	Offline bool
}

// Sheet is a dialog with a form. It keeps what was typed whatever happens to the
// agent, says when that is away, and does nothing then; Enter in its entries and its
// button do it, Esc closes it.
type Sheet struct {
	desk    *Desk
	options SheetOptions
	window  *dialog.CustomDialog
	content fyne.CanvasObject
	problem *widget.Label
	bar     *busyBar
	do      *Push
	busy    bool
	open    bool
	forget  func() // of the state of the agent
}

// Sheet opens one.
func (d *Desk) Sheet(o SheetOptions) *Sheet {
	s := &Sheet{desk: d, options: o, open: true, problem: Wrapped(""), bar: newBusyBar()}
	s.problem.Hide()
	s.bar.Hide()
	if o.Width == 0 {
		s.options.Width = 460
	}
	free := container.New(layout.NewCustomPaddedLayout(0, 0, 0, theme.Padding()), o.Content) // of the scroll bar
	scrolled := container.New(&within{window: d.Window.Canvas(), what: free}, container.NewVScroll(free))
	all := container.NewVBox(scrolled, s.problem, s.bar)
	s.content = Wide(s.options.Width, container.New(layout.NewCustomPaddedLayout(0, theme.Padding(), 0, 0), all))
	s.window = dialog.NewCustomWithoutButtons(o.Title, s.content, d.Window)
	closing := Button(look.T("Close"), "", s.Close)
	buttons := []fyne.CanvasObject{closing}
	if o.Word != "" {
		s.do = Primary(o.Word, "", s.Submit)
		if o.Danger {
			s.do = Danger(o.Word, "", s.Submit)
		}
		buttons = []fyne.CanvasObject{Button(look.T("Cancel"), "", s.Close), s.do}
	}
	s.window.SetButtons(buttons)
	s.forget = d.Feed.OnState(s.reach)
	d.sheets = append(d.sheets, s)
	s.window.Show()
	s.reach()
	switch {
	case o.First != nil:
		d.Window.Canvas().Focus(o.First)
	case s.do != nil:
		d.Window.Canvas().Focus(s.do)
	default:
		d.Window.Canvas().Focus(closing)
	}
	return s
}

// CloseTop closes the dialog on top, as Esc does; false where none of ours is open.
func (d *Desk) CloseTop() bool {
	if len(d.sheets) == 0 {
		return false
	}
	d.sheets[len(d.sheets)-1].Close()
	return true
}

// SubmitTop does what the dialog on top is for, as its button does; false where none
// of ours is open that is for something.
func (d *Desk) SubmitTop() bool {
	if len(d.sheets) == 0 || d.sheets[len(d.sheets)-1].do == nil {
		return false
	}
	d.sheets[len(d.sheets)-1].Submit()
	return true
}

// Close closes the sheet; what it is doing goes on.
func (s *Sheet) Close() {
	if !s.open {
		return
	}
	s.open = false
	s.forget()
	s.desk.sheets = slices.DeleteFunc(s.desk.sheets, func(o *Sheet) bool { return o == s })
	s.window.Hide()
	if s.options.Closed != nil {
		s.options.Closed()
	}
}

// reach follows whether there is an agent to ask.
func (s *Sheet) reach() {
	if s.do == nil {
		return
	}
	away := !s.desk.Feed.State().Live() && !s.options.Offline
	if away {
		s.Problem(look.T("The agent is not running. What you typed stays; this goes on when it is back."))
	} else if s.problem.Importance == widget.WarningImportance {
		s.Problem("")
	}
	if away {
		s.problem.Importance = widget.WarningImportance
		s.problem.Refresh()
	}
	s.enable()
}

func (s *Sheet) enable() {
	if s.do == nil {
		return
	}
	if s.busy || !s.options.Offline && !s.desk.Feed.State().Live() {
		s.do.Disable()
	} else {
		s.do.Enable()
	}
}

// Problem shows what is wrong; "" is nothing.
func (s *Sheet) Problem(text string) {
	s.problem.Importance = widget.DangerImportance
	s.problem.SetText(VisibleLines(text))
	s.problem.Hidden = text == ""
	s.problem.Refresh()
	s.Fit()
}

// Word has the button that does it say something else.
func (s *Sheet) Word(word string) {
	if s.do != nil && s.do.Text != word {
		s.do.SetText(word)
		s.Fit()
	}
}

// Fit gives the sheet the size that its content has now.
func (s *Sheet) Fit() {
	s.content.Refresh()
	s.window.Resize(s.window.MinSize())
}

// Submit does what the sheet is for.
func (s *Sheet) Submit() {
	if s.busy || s.do == nil || s.do.Disabled() {
		return
	}
	do, err := s.options.Prepare()
	if err != nil {
		s.Problem(err.Error())
		return
	}
	s.work(true)
	s.desk.Crew.Go(func(ctx context.Context) func() {
		err := do(ctx)
		return func() { s.done(err) }
	})
}

func (s *Sheet) work(on bool) {
	s.busy = on
	s.bar.Hidden = !on
	if on {
		s.Problem("")
	}
	s.enable()
	s.Fit()
}

func (s *Sheet) done(err error) {
	if !s.open {
		if err != nil {
			s.desk.Tell(s.options.Title, err)
		}
		return
	}
	s.work(false)
	if err != nil && s.options.Failed != nil && s.options.Failed(err) {
		s.Close()
		return
	}
	if err != nil {
		s.Problem(err.Error())
		return
	}
	s.Close()
	if s.options.Done != nil {
		s.options.Done()
	}
}

// Confirm asks before something that cannot be taken back; word is what is done
// then.
func (d *Desk) Confirm(title, text, word string, do func()) *Sheet {
	return d.Sheet(SheetOptions{
		Title: title, Content: Wrapped(text), Width: 400, Word: word, Danger: true, Offline: true,
		Prepare: func() (func(context.Context) error, error) {
			return func(context.Context) error { return nil }, nil
		},
		Done: do,
	})
}

// Tell shows an error in a dialog.
func (d *Desk) Tell(title string, err error) *Sheet {
	text := Wrapped(VisibleLines(err.Error()))
	text.Selectable = true
	return d.Sheet(SheetOptions{Title: title, Content: text, Width: 440})
}
