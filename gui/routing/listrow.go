package routing

import (
	"image/color"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
	"homehook/gui/part"
)

// mostSeen is how much of a text a row shows: no window is wider.
const mostSeen = 300

// row is one route in the list.
type row struct {
	widget.BaseWidget
	of        *rows
	at, index int // of the rows shown, and of the routes
	hover     bool

	ground, bar         *canvas.Rectangle // bar shows that keys mean this row
	grip                *handle
	number              *widget.Label
	on                  *part.Check
	name, match, target *widget.Label
	kind                *widget.Icon
	check               *part.Badge
	shield              *widget.Icon // the sign of check, where its word has no room
	line                *line
	marks               *widget.Label
	up, down, more      *part.Push
	below               *fyne.Container // what is wrong
	body                fyne.CanvasObject
}

func newRow(of *rows) *row {
	r := &row{of: of, ground: canvas.NewRectangle(color.Transparent), bar: canvas.NewRectangle(color.Transparent), number: part.Muted(""), kind: widget.NewIcon(nil)}
	r.ground.CornerRadius = theme.Size(theme.SizeNameInputRadius)
	r.bar.SetMinSize(fyne.NewSize(3, 0))
	r.bar.CornerRadius = 1.5
	r.grip = newHandle(r)
	r.number.Alignment, r.number.Wrapping = fyne.TextAlignTrailing, fyne.TextWrapOff
	r.on = part.NewCheck("", func(bool) { of.act.toggle(r.index) })
	r.name, r.match, r.target = widget.NewLabel(""), part.Mono(""), part.Mono("")
	r.name.TextStyle.Bold, r.name.Truncation = true, fyne.TextTruncateEllipsis
	r.match.SizeName, r.target.SizeName = theme.SizeNameCaptionText, theme.SizeNameCaptionText
	r.match.Importance = widget.LowImportance
	r.check, r.shield = part.NewBadge(look.Sign{}), widget.NewIcon(nil)
	r.marks = part.Muted("")
	r.marks.Wrapping, r.marks.Truncation = fyne.TextWrapOff, fyne.TextTruncateEllipsis
	r.up = part.Quiet("", "up", func() { of.choose(r.index); of.up() })
	r.down = part.Quiet("", "down", func() { of.choose(r.index); of.down() })
	r.more = part.Quiet("", "more", r.menu)
	r.below = container.NewStack()
	r.body = r.laid()
	r.ExtendBaseWidget(r)
	return r
}

// laid is how the parts of a row stand.
func (r *row) laid() fyne.CanvasObject {
	tight := layout.NewCustomPaddedVBoxLayout(-8)
	icon := container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(theme.IconInlineSize()), r.kind))
	who := container.New(tight, r.name, r.match)
	what := container.New(tight, r.target, r.marks)
	number := container.New(&atLeast{width: 34}, r.number)
	left := container.NewHBox(container.New(&atLeast{width: 22}, r.grip), container.NewCenter(number), r.on)
	r.line = &line{
		left: left, who: who, what: container.NewBorder(nil, nil, icon, nil, what),
		check: container.New(&wideAs{width: 132}, r.check), shield: r.shield, up: r.up, down: r.down, more: r.more,
	}
	parts := container.New(r.line, left, who, r.line.what, r.line.check, r.shield, r.up, r.down, r.more)
	return container.NewVBox(parts, r.below)
}

// set shows a route; movable says that its place can be changed.
func (r *row) set(at, index int, of *route, movable bool) {
	r.at, r.index = at, index
	r.number.SetText(strconv.Itoa(index + 1))
	r.on.Tick(!of.off)
	r.name.SetText(part.Cut(part.Visible(of.name), mostSeen))
	r.name.Importance = widget.MediumImportance
	if of.off {
		r.name.Importance = widget.LowImportance
	}
	match := part.Visible(of.match)
	if of.claim != "" {
		match = part.Visible(of.claim) + "  " + match
	}
	r.match.SetText(part.Cut(match, mostSeen))
	r.kind.SetResource(look.Icon(look.HandlerIcon(of.kind)))
	target := part.Visible(of.target)
	r.target.TextStyle.Monospace = target != "" // a word for the kind is none to type
	if target == "" {
		target = kindWord(of.kind)
	}
	r.target.SetText(part.Cut(target, mostSeen))
	marks := marksOf(of)
	r.marks.SetText(marks)
	r.marks.Hidden = marks == "" // the target stands in the middle then
	r.check.Set(checkSign(of))
	r.shield.SetResource(checkSign(of).Resource())
	for _, b := range []*part.Push{r.up, r.down} {
		b.Enable()
	}
	if !movable || index == 0 {
		r.up.Disable()
	}
	if !movable || index == len(r.of.all)-1 {
		r.down.Disable()
	}
	r.warn(of)
}

