package detail

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
	"homehook/linediff"
)

// planned says what a replay would do that cannot be taken back.
func planned(why error, plan *control.Plan) fyne.CanvasObject {
	rows := container.NewVBox(part.Wrapped(part.VisibleLines(why.Error())))
	if plan == nil {
		return rows
	}
	rows.Add(part.Muted(look.T("For the delivery as it is kept, the route does this:")))
	for _, one := range append([]control.Plan{*plan}, plan.Also...) {
		rows.Add(part.Card(container.NewVBox(cell(planText(&one)))))
	}
	return rows
}

// planText is what one handler would do.
func planText(p *control.Plan) string {
	what := []string{p.Handler}
	switch {
	case len(p.Command) > 0:
		what = append(what, strings.Join(p.Command, " "))
		if p.Dir != "" {
			what = append(what, look.T("in {{.Folder}}", look.V{"Folder": p.Dir}))
		}
	case p.URL != "":
		what = append(what, strings.TrimSpace(p.Method+" "+p.URL))
	case len(p.Files) > 0:
		what = append(what, strings.Join(p.Files, ", "))
	}
	if p.Note != "" {
		what = append(what, p.Note)
	}
	return strings.Join(what, " · ")
}

// replayed is what came of a replay.
type replayed struct{ old, got *control.Record }

// object is a strip that says so and leads to the new delivery.
func (r *replayed) object(p *Pane) fyne.CanvasObject {
	sign := look.DeliverySign(r.got.State)
	text := look.T("Replayed")
	if r.got.Status != 0 {
		text = look.T("Replayed, the handler answered {{.Status}}", look.V{"Status": r.got.Status})
		if len(r.got.Log) == 0 {
			text = look.T("Replayed, answered {{.Status}}", look.V{"Status": r.got.Status})
		}
	}
	rows := container.NewVBox(container.NewBorder(nil, nil, indented(part.NewBadge(sign)), nil, part.Wrapped(text)))
	if r.got.Reason != "" {
		rows.Add(part.Muted(part.Cut(part.VisibleLines(r.got.Reason), 300)))
	}
	row := container.NewHBox(part.Quiet(look.T("Show the new delivery"), "next", func() { p.goTo(r.got.ID) }))
	before, after := answerLines(r.old), answerLines(r.got)
	switch diff := linediff.Unified(look.T("the handler's answer before"), look.T("the handler's answer now"), before, after); {
	case len(r.got.Log) == 0:
	case diff == "":
		rows.Add(part.Muted(r.same()))
	default:
		row.Add(part.Quiet(look.T("Compare answers"), "", func() { p.showDiff(look.T("Compare answers"), diff) }))
	}
	rows.Add(row)
	return part.Card(rows)
}

// same says that the handler has answered as before. Where its answer came too late
// for the sender, who got another one, that is told apart.
func (r *replayed) same() string {
	if a := r.old.LastAnswer(); a != nil && r.old.Status != 0 && r.old.Status != a.Status {
		return look.T("The handler's answer is the same as before. The sender had got {{.Status}} at that time, before the handler ran.", look.V{"Status": r.old.Status})
	}
	return look.T("The handler's answer is the same as before.")
}

// showDiff shows a comparison in a dialog.
func (p *Pane) showDiff(title, diff string) {
	code := part.NewCode(func(text string) { p.desk.Copy(text, look.T("Copied")) })
	code.Set(part.DiffDoc([]byte(diff)))
	width := min(p.desk.Window.Canvas().Size().Width-80, 760)
	p.desk.Sheet(part.SheetOptions{Title: title, Content: tall(320, code), Width: width, Offline: true})
}

// answerLines is the last answer to a delivery as lines to compare. A time that is
// always another one is left out.
func answerLines(r *control.Record) (lines []string) {
	a := r.LastAnswer()
	if a == nil {
		return nil
	}
	for line := range strings.SplitSeq(strings.TrimRight(string(a.ResponseHead), "\r\n"), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if name, _, ok := strings.Cut(line, ":"); line != "" && (!ok || !strings.EqualFold(name, "Date")) {
			lines = append(lines, line)
		}
	}
	lines = append(lines, "")
	if !isText(a.ResponseBody) {
		return append(lines, fmt.Sprintf("%s, SHA-256 %x", look.Bytes(a.ResponseSize), sha256.Sum256(a.ResponseBody)))
	}
	return append(lines, linesOf(string(a.ResponseBody))...)
}

// linesOf are the lines of a text.
func linesOf(text string) []string {
	if text == "" {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines
}

// height gives an object a least height.
type height struct{ of float32 }

// MinSize is that of the object with the height.
func (h *height) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[0].MinSize().Max(fyne.NewSize(0, h.of))
}

// Layout gives it all the room.
func (h *height) Layout(objects []fyne.CanvasObject, size fyne.Size) { objects[0].Resize(size) }

func tall(of float32, o fyne.CanvasObject) fyne.CanvasObject { return container.New(&height{of}, o) }
