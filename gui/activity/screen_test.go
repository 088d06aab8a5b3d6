package activity

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"homehook/agent/control"
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

// A menu of the bar opens, is chosen from and closes with keys alone.
func TestMenuByKeys(t *testing.T) {
	s, sc := play(t, household)
	s.Settle(func() bool { return len(sc.filters.routes) == 2 && len(s.Feed.State().Status.Claims) == 2 })
	c := s.Window.Canvas()
	for _, step := range []struct {
		menu int
		keys []fyne.KeyName
		want control.Query
	}{
		{0, []fyne.KeyName{fyne.KeyDown, fyne.KeyDown, fyne.KeyReturn}, control.Query{Claim: "garage"}},
		{0, []fyne.KeyName{fyne.KeyDown, fyne.KeyReturn}, control.Query{}},
		{1, []fyne.KeyName{fyne.KeyDown, fyne.KeyDown, fyne.KeyDown, fyne.KeyReturn}, control.Query{Route: "orders"}},
		{1, []fyne.KeyName{fyne.KeyDown, fyne.KeyEscape}, control.Query{Route: "orders"}},
	} {
		c.Focus(sc.filters.menus[step.menu])
		sc.filters.menus[step.menu].TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
		for _, name := range step.keys {
			c.Focused().TypedKey(&fyne.KeyEvent{Name: name})
		}
		if sc.filters.query != step.want || c.Overlays().Top() != nil {
			t.Fatalf("menu %d with %v: %+v is chosen, still open %t", step.menu, step.keys, sc.filters.query, c.Overlays().Top() != nil)
		}
	}
	if c.Focused() != sc.filters.menus[1] {
		t.Errorf("the focus went to %T", c.Focused())
	}
}

// What a person writes of a time or a status is understood or refused with a reason.
func TestAsked(t *testing.T) {
	s, sc := play(t, household)
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.Local)
	for text, want := range map[string]string{
		"2026-01-31 08:00": "2026-01-31T08:00:00", "2026-01-31": "2026-01-31T00:00:00", " 9:30": "2026-05-04T09:30:00", "": "0001-01-01T00:00:00", "soon": "no",
	} {
		got := "no"
		if at, ok := moment(text, now); ok {
			got = at.Format("2006-01-02T15:04:05")
		}
		if got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
	sc.filters.askStatus()
	entry := s.Window.Canvas().Focused().(*part.Entry)
	entry.SetText("99")
	entry.OnSubmitted("")
	if sc.filters.query.Status != 0 || s.Window.Canvas().Overlays().Top() == nil {
		t.Error("99 is taken for a status")
	}
	entry.SetText("418")
	entry.OnSubmitted("")
	s.Settle(func() bool { return sc.model.query.Status == 418 })
}

// What there is no room for in columns of its own stands behind the path, and a replay
// is told from a webhook.
func TestRowsOfANarrowList(t *testing.T) {
	s := stage.New(t, household)
	sc := newScreen(s.Desk)
	s.Window.SetContent(sc.Content())
	example(sc)
	for _, tt := range []struct {
		name   string
		width  float32
		at     int
		text   string
		replay bool
	}{
		{"wide", 1080, 0, "/deploy", false},
		{"narrow", 500, 0, "/deploy   github · deploy", false},
		{"with a query", 500, 1, "/events?live=true   str", false},
		{"no route", 500, 3, "/wp-login.php   doorbell", false},
		{"a replay", 1080, 4, "/deploy?x=1", true},
		{"a narrow replay", 500, 4, "/deploy?x=1   github", true},
		{"refused", 600, 5, "/deploy   refused: deploy", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sc.list.grid = layColumns(tt.width, sc.list.widths)
			r := newRow(sc.list)
			r.Resize(fyne.NewSize(tt.width, 26))
			sc.list.update(r, tt.at)
			got := r.texts[columnPath].Text
			if r.query.Visible() {
				got += r.query.Text
			}
			if !strings.HasPrefix(got, tt.text) || tt.text == "/deploy" && got != tt.text {
				t.Errorf("%q, want %q", got, tt.text)
			}
			if r.again.Visible() != tt.replay {
				t.Errorf("the sign of a replay: %v", r.again.Visible())
			}
			if end := r.query.Position().X + textWidth(r.query.Text, fyne.TextStyle{}); r.query.Visible() && end > sc.list.grid[columnPath].x+sc.list.grid[columnPath].width+1 {
				t.Error("it is written beyond its column")
			}
		})
	}
}
