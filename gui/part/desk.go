package part

import (
	"context"

	"fyne.io/fyne/v2"

	"homehook/agent/control"
	"homehook/gui/feed"
)

// Names of the screens, in the order of the side list.
const (
	Activity    = "activity"
	Claims      = "claims"
	Routes      = "routes"
	Credentials = "credentials"
	Relays      = "relays"
	Settings    = "settings"
)

// Place is somewhere in the window to go to: a screen and what is to be seen
// there. A field that is empty leaves that as it is.
type Place struct {
	Screen string
	// Item is the id of a delivery, or the name of a claim, route, credential or
	// relay.
	Item string
	// New has the screen begin a new item, a route also from the delivery Item.
	New bool
	// Query is what Activity is to list.
	Query *control.Query
	// Section is that of Settings: "general", "notifications", "history",
	// "service", "doctor".
	Section string
}

// Screen is what the window shows beside its side list. All methods are called on
// the goroutine of the user interface.
type Screen interface {
	// Content is what is shown; always the same object.
	Content() fyne.CanvasObject
	// Shown says that it comes to the front, to show place, and Hidden that it
	// does no more: what costs anything ends until it is shown again.
	Shown(place Place)
	Hidden()
	// Find puts the focus on what searches this screen; false where nothing does.
	Find() bool
	// Key takes a key that nothing with the focus has taken; false if it means
	// nothing here.
	Key(*fyne.KeyEvent) bool
	// Shortcut takes a combination with Ctrl or Cmd; false if it means nothing here.
	Shortcut(fyne.Shortcut) bool
}

// Host is what the desktop app can do on this system besides asking the agent.
// Its methods may wait, and so are called beside the user interface.
type Host interface {
	// Service is the agent's service of the user, installed or not.
	Service(ctx context.Context) (ServiceState, error)
	InstallService(ctx context.Context) error
	StartService(ctx context.Context) error
	StopService(ctx context.Context) error
	RestartService(ctx context.Context) error
	UninstallService(ctx context.Context) error
	// StartAgent starts an agent that ends with the session, where no service can
	// be had.
	StartAgent(ctx context.Context) error
	// Autostart says whether this app starts when the user signs in, in the tray;
	// SetAutostart has it so or not.
	Autostart() (bool, error)
	SetAutostart(on bool) error
}

// ServiceState is what a person is told of the service.
type ServiceState struct {
	System    string // that runs it, such as "systemd"; empty where none can
	Installed bool
	Enabled   bool   // it starts by itself
	State     string // "running", "starting", "stopped" or "failed"
	Program   string
	Config    string
	Log       string // how its log is read
	Notes     []ServiceNote
}

// ServiceNote is one thing worth knowing of it, and what to do about it.
type ServiceNote struct{ Text, Remedy string }

// Desk is what a screen has of the window around it. It belongs to the goroutine
// of the user interface, but for Crew and Feed, which say for themselves.
type Desk struct {
	App    fyne.App
	Window fyne.Window
	Crew   *feed.Crew
	Feed   *feed.Feed
	Host   Host
	// Show goes to a place.
	Show func(Place)
	// Say shows a few words for a moment, such as "Copied".
	Say func(text string)
	// Wizard opens the wizard of the first run.
	Wizard func()

	sheets []*Sheet // that are open, the topmost last
}

// Client asks the agent. Its calls wait, so they are for functions of [Do].
func (d *Desk) Client() *control.Client { return d.Feed.Client }

// Do asks for something beside the user interface and then shows the outcome on
// its goroutine.
func Do[T any](d *Desk, ask func(ctx context.Context) (T, error), then func(T, error)) {
	d.Crew.Go(func(ctx context.Context) func() {
		out, err := ask(ctx)
		return func() { then(out, err) }
	})
}

// Copy puts text on the clipboard and says so.
func (d *Desk) Copy(text, said string) {
	d.App.Clipboard().SetContent(text)
	d.Say(said)
}
