package activity

import (
	"fmt"
	"image/png"
	"os"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
	"homehook/gui/stage"
)

func snap(t *testing.T, s *stage.Stage, name string) {
	f, err := os.Create("/tmp/activity-" + name + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, s.Window.Canvas().Capture()); err != nil {
		t.Fatal(err)
	}
}

const homes = `relays:
  - {name: mine, url: RELAY, token: relay/test}
claims:
  - {name: github, relay: mine}
  - {name: stripe, relay: mine}
  - {name: doorbell, relay: mine}
routes:
  - {name: deploy the blog, claim: github, match: /deploy, unverified: true, respond: {body: ok}}
  - {name: stripe to the shop, claim: stripe, match: /, unverified: true, respond: {status: 502, body: bad}}
  - {name: notify on the phone, claim: doorbell, match: /ring, unverified: true, respond: {status: 204}}
  - {name: camera, claim: doorbell, match: /camera/, unverified: true, respond: {status: 200, body: "a picture"}}
`

func TestPictures(t *testing.T) {
	if os.Getenv("PICTURES") == "" {
		t.Skip()
	}
	s := stage.New(t, homes)
	lang := os.Getenv("PICTURES")
	s.Speak(lang)
	if os.Getenv("DARK") != "" {
		s.App.Settings().SetTheme(look.NewTheme(look.Dark, 1))
		lang += "-dark"
	}
	sc := newScreen(s.Desk)
	s.Window.SetPadded(false)
	s.Play(sc, part.Place{})
	s.Settle(func() bool { return sc.model.ready })
	s.Settle(func() bool { return sc.state == "empty" })
	s.Connected("doorbell")
	snap(t, s, lang+"-empty")
	gh, st, db := s.Connected("github"), s.Connected("stripe"), s.Connected("doorbell")
	for i := range 24 {
		s.Post(gh+"/deploy", `{"ref":"refs/heads/main"}`, "X-GitHub-Event", "push")
		s.Post(st+"/webhooks/payments/v2/account/acct_1Hh2k3L4m5N6o7P8/events?livemode=true&api_version=2026-01-31.acacia&expand%5B%5D=data.object", `{"id":"evt_1"}`)
		s.Post(db+"/ring?button=front", "")
		s.Post(db+fmt.Sprintf("/camera/front/%d", i), "picture")
		s.Post(db+"/unknown/\u202epath", "x")
	}
	s.Settle(func() bool { return sc.model.total() == 120 })
	end := time.Now().Add(1500 * time.Millisecond)
	s.Settle(func() bool { return time.Now().After(end) })
	snap(t, s, lang+"-1100")
	s.Window.Resize(fyne.NewSize(900, 600))
	snap(t, s, lang+"-900")
	s.Window.Resize(fyne.NewSize(1100, 720))
	test.MoveMouse(s.Window.Canvas(), fyne.NewPos(300, 300))
	sc.list.rows.Choose(3)
	sc.openDetail()
	end = time.Now().Add(700 * time.Millisecond)
	s.Settle(func() bool { return time.Now().After(end) })
	snap(t, s, lang+"-detail")
	s.Window.Resize(fyne.NewSize(820, 600))
	snap(t, s, lang+"-narrow")
	sc.closeDetail()
	s.Window.Resize(fyne.NewSize(1100, 720))
	sc.filters.set(control.Query{Claim: "doorbell", State: control.Succeeded, Search: "ring"}, "")
	end = time.Now().Add(700 * time.Millisecond)
	s.Settle(func() bool { return time.Now().After(end) })
	snap(t, s, lang+"-filtered")
	sc.filters.set(control.Query{Status: 418, Since: time.Now().Add(-time.Hour)}, "")
	end = time.Now().Add(500 * time.Millisecond)
	s.Settle(func() bool { return time.Now().After(end) })
	snap(t, s, lang+"-nothing")
	sc.filters.clear()
	s.Settle(func() bool { return sc.model.total() == 120 })
	test.Scroll(s.Window.Canvas(), fyne.NewPos(300, 300), 0, -333)
	s.Post(gh+"/deploy", `{"ref":"refs/heads/main"}`)
	s.Post(gh+"/deploy", `{"ref":"refs/heads/main"}`)
	s.Settle(func() bool { return sc.model.fresh == 2 })
	s.StopAgent()
	s.Settle(func() bool { return sc.list.dim })
	snap(t, s, lang+"-away")
	s.StartAgent()
	s.Settle(func() bool { return !sc.list.dim })
	test.Tap(sc.filters.menus[2])
	snap(t, s, lang+"-menu")
	s.Window.Canvas().Overlays().Top().Hide()
	s.Window.Canvas().Overlays().Remove(s.Window.Canvas().Overlays().Top())
	s.Window.Resize(fyne.NewSize(900, 600))
	test.Tap(sc.filters.menus[4])
	snap(t, s, lang+"-status")
	s.Window.Canvas().Overlays().Remove(s.Window.Canvas().Overlays().Top())
	sc.filters.askTime()
	snap(t, s, lang+"-ask")
	s.CloseTop()
	s.App.Settings().SetTheme(look.NewTheme(look.Light, 1.5))
	end = time.Now().Add(300 * time.Millisecond)
	s.Settle(func() bool { return time.Now().After(end) })
	s.Window.Resize(fyne.NewSize(901, 600))
	snap(t, s, lang+"-large")
}
