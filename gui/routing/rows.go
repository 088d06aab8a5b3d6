package routing

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
	"homehook/gui/part"
)

// rows is the list of the routes: one of them is chosen, keys and the mouse move it,
// and a row that is drawn by its handle goes where the line shows. There may be many
// routes, so only those in sight have an object.
type rows struct {
	widget.BaseWidget
	keys   keys
	act    actions
	list   *fyne.Container
	line   *canvas.Rectangle // where a drawn row would go
	scroll *container.Scroll

	all    []route
	shown  []int // of all
	chosen int   // of all
	focus  bool
	from   int // of shown, that is drawn; -1 is none
	to     int // before which of shown it would go
	inSight
}

// actions are what a person wants of a route, by its place.
type actions struct {
	edit, remove, double, toggle, approve func(at int)
	// move has a route come before another; the number of routes is the end.
	move func(at, before int)
	// chosen says that another is.
	chosen func(at int)
}

func newRows(k keys, act actions) *rows {
	r := &rows{keys: k, act: act, line: canvas.NewRectangle(look.Colour(theme.ColorNamePrimary)), from: -1}
	r.list = container.New(&pile{r})
	r.line.Hide()
	r.scroll = container.NewVScroll(container.NewStack(r.list, container.NewWithoutLayout(r.line)))
	r.scroll.OnScrolled = func(fyne.Position) { r.lay() }
	r.ExtendBaseWidget(r)
	return r
}

// show lists routes, of those that have a text.
func (r *rows) show(all []route, text string) {
	r.all, r.shown = all, r.shown[:0]
	for i := range all {
		if text == "" || all[i].fits(text) {
			r.shown = append(r.shown, i)
		}
	}
	r.chosen = max(min(r.chosen, len(all)-1), 0)
	r.forget()
	r.scroll.Refresh()
}

// choose makes a route the chosen one, and has it in sight.
func (r *rows) choose(at int) {
	if at < 0 || at >= len(r.all) {
		return
	}
	r.chosen = at
	r.mark()
	if i := r.place(); i >= 0 {
		r.reveal(i)
	}
	r.act.chosen(at)
}

// place is where the chosen route stands among those shown; -1 is nowhere.
func (r *rows) place() int {
	for at, i := range r.shown {
		if i == r.chosen {
			return at
		}
	}
	return -1
}

func (r *rows) mark() {
	for _, it := range r.live {
		it.mark(r.chosen, r.focus)
	}
}

// step chooses the route that is so many further.
func (r *rows) step(by int) {
	if len(r.shown) > 0 {
		r.choose(r.shown[max(min(r.place()+by, len(r.shown)-1), 0)])
	}
}

// up and down move the chosen route.
func (r *rows) up() bool {
	if r.chosen > 0 && len(r.shown) == len(r.all) {
		r.act.move(r.chosen, r.chosen-1)
	}
	return true
}

func (r *rows) down() bool {
	if r.chosen < len(r.all)-1 && len(r.shown) == len(r.all) {
		r.act.move(r.chosen, r.chosen+2)
	}
	return true
}

// FocusGained and FocusLost show that keys mean the chosen route, or do not.
func (r *rows) FocusGained() { r.focus = true; r.mark() }
func (r *rows) FocusLost()   { r.focus = false; r.mark() }

// TypedRune takes nothing.
func (r *rows) TypedRune(rune) {}

// TypedKey is for the chosen route.
func (r *rows) TypedKey(k *fyne.KeyEvent) {
	if !r.key(k.Name) {
		bubble(r, r.keys, k)
	}
}

// key says whether it was one for the list.
func (r *rows) key(name fyne.KeyName) bool {
	if r.place() < 0 && len(r.shown) > 0 {
		r.chosen = r.shown[0]
	}
	if len(r.shown) == 0 {
		return false
	}
	switch name {
	case fyne.KeyUp:
		r.step(-1)
	case fyne.KeyDown:
		r.step(1)
	case fyne.KeyHome:
		r.step(-len(r.shown))
	case fyne.KeyEnd:
		r.step(len(r.shown))
	case fyne.KeyReturn, fyne.KeyEnter:
		r.act.edit(r.chosen)
	case fyne.KeySpace:
		r.act.toggle(r.chosen)
	case fyne.KeyDelete, fyne.KeyBackspace:
		r.act.remove(r.chosen)
	default:
		return false
	}
	return true
}

// TypedShortcut moves the chosen route. What means nothing to the screen is the
// window's.
func (r *rows) TypedShortcut(s fyne.Shortcut) {
	if !r.keys.Shortcut(s) {
		part.ToWindow(r, s)
	}
}

// drag shows where the row that is drawn would go; y is within the list.
func (r *rows) drag(at int, y float32) {
	if len(r.shown) != len(r.all) {
		return
	}
	if r.from < 0 {
		r.from = at
	}
	r.follow(y)
	to, edge := r.gap(y)
	r.to = to
	r.line.FillColor = look.Colour(theme.ColorNamePrimary)
	r.line.Move(fyne.NewPos(0, max(edge-2, 0)))
	r.line.Resize(fyne.NewSize(r.list.Size().Width, 3))
	r.line.Show()
	r.line.Refresh()
}

// follow scrolls while a row is drawn beyond what is in sight.
func (r *rows) follow(y float32) {
	const step = 12
	switch seen := r.scroll.Size().Height; {
	case y < r.scroll.Offset.Y+step:
		r.scroll.ScrollToOffset(fyne.NewPos(0, max(r.scroll.Offset.Y-step, 0)))
	case y > r.scroll.Offset.Y+seen-step:
		r.scroll.ScrollToOffset(fyne.NewPos(0, min(r.scroll.Offset.Y+step, max(r.list.MinSize().Height-seen, 0))))
	}
}

// drop has the row that was drawn go where the line was.
func (r *rows) drop() {
	from, to := r.from, r.to
	r.from = -1
	r.line.Hide()
	r.lay()
	if from >= 0 && to != from && to != from+1 {
		r.act.move(from, to)
	}
}

// CreateRenderer shows the list, which scrolls.
func (r *rows) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.scroll) }

// Resize has as many rows as there is room for.
func (r *rows) Resize(size fyne.Size) {
	r.BaseWidget.Resize(size)
	r.lay()
}

// handle is what a row is drawn by.
type handle struct {
	widget.BaseWidget
	row  *row
	icon *widget.Icon
}

var _ fyne.Draggable = (*handle)(nil)

func newHandle(of *row) *handle {
	h := &handle{row: of, icon: widget.NewIcon(look.IconIn("drag", look.ColourMuted))}
	h.ExtendBaseWidget(h)
	return h
}

// Cursor shows that it can be taken.
func (h *handle) Cursor() desktop.Cursor { return desktop.VResizeCursor }

// Dragged moves the line to where the mouse is.
func (h *handle) Dragged(e *fyne.DragEvent) {
	d := fyne.CurrentApp().Driver()
	top := d.AbsolutePositionForObject(h.row.of.list).Y
	h.row.of.drag(h.row.at, d.AbsolutePositionForObject(h).Y-top+e.Position.Y)
}

// DragEnd leaves the row where the line is.
func (h *handle) DragEnd() { h.row.of.drop() }

// CreateRenderer shows the dots.
func (h *handle) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(theme.IconInlineSize()), h.icon)))
}
