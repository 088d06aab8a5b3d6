package activity

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
	"homehook/gui/stage"
)

const household = `relays:
  - {name: mine, url: RELAY, token: relay/test}
claims:
  - {name: garage, relay: mine}
  - {name: shop, relay: mine}
routes:
  - {name: open the door, claim: garage, match: /door, unverified: true, respond: {body: ok}}
  - {name: orders, claim: shop, match: /, unverified: true, respond: {status: 502, body: no}}
`

// play shows the screen on a stage.
func play(t *testing.T, configuration string) (*stage.Stage, *screen) {
	t.Helper()
	s := stage.New(t, configuration)
	s.Window.SetPadded(false)
	sc := newScreen(s.Desk)
	s.Play(sc, part.Place{})
	s.Settle(func() bool { return sc.model.ready })
	return s, sc
}

// line is what a row that is in sight says.
func line(sc *screen, at int) string {
	r := newRow(sc.list)
	r.Resize(fyne.NewSize(1080, 26))
	test.WidgetRenderer(r).Layout(r.Size())
	sc.list.update(r, at)
	var all []string
	for i, text := range r.texts {
		if i != columnTime && i != columnTook && i != columnSign && text.Visible() {
			all = append(all, text.Text)
		}
		if i == columnPath && r.query.Visible() {
			all = append(all, r.query.Text)
		}
	}
	return strings.Join(all, " ")
}

func typed(sc *screen, names ...fyne.KeyName) {
	for _, n := range names {
		sc.Key(&fyne.KeyEvent{Name: n})
	}
}

func TestArrivalsShowAtOnce(t *testing.T) {
	s, sc := play(t, household)
	s.Settle(func() bool { return sc.state == "empty" })
	s.Post(s.Connected("garage")+"/door?who=me&x=%E2%80%AE", "hello")
	s.Settle(func() bool { return sc.model.total() == 1 && sc.model.row(0).State == control.Succeeded })
	s.Settle(func() bool { return sc.filters.count.Text == "1 delivery" })
	if got := line(sc, 0); !strings.HasPrefix(got, "garage POST /door ?who=me&x=%E2%80%AE") || !strings.HasSuffix(got, "open the door 200 5 B") {
		t.Errorf("the row says %q", got)
	}
	if sc.state != "" || sc.filters.live.word.Text != "Live" {
		t.Errorf("shows %q, says %q", sc.state, sc.filters.live.word.Text)
	}
}

func TestFirstSteps(t *testing.T) {
	s, sc := play(t, "")
	s.Settle(func() bool { return sc.state == "unclaimed" })
	s, sc = play(t, household)
	url := s.Connected("garage")
	s.Settle(func() bool { return sc.state == "empty" && sc.firstClaim().URL != "" })
	sc.sendTest("garage")
	s.Settle(func() bool { return sc.model.total() == 1 && sc.state == "" && url != "" })
}

func TestFilters(t *testing.T) {
	s, sc := play(t, household)
	garage, shop := s.Connected("garage"), s.Connected("shop")
	for range 3 {
		s.Post(garage+"/door", "x")
		s.Post(shop+"/order", "x")
	}
	s.Settle(func() bool { return sc.model.total() == 6 })
	sc.filters.set(control.Query{Claim: "shop", Status: 502}, "")
	s.Settle(func() bool { return sc.model.ready && sc.model.total() == 3 })
	if n := len(sc.filters.words.Objects); n != 3 || !sc.filters.words.Visible() {
		t.Errorf("%d words are shown", n)
	}
	s.Post(garage+"/door", "x")
	s.Post(shop+"/order", "x")
	s.Settle(func() bool { return sc.model.total() == 4 })
	if got := line(sc, 0); !strings.HasPrefix(got, "shop") {
		t.Errorf("shows %q", got)
	}
	test.Tap(sc.filters.words.Objects[1].(*tag))
	s.Settle(func() bool { return sc.model.query == control.Query{Claim: "shop"} && sc.model.total() == 4 })
	sc.filters.set(control.Query{Method: "PUT"}, "")
	s.Settle(func() bool { return sc.state == "nothing" })
	sc.filters.clear()
	s.Settle(func() bool { return sc.model.total() == 8 && sc.state == "" })
	if sc.filters.words.Visible() {
		t.Error("words are left")
	}
	sc.Shown(part.Place{Query: &control.Query{State: control.Dead, Limit: 5}, Item: sc.model.row(0).ID})
	s.Settle(func() bool { return sc.model.ready && sc.model.query == control.Query{State: control.Dead} && sc.open })
}

