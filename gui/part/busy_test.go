package part

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"homehook/gui/look"
)

// A bar that is taken out of the window stands still, and moves when it is back.
func TestBusyBarMovesInSight(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(look.NewTheme(look.Light, 1))
	b := newBusyBar()
	p := test.WidgetRenderer(b).(*busyPainter)
	if p.moving {
		t.Error("moves before it is painted")
	}
	b.Resize(fyne.NewSize(100, 12))
	p.Objects()
	for _, at := range []float32{0.5, 1} {
		if p.tick(at); !p.moving || int(p.part.Position().X) != int(at*70) {
			t.Errorf("at %v: moving %t, stands at %v", at, p.moving, p.part.Position())
		}
	}
	p.painted = time.Now().Add(-2 * busyUnseen)
	if p.tick(0.2); p.moving || int(p.part.Position().X) != 70 {
		t.Errorf("not painted: moving %t, stands at %v", p.moving, p.part.Position())
	}
	if p.Objects(); !p.moving {
		t.Error("stands still in sight")
	}
}
