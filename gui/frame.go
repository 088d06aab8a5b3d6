package gui

import "fyne.io/fyne/v2"

// frame lays out the window without a gap: what lies at the foot from side to side,
// above it what lies at the left, and the rest. It wants leastWidth by leastHeight.
type frame struct{ side, foot fyne.CanvasObject }

// Least size of the window.
const (
	leastWidth  = 860
	leastHeight = 560
)

func (f *frame) MinSize(objects []fyne.CanvasObject) fyne.Size {
	side, foot := f.side.MinSize(), f.foot.MinSize()
	size := fyne.NewSize(leastWidth, leastHeight)
	for _, o := range objects {
		if o != f.side && o != f.foot {
			size = size.Max(o.MinSize().AddWidthHeight(side.Width, foot.Height))
		}
	}
	return size.Max(fyne.NewSize(foot.Width, side.Height+foot.Height))
}

func (f *frame) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	side, foot := f.side.MinSize().Width, f.foot.MinSize().Height
	height := size.Height - foot
	for _, o := range objects {
		switch o {
		case f.side:
			o.Move(fyne.NewPos(0, 0))
			o.Resize(fyne.NewSize(side, height))
		case f.foot:
			o.Move(fyne.NewPos(0, height))
			o.Resize(fyne.NewSize(size.Width, foot))
		default:
			o.Move(fyne.NewPos(side, 0))
			o.Resize(fyne.NewSize(size.Width-side, height))
		}
	}
}
