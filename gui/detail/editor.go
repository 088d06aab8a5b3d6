package detail

import (
	"context"
	"errors"
	"io"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
	"homehook/linediff"
)

const (
	// mostBody is the longest body that is taken from a file.
	mostBody = 16 << 20
	// roomy is the width of a window from which on the comparison stands beside the
	// form.
	roomy = 820
)

// editor is the dialog in which a delivery is changed and replayed.
type editor struct {
	pane     *Pane
	old      *control.Record
	original *draft
	body     []byte // what is sent, where it is not edited as text
	asText   bool

	method, target *part.Entry
	fields, text   *part.Entry
	request, head  *part.Field
	kept           *part.Field
	about          *widget.Label // of a body that is not edited as text
	sign           *signing
	diff           *part.Code
	same           *widget.Label // that nothing is changed
	signed         *widget.Label // that the signature is changed too
	left, right    *fyne.Container
	sheet          *part.Sheet
	compared       int    // counts comparisons, to know stale ones by
	later          func() // ends the wait for the next comparison
}

// openEditor opens it for the delivery that is shown.
func (p *Pane) openEditor() {
	if p.record == nil || p.edit != nil || p.busy {
		return
	}
	e := &editor{pane: p, old: p.record, original: draftOf(p.record)}
	e.body, e.asText = e.original.body, editable(e.original.body)
	p.edit = e
	content := e.form()
	e.sheet = p.desk.Sheet(part.SheetOptions{
		Title: look.T("Edit and replay"), Content: content, Width: e.width(),
		Word: look.T("Send"), First: e.target, Prepare: e.prepare,
		Closed: func() {
			p.edit = nil
			if e.later != nil {
				e.later()
			}
		},
	})
	e.sign.load()
	e.compare()
}

// width is that of the dialog in this window.
func (e *editor) width() float32 {
	return min(e.pane.desk.Window.Canvas().Size().Width-90, 980)
}

// height is that of the form.
func (e *editor) height() float32 {
	return min(max(e.pane.desk.Window.Canvas().Size().Height-160, 280), 720)
}

// form lays out what is edited, and the comparison.
func (e *editor) form() fyne.CanvasObject {
	e.method, e.target = part.NewEntry("POST"), part.NewEntry("/")
	e.method.SetText(e.original.method)
	e.target.SetText(e.original.target)
	e.fields = part.NewLines(look.T("Name: value"), true)
	write(e.fields, e.original.fieldText())
	e.method.TextStyle.Monospace, e.target.TextStyle.Monospace = true, true
	line := container.NewBorder(nil, nil, part.Wide(92, e.method), nil, e.target)
	e.request = part.NewField(look.T("Method and path"), line, "")
	e.head = part.NewField(look.T("Headers"), tall(96, e.fields), e.headHint())
	e.kept = part.NewField(look.T("Body"), e.bodyEditor(), e.bodyHint())
	e.sign = newSigning(e)
	for _, entry := range []*part.Entry{e.method, e.target, e.fields, e.text} {
		entry.OnChanged = func(string) { e.changed() }
	}
	e.diff = part.NewCode(func(text string) { e.pane.desk.Copy(text, look.T("Copied")) })
	e.same = part.Muted(look.T("Nothing is changed yet."))
	room := theme.InnerPadding()
	fields := container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, room, room, 2*room), container.NewVBox(e.request, e.head, e.kept)))
	// What decides on whether the edited request is taken stays in sight.
	e.left = container.NewBorder(nil, container.NewVBox(widget.NewSeparator(), container.New(layout.NewCustomPaddedLayout(0, 0, room, 2*room), e.sign.object)), nil, nil, fields)
	changes := widget.NewLabelWithStyle(look.T("Changes"), fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	e.signed = part.Muted("")
	e.signed.Hide()
	e.right = container.NewBorder(container.NewVBox(changes, e.same), e.signed, nil, nil, e.diff)
	if e.pane.desk.Window.Canvas().Size().Width < roomy {
		tabs := container.NewAppTabs(container.NewTabItem(look.T("Request"), e.left), container.NewTabItem(look.T("Changes"), e.right))
		return tall(e.height(), tabs)
	}
	return tall(e.height(), container.New(layout.NewGridLayout(2), e.left, e.right))
}

func (e *editor) headHint() string {
	if e.old.Redacted {
		return look.T("Some values were redacted before the delivery was kept: fill them in. The length of the body is put in by itself.")
	}
	return look.T("The length of the body is put in by itself.")
}

func (e *editor) bodyHint() string {
	switch {
	case e.old.BodyTruncated:
		return look.T("Only the first {{.Kept}} of {{.Size}} are kept: fill in the rest.", look.V{"Kept": look.Bytes(int64(len(e.old.Body))), "Size": look.Bytes(e.old.Size)})
	case e.asText && part.VisibleLines(string(e.body)) != string(e.body):
		return look.T("There are characters in it that cannot be seen.")
	}
	return ""
}

