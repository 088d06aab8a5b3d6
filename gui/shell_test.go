package gui

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"homehook/agent/control"
	"homehook/gui/feed"
	"homehook/gui/look"
	"homehook/gui/part"
	"homehook/gui/stage"
)

const household = `relays:
  - {name: mine, url: RELAY, token: relay/test}
claims:
  - {name: garage, relay: mine}
routes:
  - {name: bad, claim: garage, match: /bad/, unverified: true, forward: {to: "http://127.0.0.1:1/"}}
  - {name: all, claim: garage, match: /, unverified: true, respond: {body: ok}}
`

// page is a screen that remembers what it was told.
type page struct {
	name  string
	heard *[]string
	entry *part.Entry
	deaf  bool // no combination means anything
}

var _ part.Screen = (*page)(nil)

func (p *page) note(what string) { *p.heard = append(*p.heard, p.name+" "+what) }

func (p *page) Content() fyne.CanvasObject { return p.entry }

func (p *page) Shown(at part.Place) {
	what := "shown " + at.Item
	if at.New {
		what += " new"
	}
	p.note(strings.TrimSpace(what))
}
func (p *page) Hidden()                       { p.note("hidden") }
func (p *page) Find() bool                    { p.note("find"); return p.name == part.Activity }
func (p *page) Key(k *fyne.KeyEvent) bool     { p.note("key " + string(k.Name)); return true }
func (p *page) Shortcut(s fyne.Shortcut) bool { p.note(s.ShortcutName()); return !p.deaf }

// pages are entries of screens that only listen.
func pages(heard *[]string) []entry {
	var all []entry
	for _, name := range []string{part.Activity, part.Claims, part.Routes, part.Credentials, part.Relays, part.Settings} {
		all = append(all, entry{name, name, name, func(*part.Desk) part.Screen {
			return &page{name: name, heard: heard, entry: part.NewEntry("")}
		}})
	}
	return all
}

// set is a shell on a stage.
type set struct {
	*stage.Stage
	*shell
	heard  []string
	quits  int
	wizard int
}

func newSet(t *testing.T, s *stage.Stage) *set {
	t.Helper()
	x := &set{Stage: s}
	x.shell = newShell(s.Desk, pages(&x.heard), func(*part.Desk) { x.wizard++ }, "1.2.3", func() { x.quits++ })
	return x
}

// took returns what the screens have heard, and forgets it.
func (x *set) took() []string {
	heard := x.heard
	x.heard = nil
	return heard
}

// press has the window take a combination, as Fyne hands it on.
func (x *set) press(key fyne.KeyName, mods fyne.KeyModifier) {
	x.taken.TypedShortcut(&desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault | mods})
}

func TestNavigation(t *testing.T) {
	x := newSet(t, stage.Empty(t))
	for _, step := range []struct {
		do   func()
		want []string
	}{
		{func() {}, []string{"activity shown"}},
		{func() { x.Show(part.Place{Screen: part.Claims, Item: "garage"}) }, []string{"activity hidden", "claims shown garage"}},
		{func() { x.items[part.Routes].Tapped(nil) }, []string{"claims hidden", "routes shown"}},
		{func() { x.items[part.Routes].TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace}) }, []string{"routes shown"}},
		{func() { x.Show(part.Place{Screen: "nowhere"}) }, nil},
		{func() { x.press(fyne.Key1, 0) }, []string{"routes hidden", "activity shown"}},
		{func() { x.press(fyne.Key6, 0) }, []string{"activity hidden", "settings shown"}},
		{func() { x.press(fyne.Key5, 0) }, []string{"settings hidden", "relays shown"}},
		{func() { x.press(fyne.KeyComma, 0) }, []string{"relays hidden", "settings shown"}},
		{func() { x.press(fyne.KeyN, 0) }, []string{"settings CustomDesktop:Control+N"}},
		{func() { x.screens[part.Settings].(*page).deaf = true; x.press(fyne.KeyN, 0) }, []string{"settings CustomDesktop:Control+N", "settings shown  new"}},
		{func() { x.press(fyne.KeyF, 0) }, []string{"settings find"}},
		{func() { x.press(fyne.KeyR, 0) }, []string{"settings CustomDesktop:Control+R"}},
		{func() { x.press(fyne.KeyReturn, 0) }, []string{"settings CustomDesktop:Control+Return"}},
		{func() { x.press(fyne.KeyDelete, 0) }, []string{"settings CustomDesktop:Control+Delete"}},
		{func() { x.Window.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyJ}) }, []string{"settings key J"}},
	} {
		step.do()
		if got := x.took(); !slices.Equal(got, step.want) {
			t.Errorf("the screens heard %q, want %q", got, step.want)
		}
	}
	if !stage.Sees(x.Window, "There is nothing to search here") {
		t.Error("it is not said that there is nothing to search")
	}
	if chosen := x.items[part.Settings]; !chosen.chosen || x.items[part.Routes].chosen {
		t.Error("the side list does not show where one is")
	}
}

