package routing

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// pause is how long nothing has to be typed before the agent is asked what would
// come of it.
const pause = 200 * time.Millisecond

// editor shows one route as a form and as YAML. Whichever a person changes, the agent
// says what the other one is then, and what is wrong with it.
type editor struct {
	desk *part.Desk
	keys keys
	// file is the configuration as it is known, and saved takes it when it has
	// changed; closed is called when the editor is done.
	file   func() *control.Configuration
	saved  func(*control.Configuration)
	closed func()

	sheet   *sheet
	form    *form
	yaml    *part.Entry
	answer  *control.Configuration // what would come of the sheet
	wrong   []control.ConfigProblem
	refused string // what the agent said in place of an answer
	broken  string // why the file cannot be read; empty while it can
	touched bool
	busy    bool   // it is being saved
	asked   bool   // which of two changes is to stay
	turn    int    // of changes; an answer to an earlier one is too late
	stop    func() // ends the wait for a pause

	content           *fyne.Container
	title             *widget.RichText
	note              *widget.Label
	save, try, cancel *part.Push
	twin              *twin
	list              *fyne.Container // of problems
	scroll            *container.Scroll
	strip             *fyne.Container
	body              *fyne.Container
	trial             *trial
}

func newEditor(d *part.Desk, k keys) *editor {
	e := &editor{desk: d, keys: k, title: part.Title(""), note: part.Muted(""), stop: func() {}}
	e.form = newForm(d, k, e.formChanged)
	e.yaml = newLines("", 4)
	e.yaml.OnChanged = func(text string) { e.textChanged(text) }
	e.save = part.Primary(look.T("Save"), "", e.Save)
	e.try = part.Button(look.T("Try…"), "test", e.Try)
	e.cancel = part.Button(look.T("Close"), "", e.Close)
	e.list = container.NewVBox()
	e.scroll = container.NewVScroll(e.list)
	e.strip = container.NewVBox(part.Line(), e.scroll)
	e.twin = newTwin(look.T("Form"), container.NewVScroll(container.New(layout.NewCustomPaddedLayout(4, 16, 0, 14), part.Narrow(e.form.body))), "YAML", container.NewPadded(e.yaml))
	e.trial = newTrial(d, k, e.untry)
	e.body = container.NewStack(e.twin.box)
	e.note.Alignment = fyne.TextAlignTrailing
	buttons := container.NewHBox(e.cancel, e.try, e.save)
	head := container.NewBorder(nil, nil, part.Quiet("", "back", e.Close), container.NewCenter(buttons), e.title)
	e.content = container.NewBorder(container.NewVBox(head, e.note, part.Line()), e.strip, nil, nil, e.body)
	return e
}

// open shows a sheet. What a form must have is told only once it was touched.
func (e *editor) open(s *sheet) {
	e.stop()
	e.turn++
	e.sheet, e.answer, e.wrong, e.refused, e.broken, e.touched, e.busy = s, nil, nil, "", "", false, false
	e.form.enable(true)
	e.form.load(s.draft)
	e.yaml.Put(s.text)
	e.untry()
	if s.fresh() {
		e.ask(false)
	} else if c := e.file(); c != nil {
		e.judge(c, nil)
	}
	e.refresh()
	e.desk.Window.Canvas().Focus(e.form.first)
	if s.fresh() {
		e.form.first.TypedShortcut(&fyne.ShortcutSelectAll{}) // a name to write over
	}
}

// learn gives the form what may be chosen in it.
func (e *editor) learn(claims, credentials []string, senders []control.Sender) {
	fresh := e.form.learn(claims, credentials, senders)
	if e.sheet == nil {
		return
	}
	if fresh != "" {
		e.form.give(fresh)
	}
	e.form.show()
}

func (e *editor) formChanged() { e.changed(fromForm) }

func (e *editor) textChanged(text string) {
	e.sheet.text = text
	e.changed(fromText)
}

// changed has the agent asked after a pause.
func (e *editor) changed(from int) {
	e.sheet.from, e.touched, e.answer = from, true, nil
	e.turn++
	e.stop()
	e.stop = e.desk.Crew.After(pause, func() { e.ask(true) })
	e.refresh()
}