// A search waits for the last letter, finds what is in the body, and what arrives
// after it.
func TestSearch(t *testing.T) {
	s, sc := play(t, household)
	garage := s.Connected("garage")
	for i := range 5 {
		s.Post(garage+"/door", fmt.Sprintf(`{"guest":"visitor%d"}`, i))
	}
	s.Settle(func() bool { return sc.model.total() == 5 })
	test.Type(sc.filters.search, "visitor3")
	if sc.model.query.Search != "" {
		t.Error("each letter is searched for")
	}
	s.Settle(func() bool {
		return sc.model.ready && sc.model.query.Search == "visitor3" && sc.model.total() == 1 && !sc.model.more()
	})
	s.Settle(func() bool { return sc.filters.count.Text == "1 found" })
	s.Post(garage+"/door", `{"guest":"visitor3"}`)
	s.Post(garage+"/door", `{"guest":"another"}`)
	s.Settle(func() bool { return sc.model.total() == 2 })
	sc.filters.search.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	s.Settle(func() bool { return sc.model.ready && sc.model.total() == 7 })
}

// Rows in sight and the one chosen stay as others arrive above, until a person goes
// back to the newest.
func TestRowsStay(t *testing.T) {
	s, sc := play(t, household)
	garage := s.Connected("garage")
	for i := range 60 {
		s.Post(fmt.Sprintf("%s/door?n=%d", garage, i), "")
	}
	s.Settle(func() bool { return sc.model.total() == 60 })
	sc.list.rows.Choose(45)
	top, chosen := line(sc, sc.list.rows.Top()), sc.id
	for range 7 {
		s.Post(garage+"/door?new", "")
	}
	s.Settle(func() bool { return sc.filters.live.jump.Text == "7 new" })
	if got := line(sc, sc.list.rows.Top()); got != top {
		t.Errorf("the row at the top says %q, was %q", got, top)
	}
	if at := sc.list.rows.Selected(); at != 52 || sc.model.row(at).ID != chosen {
		t.Errorf("row %d is chosen", at)
	}
	test.Tap(sc.filters.live.jump)
	if !sc.list.rows.AtTop() || sc.filters.live.jump.Visible() || sc.model.row(sc.model.chosen).ID != chosen {
		t.Error("it does not stand at the newest")
	}
}

func TestKeys(t *testing.T) {
	s, sc := play(t, household)
	garage := s.Connected("garage")
	for range 3 {
		s.Post(garage+"/door", "")
	}
	s.Settle(func() bool { return sc.model.total() == 3 })
	typed(sc, fyne.KeyDown, fyne.KeyJ)
	if sc.model.chosen != 1 || sc.open || sc.id != sc.model.row(1).ID {
		t.Errorf("row %d is chosen, open %t", sc.model.chosen, sc.open)
	}
	typed(sc, fyne.KeyReturn)
	if !sc.open || !sc.side.Visible() || !sc.middle.Visible() {
		t.Error("Enter does not open it beside the list")
	}
	typed(sc, fyne.KeyEnd, fyne.KeyR)
	s.Settle(func() bool { return s.Window.Canvas().Overlays().Top() != nil }) // what has succeeded is not tried again
	s.CloseTop()
	typed(sc, fyne.KeyEscape)
	if sc.open || sc.side.Visible() || sc.model.chosen != 2 {
		t.Error("Esc does not close it")
	}
	if !sc.Find() || s.Window.Canvas().Focused() != sc.filters.search {
		t.Error("the search has no focus")
	}
	sc.filters.search.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if s.Window.Canvas().Focused() != sc.list.rows {
		t.Error("the list has no focus")
	}
}

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
	at := time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
	for i, d := range []control.Delivery{
		{Claim: "github", State: control.Succeeded, Method: "POST", Path: "/deploy", Route: "deploy the blog", Status: 200, DurationMS: 812, Size: 7321},
		{Claim: "stripe", State: control.Dead, Method: "POST", Path: "/events", Query: "live=true", Route: "stripe to the shop", Status: 502, DurationMS: 30, Size: 1400},
		{Claim: "doorbell", State: control.Running, Method: "GET", Path: "/ring/\x1b[31m", Route: "notify", Size: 0},
		{Claim: "doorbell", State: control.Rejected, Method: "PUT", Path: "/wp-login.php", Status: 404, DurationMS: 0.2, Size: 12},
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