// bodyEditor is the text, or what stands for one that is none.
func (e *editor) bodyEditor() fyne.CanvasObject {
	e.text = part.NewLines("", true)
	e.about = part.Wrapped("")
	replace := part.Button(look.T("Replace by a file…"), "file", e.replace)
	if e.asText {
		write(e.text, string(e.body))
	}
	e.text.Hidden, e.about.Hidden = !e.asText, e.asText
	e.describe()
	return container.NewVBox(tallIf(e.asText, e.text), e.about, container.NewHBox(replace))
}

// write puts a text into an entry, which wraps it if it has to.
func write(e *part.Entry, text string) {
	if wraps([]byte(text)) {
		e.Wrapping, e.Scroll = fyne.TextWrapBreak, fyne.ScrollVerticalOnly
	}
	e.SetText(text)
}

// tallIf gives an editor room.
func tallIf(shown bool, o fyne.CanvasObject) fyne.CanvasObject {
	if !shown {
		return o
	}
	return tall(130, o)
}

// describe says what is sent as it is.
func (e *editor) describe() {
	e.about.SetText(look.T("{{.Size}} that are not edited as text are sent as they are.", look.V{"Size": look.Bytes(int64(len(e.body)))}))
}

// replace takes the body from a file.
func (e *editor) replace() {
	d := dialog.NewFileOpen(func(from fyne.URIReadCloser, err error) {
		if err != nil || from == nil {
			if err != nil {
				e.kept.Problem(err.Error())
			}
			return
		}
		part.Do(e.pane.desk, func(context.Context) ([]byte, error) {
			defer from.Close()
			return io.ReadAll(io.LimitReader(from, mostBody+1))
		}, e.replaced)
	}, e.pane.desk.Window)
	d.Show()
}

// replaced shows the bytes of a file.
func (e *editor) replaced(p []byte, err error) {
	if err == nil && len(p) > mostBody {
		err = errors.New(look.T("The file is too large: a body has at most {{.Size}}.", look.V{"Size": look.Bytes(mostBody)}))
	}
	if err != nil {
		e.kept.Problem(err.Error())
		return
	}
	e.kept.Problem("")
	e.body, e.asText = p, false
	e.text.Hide()
	e.about.Show()
	e.describe()
	e.changed()
}

// edited is the request as it is in the form, without a look at what is wrong.
func (e *editor) edited() (*draft, error) {
	fields, err := parseFields(e.fields.Text)
	d := &draft{method: e.method.Text, target: e.target.Text, fields: fields, body: e.body}
	if e.asText {
		d.body = []byte(e.text.Text)
	}
	return d, err
}

// check shows what is wrong at its place.
func (e *editor) check() (*draft, error) {
	d, err := e.edited()
	e.head.Problem("")
	e.request.Problem("")
	var wrong error
	if err != nil {
		e.head.Problem(err.Error())
		wrong = err
	}
	if err := errors.Join(checkMethod(d.method), checkTarget(d.target)); err != nil {
		e.request.Problem(err.Error())
		wrong = err
	}
	return d, wrong
}

// changed has the comparison made anew, soon.
func (e *editor) changed() {
	if e.later != nil {
		e.later()
	}
	e.same.Hide() // what is typed is a change until it is compared
	e.later = e.pane.desk.Crew.After(compareAfter, func() {
		_, _ = e.check()
		e.compare()
	})
}

// compare shows what differs, and finds it beside the user interface.
func (e *editor) compare() {
	e.compared++
	count := e.compared
	d, _ := e.edited()
	original := e.original
	part.Do(e.pane.desk, func(context.Context) (string, error) {
		return linediff.Unified(look.T("as it came"), look.T("as it is sent"), original.lines(), d.lines()), nil
	}, func(diff string, _ error) {
		if count != e.compared {
			return
		}
		e.diff.Set(part.DiffDoc([]byte(diff)))
		e.same.Hidden = diff != ""
		e.right.Refresh()
	})
}

// resigned says beside the comparison what it cannot have: the new signature, which
// is made when the request is sent.
func (e *editor) resigned() {
	s := e.sign.chosen()
	e.signed.Hidden = s == nil
	if s != nil {
		e.signed.SetText(look.T("The signature is made anew when it is sent: {{.Scheme}}, with {{.Credential}}.", look.V{"Scheme": part.Visible(s.Scheme), "Credential": part.Visible(s.Secret)}))
	}
	e.left.Refresh() // which gives what is to be chosen its room
	e.right.Refresh()
	e.right.Refresh() // a text that has its width now knows its height
}

// prepare reads the form and says what to do.
func (e *editor) prepare() (func(context.Context) error, error) {
	d, err := e.check()
	if err != nil {
		return nil, errors.New(look.T("Something is not right yet; see above."))
	}
	ask := e.original.replayOf(d, e.old)
	ask.Sign = e.sign.chosen()
	p, old := e.pane, e.old
	return func(ctx context.Context) error {
		got, err := p.desk.Client().Replay(ctx, old.ID, ask)
		if errors.Is(err, control.ErrConfirm) {
			p.desk.Crew.Do(func() { p.confirm(old, ask, err) })
			return nil
		}
		if err == nil {
			p.desk.Crew.Do(func() { p.replayed(old, got) })
		}
		return err
	}, nil
}
