package settings_test

import (
	"testing"

	"fyne.io/fyne/v2/test"

	"homehook/gui/part"
	"homehook/gui/settings"
	"homehook/gui/stage"
)

// Markup of what has no path in it. A change is looked at in a picture first; then
// the file in testdata/failed is the new one.
func TestGolden(t *testing.T) {
	s := stage.New(t, household)
	s.Host.State = part.ServiceState{System: "systemd"}
	screen := settings.New(s.Desk)
	for section, sees := range map[string]string{"general": "Start in the tray", "notifications": "What routes notify me of", "history": "12d", "service": "Install and start"} {
		s.Play(screen, part.Place{Section: section})
		s.Settle(func() bool { return stage.Sees(s.Window, sees) })
		test.AssertRendersToMarkup(t, section+".xml", s.Window.Canvas())
	}
}
