package detail

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
	"homehook/gui/part"
)

const (
	// mostFields of a table are shown, and mostLetters of a value.
	mostFields  = 200
	mostLetters = 2000
	// rowsAtOnce are made of a table before the window is painted, and the others
	// after each tablePace: all of them together would have it stand still.
	rowsAtOnce = 12
	tablePace  = 20 * time.Millisecond
)

// table shows fields, each with a button that copies its value as it came.
func table(d *part.Desk, fields []field) fyne.CanvasObject {
	return tableOf(d, len(fields), func(i int) fyne.CanvasObject {
		return fieldRow(d, fields[i].name, fields[i].value, fields[i].value)
	})
}

// tableOf shows rows with lines between them.
func tableOf(d *part.Desk, n int, row func(i int) fyne.CanvasObject) fyne.CanvasObject {
	rows := container.NewVBox()
	scroll := container.NewVScroll(rows)
	var fill func()
	shown := 0
	fill = func() {
		for end := min(shown+rowsAtOnce, n, mostFields); shown < end; shown++ {
			if shown > 0 {
				rows.Objects = append(rows.Objects, widget.NewSeparator())
			}
			rows.Objects = append(rows.Objects, row(shown))
		}
		switch {
		case shown < min(n, mostFields):
			d.Crew.After(tablePace, fill)
		case shown < n:
			rows.Objects = append(rows.Objects, part.Muted(look.T("There are too many to show: {{.Count}} more. The text has all.", look.V{"Count": n - shown})))
		}
		scroll.Refresh() // it is as high as the rows are now
	}
	fill()
	return scroll
}

// fieldRow is a row of a table; text is what is copied.
func fieldRow(d *part.Desk, name, value, text string) fyne.CanvasObject {
	left := cell(name)
	left.Importance = widget.LowImportance
	right := cell(value)
	right.Selectable = true
	copied := part.Quiet("", "copy", func() { d.Copy(text, look.T("Copied")) })
	return container.New(&columns{}, left, right, container.NewVBox(copied))
}

// cell is text of a stranger in letters of one width, which wraps anywhere. It may be
// megabytes, so it is cut before it is looked at.
func cell(text string) *widget.Label {
	l := widget.NewLabel(part.Visible(part.Cut(text, mostLetters)))
	l.TextStyle.Monospace = true
	l.SizeName = theme.SizeNameCaptionText
	l.Wrapping = fyne.TextWrapBreak
	return l
}

// columns lay out name, value and button of a row.
type columns struct{}

func (*columns) widths(all float32) (name, value, button float32) {
	name = min(all*0.36, 220)
	button = theme.IconInlineSize() + 2*theme.InnerPadding()
	return name, max(all-name-button, 0), button
}

func (*columns) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.NewSize(240, 0)
	for _, o := range objects {
		size.Height = max(size.Height, o.MinSize().Height)
	}
	return size
}

func (c *columns) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	name, value, button := c.widths(size.Width)
	x := float32(0)
	for i, width := range []float32{name, value, button} {
		objects[i].Resize(fyne.NewSize(width, size.Height))
		objects[i].Move(fyne.NewPos(x, 0))
		x += width
	}
}
