package manage

import (
	"image/color"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
)

const (
	graphPoints = 60              // that are kept, and drawn
	graphEvery  = 4 * time.Second // at least between two of them
)

// graphSize is that of a graph in its card.
var graphSize = fyne.NewSize(200, 56)

// graph draws round trips over time, the newest at the right.
type graph struct {
	widget.BaseWidget
	points []float64 // milliseconds, the oldest first
	last   time.Time
}

func newGraph() *graph {
	g := &graph{}
	g.ExtendBaseWidget(g)
	return g
}

// note adds a round trip; 0 is none.
func (g *graph) note(ms float64, now time.Time) {
	if ms <= 0 || now.Sub(g.last) < graphEvery {
		return
	}
	g.last = now
	g.points = append(g.points, ms)
	if n := len(g.points) - graphPoints; n > 0 {
		g.points = append(g.points[:0], g.points[n:]...)
	}
	g.Refresh()
}

// CreateRenderer draws lines from point to point.
func (g *graph) CreateRenderer() fyne.WidgetRenderer {
	r := &graphRenderer{graph: g, top: canvas.NewText("", color.Transparent), base: canvas.NewLine(color.Transparent)}
	r.top.TextSize = theme.CaptionTextSize()
	r.top.Alignment = fyne.TextAlignTrailing
	r.Refresh()
	return r
}

type graphRenderer struct {
	graph *graph
	top   *canvas.Text // the longest round trip that is drawn
	base  *canvas.Line
	lines []*canvas.Line
}

func (r *graphRenderer) Destroy()           {}
func (r *graphRenderer) MinSize() fyne.Size { return graphSize }
func (r *graphRenderer) Layout(fyne.Size)   { r.Refresh() }

func (r *graphRenderer) Objects() []fyne.CanvasObject {
	all := []fyne.CanvasObject{r.base, r.top}
	for _, l := range r.lines {
		all = append(all, l)
	}
	return all
}

// Refresh draws the points as they are now.
func (r *graphRenderer) Refresh() {
	size, points := r.graph.Size(), r.graph.points
	r.base.StrokeColor, r.top.Color = look.Colour(look.ColourLine), look.Colour(look.ColourMuted)
	r.base.StrokeWidth = 1
	r.base.Position1, r.base.Position2 = fyne.NewPos(0, size.Height-1), fyne.NewPos(size.Width, size.Height-1)
	highest := 0.0
	for _, p := range points {
		highest = max(highest, p)
	}
	r.top.Text = ""
	if highest > 0 {
		r.top.Text = look.T("at most {{.Time}}", look.V{"Time": look.Milliseconds(highest)})
	}
	r.top.Resize(fyne.NewSize(size.Width, r.top.MinSize().Height))
	// A third of the room stays free above the line, so that the text is not upon it.
	room, most := size.Height-r.top.MinSize().Height-4, max(highest*1.5, 1)
	at := func(i int) fyne.Position {
		x := size.Width * float32(graphPoints-len(points)+i) / (graphPoints - 1)
		return fyne.NewPos(x, size.Height-3-room*float32(points[i]/most))
	}
	for len(r.lines) < len(points)-1 {
		r.lines = append(r.lines, canvas.NewLine(color.Transparent))
	}
	r.lines = r.lines[:max(len(points)-1, 0)]
	for i, l := range r.lines {
		l.StrokeColor, l.StrokeWidth = look.Colour(theme.ColorNamePrimary), 1.5
		l.Position1, l.Position2 = at(i), at(i+1)
	}
	canvas.Refresh(r.graph)
}
