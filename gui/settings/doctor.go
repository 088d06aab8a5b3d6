package settings

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// doctor shows what the agent finds wrong with itself, and mends what it can.
type doctor struct {
	desk   *part.Desk
	body   *fyne.Container
	run    *part.Push
	canary *part.Check
	found  *control.Checkup
	busy   bool
}

func newDoctor(d *part.Desk) *doctor { return &doctor{desk: d, body: container.NewVBox()} }

func (d *doctor) content() fyne.CanvasObject {
	d.run = part.Primary(look.T("Look for problems"), "doctor", d.ask)
	d.canary = part.NewCheck(look.T("Send a signed request through each relay, too"), nil)
	d.canary.Tick(true)
	return container.NewVBox(
		part.Muted(look.T("Looks at relays, claims, credentials, files, clock and network. It takes up to a minute.")),
		container.NewHBox(d.run), d.canary, d.body)
}

// show follows whether there is an agent; what it finds by itself is shown at once.
func (d *doctor) show() {
	if d.desk.Feed.State().Live() && !d.busy {
		d.run.Enable()
	} else {
		d.run.Disable()
	}
	if s := d.desk.Feed.State().Status; d.found == nil && s != nil && !d.busy && len(s.Findings) > 0 {
		d.list(s.Findings)
	}
	if !d.desk.Feed.State().Live() && d.found == nil && !d.busy {
		d.body.Objects = []fyne.CanvasObject{part.Muted(look.T("The agent is not running; start it, and it can look."))}
		d.body.Refresh()
	}
}

// ask has the agent look.
func (d *doctor) ask() {
	d.busy = true
	d.run.Disable()
	d.body.Objects = []fyne.CanvasObject{part.Loading(look.T("Looking…"))}
	d.body.Refresh()
	client, e := d.desk.Client(), control.Examination{Canary: d.canary.Checked}
	part.Do(d.desk, func(ctx context.Context) (*control.Checkup, error) { return client.Doctor(ctx, e) }, func(found *control.Checkup, err error) {
		d.busy = false
		if err != nil {
			d.body.Objects = []fyne.CanvasObject{part.Failed(err, d.ask)}
			d.body.Refresh()
		} else {
			d.found = found
			d.list(found.Findings)
		}
		d.show()
	})
}

// rank puts what a person has to do first.
var rank = []string{control.FindingProblem, control.FindingWarning, control.FindingOK, control.FindingSkipped}

func (d *doctor) list(found []control.Finding) {
	found = slices.Clone(found)
	slices.SortStableFunc(found, func(a, b control.Finding) int {
		return slices.Index(rank, a.State) - slices.Index(rank, b.State)
	})
	bad := 0
	rows := []fyne.CanvasObject{}
	for i := range found {
		if found[i].State == control.FindingProblem || found[i].State == control.FindingWarning {
			bad++
		}
		rows = append(rows, d.row(&found[i]))
	}
	title := look.T("All is well")
	if bad > 0 {
		title = look.N("{{.Count}} things to look at", bad)
	}
	copying := part.Button(look.T("Copy the report"), "copy", func() { d.report(found) })
	if !d.desk.Feed.State().Live() {
		copying.Disable()
	}
	d.body.Objects = []fyne.CanvasObject{
		container.NewBorder(nil, nil, nil, container.NewCenter(copying), part.Title(title)),
		part.Card(part.Tight(rows...)),
	}
	d.body.Refresh()
}

// row shows one finding, with a button where something can be done about it here.
func (d *doctor) row(f *control.Finding) fyne.CanvasObject {
	sign := look.FindingSign(f.State)
	icon := container.NewGridWrap(fyne.NewSquareSize(theme.IconInlineSize()), widget.NewIcon(sign.Resource()))
	of := look.Check(f.Check)
	if f.Subject != "" && !strings.Contains(f.Text, f.Subject) {
		of += ", " + f.Subject
	}
	name := widget.NewLabelWithStyle(part.Visible(of), fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	name.Wrapping = fyne.TextWrapWord
	lines := []fyne.CanvasObject{name, part.Wrapped(part.Visible(said(f.Text)))}
	if f.Remedy != "" {
		lines = append(lines, part.Muted(part.Visible(remedyWords(f.Remedy))))
	}
	var end fyne.CanvasObject
	if b := d.remedy(f); b != nil {
		if !d.desk.Feed.State().Live() {
			b.Disable()
		}
		end = container.NewCenter(b)
	}
	left := container.NewVBox(container.NewPadded(icon))
	return container.NewBorder(nil, nil, left, end, part.Tight(lines...))
}
