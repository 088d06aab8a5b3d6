package part

import (
	"bytes"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
)

// Code shows a [Doc] of any length in lines of one height, of which only those that
// are seen become objects. Long lines are wrapped. Lines are chosen with the mouse
// or with shift and the arrows; what is copied are the bytes as they came, of a hex
// dump its lines.
type Code struct {
	widget.BaseWidget

	copied func(text string)
	lines  codeLines
	hits   []Span
	hit    int // the one that is looked at; -1 is none

	page   *codePage
	scroll *container.Scroll

	cursor, anchor int // lines
	chosen         bool
}

// NewCode returns one that shows nothing. copied is called with what a person
// copies.
func NewCode(copied func(text string)) *Code {
	c := &Code{copied: copied, hit: -1}
	c.lines.folded = map[int32]bool{}
	c.page = newCodePage(c)
	c.scroll = container.NewScroll(c.page)
	c.scroll.OnScrolled = func(fyne.Position) { c.page.moved() }
	c.ExtendBaseWidget(c)
	return c
}

// CreateRenderer shows the page on the ground of code.
func (c *Code) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewStack(newFill(look.ColourCode, 0), c.scroll))
}

// MinSize is that of some lines.
func (c *Code) MinSize() fyne.Size { return fyne.NewSize(120, 4*codeHeight()) }

// Resize wraps the lines for the new width.
func (c *Code) Resize(size fyne.Size) {
	if size == c.Size() {
		return
	}
	c.BaseWidget.Resize(size)
	c.lay()
}

// Doc is what it shows; nil is nothing.
func (c *Code) Doc() *Doc { return c.lines.doc }

// Set shows d from its beginning, or from the mark of an error in it.
func (c *Code) Set(d *Doc) {
	c.lines.doc = d
	c.lines.folded = map[int32]bool{}
	c.hits, c.hit = nil, -1
	c.cursor, c.anchor, c.chosen = 0, 0, false
	c.page.widest = 0
	c.scroll.Offset = fyne.Position{}
	c.lay()
	if d != nil && d.bad >= 0 {
		c.reveal(d.bad)
	}
}

// Hits shows what was found in its Doc, and moves to one of it.
func (c *Code) Hits(hits []Span, at int) {
	c.hits, c.hit = hits, at
	if at < 0 || at >= len(hits) {
		c.hit = -1
		c.page.redraw()
		return
	}
	c.reveal(hits[at].From)
}

// FoldAll folds all but the outermost object or array, and UnfoldAll nothing.
func (c *Code) FoldAll() {
	if c.lines.doc != nil && c.lines.doc.Folds() {
		c.lines.foldAll()
		c.lay()
	}
}

// UnfoldAll opens all that is folded.
func (c *Code) UnfoldAll() {
	clear(c.lines.folded)
	c.lay()
}

// Lines are the texts of the lines that are seen now, as a test or a screen reader
// wants them.
func (c *Code) Lines() []string {
	first, last := c.page.seen()
	var out []string
	for i := first; i < last; i++ {
		var b strings.Builder
		for _, r := range c.page.runsOf(i) {
			b.WriteString(r.text)
		}
		out = append(out, b.String())
	}
	return out
}

// Chosen are the bytes of the lines that are chosen, or all bytes where none are.
func (c *Code) Chosen() string {
	d := c.lines.doc
	if d == nil {
		return ""
	}
	first, last := min(c.cursor, c.anchor), max(c.cursor, c.anchor)
	all := !c.chosen || first == 0 && last >= c.lines.count()-1
	switch {
	case d.kind == docHex && all:
		return d.Dump()
	case d.kind == docHex:
		return d.dump(first, last)
	case all:
		return string(d.bytes)
	}
	p := d.bytes[c.lines.whole(first).From:c.lines.whole(last).To]
	if d.kind == docJSON {
		return string(bytes.Trim(p, " \t\r\n"))
	}
	return string(bytes.TrimSuffix(p, []byte("\n")))
}

// Copy copies what is chosen, or all.
func (c *Code) Copy() { c.copied(c.Chosen()) }

// Focus is what takes the keys.
func (c *Code) Focus() fyne.Focusable { return c.page }

// lay finds the lines for the present width and keeps what is seen where it is.
func (c *Code) lay() {
	place := 0
	if c.lines.count() > 0 {
		place = c.lines.whole(min(c.page.first(), c.lines.count()-1)).From
	}
	moved := c.scroll.Offset.Y > 0
	wide := int((c.Size().Width-codeGutter()-3*theme.Padding())/codeCell()) - 1
	if c.lines.doc != nil {
		c.lines.doc = c.lines.doc.fitting(wide)
	}
	c.lines.lay(wide)
	c.page.height = codeHeight()
	last := max(c.lines.count()-1, 0)
	c.cursor, c.anchor = min(c.cursor, last), min(c.anchor, last)
	if moved && c.lines.count() > 0 {
		c.scroll.Offset.Y = float32(c.lines.find(place)) * codeHeight()
	}
	c.scroll.Refresh()
	c.page.redraw()
}

// reveal unfolds and scrolls so that a byte is seen, and moves the cursor there.
func (c *Code) reveal(at int) {
	if c.lines.unfold(at) {
		c.lay()
	}
	if c.lines.count() == 0 {
		return
	}
	c.cursor = c.lines.find(at)
	c.anchor, c.chosen = c.cursor, false
	c.toCursor(true)
}

// toCursor scrolls to the cursor, which is in the middle then if it was not seen.
func (c *Code) toCursor(middle bool) {
	y, height := float32(c.cursor)*codeHeight(), c.scroll.Size().Height
	top := c.scroll.Offset.Y
	switch {
	case y >= top && y+codeHeight() <= top+height:
	case middle:
		top = y - height/2
	case y < top:
		top = y
	default:
		top = y + codeHeight() - height
	}
	if top = max(top, 0); top != c.scroll.Offset.Y {
		c.scroll.ScrollToOffset(fyne.NewPos(c.scroll.Offset.X, top))
	}
	c.page.redraw()
}

// toggle folds or unfolds what a line opens; it says whether it opens anything.
func (c *Code) toggle(line int) bool {
	d := c.lines.doc
	if d == nil || !d.Folds() || line >= c.lines.count() {
		return false
	}
	row := c.lines.at(line).row
	if d.rows[row].fold == 0 {
		return false
	}
	if c.lines.folded[row] {
		delete(c.lines.folded, row)
	} else {
		c.lines.folded[row] = true
	}
	at := d.rows[row].at
	c.lay()
	c.cursor = c.lines.find(at)
	c.anchor = c.cursor
	c.page.redraw()
	return true
}

// codeSize is the size of the letters, codeCell the width of one and codeHeight
// that of a line.
func codeSize() float32 { return theme.TextSize() - 1 }

func codeStyle() fyne.TextStyle { return fyne.TextStyle{Monospace: true} }

func codeCell() float32 { return fyne.MeasureText("M", codeSize(), codeStyle()).Width }

func codeHeight() float32 { return fyne.MeasureText("M", codeSize(), codeStyle()).Height + 2 }

// codeGutter is the room for the signs of folding.
func codeGutter() float32 { return 2*codeCell() + theme.Padding() }