// ask asks the agent what would come of the sheet as it is.
func (e *editor) ask(touched bool) {
	turn, old := e.turn, e.file().Routes
	change := control.ConfigChange{Edits: e.sheet.edits(), DryRun: true}
	part.Do(e.desk, func(ctx context.Context) (*control.ConfigChanged, error) {
		return e.desk.Client().ChangeConfiguration(ctx, change)
	}, func(c *control.ConfigChanged, err error) {
		if turn != e.turn || e.sheet == nil {
			return
		}
		if err != nil {
			e.refuse(err)
			return
		}
		e.take(&c.Configuration, old, touched)
	})
}

// take shows the other side of a change, and what is wrong with it. old are the routes
// that there were when it was asked for.
func (e *editor) take(c *control.Configuration, old []control.ConfigEntry, touched bool) {
	e.refused, e.answer = "", c
	entry := e.sheet.found(c, old)
	if entry != nil {
		other := e.sheet.agree(entry)
		e.yaml.Put(e.sheet.text)
		e.form.on = true
		if other {
			e.form.show()
		}
		e.form.enable(true)
		e.form.hints()
	} else if e.sheet.from == fromText {
		e.form.enable(false)
	}
	e.touched = e.touched || touched
	e.judge(c, entry)
	e.refresh()
}

// judge finds what of the problems of a configuration is to be shown here.
func (e *editor) judge(c *control.Configuration, entry *control.ConfigEntry) {
	if entry == nil && e.sheet.from == fromNothing {
		entry = e.sheet.found(c, c.Routes)
	}
	here, elsewhere := told(entry, c.Problems)
	risky, _ := told(entry, c.Warnings)
	e.wrong = append(here, elsewhere...)
	if e.sheet.fresh() && !e.touched {
		here, elsewhere, risky = nil, nil, nil
	}
	e.form.problems(here)
	e.list.Objects = nil
	for i := range here {
		e.tell(&here[i], false, true)
	}
	for i := range elsewhere {
		e.tell(&elsewhere[i], false, false)
	}
	for i := range risky {
		e.tell(&risky[i], true, true)
	}
	e.showStrip()
}

// tell adds a problem to the list below the editor.
func (e *editor) tell(p *control.ConfigProblem, risky, here bool) {
	text := placed(p)
	if !here {
		text = look.T("Elsewhere in the file: {{.What}}", look.V{"What": text})
	}
	l := part.Wrapped(text)
	l.SizeName = theme.SizeNameCaptionText
	colour := theme.ColorNameError
	if risky {
		colour = theme.ColorNameWarning
	}
	icon := container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(16), widget.NewIcon(look.IconIn("problem", colour))))
	var to fyne.CanvasObject
	if line, column := p.Line, p.Column; here && line > 0 {
		to = container.NewCenter(part.Quiet(look.T("Show"), "", func() { e.toLine(line, column) }))
	}
	e.list.Add(container.NewBorder(nil, nil, icon, to, l))
}

func (e *editor) showStrip() {
	e.strip.Hidden = len(e.list.Objects) == 0
	e.scroll.SetMinSize(fyne.NewSize(0, min(float32(len(e.list.Objects))*36, 92)))
	e.content.Refresh()
}

// toLine puts the cursor to a line of the YAML.
func (e *editor) toLine(line, column int) {
	e.untry()
	e.twin.choose(1)
	e.desk.Window.Canvas().Focus(e.yaml)
	e.yaml.GoTo(line, column)
}

// refuse says why the agent has not said what would come of a change.
func (e *editor) refuse(err error) {
	e.answer = nil
	if away(err) {
		e.refresh()
		return
	}
	e.refused = part.VisibleLines(err.Error())
	if e.sheet.from == fromText {
		e.form.enable(false)
	}
	e.list.Objects = nil
	if e.touched {
		e.tell(&control.ConfigProblem{Message: e.refused}, false, true)
	}
	e.showStrip()
	e.refresh()
}

// back asks again what could not be asked while the agent was away.
func (e *editor) back() {
	if e.sheet != nil && e.sheet.changed() && e.answer == nil {
		e.ask(e.touched)
	}
	e.refresh()
}
