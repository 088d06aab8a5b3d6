package manage_test

import (
	"testing"

	"fyne.io/fyne/v2/test"

	"homehook/gui/manage"
	"homehook/gui/part"
	"homehook/gui/stage"
)

// Markup of what has no address and no time in it. A change is looked at in a
// picture first; then the file in testdata/failed is the new one.
func TestGolden(t *testing.T) {
	nothing := stage.New(t, "")
	for name, c := range map[string]struct {
		screen part.Screen
		sees   string
	}{
		"claims-none": {manage.NewClaims(nothing.Desk), "No claims yet"},
		"relays-none": {manage.NewRelays(nothing.Desk), "No relay yet"},
	} {
		nothing.Play(c.screen, part.Place{})
		sees(nothing, c.sees)
		test.AssertRendersToMarkup(t, name+".xml", nothing.Window.Canvas())
		c.screen.Hidden()
	}
	s := stage.New(t, household)
	for name, c := range map[string]struct {
		screen part.Screen
		push   string
	}{
		"claim-form":      {manage.NewClaims(s.Desk), "New claim"},
		"credential-form": {manage.NewCredentials(s.Desk), "New credential"},
		"relay-form":      {manage.NewRelays(s.Desk), "New relay"},
	} {
		s.Play(c.screen, part.Place{})
		push(s, c.push)
		s.Window.Canvas().Unfocus() // no cursor that blinks
		test.AssertObjectRendersToMarkup(t, name+".xml", s.Window.Canvas().Overlays().Top())
		s.CloseTop()
		c.screen.Hidden()
	}
}
