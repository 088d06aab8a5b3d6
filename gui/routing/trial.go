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

// tried is how many of the newest deliveries are tried.
const tried = 50

// trial shows what changed routes would do with stored deliveries. Nothing is started
// or sent for it.
type trial struct {
	desk *part.Desk
	keys keys

	content *fyne.Container
	sum     *widget.Label
	list    *results
	middle  *fyne.Container
	detail  *fyne.Container
	back    *part.Push

	// was is the name of the route in use, name that in what is tried.
	was, name string
	all       []control.RouteResult
	turn      int
}

func newTrial(d *part.Desk, k keys, back func()) *trial {
	t := &trial{desk: d, keys: k, sum: part.Muted("")}
	t.back = part.Button(look.T("Back to the route"), "back", back)
	t.list = newResults(t)
	t.middle, t.detail = container.NewStack(), container.NewStack()
	t.detail.Hide()
	head := container.NewBorder(nil, nil, container.NewCenter(t.back), nil, t.sum)
	t.content = container.NewBorder(container.NewVBox(head, part.Line()), t.detail, nil, nil, t.middle)
	return t
}

// run tries a configuration; an empty text is the one in use.
func (t *trial) run(text, was, name string) {
	t.turn++
	turn := t.turn
	t.was, t.name, t.all = was, name, nil
	t.detail.Hide()
	t.sum.SetText("")
	t.show(part.Loading(look.T("Trying stored deliveries…")))
	t.desk.Window.Canvas().Focus(t.back)
	part.Do(t.desk, func(ctx context.Context) ([]control.RouteResult, error) {
		return t.desk.Client().RouteTest(ctx, control.RouteTest{Config: text, Route: name, Limit: tried})
	}, func(all []control.RouteResult, err error) {
		switch {
		case turn != t.turn:
		case err != nil:
			t.show(part.Failed(err, func() { t.run(text, was, name) }))
		case len(all) == 0:
			t.show(part.Empty("test", look.T("No delivery to try"), look.T("No stored delivery fits this route, before or after the change. Send one to the claim's address, then try again.")))
		default:
			t.take(all)
		}
	})
}

func (t *trial) show(o fyne.CanvasObject) {
	t.middle.Objects = []fyne.CanvasObject{o}
	t.content.Refresh()
}

func (t *trial) take(all []control.RouteResult) {
	t.all = all
	gains, loses, differs := 0, 0, 0
	for i := range all {
		switch changeSign(&all[i], t.was, t.name).Icon {
		case "add":
			gains++
		case "rejected":
			loses++
		case "edit":
			differs++
		}
	}
	text := look.N("{{.Count}} stored deliveries tried; nothing was started or sent.", len(all))
	if gains+loses+differs > 0 {
		text += " " + look.T("Gains {{.Gains}}, loses {{.Loses}}, differs in {{.Differs}}.", look.V{"Gains": gains, "Loses": loses, "Differs": differs})
	}
	t.sum.SetText(text)
	t.list.UnselectAll()
	t.show(t.list)
	t.list.ScrollToTop()
	t.desk.Window.Canvas().Focus(t.list)
}

// explain shows all that there is to know of one of them.
func (t *trial) explain(at int) {
	if at < 0 || at >= len(t.all) {
		return
	}
	r := &t.all[at]
	text := widget.NewLabel(explained(r))
	text.Wrapping, text.Selectable = fyne.TextWrapBreak, true
	text.TextStyle.Monospace, text.SizeName = true, theme.SizeNameCaptionText
	scroll := container.NewVScroll(text)
	scroll.SetMinSize(fyne.NewSize(0, 190))
	open := part.Quiet(look.T("Open in Activity"), "activity", func() {
		t.desk.Show(part.Place{Screen: part.Activity, Item: r.Delivery.ID})
	})
	hide := part.Quiet("", "close", func() { t.detail.Hide(); t.list.UnselectAll(); t.content.Refresh() })
	head := container.NewBorder(nil, nil, nil, container.NewHBox(open, hide), part.Mono(part.Visible(r.Delivery.ID)))
	t.detail.Objects = []fyne.CanvasObject{part.Ground(look.ColourCode, container.NewBorder(head, nil, nil, nil, scroll))}
	t.detail.Show()
	t.content.Refresh()
}

// results is the list of what would become of each delivery.
type results struct {
	widget.List
	of *trial
}

func newResults(t *trial) *results {
	l := &results{of: t}
	l.Length = func() int { return len(t.all) }
	l.CreateItem = func() fyne.CanvasObject { return newResultRow().box }
	l.UpdateItem = func(i widget.ListItemID, o fyne.CanvasObject) {
		if i < len(t.all) {
			showResult(o, &t.all[i], t.was, t.name)
		}
	}
	l.OnSelected = func(i widget.ListItemID) { t.explain(i) }
	l.ExtendBaseWidget(l)
	return l
}

// TypedKey hands Esc to the window.
func (l *results) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeyEscape:
		bubble(l, l.of.keys, k)
	case fyne.KeyReturn, fyne.KeyEnter:
		l.List.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	default:
		l.List.TypedKey(k)
	}
}

// resultRow is one delivery in two lines.
type resultRow struct {
	box                 *fyne.Container
	sign                *part.Badge
	request, what, when *widget.Label
}

func newResultRow() *resultRow {
	r := &resultRow{sign: part.NewBadge(look.Sign{}), request: part.Mono(""), what: part.Muted(""), when: part.Muted("")}
	r.what.Wrapping, r.what.Truncation = fyne.TextWrapOff, fyne.TextTruncateEllipsis
	r.when.Wrapping = fyne.TextWrapOff
	text := container.New(layout.NewCustomPaddedVBoxLayout(-8), container.NewBorder(nil, nil, nil, r.when, r.request), r.what)
	sign := container.NewCenter(container.New(&wideAs{width: 132}, r.sign))
	r.box = container.NewBorder(nil, nil, sign, nil, text)
	return r
}

// showResult fills a row in; its parts stand where newResultRow has put them.
func showResult(o fyne.CanvasObject, r *control.RouteResult, was, name string) {
	box := o.(*fyne.Container)
	text := box.Objects[0].(*fyne.Container)
	top := text.Objects[0].(*fyne.Container)
	sign := box.Objects[1].(*fyne.Container).Objects[0].(*fyne.Container).Objects[0].(*part.Badge)
	sign.Set(changeSign(r, was, name))
	top.Objects[0].(*widget.Label).SetText(part.Visible(requestOf(&r.Delivery)))
	top.Objects[1].(*widget.Label).SetText(look.Clock(r.Delivery.Received, time.Now()))
	top.Refresh()
	text.Objects[1].(*widget.Label).SetText(movedWords(r) + resultWords(r))
}

// requestOf is the first line of a delivery, as it is shown.
func requestOf(d *control.Delivery) string {
	if d.Query != "" {
		return d.Method + " " + d.Path + "?" + d.Query
	}
	return d.Method + " " + d.Path
}

// movedWords says which route takes a delivery, and took it before.
func movedWords(r *control.RouteResult) string {
	if r.Before == r.After {
		return ""
	}
	return orNone(r.Before) + " › " + orNone(r.After) + ": "
}

func orNone(route string) string {
	if route == "" {
		return look.T("no route")
	}
	return part.Visible(route)
}
