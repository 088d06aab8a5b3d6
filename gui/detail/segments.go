package detail

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/part"
)

// segment is one of several views of the same thing.
type segment struct {
	word string
	make func() fyne.CanvasObject // called when it is looked at for the first time
}

// segments are buttons in a row, of which one is chosen, over what it stands for.
type segments struct {
	all     []segment
	made    []fyne.CanvasObject
	buttons []*part.Push
	stack   *fyne.Container
	content fyne.CanvasObject
	chosen  int
}

// newSegments shows the segment with a number. Where there is only one, it has no
// button.
func newSegments(first int, all ...segment) *segments {
	s := &segments{all: all, made: make([]fyne.CanvasObject, len(all)), stack: container.NewStack(), chosen: -1}
	row := container.NewHBox()
	for i := range all {
		b := part.Quiet(all[i].word, "", func() { s.choose(i) })
		s.buttons = append(s.buttons, b)
		row.Add(b)
	}
	s.content = s.stack
	if len(all) > 1 {
		s.content = container.NewBorder(container.NewVBox(row, widget.NewSeparator()), nil, nil, nil, s.stack)
	}
	s.choose(min(first, len(all)-1))
	return s
}

func (s *segments) choose(i int) {
	if i == s.chosen || i < 0 {
		return
	}
	s.chosen = i
	for at, b := range s.buttons {
		b.Importance = widget.LowImportance
		if at == i {
			b.Importance = widget.MediumImportance
		}
		b.Refresh()
	}
	if s.made[i] == nil {
		s.made[i] = s.all[i].make()
	}
	s.stack.Objects = []fyne.CanvasObject{s.made[i]}
	s.stack.Refresh()
}
