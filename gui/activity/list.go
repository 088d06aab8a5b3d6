package activity

import (
	"image/color"
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
	"homehook/gui/part"
)

// list shows the rows of a model below the titles of their columns.
type list struct {
	widget.BaseWidget
	model *model
	rows  *part.Rows
	// dim says that what is shown may be of a time before.
	dim bool

	now     time.Time
	grid    grid
	widths  measured
	high    float32 // a text
	titles  [columns]*canvas.Text
	ground  *canvas.Rectangle
	line    *canvas.Rectangle
	colours map[fyne.ThemeColorName]color.Color
	icons   map[look.Sign]fyne.Resource
}

func newList(m *model) *list {
	l := &list{model: m, rows: part.NewRows(), now: time.Now()}
	l.ground, l.line = canvas.NewRectangle(color.Transparent), canvas.NewRectangle(color.Transparent)
	for i, text := range titles() {
		l.titles[i] = canvas.NewText(text, color.Transparent)
		if isNumber(i) {
			l.titles[i].Alignment = fyne.TextAlignTrailing
		}
	}
	l.rows.Height = l.rowHeight
	l.rows.Length = l.length
	l.rows.Create = func() fyne.CanvasObject { return newRow(l) }
	l.rows.Update = l.update
	l.ExtendBaseWidget(l)
	l.restyle()
	return l
}

// length is how many rows there are, with the one that says what is behind them.
func (l *list) length() int {
	if l.model.ready && l.foot() != "" {
		return l.model.total() + 1
	}
	return l.model.total()
}

// foot is what is said behind the last row.
func (l *list) foot() string {
	m := l.model
	switch {
	case m.seq.err != nil:
		return look.T("Older deliveries could not be read: {{.Error}}", look.V{"Error": part.Visible(m.seq.err.Error())})
	case m.full():
		return look.T("These are the newest {{.Count}}. Filter or search for what is older.", look.V{"Count": grouped(m.total())})
	case m.more() && m.query.Search != "":
		return look.T("Searching older deliveries…")
	case m.more():
		return look.T("Reading older deliveries…")
	case m.query.Search != "" && m.total() > 0:
		return look.T("That is all that was found.")
	}
	return ""
}

// update shows a row.
func (l *list) update(o fyne.CanvasObject, at int) {
	note := ""
	d := l.model.row(at)
	switch {
	case d != nil:
	case at == l.model.total():
		note = l.foot()
	default:
		note = "·  ·  ·"
	}
	o.(*row).show(d, note)
}

// rowHeight leaves some room above and below the text. It is whole, so that texts
// are equally sharp in all rows.
func (l *list) rowHeight() float32 {
	return float32(math.Round(float64(l.high + 2*theme.Padding())))
}

// restyle takes colours and measures of the theme as it is now.
func (l *list) restyle() {
	l.colours, l.icons = map[fyne.ThemeColorName]color.Color{}, map[look.Sign]fyne.Resource{}
	l.widths = measure()
	l.high = fyne.MeasureText("Mg", theme.TextSize(), fyne.TextStyle{}).Height
	l.ground.FillColor = l.colour(theme.ColorNameHeaderBackground)
	l.line.FillColor = l.colour(look.ColourLine)
	for _, t := range l.titles {
		t.Color, t.TextSize = l.colour(look.ColourMuted), theme.CaptionTextSize()
	}
}

// colour is a colour of the theme, looked up once.
func (l *list) colour(name fyne.ThemeColorName) color.Color {
	c, ok := l.colours[name]
	if !ok {
		c = look.Colour(name)
		l.colours[name] = c
	}
	return c
}

// icon is the picture of a sign, made once.
func (l *list) icon(s look.Sign) fyne.Resource {
	r, ok := l.icons[s]
	if !ok {
		r = s.Resource()
		l.icons[s] = r
	}
	return r
}

// CreateRenderer has the titles stay above the rows.
func (l *list) CreateRenderer() fyne.WidgetRenderer { return &listPainter{l} }

type listPainter struct{ list *list }

// head is the height of the titles.
func (p *listPainter) head() float32 {
	return float32(math.Round(float64(p.list.high + theme.Padding() + 2)))
}

// Layout shares the width among the columns.
func (p *listPainter) Layout(size fyne.Size) {
	l, head := p.list, p.head()
	l.grid = layColumns(l.rows.RowWidth(size.Width), l.widths)
	l.ground.Resize(fyne.NewSize(size.Width, head))
	l.line.Resize(fyne.NewSize(size.Width, 1))
	l.line.Move(fyne.NewPos(0, head))
	for i, t := range l.titles {
		t.Hidden = l.grid[i].width == 0
		t.Resize(fyne.NewSize(l.grid[i].width, head))
		t.Move(fyne.NewPos(l.grid[i].x, 0))
	}
	l.rows.Move(fyne.NewPos(0, head+1))
	l.rows.Resize(fyne.NewSize(size.Width, max(size.Height-head-1, 0)))
	l.rows.Refresh()
}

func (p *listPainter) MinSize() fyne.Size {
	return fyne.NewSize(280, p.head()+5*p.list.rowHeight())
}

// Objects are the titles and the rows.
func (p *listPainter) Objects() []fyne.CanvasObject {
	all := []fyne.CanvasObject{p.list.ground, p.list.line}
	for _, t := range p.list.titles {
		all = append(all, t)
	}
	return append(all, p.list.rows)
}

// Refresh takes the theme as it is now.
func (p *listPainter) Refresh() {
	p.list.restyle()
	p.Layout(p.list.Size())
	p.list.ground.Refresh()
	p.list.line.Refresh()
	for _, t := range p.list.titles {
		t.Refresh()
	}
}

func (p *listPainter) Destroy() {}
