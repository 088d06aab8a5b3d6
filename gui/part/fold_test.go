package part_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/part"
)

// A fold opens and closes by keys, which go to its head.
func TestFold(t *testing.T) {
	test.NewTempApp(t)
	told := 0
	f := part.NewFold("More", widget.NewLabel("inside"))
	f.OnChanged = func(bool) { told++ }
	w := test.NewTempWindow(t, f)
	w.Canvas().FocusNext()
	for i, key := range []fyne.KeyName{fyne.KeyReturn, fyne.KeySpace, fyne.KeyEnter} {
		w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: key})
		if want := i%2 == 0; f.Open() != want {
			t.Errorf("after %s it is open: %t, want %t", key, f.Open(), want)
		}
	}
	if told != 3 {
		t.Errorf("it told of %d changes, want 3", told)
	}
}