func TestSideListByKeys(t *testing.T) {
	x := newSet(t, stage.Empty(t))
	canvas := x.Window.Canvas()
	type key = fyne.KeyEvent
	canvas.Focus(x.items[part.Activity])
	x.items[part.Activity].TypedKey(&key{Name: fyne.KeyUp})
	x.items[part.Activity].TypedKey(&key{Name: fyne.KeyDown})
	if canvas.Focused() != x.items[part.Claims] {
		t.Fatalf("the focus is at %v", canvas.Focused())
	}
	x.items[part.Claims].TypedKey(&key{Name: fyne.KeyReturn})
	if canvas.Focused() != x.items[part.Claims] || x.current != part.Claims {
		t.Errorf("Enter leads to %s, with the focus at %v", x.current, canvas.Focused())
	}
	x.took()
	x.items[part.Claims].TypedKey(&key{Name: fyne.KeyJ})
	if got := x.took(); !slices.Equal(got, []string{"claims key J"}) {
		t.Errorf("the screens heard %q", got)
	}
}

func TestDialogKeepsKeysFromScreen(t *testing.T) {
	x := newSet(t, stage.Empty(t))
	x.took()
	x.Window.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyF1})
	if !stage.Sees(x.Window, "Homehook 1.2.3") || !stage.Sees(x.Window, "Ctrl + Shift + P") {
		t.Fatal("F1 does not open the help")
	}
	x.press(fyne.Key2, 0)
	x.press(fyne.KeyR, 0)
	x.Window.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyJ})
	if got := x.took(); len(got) != 0 || x.current != part.Activity {
		t.Errorf("behind the dialog the screens heard %q", got)
	}
	x.Window.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if x.Window.Canvas().Overlays().Top() != nil {
		t.Error("Esc does not close the help")
	}
	x.openHelp()
	if !stage.Press(x.Window, "Set up Homehook") || x.wizard != 1 {
		t.Error("the help does not open the wizard")
	}
}

func TestClosing(t *testing.T) {
	x := newSet(t, stage.Empty(t))
	x.press(fyne.KeyQ, 0)
	if x.quits != 1 {
		t.Fatal("Ctrl+Q does not quit")
	}
	x.tray = true
	x.press(fyne.KeyW, 0)
	if x.quits != 1 || x.Window.Canvas().Overlays().Top() != nil {
		t.Fatal("with a tray Ctrl+W does more than hide the window")
	}
	x.tray = false
	x.press(fyne.KeyW, 0)
	if x.quits != 1 || !stage.Sees(x.Window, "AppIndicator") {
		t.Fatal("without a tray the first time is not explained")
	}
	stage.Press(x.Window, "Cancel")
	x.press(fyne.KeyW, 0)
	if x.quits != 2 {
		t.Error("without a tray the second time does not quit")
	}
	if w := x.App.Preferences().Float(keyWidth); w != 1100 {
		t.Errorf("the width remembered is %v", w)
	}
}

func TestPauseByKeys(t *testing.T) {
	x := newSet(t, stage.New(t, household))
	x.Connected("garage")
	x.Settle(func() bool { return x.status.shown.sign.Icon == "connected" })
	if want := " · 1 claim"; !strings.HasSuffix(x.status.shown.text, want) {
		t.Errorf("the status line says %q, want it to end with %q", x.status.shown.text, want)
	}
	x.press(fyne.KeyP, fyne.KeyModifierShift)
	x.Settle(func() bool { return x.status.shown.sign.Icon == "paused" })
	if x.status.shown.text != "until it is resumed" || !stage.Press(x.Window, "Resume") {
		t.Errorf("the status line says %q", x.status.shown.text)
	}
	x.Settle(func() bool { return x.status.shown.sign.Icon == "connected" })
	x.status.Tapped(nil)
	if x.current != part.Claims {
		t.Errorf("a click on the status line leads to %s", x.current)
	}
}

func TestBanner(t *testing.T) {
	x := newSet(t, stage.New(t, household))
	x.Host.State = part.ServiceState{System: "systemd", Installed: true}
	x.Settle(func() bool { return x.status.shown.sign.Icon == "connected" })
	if x.banner.box.Visible() {
		t.Fatal("the banner shows while the agent is there")
	}
	x.StopAgent()
	x.Settle(func() bool { return x.banner.box.Visible() })
	x.Settle(func() bool { return bannerHas(x.banner, "Start the agent") })
	if x.status.shown.word != "Start the agent" || !stage.Sees(x.Window, "What you see is what was known last") {
		t.Errorf("the status line is %+v", x.status.shown)
	}
	x.Host.Err = errors.New("systemd says no")
	stage.Press(x.Window, "Start the agent")
	x.Settle(func() bool { return stage.Sees(x.Window, "systemd says no") })
	x.CloseTop()
	x.StartAgent()
	x.Settle(func() bool { return !x.banner.box.Visible() })
	if y := x.area.Position().Y; y != 0 {
		t.Errorf("the banner is gone and its room of %v is not", y)
	}
}

