package routing

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// templates is the dialog that makes a route of a template: which one, its blanks,
// and the YAML that comes of them.
type templates struct {
	s       *screen
	sheet   *part.Sheet
	list    *choices
	box     *fyne.Container // of the questions
	right   *fyne.Container
	ground  *fyne.Container // of the preview
	preview *widget.Label
	missing *widget.Label

	chosen  *control.Template
	claim   string
	answers map[string]string
	filled  *control.TemplateFilled
	failed  string
	turn    int
	stop    func()
}

// choices is the list of the templates.
type choices struct {
	widget.List
	keys keys
}

// TypedKey chooses what keys go to, and hands Esc to the window.
func (c *choices) TypedKey(k *fyne.KeyEvent) {
	if k.Name == fyne.KeyEscape {
		bubble(c, c.keys, k)
		return
	}
	c.List.TypedKey(k)
	if k.Name == fyne.KeyDown || k.Name == fyne.KeyUp {
		c.List.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	}
}

// fromTemplate opens the dialog with a template, or the first where there is none such.
func (s *screen) fromTemplate(name string) {
	if s.file == nil || len(s.templates) == 0 || len(s.file.Claims) == 0 {
		return
	}
	t := &templates{s: s, box: container.NewVBox(), answers: map[string]string{}, stop: func() {}, claim: s.file.Claims[0].Name}
	t.preview = widget.NewLabelWithStyle("", fyne.TextAlignLeading, fyne.TextStyle{Monospace: true})
	t.preview.SizeName, t.preview.Selectable = theme.SizeNameCaptionText, true
	t.missing = part.Muted("")
	t.list = &choices{keys: s}
	t.list.Length = func() int { return len(s.templates) }
	t.list.CreateItem = func() fyne.CanvasObject {
		l := widget.NewLabel("")
		l.Truncation = fyne.TextTruncateEllipsis
		return container.NewBorder(nil, nil, widget.NewIcon(nil), nil, l)
	}
	t.list.UpdateItem = func(i widget.ListItemID, o fyne.CanvasObject) {
		of := o.(*fyne.Container)
		of.Objects[0].(*widget.Label).SetText(part.Visible(look.Known(s.templates[i].Title)))
		of.Objects[1].(*widget.Icon).SetResource(look.Icon(look.HandlerIcon(s.templates[i].Handler)))
	}
	t.list.OnSelected = func(i widget.ListItemID) { t.choose(i) }
	t.list.ExtendBaseWidget(t.list)
	code := container.NewScroll(t.preview)
	code.SetMinSize(fyne.NewSize(0, min(s.desk.Window.Canvas().Size().Height/5, 150)))
	t.ground = container.NewStack(part.Ground(look.ColourCode, code))
	below := container.NewVBox(t.missing, t.ground)
	t.right = container.NewBorder(nil, below, nil, nil, container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 8, 0, 14), t.box)))
	size := s.desk.Window.Canvas().Size()
	width, height := min(size.Width-90, 860), min(size.Height-190, 520)
	content := container.New(&sided{left: 250, height: height}, t.list, t.right)
	t.sheet = s.desk.Sheet(part.SheetOptions{
		Title: look.T("New route from a template"), Content: content, Width: width, Word: look.T("Add"),
		First: t.list, Prepare: t.prepare, Done: t.added, Closed: func() { t.stop(); t.turn++ },
	})
	at := 0
	for i := range s.templates {
		if s.templates[i].Name == name {
			at = i
		}
	}
	t.list.Select(at)
}

// sided lays out two objects, the left one of a fixed width.
type sided struct{ left, height float32 }

func (l *sided) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(l.left*2, l.height) }

func (l *sided) Layout(o []fyne.CanvasObject, size fyne.Size) {
	gap := theme.InnerPadding() * 2
	o[0].Resize(fyne.NewSize(l.left, size.Height))
	o[1].Move(fyne.NewPos(l.left+gap, 0))
	o[1].Resize(fyne.NewSize(size.Width-l.left-gap, size.Height))
}

// choose shows the blanks of a template, with what they are by default.
func (t *templates) choose(i int) {
	t.chosen = &t.s.templates[i]
	t.answers = map[string]string{}
	t.box.Objects = []fyne.CanvasObject{part.Title(part.Visible(look.Known(t.chosen.Title))), part.Muted(part.Visible(look.Known(t.chosen.About)))}
	if names := t.s.editor.form.claims; len(names) > 1 {
		c := part.Choice(names, names, func(v string) { t.claim = v; t.changed() })
		c.Choose(t.claim)
		t.box.Add(newSlot(look.T("Claim"), c, ""))
	}
	for _, q := range t.chosen.Ask {
		t.answers[q.Key] = q.Default
		t.box.Add(newSlot(part.Visible(look.Known(q.Text)), t.question(&q), ""))
	}
	t.right.Refresh()
	t.ask()
}

