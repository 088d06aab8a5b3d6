package activity

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// row shows one delivery in a line. It is made of texts without widgets around
// them, since rows are painted anew with each turn of the wheel.
type row struct {
	widget.BaseWidget
	sign  *canvas.Image
	again *canvas.Image // before the path of a replay
	texts [columns]*canvas.Text
	query *canvas.Text // behind the path
	note  *canvas.Text // across all columns, in place of a delivery
	all   []fyne.CanvasObject

	list  *list
	shown *control.Delivery
	said  string // by note
	laid  grid   // where the columns were when it was laid out
	high  float32
}

func newRow(l *list) *row {
	r := &row{list: l, sign: &canvas.Image{FillMode: canvas.ImageFillContain}, again: &canvas.Image{FillMode: canvas.ImageFillContain}, query: &canvas.Text{}, note: &canvas.Text{}}
	r.again.Hide()
	r.all = append(r.all, r.sign, r.again, r.query, r.note)
	for i := range r.texts {
		r.texts[i] = &canvas.Text{}
		if i != columnSign {
			r.all = append(r.all, r.texts[i])
		}
		if isNumber(i) {
			r.texts[i].Alignment = fyne.TextAlignTrailing
		}
	}
	r.note.Alignment = fyne.TextAlignCenter
	r.ExtendBaseWidget(r)
	return r
}

// show shows a delivery, or without one what is said in its place.
func (r *row) show(d *control.Delivery, note string) {
	r.shown, r.said = d, note
	if r.laid != r.list.grid || r.high != r.list.high {
		r.lay(r.Size())
	}
	r.paint()
}

// paint writes what is shown into the columns.
func (r *row) paint() {
	r.say(r.note, r.said, look.ColourMuted)
	if r.shown == nil {
		r.sign.Hide()
		r.again.Hide()
		r.query.Hide()
		for _, t := range r.texts {
			t.Hide()
		}
		return
	}
	d, g, l := r.shown, &r.list.grid, r.list
	r.paintSign(d.State)
	plain, quiet := theme.ColorNameForeground, fyne.ThemeColorName(look.ColourMuted)
	if l.dim {
		plain = quiet
	}
	r.cell(columnTime, look.Clock(d.Received, l.now), quiet)
	r.cell(columnClaim, fitEnd(part.Visible(part.Cut(d.Claim, 80)), g[columnClaim].width), plain)
	r.cell(columnMethod, fitEnd(part.Visible(part.Cut(d.Method, 20)), g[columnMethod].width), plain)
	r.paintTarget(d, plain, quiet)
	route, taken := routeText(d)
	colour := plain
	if !taken {
		colour = quiet
	}
	r.cell(columnRoute, fitEnd(route, g[columnRoute].width), colour)
	status, colour := statusText(d.Status)
	if l.dim {
		colour = quiet
	}
	r.cell(columnStatus, status, colour)
	r.cell(columnTook, took(d), quiet)
	r.cell(columnSize, look.Bytes(d.Size), quiet)
}

// paintSign shows the state by its sign.
func (r *row) paintSign(state string) {
	s := look.DeliverySign(state)
	if r.list.dim {
		s.Colour = look.ColourMuted
	}
	draw(r.sign, r.list.icon(s))
}

// cell writes text into a column, if there is one.
func (r *row) cell(column int, text string, colour fyne.ThemeColorName) {
	if r.list.grid[column].width == 0 {
		text = ""
	}
	r.say(r.texts[column], text, colour)
}

// say changes a text, and nothing if it is as it was.
func (r *row) say(t *canvas.Text, text string, name fyne.ThemeColorName) {
	colour, size := r.list.colour(name), theme.TextSize()
	if t.Text != text || t.Color != colour || t.TextSize != size {
		t.Text, t.Color, t.TextSize = text, colour, size
		t.Refresh()
	}
	if text == "" {
		t.Hide()
	} else {
		t.Show()
	}
}

// CreateRenderer lays the texts into the columns of the list.
func (r *row) CreateRenderer() fyne.WidgetRenderer { return &rowPainter{r} }

type rowPainter struct{ row *row }

// Layout puts each text into its column.
func (p *rowPainter) Layout(size fyne.Size) {
	p.row.lay(size)
	p.row.paint()
}

// lay puts each text into its column as the columns lie now.
func (r *row) lay(size fyne.Size) {
	g := &r.list.grid
	r.laid, r.high = *g, r.list.high
	y := (size.Height - r.high) / 2
	icon := g[columnSign].width
	r.sign.Resize(fyne.NewSquareSize(icon))
	r.sign.Move(fyne.NewPos(g[columnSign].x, (size.Height-icon)/2))
	for i, t := range r.texts {
		t.Resize(fyne.NewSize(g[i].width, r.high))
		t.Move(fyne.NewPos(g[i].x, y))
	}
	r.again.Resize(fyne.NewSquareSize(r.againSize()))
	r.again.Move(fyne.NewPos(g[columnPath].x, (size.Height-r.againSize())/2))
	r.query.Move(fyne.NewPos(r.query.Position().X, y))
	r.note.Resize(fyne.NewSize(size.Width, r.high))
	r.note.Move(fyne.NewPos(0, y))
}

func (p *rowPainter) MinSize() fyne.Size           { return fyne.NewSize(1, p.row.list.rowHeight()) }
func (p *rowPainter) Objects() []fyne.CanvasObject { return p.row.all }
func (p *rowPainter) Refresh()                     { p.Layout(p.row.Size()) }
func (p *rowPainter) Destroy()                     {}
