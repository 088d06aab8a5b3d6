package wizard

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
	"homehook/gui/part"
)

const (
	sideWidth = 220
	// bodyWidth is the most that a step takes in width: longer lines read badly.
	bodyWidth = 620
)

// cover lies over the whole window and lets no tap through.
type cover struct {
	widget.BaseWidget
	content fyne.CanvasObject
}

// Tapped takes what would else go to the window below.
func (c *cover) Tapped(*fyne.PointEvent) {}

// CreateRenderer shows the content.
func (c *cover) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(c.content) }

// frame is what is around each step.
type frame struct {
	cover   *cover
	marks   []*mark
	title   *widget.RichText
	count   *widget.Label
	body    *container.Scroll
	back    *button
	skip    *button
	next    *button
	closing *button
	problem *widget.Label
	doing   *widget.Label
	turning *widget.Activity
	waiting *fyne.Container // doing and turning
	away    *fyne.Container
}

// buildFrame makes what is around the steps.
func (w *wizard) buildFrame() {
	w.title = part.Heading("")
	w.title.Truncation = fyne.TextTruncateOff
	w.title.Wrapping = fyne.TextWrapWord
	w.count = muted("")
	w.body = container.NewVScroll(container.NewStack())
	w.buildFooter()
	w.buildAway()
	head := container.New(layout.NewCustomPaddedVBoxLayout(-8), w.count, w.title)
	top := container.New(&centred{most: bodyWidth}, container.NewVBox(w.away, head))
	room := container.New(layout.NewCustomPaddedLayout(18, 0, 0, 0), top)
	main := container.NewBorder(room, w.footer(), nil, nil, w.body)
	content := container.New(&besides{width: sideWidth}, w.side(), main)
	ground := part.Ground(theme.ColorNameBackground, content)
	if w.cover == nil {
		w.cover = &cover{}
		w.cover.content = container.NewStack()
		w.cover.ExtendBaseWidget(w.cover)
	}
	stack := w.cover.content.(*fyne.Container)
	stack.Objects = []fyne.CanvasObject{ground}
	stack.Refresh()
}

// side lists the steps, with the button that closes the wizard at its end.
func (w *wizard) side() fyne.CanvasObject {
	name := part.Title(look.T("Set up Homehook"))
	name.Truncation, name.Wrapping = fyne.TextTruncateOff, fyne.TextWrapWord
	w.marks = make([]*mark, len(w.steps))
	rows := container.NewVBox()
	for i, s := range w.steps {
		w.marks[i] = newMark(i, s.word, func() { w.leap(i) })
		rows.Add(w.marks[i])
	}
	w.closing = w.button(look.T("Close"), "close", w.askClose)
	w.closing.Importance = widget.LowImportance
	w.closing.Alignment = widget.ButtonAlignLeading
	later := muted(look.T("You can come back through Help."))
	foot := container.New(layout.NewCustomPaddedVBoxLayout(-4), w.closing, later)
	inside := container.NewBorder(container.NewVBox(name, gap(1)), foot, nil, nil, container.NewVScroll(rows))
	padded := container.New(layout.NewCustomPaddedLayout(14, 10, 8, 8), inside)
	return part.Ground(look.ColourSide, padded)
}

// leap goes back to a step that was there before.
func (w *wizard) leap(to int) {
	s := w.steps[to]
	if w.busy || to >= w.at || s.unneeded != nil && s.unneeded() {
		return
	}
	w.show(to)
}

func (w *wizard) buildFooter() {
	w.back = w.button(look.T("Back"), "back", w.backward)
	w.skip = w.button("", "", w.skipStep)
	w.skip.Importance = widget.LowImportance
	w.next = w.button("", "", w.goOn)
	w.next.Importance = widget.HighImportance
	w.problem = part.Wrapped("")
	w.problem.Importance = widget.DangerImportance
	w.problem.Selectable = true
	w.problem.Hide()
	w.doing = muted("")
	w.turning = widget.NewActivity()
	small := container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(18), w.turning))
	w.waiting = container.NewBorder(nil, nil, small, nil, w.doing)
	w.waiting.Hide()
}

