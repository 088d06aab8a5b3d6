package activity

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// liveSign says whether the list follows what arrives, and takes a person who has
// scrolled away back to the newest.
type liveSign struct {
	box  *fyne.Container
	icon *widget.Icon
	word *widget.Label
	jump *part.Push
	note *fyne.Container // icon and word
	said string
}

func newLiveSign() *liveSign {
	l := &liveSign{icon: widget.NewIcon(nil), word: widget.NewLabel("")}
	l.word.Importance = widget.LowImportance
	l.jump = part.Quiet("", "up", nil)
	l.jump.IconPlacement = widget.ButtonIconTrailingText
	icon := container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(14), l.icon))
	l.note = container.New(&tight{}, icon, l.word)
	l.box = container.NewHBox(l.note, l.jump)
	l.jump.Hide()
	return l
}

// show says it, and reports whether that is something else than before.
func (l *liveSign) show(live, paused, top bool, fresh int) (changed bool) {
	sign, word, jump := look.Sign{Icon: "connected", Colour: theme.ColorNameSuccess}, look.T("Live"), ""
	switch {
	case !live:
		sign, word = look.Sign{Icon: "problem", Colour: theme.ColorNameWarning}, look.T("Not connected")
	case paused:
		sign, word = look.AgentSign(control.StatePaused), look.T("Paused")
	case !top && fresh > 0:
		jump = look.N("{{.Count}} new", fresh, look.V{"Count": grouped(fresh)})
	case !top:
		jump = look.T("Newest")
	}
	l.jump.Importance = widget.LowImportance
	if fresh > 0 {
		l.jump.Importance = widget.HighImportance
	}
	said := word + jump
	if said == l.said {
		return false
	}
	l.said = said
	l.icon.SetResource(sign.Resource())
	l.word.SetText(word)
	l.jump.SetText(jump)
	l.jump.Hidden, l.note.Hidden = jump == "", jump != ""
	return true
}

// tight lays an icon and a word beside each other without the room that the word
// has around it.
type tight struct{}

func (*tight) MinSize(o []fyne.CanvasObject) fyne.Size {
	icon, word := o[0].MinSize(), o[1].MinSize()
	return fyne.NewSize(icon.Width+word.Width, max(icon.Height, word.Height))
}

func (*tight) Layout(o []fyne.CanvasObject, size fyne.Size) {
	icon := o[0].MinSize().Width
	o[0].Resize(fyne.NewSize(icon, size.Height))
	o[0].Move(fyne.NewPos(theme.InnerPadding()/2, 0))
	o[1].Resize(fyne.NewSize(size.Width-icon, size.Height))
	o[1].Move(fyne.NewPos(icon, 0))
}

// barLayout lays out the search, what stands at the right, and the menus: in one
// line if there is room, or else the menus below.
type barLayout struct{ rows int }

// searchLeast and searchMost bound the width of the search.
const (
	searchLeast = 190
	searchMost  = 420
)

// measure returns the height of a line, the width of all menus, and that of what
// stands at the right.
func (*barLayout) measure(o []fyne.CanvasObject) (high, menus, right float32) {
	for _, b := range o[2:] {
		menus += b.MinSize().Width
	}
	return max(o[0].MinSize().Height, o[1].MinSize().Height), menus, o[1].MinSize().Width
}

// MinSize has the height of as many lines as there were last.
func (l *barLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	high, _, right := l.measure(o)
	rows := float32(max(l.rows, 1))
	return fyne.NewSize(120+right, rows*high+(rows-1)*theme.Padding())
}

func (l *barLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	high, menus, right := l.measure(o)
	pad := theme.Padding()
	rows := 1
	if size.Width < searchLeast+menus+right+3*pad {
		rows = 2
	}
	x, y := float32(0), high+pad
	search := size.Width - right - pad
	if rows == 1 {
		search = min(search-menus-pad, searchMost)
		x, y = search+pad, 0
	}
	o[0].Resize(fyne.NewSize(search, high))
	o[0].Move(fyne.Position{})
	o[1].Resize(fyne.NewSize(right, high))
	o[1].Move(fyne.NewPos(size.Width-right, 0))
	for _, b := range o[2:] {
		w := b.MinSize().Width
		least := b.MinSize().Height
		b.Resize(fyne.NewSize(w, least))
		b.Move(fyne.NewPos(x, y+(high-least)/2))
		x += w
	}
	l.rows = rows
}

// flow lays objects in lines from left to right.
type flow struct{ width float32 }

func (f *flow) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(100, f.lay(o, max(f.width, 100), false))
}

func (f *flow) Layout(o []fyne.CanvasObject, size fyne.Size) {
	f.width = size.Width
	f.lay(o, size.Width, true)
}

// lay returns how high the lines are together.
func (f *flow) lay(o []fyne.CanvasObject, width float32, move bool) (high float32) {
	var x, y float32
	pad := theme.Padding()
	for _, each := range o {
		if !each.Visible() {
			continue
		}
		size := each.MinSize()
		if x > 0 && x+size.Width > width {
			x, y = 0, high+pad
		}
		if move {
			each.Resize(size)
			each.Move(fyne.NewPos(x, y))
		}
		x += size.Width + pad
		high = max(high, y+size.Height)
	}
	return high
}
