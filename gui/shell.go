package gui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/feed"
	"homehook/gui/look"
	"homehook/gui/part"
)

// shell is the window around the screens.
type shell struct {
	desk    *part.Desk
	version string
	quit    func()

	entries []entry
	wizard  func(*part.Desk)
	items   map[string]*sideItem
	screens map[string]part.Screen // those that were shown
	current string
	dressed map[string]dress // of the screens, when they were last in sight
	area    *fyne.Container  // where the current screen is
	status  *statusLine
	banner  *banner
	toast   *toast
	taken   fyne.ShortcutHandler // the shortcuts
	greeted bool                 // it was decided whether the wizard opens by itself
	onTick  []func()             // called when the state of the agent has changed
	ended   bool                 // the app is about to be gone
	tray    bool                 // an icon in the tray can open the window again
}

// newShell builds the window's content. The desk gets the functions that lead to it.
func newShell(d *part.Desk, all []entry, wizard func(*part.Desk), version string, quit func()) *shell {
	s := &shell{
		desk: d, version: version, quit: quit, entries: all, wizard: wizard,
		items: map[string]*sideItem{}, screens: map[string]part.Screen{}, dressed: map[string]dress{},
		area: container.NewStack(), toast: newToast(d.Crew), banner: newBanner(d),
	}
	s.status = newStatusLine(s.act, s.pauses)
	d.Show, d.Say, d.Wizard = s.show, s.toast.say, s.openWizard
	d.Window.SetPadded(false)
	d.Window.SetContent(s.layOut())
	s.keys()
	d.Feed.OnState(s.follow)
	s.follow()
	if len(all) > 0 {
		s.show(part.Place{Screen: all[0].name})
	}
	return s
}

func (s *shell) layOut() fyne.CanvasObject {
	var upper, lower []*sideItem
	for _, e := range s.entries {
		i := newSideItem(e.icon, e.title, func() { s.show(part.Place{Screen: e.name}) })
		s.items[e.name] = i
		if e.name == part.Settings {
			lower = append(lower, i)
		} else {
			upper = append(upper, i)
		}
	}
	lower = append(lower, newSideItem("help", look.T("Help"), s.openHelp))
	linkSide(s.desk.Window.Canvas(), append(upper, lower...), s.typed)
	screen := container.NewBorder(s.banner.box, nil, nil, nil, s.area)
	s.banner.sized = func() { screen.Layout.Layout(screen.Objects, screen.Size()) }
	side := container.NewBorder(nil, nil, nil, widget.NewSeparator(), sideList(upper, lower))
	return container.New(&frame{side: side, foot: s.status}, side, s.status, container.NewStack(screen, s.toast.layer))
}

// show goes to a place.
func (s *shell) show(at part.Place) {
	screen, ok := s.screen(at.Screen)
	if !ok {
		return
	}
	if s.current != at.Screen {
		if old := s.screens[s.current]; old != nil {
			old.Hidden()
		}
		if s.current != "" {
			s.items[s.current].choose(false)
			s.dressed[s.current] = s.dress()
		}
		s.current = at.Screen
		s.items[s.current].choose(true)
		if _, side := s.desk.Window.Canvas().Focused().(*sideItem); !side {
			s.desk.Window.Canvas().Unfocus()
		}
		s.area.Objects = []fyne.CanvasObject{screen.Content()}
		s.area.Refresh()
		s.redress()
	}
	screen.Shown(at)
}

// screen is one by its name, made when it is first asked for.
func (s *shell) screen(name string) (part.Screen, bool) {
	if screen, ok := s.screens[name]; ok {
		return screen, true
	}
	for _, e := range s.entries {
		if e.name == name {
			s.screens[name] = e.open(s.desk)
			return s.screens[name], true
		}
	}
	return nil, false
}

// follow shows the state of the agent as it is now.
func (s *shell) follow() {
	state := s.desk.Feed.State()
	s.status.set(summarize(state, time.Now()))
	s.banner.follow()
	s.greet(state)
	for _, each := range s.onTick {
		each()
	}
}

// act does what the status line offers.
func (s *shell) act(is summary) {
	switch is.does {
	case goThere:
		s.show(is.at)
	case resume:
		s.resume()
	case begin:
		s.openWizard()
	case start:
		s.banner.start()
	}
}

// pause keeps deliveries from being run for a time, 0 for until it is ended.
func (s *shell) pause(d time.Duration) {
	part.Do(s.desk, func(ctx context.Context) (*control.Pause, error) { return s.desk.Client().Pause(ctx, d) },
		s.paused(look.T("Paused")))
}

func (s *shell) resume() {
	part.Do(s.desk, s.desk.Client().Resume, s.paused(look.T("Resumed")))
}

func (s *shell) paused(said string) func(*control.Pause, error) {
	return func(_ *control.Pause, err error) {
		if err != nil {
			s.desk.Tell(look.T("This did not work"), err)
			return
		}
		s.desk.Say(said)
	}
}

// open brings the window to the front.
func (s *shell) open() {
	s.desk.Window.Show()
	s.desk.Window.RequestFocus()
}

// Keys of what the window remembers.
const (
	keyWidth  = "window.width"
	keyHeight = "window.height"
	keyClosed = "window.closed" // a person knows what closing it does
)

// close hides the window where the tray can open it again, and else ends the app,
// the first time with a word about that.
func (s *shell) close() {
	s.remember()
	if s.tray {
		s.desk.Window.Hide()
		return
	}
	p := s.desk.App.Preferences()
	if p.Bool(keyClosed) {
		s.quit()
		return
	}
	p.SetBool(keyClosed, true)
	text := look.T("The agent goes on without this window. Start Homehook again to see it. There is no tray on this desktop that shows its icon; GNOME needs the extension AppIndicator for that.")
	s.desk.Sheet(part.SheetOptions{
		Title: look.T("Close Homehook"), Content: part.Wrapped(text), Word: look.T("Quit"), Offline: true, Done: s.quit,
		Prepare: func() (func(context.Context) error, error) {
			return func(context.Context) error { return nil }, nil
		},
	})
}

// remember keeps the size of the window for the next start.
func (s *shell) remember() {
	size, p := s.desk.Window.Canvas().Size(), s.desk.App.Preferences()
	if size.Width >= leastWidth && size.Height >= leastHeight {
		p.SetFloat(keyWidth, float64(size.Width))
		p.SetFloat(keyHeight, float64(size.Height))
	}
}

// openWizard opens the wizard of the first run.
func (s *shell) openWizard() {
	if s.wizard != nil {
		s.open()
		s.wizard(s.desk)
	}
}

// greet opens the wizard once, where nothing was set up yet.
func (s *shell) greet(state *feed.State) {
	if s.greeted || s.wizard == nil {
		return
	}
	switch {
	case state.Live() && state.Status != nil:
		s.greeted = true
		if state.Status.State == control.StateIdle && len(state.Status.Relays) == 0 && state.Status.ConfigError == "" {
			s.openWizard()
		}
	case state.Reach == feed.Away:
		s.greeted = true
		part.Do(s.desk, s.unused, func(unused bool, _ error) {
			if unused && !s.desk.Feed.State().Live() {
				s.openWizard()
			}
		})
	}
}

// unused says whether there is neither a service nor a configuration.
func (s *shell) unused(ctx context.Context) (bool, error) {
	service, err := s.desk.Host.Service(ctx)
	if err != nil {
		return false, err
	}
	return !service.Installed && missing(service.Config), nil
}