// Ctrl+S and Ctrl+Enter do what a dialog is for.
func TestDialogEndsByKeys(t *testing.T) {
	x := newSet(t, stage.Empty(t))
	for _, key := range []fyne.KeyName{fyne.KeyS, fyne.KeyReturn} {
		done := false
		x.Confirm("Sure?", "Really?", "Do it", func() { done = true })
		x.press(key, 0)
		x.Settle(func() bool { return done })
	}
}

// A screen that was not in sight when the theme changed is drawn anew.
func TestThemeReachesHiddenScreens(t *testing.T) {
	x := newSet(t, stage.Empty(t))
	x.Show(part.Place{Screen: part.Claims})
	x.App.Settings().SetTheme(look.NewTheme(look.Light, 1))
	told := 0
	x.App.Settings().AddListener(func(fyne.Settings) { told++ })
	x.Show(part.Place{Screen: part.Activity})
	x.Settle(func() bool { return told == 1 })
	x.Show(part.Place{Screen: part.Claims})
	x.Show(part.Place{Screen: part.Activity})
	if told != 1 {
		t.Errorf("a theme that has not changed is applied %d times", told)
	}
}

func bannerHas(b *banner, word string) bool {
	return slices.ContainsFunc(b.buttons.Objects, func(o fyne.CanvasObject) bool {
		p, ok := o.(*part.Push)
		return ok && p.Text == word && !p.Disabled()
	})
}

// Where there is no service yet, both ways to have an agent are offered.
func TestBannerOffers(t *testing.T) {
	for name, c := range map[string]struct {
		state part.ServiceState
		press string
		calls []string
	}{
		"install":            {part.ServiceState{System: "systemd"}, "Install as a service", []string{"install", "start"}},
		"for now":            {part.ServiceState{System: "systemd"}, "Start for now", []string{"run"}},
		"no service manager": {part.ServiceState{}, "Start for now", []string{"run"}},
		"installed":          {part.ServiceState{System: "systemd", Installed: true}, "Start the agent", []string{"start"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := stage.Empty(t)
			s.Host.State = c.state
			x := newSet(t, s)
			x.Settle(func() bool { return bannerHas(x.banner, c.press) })
			for _, o := range x.banner.buttons.Objects {
				if p := o.(*part.Push); p.Text == c.press {
					p.Tapped(nil)
				}
			}
			x.Settle(func() bool { return !x.banner.busy })
			if got := x.Host.Asked(); !slices.Equal(got, c.calls) {
				t.Errorf("the system was asked to %q, want %q", got, c.calls)
			}
		})
	}
}

func TestFirstRun(t *testing.T) {
	x := newSet(t, stage.New(t, ""))
	x.Settle(func() bool { return x.wizard == 1 })
	if x.status.shown.word != "Set up" {
		t.Errorf("the status line is %+v", x.status.shown)
	}
	x.status.Tapped(nil)
	if x.wizard != 2 {
		t.Error("the status line does not open the wizard")
	}
	x = newSet(t, stage.New(t, household))
	x.Settle(func() bool { return x.greeted })
	if x.wizard != 0 {
		t.Error("the wizard opens although there is a relay")
	}
	s := stage.Empty(t)
	s.Host.State.Config = s.Config
	x = newSet(t, s)
	x.Settle(func() bool { return x.wizard == 1 })
}

func TestSay(t *testing.T) {
	x := newSet(t, stage.Empty(t))
	x.Say("Copied")
	if !stage.Sees(x.Window, "Copied") {
		t.Fatal("nothing is said")
	}
	x.Settle(func() bool { return !stage.Sees(x.Window, "Copied") })
}

func TestSummaries(t *testing.T) {
	if got := summarize(&feed.State{Reach: feed.Refused, Err: context.Canceled}, now); got.sign.Icon != "lock" || got.does != nothing {
		t.Errorf("of a stranger's agent: %+v", got)
	}
	if got := summarize(&feed.State{Reach: feed.Away, Err: control.ErrHung}, now); got.sign.Word != "The agent does not answer" || got.does != nothing {
		t.Errorf("of an agent that hangs: %+v", got)
	}
	if got := summarize(&feed.State{Reach: feed.Looking}, now); got.sign.Icon != "connecting" {
		t.Errorf("at first: %+v", got)
	}
}
