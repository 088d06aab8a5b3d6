package routing

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/part"
)

// wide is the width from which both sides of a twin have room beside each other.
const wide = 700

// twin shows two things side by side or, where that is too narrow, one of them below
// two words that choose it.
type twin struct {
	box    *fyne.Container
	words  *fyne.Container
	tabs   [2]*part.Push
	sides  [2]fyne.CanvasObject
	chosen int
	both   bool
}

func newTwin(left string, l fyne.CanvasObject, right string, r fyne.CanvasObject) *twin {
	t := &twin{sides: [2]fyne.CanvasObject{l, r}}
	t.tabs = [2]*part.Push{part.Quiet(left, "", func() { t.choose(0) }), part.Quiet(right, "", func() { t.choose(1) })}
	t.words = container.NewHBox(t.tabs[0], t.tabs[1])
	t.box = container.New(t, t.words, l, r)
	t.show()
	return t
}

// choose shows one of the two where there is no room for both.
func (t *twin) choose(side int) {
	t.chosen = side
	t.show()
	t.box.Refresh()
}

func (t *twin) show() {
	t.words.Hidden = t.both
	for i, tab := range t.tabs {
		tab.Importance = widget.LowImportance
		if i == t.chosen {
			tab.Importance = widget.MediumImportance
		}
		tab.Refresh()
		if t.both || i == t.chosen {
			t.sides[i].Show()
		} else {
			t.sides[i].Hide()
		}
	}
}

// MinSize leaves room for one of them.
func (t *twin) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(320, 160) }

// Layout shows both if there is room.
func (t *twin) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	if both := size.Width >= wide; both != t.both {
		t.both = both
		t.show()
	}
	if t.both {
		half := (size.Width - theme.Padding()) / 2
		for i, o := range t.sides {
			o.Move(fyne.NewPos(float32(i)*(half+theme.Padding()), 0))
			o.Resize(fyne.NewSize(half, size.Height))
		}
		return
	}
	top := t.words.MinSize().Height
	t.words.Move(fyne.NewPos(0, 0))
	t.words.Resize(fyne.NewSize(size.Width, top))
	for _, o := range t.sides {
		o.Move(fyne.NewPos(0, top))
		o.Resize(fyne.NewSize(size.Width, size.Height-top))
	}
}

// beside is how a list and what is open of it stand: both if there is room, else
// only what is open.
type beside struct{ open func() bool }

// listWidth is that of the list beside the editor.
const listWidth = 420

func (b *beside) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(480, 320) }

func (b *beside) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	list, editor := objects[0], objects[1]
	room := size.Width-listWidth >= wide
	shown(editor, b.open())
	shown(list, !b.open() || room)
	at := float32(0)
	if list.Visible() {
		w := size.Width
		if b.open() {
			w = listWidth
			at = listWidth + theme.Padding()
		}
		list.Move(fyne.NewPos(0, 0))
		list.Resize(fyne.NewSize(w, size.Height))
	}
	editor.Move(fyne.NewPos(at, 0))
	editor.Resize(fyne.NewSize(size.Width-at, size.Height))
}