// warn shows below a route what keeps it from its work.
func (r *row) warn(of *route) {
	var texts []string
	for i := range of.problems {
		texts = append(texts, problemWords(&of.problems[i]))
	}
	var do fyne.CanvasObject
	if of.finding != nil {
		texts = append(texts, look.T("The program has changed since it was approved, so this route does not run it. Look at the program first."))
		do = container.NewCenter(part.Button(look.T("Approve"), "verified", func() { r.of.act.approve(r.index) }))
	}
	r.below.Objects, r.below.Hidden = nil, len(texts) == 0
	if len(texts) > 0 {
		l := part.Wrapped(strings.Join(texts, "\n"))
		l.Importance, l.SizeName = widget.WarningImportance, theme.SizeNameCaptionText
		r.below.Objects = []fyne.CanvasObject{container.New(layout.NewCustomPaddedLayout(0, 0, 100, 0), container.NewBorder(nil, nil, nil, do, l))}
	}
	r.body.Refresh()
}

// checkSign says whether the sender is checked.
func checkSign(of *route) look.Sign {
	if of.scheme == "" {
		return look.Sign{Icon: "unverified", Colour: theme.ColorNameWarning, Word: look.T("Unverified")}
	}
	return look.Sign{Icon: "verified", Colour: theme.ColorNameSuccess, Word: part.Visible(of.scheme)}
}

// marksOf are the few words behind a handler.
func marksOf(of *route) (text string) {
	for _, m := range []struct {
		on   bool
		word string
	}{{of.off, look.T("off")}, {of.background, look.T("in background")}, {of.goesOn, look.T("continues")}} {
		if !m.on {
			continue
		}
		if text != "" {
			text += " · "
		}
		text += m.word
	}
	return text
}

// menu shows what else can be done with a route.
func (r *row) menu() {
	r.of.choose(r.index)
	at, act := r.index, r.of.act
	word := look.T("Switch off")
	if r.of.all[at].off {
		word = look.T("Switch on")
	}
	up, down := fyne.NewMenuItem(look.T("Move up"), func() { r.of.up() }), fyne.NewMenuItem(look.T("Move down"), func() { r.of.down() })
	up.Disabled, down.Disabled = r.up.Disabled(), r.down.Disabled()
	menu := fyne.NewMenu("",
		fyne.NewMenuItem(look.T("Edit"), func() { act.edit(at) }),
		fyne.NewMenuItem(look.T("Make a copy"), func() { act.double(at) }),
		fyne.NewMenuItem(word, func() { act.toggle(at) }),
		fyne.NewMenuItemSeparator(), up, down, fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem(look.T("Remove…"), func() { act.remove(at) }),
	)
	app := fyne.CurrentApp().Driver()
	canvas := app.CanvasForObject(r)
	if canvas == nil {
		return
	}
	pos := app.AbsolutePositionForObject(r.more).AddXY(0, r.more.Size().Height)
	widget.ShowPopUpMenuAtPosition(menu, canvas, pos)
}

// mark paints the ground.
func (r *row) mark(chosen int, focus bool) {
	r.ground.FillColor = color.Transparent
	if r.hover {
		r.ground.FillColor = look.Colour(theme.ColorNameHover)
	}
	r.bar.FillColor = color.Transparent
	if r.index == chosen {
		r.ground.FillColor = look.Colour(theme.ColorNameSelection)
		if focus {
			r.bar.FillColor = look.Colour(theme.ColorNamePrimary)
		}
	}
	r.ground.Refresh()
	r.bar.Refresh()
}

// Tapped chooses the route, DoubleTapped opens it.
func (r *row) Tapped(*fyne.PointEvent) {
	r.of.choose(r.index)
	if c := fyne.CurrentApp().Driver().CanvasForObject(r); c != nil {
		c.Focus(r.of)
	}
}

// DoubleTapped opens the route.
func (r *row) DoubleTapped(*fyne.PointEvent) { r.of.choose(r.index); r.of.act.edit(r.index) }

// MouseIn, MouseMoved and MouseOut show what the mouse is on.
func (r *row) MouseIn(*desktop.MouseEvent)    { r.hover = true; r.mark(r.of.chosen, r.of.focus) }
func (r *row) MouseMoved(*desktop.MouseEvent) {}
func (r *row) MouseOut()                      { r.hover = false; r.mark(r.of.chosen, r.of.focus) }

// CreateRenderer shows the row on its ground, with a line below.
func (r *row) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewStack(r.ground, container.NewBorder(nil, nil, r.bar, nil, container.NewBorder(nil, part.Line(), nil, nil, r.body))))
}
