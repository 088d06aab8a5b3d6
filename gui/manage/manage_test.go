package manage_test

import (
	"testing"

	"fyne.io/fyne/v2"

	"homehook/gui/look"
	"homehook/gui/manage"
	"homehook/gui/part"
	"homehook/gui/stage"
)

const household = `relays:
  - {name: mine, url: RELAY, token: relay/test}
claims:
  - {name: garage, relay: mine}
  - {name: front-door, relay: mine, answer: store}
routes:
  - {name: deploy, claim: garage, match: POST /deploy, verify: {scheme: github, secret: github}, respond: {body: ok}}
  - {name: all, claim: front-door, match: /, unverified: true, respond: {body: ok}}
`

func TestPictures(t *testing.T) {
	s := stage.New(t, household)
	s.Connected("garage")
	for _, variant := range []string{look.Light, look.Dark} {
		s.App.Settings().SetTheme(look.NewTheme(variant, 1))
		for name, make := range map[string]func(*part.Desk) part.Screen{
			"claims": manage.NewClaims, "credentials": manage.NewCredentials, "relays": manage.NewRelays,
		} {
			screen := make(s.Desk)
			s.Play(screen, part.Place{})
			s.Settle(func() bool { return stage.Sees(s.Window, "mine") || stage.Sees(s.Window, "github") })
			s.Window.Resize(fyne.NewSize(1000, 640))
			s.Picture(t, "manage-"+name+"-"+variant)
			screen.Hidden()
		}
	}
}
