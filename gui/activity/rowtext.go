package activity

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// againShare is how large the sign of a replay is beside that of a state.
const againShare = 0.75

func (r *row) againSize() float32 { return r.list.grid[columnSign].width * againShare }

// paintTarget writes path and query, the query fainter and only as far as there is
// room for it. A replay has its sign before them. Where there is no room for the
// columns of claim and route, they stand behind the path.
func (r *row) paintTarget(d *control.Delivery, plain, quiet fyne.ThemeColorName) {
	const most = 400 // letters, more than a row has room for
	at := r.list.grid[columnPath]
	if r.paintAgain(d.ReplayOf != "") {
		by := r.againSize() + gap/3
		at.x, at.width = at.x+by, max(at.width-by, 0)
	}
	path, behind := part.Visible(part.Cut(d.Path, most)), ""
	if d.Query != "" {
		behind = "?" + part.Visible(part.Cut(d.Query, most))
	}
	if rest := r.leftOut(d); rest != "" {
		behind += "   " + rest
	}
	room := at.width
	if behind != "" {
		room = max(at.width*0.75, at.width-textWidth(behind, fyne.TextStyle{}))
	}
	path = fitMiddle(path, room)
	width := textWidth(path, fyne.TextStyle{})
	r.cell(columnPath, path, plain)
	y := r.texts[columnPath].Position().Y
	r.texts[columnPath].Move(fyne.NewPos(at.x, y))
	if behind == "" {
		r.query.Hide()
		return
	}
	r.say(r.query, fitEnd(behind, at.width-width), quiet)
	r.query.Move(fyne.NewPos(at.x+width, y))
}

// paintAgain shows the sign of a replay, or none, and reports which.
func (r *row) paintAgain(replay bool) bool {
	if !replay {
		r.again.Hide()
		return false
	}
	draw(r.again, r.list.icon(look.Sign{Icon: "replay", Colour: look.ColourMuted}))
	return true
}

// draw shows an icon, and paints nothing if it is as it was.
func draw(picture *canvas.Image, icon fyne.Resource) {
	if picture.Resource != icon {
		picture.Resource = icon
		picture.Refresh()
	}
	picture.Show()
}

// leftOut are claim and route as far as there is no room for their columns.
func (r *row) leftOut(d *control.Delivery) string {
	var all []string
	if g := &r.list.grid; g[columnClaim].width == 0 {
		all = append(all, part.Visible(part.Cut(d.Claim, 80)))
	}
	if g := &r.list.grid; g[columnRoute].width == 0 && d.Route != "" {
		route, _ := routeText(d)
		all = append(all, route)
	}
	return strings.Join(all, " · ")
}

// routeText names the route that took a delivery; took is false where none has, also
// where it names the one that refused it.
func routeText(d *control.Delivery) (text string, took bool) {
	name := part.Visible(part.Cut(d.Route, 120))
	switch {
	case d.Route == "":
		return look.T("no route"), false
	case d.State == control.Rejected:
		return look.T("refused: {{.Route}}", look.V{"Route": name}), false
	}
	return name, true
}

// statusText is what the sender got, and how that is coloured.
func statusText(status int) (string, fyne.ThemeColorName) {
	switch {
	case status == 0:
		return "–", look.ColourMuted
	case status >= 500:
		return strconv.Itoa(status), theme.ColorNameError
	case status >= 400:
		return strconv.Itoa(status), theme.ColorNameWarning
	}
	return strconv.Itoa(status), theme.ColorNameForeground
}

// took is how long a delivery has taken.
func took(d *control.Delivery) string {
	if d.State == control.Waiting && !d.Due.IsZero() {
		return "–"
	}
	return look.Milliseconds(d.DurationMS)
}
