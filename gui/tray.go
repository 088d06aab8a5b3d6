package gui

import (
	"context"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"homehook/agent/control"
	"homehook/gui/feed"
	"homehook/gui/look"
	"homehook/gui/part"
)

const (
	// mostRecent are the deliveries in the tray's menu.
	mostRecent = 5
	// trayRest is the least time between two menus because of deliveries: each is told
	// to the desktop item by item, and nobody reads ten a second.
	trayRest = time.Second
)

// trayer shows an icon with a menu; Fyne's desktop driver is one.
type trayer interface {
	SetSystemTrayMenu(menu *fyne.Menu)
	SetSystemTrayIcon(icon fyne.Resource)
	SetSystemTrayWindow(window fyne.Window)
}

// tray keeps the icon and its menu as the agent is.
type tray struct {
	shell  *shell
	on     trayer
	shown  trayState
	drawn  bool
	recent []control.Delivery // newest first
	waits  bool               // a menu with them is to come
	last   time.Time          // when the last one came
}

// trayState is all that icon and menu show.
type trayState struct {
	State, Line  string
	Live, Paused bool
	Claims       []control.Claim // that have a URL; only names and URLs are kept
	Recent       []string
	IDs          []string
}

// newTray shows the icon, and keeps it as long as the app runs.
func newTray(s *shell, on trayer) *tray {
	t := &tray{shell: s, on: on}
	on.SetSystemTrayIcon(trayIcon(control.StateIdle))
	on.SetSystemTrayWindow(s.desk.Window)
	s.desk.Window.SetCloseIntercept(s.close) // the tray's own way hides it everywhere
	s.onTick = append(s.onTick, t.follow)
	s.desk.Feed.OnChanges(t.changed)
	t.follow()
	return t
}

// changed notes deliveries, to have the newest in the menu.
func (t *tray) changed(c feed.Changes) {
	if c.Anew {
		part.Do(t.shell.desk, func(ctx context.Context) ([]control.Delivery, error) {
			page, _, err := t.shell.desk.Client().Deliveries(ctx, control.Query{Limit: mostRecent})
			return page, err
		}, func(page []control.Delivery, err error) {
			if err == nil {
				t.recent = page
				t.soon()
			}
		})
		return
	}
	t.recent = newest(t.recent, c.Deliveries)
	t.soon()
}

// soon has the menu follow, after a rest.
func (t *tray) soon() {
	if t.waits {
		return
	}
	t.waits = true
	t.shell.desk.Crew.After(max(trayRest-time.Since(t.last), 0), func() {
		t.waits, t.last = false, time.Now()
		t.follow()
	})
}

// newest puts what has changed among the newest, in a list of its own.
func newest(known, changed []control.Delivery) []control.Delivery {
	all := slices.Clone(known)
	for _, d := range changed {
		if i := slices.IndexFunc(all, func(o control.Delivery) bool { return o.ID == d.ID }); i >= 0 {
			all[i] = d
		} else {
			all = append(all, d)
		}
	}
	slices.SortStableFunc(all, func(a, b control.Delivery) int { return b.Received.Compare(a.Received) })
	return all[:min(len(all), mostRecent)]
}

// follow shows what is so now, if that is not what is shown: a menu that is built
// anew closes under the pointer.
func (t *tray) follow() {
	now := trayStateOf(t.shell.desk.Feed.State(), t.recent, time.Now())
	if t.drawn && reflect.DeepEqual(now, t.shown) {
		return
	}
	if !t.drawn || now.State != t.shown.State {
		t.on.SetSystemTrayIcon(trayIcon(now.State))
	}
	t.shown, t.drawn = now, true
	t.on.SetSystemTrayMenu(t.menu(&now))
}

// trayStateOf is what the tray shows of a state of the agent.
func trayStateOf(s *feed.State, recent []control.Delivery, now time.Time) trayState {
	is := summarize(s, now)
	t := trayState{State: away, Line: part.Cut(is.line(), 60), Live: s.Live()}
	if s.Live() && s.Status != nil {
		t.State, t.Paused = s.Status.State, s.Status.Paused
		for _, c := range s.Status.Claims {
			if c.URL != "" {
				t.Claims = append(t.Claims, control.Claim{Name: c.Name, URL: c.URL})
			}
		}
	}
	for i := range recent {
		d := &recent[i]
		t.Recent = append(t.Recent, part.Visible(d.Method+" "+part.Cut(d.Path, 40))+" · "+look.DeliverySign(d.State).Word)
		t.IDs = append(t.IDs, d.ID)
	}
	return t
}