// question is what asks for one blank.
func (t *templates) question(q *control.Question) fyne.CanvasObject {
	key := q.Key
	set := func(text string) { t.answers[key] = text; t.changed() }
	if q.Kind == "credential" {
		e := widget.NewSelectEntry(t.s.credentials)
		e.SetText(q.Default)
		e.OnChanged = set
		return e
	}
	e := part.NewEntry(q.Default)
	e.SetText(q.Default)
	e.OnChanged = set
	e.OnSubmitted = func(string) { t.sheet.Submit() }
	choose := chooseFile
	switch q.Kind {
	case "folder":
		choose = chooseFolder
	case "file", "program":
	default:
		return e
	}
	icon := "file"
	if q.Kind == "folder" {
		icon = "folder"
	}
	b := part.Button("", icon, func() { choose(t.s.desk, e.SetText) })
	return container.NewBorder(nil, nil, nil, b, e)
}

func (t *templates) changed() {
	t.turn++
	t.stop()
	t.stop = t.s.desk.Crew.After(pause, t.ask)
}

// ask has the agent fill the template in.
func (t *templates) ask() {
	t.turn++
	turn := t.turn
	answers := map[string]string{}
	for key, value := range t.answers {
		if value != "" {
			answers[key] = value
		}
	}
	ask := control.TemplateAnswers{Template: t.chosen.Name, Claim: t.claim, Answers: answers}
	part.Do(t.s.desk, func(ctx context.Context) (*control.TemplateFilled, error) {
		return t.s.desk.Client().FillTemplate(ctx, ask)
	}, func(f *control.TemplateFilled, err error) {
		if turn != t.turn {
			return
		}
		t.filled, t.failed = f, ""
		missing := ""
		if err != nil {
			t.filled, t.failed = nil, err.Error()
			if blank := t.blank(); blank != "" {
				t.failed = look.T("Still to be filled in: {{.What}}", look.V{"What": blank})
			}
			missing = part.Visible(t.failed)
		} else {
			t.preview.SetText(part.VisibleLines(strings.TrimSpace(strings.Join(f.Routes, "\n"))))
			if len(f.Missing) > 0 {
				missing = look.T("Still to be stored: {{.Names}}", look.V{"Names": part.Visible(strings.Join(f.Missing, ", "))})
			}
		}
		t.missing.SetText(missing)
		t.missing.Hidden, t.ground.Hidden = missing == "", t.filled == nil
		t.right.Refresh()
	})
}

// blank is the first question that has to be answered and is not; empty for none.
func (t *templates) blank() string {
	for _, q := range t.chosen.Ask {
		if t.answers[q.Key] == "" && !q.Optional {
			return part.Visible(look.Known(q.Text))
		}
	}
	return ""
}

// prepare says what to add.
func (t *templates) prepare() (func(context.Context) error, error) {
	if t.filled == nil {
		if t.failed == "" {
			t.failed = look.T("The template is not filled in yet.")
		}
		return nil, errors.New(t.failed)
	}
	edits := make([]control.ConfigEdit, len(t.filled.Routes))
	for i, yaml := range t.filled.Routes {
		edits[i] = control.ConfigEdit{Op: control.EditAdd, Part: control.PartRoute, YAML: yaml}
	}
	client := t.s.desk.Client()
	return func(ctx context.Context) error {
		c, err := client.ChangeConfiguration(ctx, control.ConfigChange{Edits: edits})
		if err != nil {
			return fmt.Errorf("add the route: %w", err)
		}
		if !c.Written {
			return refusal(nil, c.Problems)
		}
		return nil
	}, nil
}

// added says what is left to do for the new route.
func (t *templates) added() {
	text := look.T("Added “{{.Name}}”.", look.V{"Name": part.Visible(strings.Join(t.filled.Names, "”, “"))})
	if t.filled.After != "" {
		text += " " + part.Visible(t.filled.After)
	}
	var next fyne.CanvasObject
	if missing := t.filled.Missing; len(missing) > 0 {
		text += "\n" + look.T("Still to be stored: {{.Names}}", look.V{"Names": part.Visible(strings.Join(missing, ", "))})
		next = part.Button(look.T("Credentials"), "credentials", func() {
			t.s.desk.Show(part.Place{Screen: part.Credentials, Item: missing[0], New: true})
		})
	}
	t.s.notify(note("succeeded", theme.ColorNameSuccess, text, next))
	t.s.load()
}
