package gui

import (
	"context"
	"errors"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/feed"
	"homehook/gui/look"
	"homehook/gui/part"
)

// blink is how long an agent may be gone before the window speaks of it: one that is
// restarted is back by then.
const blink = 1500 * time.Millisecond

// banner tells across the screen that the agent is away, and helps to get it back.
type banner struct {
	desk    *part.Desk
	box     *fyne.Container
	title   *widget.RichText
	text    *widget.Label
	buttons *fyne.Container
	busy    bool
	sized   func() // called when it has come or gone
	shown   feed.Reach
	hung    bool // an agent runs that does not answer
	lived   bool // the agent answered since the app was started
}

func newBanner(d *part.Desk) *banner {
	b := &banner{desk: d, title: part.Title(""), text: part.Wrapped(""), buttons: container.NewHBox(), sized: func() {}}
	icon := widget.NewIcon(look.IconIn("problem", theme.ColorNameError))
	words := container.New(layout.NewCustomPaddedVBoxLayout(-theme.Padding()), b.title, b.text)
	row := container.NewBorder(nil, nil,
		container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(26), icon)), container.NewCenter(b.buttons), words)
	room := theme.InnerPadding()
	b.box = container.New(layout.NewCustomPaddedLayout(room, 0, room, room), part.Card(row))
	b.box.Hide()
	return b
}

// follow shows or hides it as the state of the agent is now.
func (b *banner) follow() {
	s := b.desk.Feed.State()
	switch {
	case s.Live():
		b.lived, b.busy = true, false
		b.set(feed.Live)
	case s.Reach == feed.Away && b.lived && time.Since(s.Since) < blink:
		b.desk.Crew.After(blink, b.follow)
	default:
		b.set(s.Reach)
	}
}

func (b *banner) set(reach feed.Reach) {
	hung := reach == feed.Away && hangs(b.desk.Feed.State())
	if b.shown == reach && b.hung == hung {
		return
	}
	b.shown, b.hung = reach, hung
	switch reach {
	case feed.Away:
		if hung {
			b.say(look.T("The agent does not answer"), b.why())
		} else {
			b.say(look.T("The agent is not running"), b.missed())
		}
		b.buttons.Objects = []fyne.CanvasObject{b.again()}
		part.Do(b.desk, b.desk.Host.Service, b.offer)
	case feed.Refused:
		b.say(look.T("The agent here is another user's"), b.why())
		b.buttons.Objects = []fyne.CanvasObject{b.again()}
	default:
		b.box.Hide()
		b.sized()
		return
	}
	b.buttons.Refresh()
	b.box.Show()
	b.sized()
}

// hangs says whether an agent runs that does not answer: another one cannot start
// beside it.
func hangs(s *feed.State) bool { return errors.Is(s.Err, control.ErrHung) }

// missed is what it means that there is no agent.
func (b *banner) missed() string {
	text := look.T("Nothing is delivered until it is back.")
	if b.desk.Feed.State().Status != nil {
		text += " " + look.T("What you see is what was known last.")
	}
	return text
}

func (b *banner) why() string {
	if err := b.desk.Feed.State().Err; err != nil {
		return part.Visible(err.Error())
	}
	return ""
}

func (b *banner) say(title, text string) {
	b.title.Segments[0].(*widget.TextSegment).Text = title
	b.title.Refresh()
	b.text.SetText(text)
}

func (b *banner) again() fyne.CanvasObject {
	return part.Button(look.T("Try again"), "retry", b.desk.Feed.Look)
}

// offer adds what this system can do about it.
func (b *banner) offer(s part.ServiceState, err error) {
	if b.shown != feed.Away || b.busy {
		return
	}
	host := b.desk.Host
	now := part.Button(look.T("Start for now"), "play", func() { b.do(host.StartAgent) })
	install := part.Primary(look.T("Install as a service"), "home", func() {
		b.do(func(ctx context.Context) error {
			if err := host.InstallService(ctx); err != nil {
				return err
			}
			return host.StartService(ctx)
		})
	})
	switch {
	case b.hung && err == nil && s.Installed:
		b.buttons.Objects = []fyne.CanvasObject{b.again(), part.Primary(look.T("Restart the agent"), "retry", func() { b.do(host.RestartService) })}
	case b.hung:
	case err != nil || s.System == "":
		now.Importance = widget.HighImportance
		b.buttons.Objects = []fyne.CanvasObject{b.again(), now}
	case s.Installed:
		b.buttons.Objects = []fyne.CanvasObject{b.again(), part.Primary(look.T("Start the agent"), "play", b.start)}
	default:
		b.buttons.Objects = []fyne.CanvasObject{b.again(), now, install}
	}
	b.buttons.Refresh()
}

// start starts the service where there is one, and else an agent for this session.
func (b *banner) start() {
	b.do(func(ctx context.Context) error {
		s, err := b.desk.Host.Service(ctx)
		if err == nil && s.Installed {
			return b.desk.Host.StartService(ctx)
		}
		return b.desk.Host.StartAgent(ctx)
	})
}

// do starts the agent in one of the ways there are.
func (b *banner) do(how func(context.Context) error) {
	if b.busy {
		return
	}
	b.busy = true
	b.text.SetText(look.T("Starting the agent…"))
	for _, o := range b.buttons.Objects {
		if button, ok := o.(fyne.Disableable); ok {
			button.Disable()
		}
	}
	ask := func(ctx context.Context) (struct{}, error) { return struct{}{}, how(ctx) }
	part.Do(b.desk, ask, func(_ struct{}, err error) {
		b.busy, b.shown = false, feed.Looking
		b.desk.Feed.Look()
		b.follow()
		if err != nil {
			b.desk.Tell(look.T("The agent was not started"), err)
		}
	})
}
