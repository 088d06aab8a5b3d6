package activity

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"homehook/gui/look"
)

// Columns of the list, from left to right.
const (
	columnSign = iota
	columnTime
	columnClaim
	columnMethod
	columnPath
	columnRoute
	columnStatus
	columnTook
	columnSize
	columns
)

const (
	// gap is between two columns.
	gap = 12
	// pathLeast is how wide the path is at least, before other columns give way.
	pathLeast = 200
)

// span is where a column lies; it is not shown if it has no width.
type span struct{ x, width float32 }

// grid is where the columns lie in a width.
type grid [columns]span

// giveWay are the columns that are left out where there is no room for all, the
// first to go first.
var giveWay = [...]int{columnSize, columnRoute, columnTook, columnClaim}

// measured are the widths of columns whose text is known to be no wider.
type measured struct{ sign, time, method, status, took, size float32 }

// measure has the widths in the letters and the language of now.
func measure() measured {
	wide := func(texts ...string) (w float32) {
		for _, text := range texts {
			w = max(w, textWidth(text, fyne.TextStyle{}))
		}
		return w + 1
	}
	return measured{
		sign:   theme.IconInlineSize(),
		time:   wide(append(moments(), look.T("Time"))...),
		method: wide("OPTIONS", look.T("Method")),
		status: wide("000", look.T("Status")),
		took:   wide("59 min 59 s", look.T("Took")),
		size:   wide("999 KB", look.T("Size")),
	}
}

// moments are times in all the ways in which they are written, and as wide as they
// become.
func moments() []string {
	now := time.Date(2000, 1, 1, 20, 48, 48, 0, time.Local)
	all := []string{look.Clock(now, now), look.Clock(now, now.AddDate(1, 0, 0))}
	for month := time.January; month <= time.December; month++ {
		all = append(all, look.Clock(time.Date(2000, month, 28, 20, 48, 48, 0, time.Local), now))
	}
	return all
}

// layColumns shares a width among the columns.
func layColumns(width float32, m measured) grid {
	wide := [columns]float32{
		columnSign: m.sign, columnTime: m.time, columnMethod: m.method,
		columnStatus: m.status, columnTook: m.took, columnSize: m.size,
		columnClaim: min(max(width*0.11, 64), 140), columnRoute: min(max(width*0.17, 90), 240),
	}
	room := func() float32 {
		left := width - 2*gap + gap // between the edges
		for i, w := range wide {
			if i != columnPath && w > 0 {
				left -= w + gap
			}
		}
		return left - gap
	}
	for _, column := range giveWay {
		if room() >= pathLeast {
			break
		}
		wide[column] = 0
	}
	wide[columnPath] = max(room(), 20)
	var g grid
	x := float32(gap)
	for i, w := range wide {
		if w > 0 {
			g[i] = span{x, w}
			x += w + gap
		}
	}
	return g
}

// titles are the words over the columns.
func titles() [columns]string {
	return [columns]string{
		"", look.T("Time"), look.T("Claim"), look.T("Method"), look.T("Path"), look.T("Route"),
		look.T("Status"), look.T("Took"), look.T("Size"),
	}
}

// isNumber says whether a column is lined up at its right side.
func isNumber(column int) bool {
	return slices.Contains([]int{columnStatus, columnTook, columnSize}, column)
}

func textWidth(text string, style fyne.TextStyle) float32 {
	return fyne.MeasureText(text, theme.TextSize(), style).Width
}
