package routing

import (
	"testing"

	"fyne.io/fyne/v2/test"

	"homehook/gui/look"
	"homehook/gui/part"
)

// The main states look as they did.
func TestLooks(t *testing.T) {
	p := begin(t, home)
	p.Pictures(t, "list")
	test.AssertRendersToMarkup(t, "list.xml", p.Window.Canvas())
	p.Speak("de")
	other := New(p.Desk).(*screen)
	p.Play(other, part.Place{Item: "bell"})
	p.Settle(func() bool { return other.editor.sheet != nil })
	if got := other.editor.note.Text; got != look.T("Nothing has changed.") || got != "Nichts geändert." {
		t.Errorf("in German it says %q", got)
	}
	p.Window.Canvas().Unfocus()
	p.Pictures(t, "editor-de")
	test.AssertRendersToMarkup(t, "editor-de.xml", p.Window.Canvas())
}