// menu is the tray's menu for a state.
func (t *tray) menu(now *trayState) *fyne.Menu {
	s := t.shell
	status := fyne.NewMenuItem(labelled(now.Line), nil)
	status.Disabled = true
	quit := fyne.NewMenuItem(look.T("Quit (the agent goes on)"), s.quit)
	quit.IsQuit = true
	return fyne.NewMenu("Homehook",
		status, fyne.NewMenuItemSeparator(),
		t.pauseItem(now), t.claimsItem(now), t.recentItem(now), fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem(look.T("Open Homehook"), s.open),
		fyne.NewMenuItem(look.T("Settings"), func() { t.visit(part.Place{Screen: part.Settings}) }),
		fyne.NewMenuItemSeparator(), quit,
	)
}

// visit opens the window at a place.
func (t *tray) visit(at part.Place) {
	t.shell.open()
	t.shell.show(at)
}

// pauseItem pauses, or ends a pause.
func (t *tray) pauseItem(now *trayState) *fyne.MenuItem {
	s := t.shell
	if now.Paused {
		item := fyne.NewMenuItem(look.T("Resume"), s.resume)
		item.Disabled = !now.Live
		return item
	}
	item := fyne.NewMenuItem(look.T("Pause"), nil)
	item.ChildMenu = fyne.NewMenu("", s.pauses()...)
	for _, i := range item.ChildMenu.Items {
		i.Disabled = !now.Live
	}
	return item
}

// pauses are the times to choose from.
func (s *shell) pauses() []*fyne.MenuItem {
	return []*fyne.MenuItem{
		fyne.NewMenuItem(look.T("For an hour"), func() { s.pause(time.Hour) }),
		fyne.NewMenuItem(look.T("Until tomorrow"), func() { s.pause(untilTomorrow(time.Now())) }),
		fyne.NewMenuItem(look.T("Until I resume"), func() { s.pause(0) }),
	}
}

// untilTomorrow is the time until seven in the next morning.
func untilTomorrow(now time.Time) time.Duration {
	const morning = 7
	y, m, d := now.Date()
	if now.Hour() >= morning {
		d++
	}
	return time.Date(y, m, d, morning, 0, 0, 0, now.Location()).Sub(now)
}

// claimsItem copies the URL of a claim.
func (t *tray) claimsItem(now *trayState) *fyne.MenuItem {
	item := fyne.NewMenuItem(look.T("Copy URL"), nil)
	item.ChildMenu = fyne.NewMenu("")
	for _, c := range now.Claims {
		item.ChildMenu.Items = append(item.ChildMenu.Items, fyne.NewMenuItem(labelled(part.Visible(c.Name)), func() {
			t.shell.desk.Copy(c.URL, look.T("Copied"))
		}))
	}
	return orNone(item, look.T("No claim has a URL yet"))
}

// recentItem opens one of the newest deliveries.
func (t *tray) recentItem(now *trayState) *fyne.MenuItem {
	item := fyne.NewMenuItem(look.T("Recent"), nil)
	item.ChildMenu = fyne.NewMenu("")
	for i, text := range now.Recent {
		item.ChildMenu.Items = append(item.ChildMenu.Items, fyne.NewMenuItem(labelled(text), func() {
			t.visit(part.Place{Screen: part.Activity, Item: now.IDs[i]})
		}))
	}
	return orNone(item, look.T("Nothing has arrived yet"))
}

// labelled is text as a label of the tray's menu, where one sign marks the key of an
// item and has to be doubled to be seen.
func labelled(text string) string {
	switch runtime.GOOS {
	case "darwin":
		return text
	case "windows":
		return strings.ReplaceAll(text, "&", "&&")
	}
	return strings.ReplaceAll(text, "_", "__")
}

// orNone says so in a submenu that has nothing.
func orNone(item *fyne.MenuItem, none string) *fyne.MenuItem {
	if len(item.ChildMenu.Items) == 0 {
		empty := fyne.NewMenuItem(none, nil)
		empty.Disabled = true
		item.ChildMenu.Items = []*fyne.MenuItem{empty}
	}
	return item
}
