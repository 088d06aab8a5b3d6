package gui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"fyne.io/fyne/v2"

	"homehook/agent/control"
	"homehook/gui/feed"
	"homehook/gui/look"
	"homehook/gui/part"
	"homehook/gui/wizard"
)

// Options are what the app is started with.
type Options struct {
	// NewApp makes Fyne's app. It is called once, and only if the window is this
	// process's to show.
	NewApp func() fyne.App
	// Socket is where the agent listens, Instance where this app does, for a second
	// start of the same user.
	Socket, Instance string
	Host             part.Host
	Version          string
	// Tray has the window stay closed where a tray can open it.
	Tray bool
	// Places is a file in which tests find what the window shows; empty for none.
	Places string
	// Frames is a file in which developers find how long the window was busy, with a
	// profile beside it; empty for none.
	Frames string
}

// Run shows the app until it is quit. If the user has one already, that one's window
// is shown and Run returns at once.
func Run(o Options) error {
	door, err := enter(o.Instance, o.Tray)
	switch {
	case errors.Is(err, errSecond):
		return nil
	case errors.Is(err, errStuck):
		return err
	case err != nil:
		fmt.Fprintln(os.Stderr, "homehook: a second start will not find this window:", err)
	}
	withoutBus()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	app := o.NewApp()
	if err := look.Speak(app.Preferences().String(part.PreferLanguage)); err != nil {
		return fmt.Errorf("read the words of the app: %w", err)
	}
	crew := feed.NewCrew(ctx, fyne.Do)
	client := control.NewClient(o.Socket)
	defer client.Close()
	r := &running{
		Options: o, app: app, crew: crew, feed: feed.New(client, crew), door: door,
		session: newSession(ctx, app), alone: err,
	}
	if o.Frames != "" {
		run, done, err := measureFrames(o.Frames, crew.Do)
		if err != nil {
			return err
		}
		r.beside.Go(func() { run(ctx) })
		defer func() { _ = done() }()
	}
	r.build()
	app.Lifecycle().SetOnStarted(func() { r.begin(ctx) })
	app.Lifecycle().SetOnStopped(stop) // from here on nobody may touch the window
	app.Run()
	stop()
	if door != nil {
		_ = door.Close() // ends its goroutine
	}
	r.beside.Wait()
	crew.Wait()
	return nil
}

// running is the app while it runs.
type running struct {
	Options
	app     fyne.App
	crew    *feed.Crew
	feed    *feed.Feed
	door    *door
	alone   error // why a second start will not find this one
	session session
	shell   *shell
	theme   look.Theme // that is shown
	beside  sync.WaitGroup
}

// build makes the window and all around it.
func (r *running) build() {
	r.follow()
	r.app.Preferences().AddChangeListener(func() { r.crew.Do(r.follow) })
	w := r.app.NewWindow("Homehook")
	w.SetIcon(appIcon())
	desk := &part.Desk{App: r.app, Window: w, Crew: r.crew, Feed: r.feed, Host: r.Host}
	r.shell = newShell(desk, entries(), wizard.Open, r.Version, r.quit)
	p := r.app.Preferences()
	w.Resize(fyne.NewSize(float32(p.FloatWithFallback(keyWidth, 1100)), float32(p.FloatWithFallback(keyHeight, 720))))
	w.SetMaster()
	w.SetCloseIntercept(r.shell.close)
	newNotices(desk, r.notify)
	if on, ok := r.app.(trayer); ok && r.session.Icon() {
		newTray(r.shell, on)
	}
	if r.Places != "" {
		newPlaces(r.shell, r.Places)
	}
}

// quit remembers the window and ends the app. The agent goes on.
func (r *running) quit() {
	r.shell.remember()
	r.shell.ended = true
	r.app.Quit()
}

// notify shows a notification beside the user interface.
func (r *running) notify(n notice) {
	r.crew.Go(func(ctx context.Context) func() {
		r.session.Show(ctx, n, func(n notice) {
			r.crew.Do(func() {
				r.shell.open()
				r.shell.show(n.at)
			})
		}, func(link string) { r.crew.Do(func() { r.shell.openLink(link) }) })
		return nil
	})
}

// trayPace is the time between two looks whether the desktop has a tray.
const trayPace = 5 * time.Second

// begin starts what runs beside the window, and shows it.
func (r *running) begin(ctx context.Context) {
	r.session.Watch(r.feed.Shows)
	r.beside.Go(func() { r.feed.Run(ctx) })
	if r.door != nil {
		r.beside.Go(func() { r.door.serve(func() { r.crew.Do(r.shell.open) }) })
	}
	if !r.Tray {
		r.shell.open()
	}
	if r.alone != nil {
		r.shell.desk.Tell(look.T("A second start will not find this window"), r.alone)
	}
	r.crew.Go(func(ctx context.Context) func() {
		seen := r.session.Tray(ctx, r.Tray)
		return func() {
			if r.Tray && !seen {
				r.shell.open()
			}
			r.watch(seen)
		}
	})
}

// watch keeps in mind whether the tray can open the window again: panels come and go.
func (r *running) watch(seen bool) {
	r.shell.tray = seen
	r.crew.After(trayPace, func() {
		r.crew.Go(func(ctx context.Context) func() {
			seen := r.session.Tray(ctx, false)
			return func() { r.watch(seen) }
		})
	})
}

// follow applies what a person prefers.
func (r *running) follow() {
	p := r.app.Preferences()
	theme := *look.NewTheme(p.String(part.PreferTheme), float32(p.Float(part.PreferScale)))
	if r.theme != theme {
		r.theme = theme
		r.app.Settings().SetTheme(&theme)
	}
}