// footer has what is wrong, above the buttons, so that it stands where the eyes are
// when one of them was pressed.
func (w *wizard) footer() fyne.CanvasObject {
	right := container.NewHBox(w.back, w.skip, w.next)
	row := container.NewBorder(nil, nil, nil, right, w.waiting)
	inside := container.New(&centred{most: bodyWidth}, container.NewVBox(w.problem, row))
	room := container.New(layout.NewCustomPaddedLayout(8, 10, 0, 0), inside)
	return container.New(layout.NewCustomPaddedVBoxLayout(0), widget.NewSeparator(), room)
}

func (w *wizard) buildAway() {
	text := part.Wrapped(look.T("The agent does not answer. What you have typed stays here."))
	text.Importance = widget.WarningImportance
	again := w.button(look.T("Start it"), "play", func() { w.show(atWelcome) })
	w.away = container.NewVBox(part.Card(container.NewBorder(nil, nil, nil, container.NewCenter(again), text)), gap(2))
	w.away.Hide()
}

// showStep puts the step's own things into the frame.
func (w *wizard) showStep() {
	s := w.steps[w.at]
	setText(w.title, s.title)
	w.count.SetText(look.T("Step {{.At}} of {{.All}}", look.V{"At": w.at + 1, "All": len(w.steps)}))
	w.body.Content = container.New(&centred{most: bodyWidth}, container.New(layout.NewCustomPaddedLayout(4, 14, 0, 0), s.content))
	w.body.Offset = fyne.Position{}
	w.body.Refresh()
	w.title.Refresh()
}

// refresh shows what may be done now.
func (w *wizard) refresh() {
	s := w.steps[w.at]
	word := s.onward
	if word == "" {
		word = look.T("Next")
	}
	w.setNext(word)
	w.back.Hidden = w.at == 0
	w.skip.Hidden = s.skip == nil
	w.skip.SetText(s.skipWord)
	away := !w.live() && !s.alone && w.desk.Feed.State().Status != nil
	w.away.Hidden = !away
	enable(&w.next.Button, !w.busy && (s.alone || w.live()))
	enable(&w.skip.Button, !w.busy)
	enable(&w.back.Button, !w.busy)
	for i, m := range w.marks {
		unneeded := w.steps[i].unneeded != nil && w.steps[i].unneeded()
		m.set(i == w.at, i < w.reached && i != w.at && !unneeded, i < w.at && unneeded)
	}
	w.cover.Refresh()
}

// setNext says what the button that goes on does.
func (w *wizard) setNext(word string) { w.next.SetText(word) }

// say shows what is wrong with the step; "" is nothing.
func (w *wizard) say(text string) {
	w.problem.SetText(part.VisibleLines(text))
	w.problem.Hidden = text == ""
	w.cover.Refresh()
}

// wrong shows what is wrong with a field, and puts the focus there.
func (w *wizard) wrong(f *part.Field, e *entry, text string) {
	f.Problem(text)
	w.cover.Refresh() // the field is higher now
	w.desk.Window.Canvas().Focus(e)
}

// setBusy shows what is being done; "" is nothing.
func (w *wizard) setBusy(doing string) {
	w.busy = doing != ""
	w.doing.SetText(doing)
	w.waiting.Hidden = !w.busy
	if w.busy {
		w.turning.Start()
	} else {
		w.turning.Stop()
	}
	w.refresh()
}

func enable(b *widget.Button, on bool) {
	if on == !b.Disabled() {
		return
	}
	if on {
		b.Enable()
	} else {
		b.Disable()
	}
}

func setText(t *widget.RichText, text string) {
	t.Segments[0].(*widget.TextSegment).Text = text
	t.Refresh()
}
