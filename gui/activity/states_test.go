package activity

import (
	"fmt"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
	"homehook/gui/stage"
)

// Where there is no room for both, the detail takes the place of the list.
func TestNarrow(t *testing.T) {
	s, sc := play(t, household)
	s.Post(s.Connected("garage")+"/door", "")
	s.Settle(func() bool { return sc.model.total() == 1 })
	s.Window.Resize(fyne.NewSize(700, 600))
	sc.list.rows.Choose(0)
	sc.openDetail()
	if !sc.narrow || sc.middle.Visible() || !sc.back.Visible() {
		t.Error("the list is still there")
	}
	s.Window.Resize(fyne.NewSize(1100, 720))
	if sc.narrow || !sc.middle.Visible() || sc.back.Visible() {
		t.Error("the list is not beside the detail")
	}
	s.Window.Resize(fyne.NewSize(700, 600))
	sc.closeDetail()
	if !sc.middle.Visible() || sc.side.Visible() {
		t.Error("the list has not come back")
	}
}

// What was shown stays while the agent is away, and what happened meanwhile shows
// when it is back.
func TestAgentEnds(t *testing.T) {
	s, sc := play(t, household)
	s.Post(s.Connected("garage")+"/door", "")
	s.Settle(func() bool { return sc.model.total() == 1 })
	s.StopAgent()
	s.Settle(func() bool { return sc.list.dim && sc.filters.live.word.Text == "Not connected" })
	if sc.state != "" || sc.model.total() != 1 {
		t.Errorf("shows %q and %d rows", sc.state, sc.model.total())
	}
	s.StartAgent()
	s.Settle(func() bool { return !sc.list.dim })
	s.Post(s.Connected("garage")+"/door", "")
	s.Settle(func() bool { return sc.model.total() == 2 })
}

// A screen that is hidden follows nothing, and catches up when it is shown again.
func TestHidden(t *testing.T) {
	s, sc := play(t, household)
	garage := s.Connected("garage")
	sc.Hidden()
	for range 3 {
		s.Post(garage+"/door", "")
	}
	if sc.model.total() != 0 {
		t.Errorf("%d rows were added", sc.model.total())
	}
	sc.Shown(part.Place{})
	s.Settle(func() bool { return sc.model.total() == 3 })
}

// The delivery that is shown catches up, too, and what was being searched for is.
func TestHiddenWithADetail(t *testing.T) {
	s, sc := play(t, household+"  - {name: fails, claim: garage, match: /fail, unverified: true, script: {command: [/bin/sh, -c, exit 3]}}\n")
	s.Post(s.Connected("garage")+"/fail", "")
	s.Settle(func() bool { return sc.model.total() == 1 && sc.model.row(0).State == control.Dead })
	id := sc.model.row(0).ID
	sc.Shown(part.Place{Item: id})
	s.Settle(func() bool { return stage.Sees(s.Window, "Attempts") })
	sc.filters.search.SetText("fail")
	sc.Hidden()
	if _, err := s.Client().Retry(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	s.Settle(func() bool {
		r, err := s.Client().Delivery(t.Context(), id)
		return err == nil && len(r.Log) == 2
	})
	sc.Shown(part.Place{})
	s.Settle(func() bool { return stage.Sees(s.Window, "Attempts (2)") && sc.model.query.Search == "fail" })
}

func TestHistoryOff(t *testing.T) {
	s, sc := play(t, household+"history: {off: true}\n")
	s.Settle(func() bool { return sc.notice.Visible() })
	if s.Connected("garage") == "" {
		t.Error("no URL")
	}
}

func TestGerman(t *testing.T) {
	s := stage.New(t, household)
	s.Speak("de")
	sc := newScreen(s.Desk)
	s.Play(sc, part.Place{})
	s.Post(s.Connected("garage")+"/door", "")
	s.Settle(func() bool { return sc.filters.count.Text == "1 Zustellung" })
	if got := sc.list.titles[columnTook].Text; got != "Dauer" {
		t.Errorf("a column is called %q", got)
	}
	if got := grouped(1234567); got != "1.234.567" {
		t.Errorf("counts %q", got)
	}
}

// example are rows that look the same on each day.
func example(sc *screen) {
	at := time.Date(2024, 2, 3, 12, 5, 6, 0, time.Local)
	for i, d := range []control.Delivery{
		{Claim: "github", State: control.Succeeded, Method: "POST", Path: "/deploy", Route: "deploy the blog", Status: 200, DurationMS: 812, Size: 7321},
		{Claim: "stripe", State: control.Dead, Method: "POST", Path: "/events", Query: "live=true", Route: "stripe to the shop", Status: 502, DurationMS: 30, Size: 1400},
		{Claim: "doorbell", State: control.Running, Method: "GET", Path: "/ring/\x1b[31m", Route: "notify", Size: 0},
		{Claim: "doorbell", State: control.Rejected, Method: "PUT", Path: "/wp-login.php", Status: 404, DurationMS: 0.2, Size: 12},
		{Claim: "github", State: control.Succeeded, Method: "POST", Path: "/deploy", Query: "x=1", Route: "deploy the blog", Status: 200, DurationMS: 12, Size: 7321, ReplayOf: "0"},
		{Claim: "github", State: control.Rejected, Method: "POST", Path: "/deploy", Route: "deploy", Status: 401, DurationMS: 1, Size: 7},
	} {
		d.ID, d.Received = fmt.Sprint(i), at.Add(-time.Duration(i)*time.Hour)
		sc.model.head = append(sc.model.head, &d)
	}
	sc.model.ready, sc.model.chosen, sc.id = true, 1, "1"
}

func TestMarkup(t *testing.T) {
	for _, name := range []string{"rows", "dark", "filtered", "nothing"} {
		t.Run(name, func(t *testing.T) {
			s := stage.New(t, household)
			s.Window.SetPadded(false)
			s.Window.Resize(fyne.NewSize(1000, 400))
			if name == "dark" {
				s.App.Settings().SetTheme(look.NewTheme(look.Dark, 1))
			}
			sc := newScreen(s.Desk)
			s.Window.SetContent(sc.Content())
			sc.model.ready = true
			if name != "nothing" {
				example(sc)
			}
			if name == "filtered" || name == "nothing" {
				q := control.Query{Claim: "doorbell", Status: 404, Search: "login"}
				sc.model.query = q
				sc.filters.show(q, "")
			}
			sc.sync()
			test.AssertRendersToMarkup(t, name+".xml", s.Window.Canvas())
		})
	}
}

// A change of the theme reaches what is shown already: after it, the window is as if
// it had been opened with that theme.
func TestThemeChanges(t *testing.T) {
	shown := func(from *look.Theme) string {
		s := stage.New(t, household)
		s.Window.SetPadded(false)
		s.Window.Resize(fyne.NewSize(1000, 400))
		test.ApplyTheme(t, from)
		sc := newScreen(s.Desk)
		s.Window.SetContent(sc.Content())
		example(sc)
		sc.sync()
		test.ApplyTheme(t, look.NewTheme(look.Dark, 1.05))
		return test.RenderToMarkup(s.Window.Canvas())
	}
	changed, opened := shown(look.NewTheme(look.Light, 1.03)), shown(look.NewTheme(look.Dark, 1.05))
	if changed != opened {
		t.Errorf("after the change it is\n%s\nand not\n%s", changed, opened)
	}
}
