package part

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"homehook/gui/look"
)

// shelf is a list whose rows say where they are.
func shelf(t testing.TB, n int) (*Rows, fyne.Window) {
	app := test.NewTempApp(t)
	app.Settings().SetTheme(look.NewTheme(look.Light, 1))
	r := NewRows()
	r.Length = func() int { return n }
	r.Height = func() float32 { return 20 }
	r.Create = func() fyne.CanvasObject { return canvas.NewText("", nil) }
	r.Update = func(o fyne.CanvasObject, at int) { o.(*canvas.Text).TextSize = float32(at%1000) + 1 }
	w := app.NewWindow("")
	t.Cleanup(w.Close)
	w.SetPadded(false)
	w.SetContent(r)
	w.Resize(fyne.NewSize(300, 210))
	return r, w
}

func key(r *Rows, names ...fyne.KeyName) {
	for _, n := range names {
		r.TypedKey(&fyne.KeyEvent{Name: n})
	}
}

// In a list of thirty million pixels every row can be reached, and each pixel of the
// wheel counts.
func TestRowsFarDown(t *testing.T) {
	const n = 1_500_000
	r, _ := shelf(t, n)
	key(r, fyne.KeyEnd)
	if from, to := r.InSight(); r.Selected() != n-1 || to != n || from != n-11 {
		t.Errorf("end: %d chosen, %d to %d in sight", r.Selected(), from, to)
	}
	r.toFraction(0.9)
	at, within := r.first, r.within
	r.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.Delta{DY: -1}})
	if r.first != at || r.within-within != 1 {
		t.Errorf("a pixel moved from %d+%v to %d+%v", at, within, r.first, r.within)
	}
	r.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.Delta{DY: 1e9}})
	if !r.AtTop() {
		t.Errorf("stands at %d", r.Top())
	}
	for _, f := range []float64{0, 0.123, 0.5, 0.999, 1} {
		r.toFraction(f)
		if got := r.fraction(); got < f-1e-6 || got > f+1e-6 {
			t.Errorf("went to %v, stands at %v", f, got)
		}
	}
}

func TestRowsKeys(t *testing.T) {
	r, _ := shelf(t, 100)
	opened := -1
	r.Opened = func(at int) { opened = at }
	for _, step := range []struct {
		key  fyne.KeyName
		want int
	}{
		{fyne.KeyDown, 0},
		{fyne.KeyDown, 1},
		{fyne.KeyJ, 2},
		{fyne.KeyK, 1},
		{fyne.KeyUp, 0},
		{fyne.KeyUp, 0},
		{fyne.KeyPageDown, 9},
		{fyne.KeyPageDown, 18},
		{fyne.KeyPageUp, 9},
		{fyne.KeyEnd, 99},
		{fyne.KeyDown, 99},
		{fyne.KeyHome, 0},
	} {
		key(r, step.key)
		from, to := r.InSight()
		if r.Selected() != step.want || step.want < from || step.want >= to {
			t.Fatalf("%s: row %d is chosen, want %d (%d to %d in sight)", step.key, r.Selected(), step.want, from, to)
		}
	}
	if key(r, fyne.KeyReturn); opened != 0 {
		t.Errorf("opened %d", opened)
	}
	if r.Key(&fyne.KeyEvent{Name: fyne.KeyF5}) {
		t.Error("takes a key that means nothing to it")
	}
}

// A row keeps its place in sight as others come above it.
func TestRowsPlace(t *testing.T) {
	n := 100
	r, _ := shelf(t, 0)
	r.Length = func() int { return n }
	r.Refresh()
	r.scroll(50*20 + 7)
	r.Choose(52)
	n += 13
	r.Place(63, 65)
	if r.Top() != 63 || r.within != 7 || r.Selected() != 65 {
		t.Errorf("stands at %d+%v, %d chosen", r.Top(), r.within, r.Selected())
	}
	n = 20
	r.Place(63, -1)
	if from, to := r.InSight(); to != 20 || from != 9 {
		t.Errorf("%d to %d in sight of 20", from, to)
	}
	n = 3
	r.Place(9, -1)
	if !r.AtTop() {
		t.Errorf("stands at %d where all is in sight", r.Top())
	}
}

func TestRowsPointer(t *testing.T) {
	r, w := shelf(t, 1000)
	test.TapCanvas(w.Canvas(), fyne.NewPos(20, 45))
	if r.Selected() != 2 || w.Canvas().Focused() != r {
		t.Errorf("row %d is chosen", r.Selected())
	}
	r.MouseIn(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(20, 65)}})
	if y := r.painter.hover.Position().Y; y != 60 || !r.painter.hover.Visible() {
		t.Errorf("the mark is at %v", y)
	}
	r.scroll(30)
	if y := r.painter.hover.Position().Y; y != 50 {
		t.Errorf("the mark is at %v after scrolling", y)
	}
	r.ToTop()
	r.MouseOut()
	if r.painter.hover.Visible() {
		t.Error("a row is still marked")
	}
	room := r.bar.Size().Height - r.bar.length()
	r.bar.Dragged(&fyne.DragEvent{Dragged: fyne.Delta{DY: room / 2}})
	r.bar.DragEnd()
	if r.Top() < 490 || r.Top() > 500 {
		t.Errorf("dragged to %d", r.Top())
	}
	r.bar.Tapped(&fyne.PointEvent{Position: fyne.NewPos(5, r.bar.Size().Height)})
	if _, to := r.InSight(); to != 1000 {
		t.Errorf("%d rows are above the end", 1000-to)
	}
}

// Scrolling by one row shows one row anew.
func TestRowsAreKept(t *testing.T) {
	r, _ := shelf(t, 1000)
	var shown []int
	r.Update = func(_ fyne.CanvasObject, at int) { shown = append(shown, at) }
	r.Refresh()
	if len(shown) != 12 {
		t.Errorf("%d rows are shown, want 12", len(shown))
	}
	shown = nil
	r.scroll(20)
	if len(shown) != 1 || shown[0] != 12 {
		t.Errorf("rows %v were shown anew", shown)
	}
}
