package part

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
)

// codePage is the whole length of what a Code shows; it has objects for the lines
// that are seen.
type codePage struct {
	widget.BaseWidget
	code    *Code
	widest  float32
	focused bool
	shift   bool
	drawn   [2]int  // the lines that have objects
	height  float32 // of a line, when they were laid out
	objects []fyne.CanvasObject
	texts   []*canvas.Text
	rects   []*canvas.Rectangle
}

func newCodePage(c *Code) *codePage {
	p := &codePage{code: c}
	p.ExtendBaseWidget(p)
	return p
}

// MinSize is that of all lines.
func (p *codePage) MinSize() fyne.Size {
	return fyne.NewSize(p.widest, float32(p.code.lines.count())*codeHeight()+theme.Padding())
}

// first is the line at the upper end of what is seen.
func (p *codePage) first() int { return max(int(p.code.scroll.Offset.Y/codeHeight()), 0) }

// seen are the lines that are seen.
func (p *codePage) seen() (first, last int) {
	n := p.code.lines.count()
	first = min(p.first(), n)
	return first, min(first+int(p.code.scroll.Size().Height/codeHeight())+2, n)
}

// moved draws the lines that are seen now, if they are others.
func (p *codePage) moved() {
	if first, last := p.seen(); p.drawn != [2]int{first, last} {
		p.redraw()
	}
}

// redraw makes the objects anew and has them shown.
func (p *codePage) redraw() {
	p.build()
	canvas.Refresh(p)
}

// build makes the objects of the lines that are seen.
func (p *codePage) build() {
	first, last := p.seen()
	p.drawn = [2]int{first, last}
	p.objects = p.objects[:0]
	texts, rects, widest := 0, 0, p.widest
	pen := codePen{
		text: func() *canvas.Text {
			if texts == len(p.texts) {
				p.texts = append(p.texts, &canvas.Text{})
			}
			texts++
			return p.texts[texts-1]
		},
		rect: func() *canvas.Rectangle {
			if rects == len(p.rects) {
				p.rects = append(p.rects, canvas.NewRectangle(color.Transparent))
			}
			rects++
			return p.rects[rects-1]
		},
		cell: codeCell(), height: codeHeight(),
	}
	for i := first; i < last; i++ {
		widest = max(widest, p.line(&pen, i))
	}
	p.objects = append(p.objects, pen.under...)
	p.objects = append(p.objects, pen.over...)
	if widest > p.widest {
		p.widest = widest
		p.code.scroll.Refresh()
	}
}

// codePen draws lines: grounds under, letters over them.
type codePen struct {
	text         func() *canvas.Text
	rect         func() *canvas.Rectangle
	cell, height float32
	under, over  []fyne.CanvasObject
}

// ground draws a rectangle.
func (n *codePen) ground(name fyne.ThemeColorName, at fyne.Position, size fyne.Size) {
	r := n.rect()
	r.FillColor = look.Colour(name)
	r.Move(at)
	r.Resize(size)
	n.under = append(n.under, r)
}

// write draws a text and returns its width.
func (n *codePen) write(text string, colour fyne.ThemeColorName, at fyne.Position) float32 {
	t := n.text()
	t.Text, t.Color, t.TextSize, t.TextStyle = text, look.Colour(colour), codeSize(), codeStyle()
	size := fyne.NewSize(float32(len(text))*n.cell, n.height-2)
	if !ascii(text) {
		size = fyne.MeasureText(text, t.TextSize, t.TextStyle)
	}
	t.Move(at)
	t.Resize(size)
	n.over = append(n.over, t)
	return size.Width
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// line draws one and returns how wide it is.
func (p *codePage) line(pen *codePen, i int) float32 {
	c := p.code
	y := float32(i)*pen.height + 1
	if c.chosen && min(c.cursor, c.anchor) <= i && i <= max(c.cursor, c.anchor) {
		pen.ground(theme.ColorNameSelection, fyne.NewPos(0, y-1), fyne.NewSize(max(p.Size().Width, c.scroll.Size().Width), pen.height))
	}
	if p.focused && i == c.cursor {
		pen.ground(theme.ColorNamePrimary, fyne.NewPos(0, y-1), fyne.NewSize(2, pen.height))
	}
	at := c.lines.at(i)
	if sign := p.sign(at); sign != "" {
		pen.write(sign, look.ColourMuted, fyne.NewPos(theme.Padding(), y))
	}
	x := codeGutter() + float32(c.lines.indent(at.row))*pen.cell
	for _, r := range p.runsOf(i) {
		width := pen.write(r.text, r.colour, fyne.NewPos(x, y))
		if r.ground != "" {
			pen.ground(r.ground, fyne.NewPos(x, y-1), fyne.NewSize(width, pen.height))
		}
		x += width
	}
	if d := c.lines.doc; d.bad >= 0 && d.bad == len(d.bytes) && i == c.lines.count()-1 {
		pen.ground(theme.ColorNameError, fyne.NewPos(x, y-1), fyne.NewSize(pen.cell, pen.height))
	}
	return x + 2*theme.Padding()
}

// sign is what stands before a line: of folding, or that it goes on.
func (p *codePage) sign(at codeLine) string {
	d := p.code.lines.doc
	switch {
	case d.kind == docHex:
		return ""
	case at.part > 0 || d.rows[at.row].more:
		return "↪"
	case d.rows[at.row].fold == 0:
		return ""
	case p.code.lines.folded[at.row]:
		return "▸"
	}
	return "▾"
}

// runsOf are the pieces of a line, with what stands for what is folded in it.
func (p *codePage) runsOf(i int) []run {
	l := &p.code.lines
	at := l.at(i)
	out := l.doc.runs(int(at.row), l.seen(i), p.code.hits, p.code.hit)
	if !l.folded[at.row] || i+1 < l.count() && l.at(i+1).part > 0 {
		return out
	}
	row := &l.doc.rows[at.row]
	out = append(out, run{text: look.N(" … {{.Count}} items … ", int(row.items)), colour: look.ColourMuted})
	return append(out, l.doc.runs(int(row.fold), l.doc.seen(int(row.fold)), p.code.hits, p.code.hit)...)
}

// CreateRenderer draws the objects where they are.
func (p *codePage) CreateRenderer() fyne.WidgetRenderer { return &codeRenderer{p} }

type codeRenderer struct{ page *codePage }

func (r *codeRenderer) Layout(fyne.Size)             { r.page.redrawIfMoved() }
func (r *codeRenderer) MinSize() fyne.Size           { return r.page.MinSize() }
func (r *codeRenderer) Objects() []fyne.CanvasObject { return r.page.objects }
func (r *codeRenderer) Destroy()                     {}

// Refresh makes the objects in the colours and of the size that the theme has now.
func (r *codeRenderer) Refresh() {
	if r.page.height != codeHeight() {
		r.page.code.lay()
		return
	}
	r.page.redraw()
}

func (p *codePage) redrawIfMoved() {
	if p.code.scroll != nil {
		p.moved()
	}
}
