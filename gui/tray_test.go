package gui

import (
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"homehook/agent/control"
	"homehook/gui/stage"
)

// panel is a tray that keeps what it is given.
type panel struct {
	menus []*fyne.Menu
	icons []string
}

func (p *panel) SetSystemTrayMenu(m *fyne.Menu)       { p.menus = append(p.menus, m) }
func (p *panel) SetSystemTrayIcon(icon fyne.Resource) { p.icons = append(p.icons, icon.Name()) }
func (p *panel) SetSystemTrayWindow(w fyne.Window)    { w.SetCloseIntercept(w.Hide) }

func (p *panel) menu() *fyne.Menu { return p.menus[len(p.menus)-1] }

// labels are those of a menu, with its lines as "-".
func labels(m *fyne.Menu) (all []string) {
	for _, i := range m.Items {
		if i.IsSeparator {
			all = append(all, "-")
		} else {
			all = append(all, i.Label)
		}
	}
	return all
}

func item(t *testing.T, m *fyne.Menu, label string) *fyne.MenuItem {
	t.Helper()
	for _, i := range m.Items {
		if i.Label == label {
			return i
		}
	}
	t.Fatalf("the menu has no %q but %q", label, labels(m))
	return nil
}

func TestTray(t *testing.T) {
	x := newSet(t, stage.New(t, household))
	p := &panel{}
	newTray(x.shell, p)
	x.Connected("garage")
	x.Settle(func() bool { return p.icons[len(p.icons)-1] == "homehook-connected.svg" })
	x.Settle(func() bool { return len(item(t, p.menu(), "Copy URL").ChildMenu.Items) == 1 })
	want := []string{x.status.shown.line(), "-", "Pause", "Copy URL", "Recent", "-", "Open Homehook", "Settings", "-", "Quit (the agent goes on)"}
	if got := labels(p.menu()); !slices.Equal(got, want) {
		t.Errorf("the menu has %q, want %q", got, want)
	}
	if !p.menu().Items[0].Disabled || !item(t, p.menu(), "Quit (the agent goes on)").IsQuit {
		t.Error("the first item can be clicked, or the last one is not known to quit")
	}

	item(t, item(t, p.menu(), "Copy URL").ChildMenu, "garage").Action()
	if got := x.App.Clipboard().Content(); got != x.Connected("garage")+"/" {
		t.Errorf("the clipboard has %q", got)
	}

	x.Post(x.Connected("garage")+"/one", "body")
	x.Settle(func() bool {
		return item(t, p.menu(), "Recent").ChildMenu.Items[0].Label == "POST /one · Succeeded"
	})
	x.took()
	item(t, p.menu(), "Recent").ChildMenu.Items[0].Action()
	if got := x.took(); len(got) != 1 || got[0] == "activity shown" {
		t.Errorf("the screens heard %q, want the delivery", got)
	}
	item(t, p.menu(), "Settings").Action()
	item(t, p.menu(), "Quit (the agent goes on)").Action()
	if x.quits != 1 || x.current != "settings" {
		t.Errorf("quit %d times, at %s", x.quits, x.current)
	}
}

func TestTrayPauses(t *testing.T) {
	x := newSet(t, stage.New(t, household))
	p := &panel{}
	newTray(x.shell, p)
	x.Connected("garage")
	x.Settle(func() bool { return p.icons[len(p.icons)-1] == "homehook-connected.svg" })
	pause := item(t, p.menu(), "Pause").ChildMenu
	if got := labels(pause); !slices.Equal(got, []string{"For an hour", "Until tomorrow", "Until I resume"}) {
		t.Fatalf("one may pause %q", got)
	}
	pause.Items[0].Action()
	x.Settle(func() bool { return p.icons[len(p.icons)-1] == "homehook-paused.svg" })
	if left := time.Until(x.Feed.State().Status.PausedUntil); left < 59*time.Minute || left > time.Hour {
		t.Errorf("the pause lasts %s", left)
	}
	item(t, p.menu(), "Resume").Action()
	x.Settle(func() bool { return p.icons[len(p.icons)-1] == "homehook-connected.svg" })

	x.Settle(func() bool {
		known := x.Feed.State()
		x.follow()
		built := len(p.menus)
		x.follow()
		return x.Feed.State() == known && len(p.menus) == built // built for nothing it never is
	})
	x.StopAgent()
	x.Settle(func() bool { return p.icons[len(p.icons)-1] == "homehook-away.svg" })
	if !item(t, p.menu(), "Pause").ChildMenu.Items[0].Disabled {
		t.Error("an agent that is away can be paused")
	}
}

func TestUntilTomorrow(t *testing.T) {
	for at, want := range map[string]time.Duration{"06:00": time.Hour, "07:00": 24 * time.Hour, "23:30": 7*time.Hour + 30*time.Minute} {
		clock, err := time.ParseInLocation("2006-01-02 15:04", "2026-05-04 "+at, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		if got := untilTomorrow(clock); got != want {
			t.Errorf("at %s until tomorrow is %s, want %s", at, got, want)
		}
	}
}

func TestNewest(t *testing.T) {
	at := func(id string, s int) control.Delivery {
		return control.Delivery{ID: id, Received: now.Add(time.Duration(s) * time.Second)}
	}
	list := newest(nil, []control.Delivery{at("a", 1), at("b", 2), at("c", 3)})
	changed := at("a", 1)
	changed.State = control.Dead
	list = newest(list, []control.Delivery{changed, at("d", 4), at("e", 5), at("f", 6)})
	ids := ""
	for _, d := range list {
		ids += d.ID
	}
	if ids != "fedcb" {
		t.Errorf("the newest are %s", ids)
	}
	if list = newest(list[2:], []control.Delivery{changed}); list[len(list)-1].State != control.Dead {
		t.Error("a delivery that has changed is shown as before")
	}
}

// Each state has a mark of its own, which Fyne can draw.
func TestTrayIcons(t *testing.T) {
	seen := map[string]bool{}
	for state := range marks {
		text := string(trayIcon(state).Content())
		if seen[text] || len(text) < 500 {
			t.Errorf("the icon of %s is that of another state, or none", state)
		}
		seen[text] = true
	}
	for _, state := range []string{control.StateConnected, control.StateConnecting, control.StatePaused, control.StateProblem, control.StateIdle, away} {
		if marks[state] == "" {
			t.Errorf("the state %s has no mark", state)
		}
	}
}
