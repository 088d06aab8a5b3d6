package gui

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"fyne.io/fyne/v2"

	"homehook/gui/stage"
)

func TestPlaces(t *testing.T) {
	x := newSet(t, stage.Empty(t))
	path := filepath.Join(t.TempDir(), "places.json")
	p := newPlaces(x.shell, path)
	p.walk = func(_ fyne.Canvas, each func(fyne.CanvasObject, fyne.Position)) {
		stage.Each(x.Window, func(o fyne.CanvasObject) bool {
			each(o, x.App.Driver().AbsolutePositionForObject(o))
			return true
		})
	}
	find := func(kind, text string) bool {
		file, err := os.ReadFile(path)
		var all []spot
		return err == nil && json.Unmarshal(file, &all) == nil && slices.ContainsFunc(all, func(s spot) bool {
			return s.Kind == kind && s.Text == text && s.W > 0 && s.H > 0 && s.Screen == x.current
		})
	}
	x.Settle(func() bool { return find("side", "claims") && find("entry", "") && find("text", "Homehook") })
	x.openHelp()
	x.Settle(func() bool { return find("button", "Close") })
	x.CloseTop()
	x.Settle(func() bool { return !find("button", "Close") })
}
