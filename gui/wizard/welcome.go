package wizard

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

// startWait is how long an agent may take until it answers.
const startWait = 30 * time.Second

// welcome is the first step: what runs here, in which language, and that it runs.
type welcome struct {
	*wizard
	about *fyne.Container
	// starting says that an agent was started and is waited for, giveUp ends that.
	starting bool
	giveUp   func()
	page     *step
}

func newWelcome(w *wizard) *welcome { return &welcome{wizard: w} }

func (p *welcome) step() *step {
	text := part.Wrapped(look.T("Homehook gives you a public address. What is sent to it reaches a program, a script or a folder on this computer. For that, a small program, the agent, runs in the background; this window only shows what it does."))
	language := part.Choice(look.Languages, []string{"English", "Deutsch"}, nil)
	language.Choose(p.spoken())
	language.OnChanged = func(string) { p.speak(language.Value()) }
	p.about = container.NewVBox()
	p.page = &step{
		word: look.T("Welcome"), title: look.T("Webhooks that reach your home"), alone: true,
		content: container.NewVBox(
			text, gap(1), p.picture(), gap(2),
			part.Title(look.T("The agent")), p.about, gap(2),
			part.Title(look.T("Language")), container.NewHBox(part.Wide(220, language)),
		),
		shown: p.shown, hidden: p.hidden, next: p.next, state: p.changed,
	}
	return p.page
}

// picture shows the way of a webhook.
func (p *welcome) picture() fyne.CanvasObject {
	place := func(icon, word string) fyne.CanvasObject {
		name := widget.NewLabel(word)
		name.Alignment = fyne.TextAlignCenter
		name.SizeName = theme.SizeNameCaptionText
		picture := container.NewCenter(container.New(&square{30}, iconOf(icon, theme.ColorNamePrimary)))
		return container.New(layout.NewCustomPaddedVBoxLayout(-2), picture, name)
	}
	arrow := func() fyne.CanvasObject {
		return container.NewCenter(container.New(&square{18}, iconOf("next", look.ColourMuted)))
	}
	row := container.NewHBox(
		layout.NewSpacer(), place("activity", look.T("Sender")), layout.NewSpacer(), arrow(),
		layout.NewSpacer(), place("relays", look.T("Relay")), layout.NewSpacer(), arrow(),
		layout.NewSpacer(), place("home", look.T("Homehook")), layout.NewSpacer(), arrow(),
		layout.NewSpacer(), place("script", look.T("Your program")), layout.NewSpacer(),
	)
	return part.Card(container.New(layout.NewCustomPaddedLayout(8, 2, 0, 0), row))
}

// spoken is the language of the window.
func (p *welcome) spoken() string {
	if chosen := p.desk.App.Preferences().String(part.PreferLanguage); chosen != "" {
		return chosen
	}
	return look.Desktop()
}

// speak changes the language, which nothing was typed in yet.
func (p *welcome) speak(language string) {
	if language == p.spoken() {
		return
	}
	p.desk.App.Preferences().SetString(part.PreferLanguage, language)
	if err := look.Speak(language); err != nil {
		p.say(err.Error())
		return
	}
	p.hidden()
	p.wizard.build()
	p.wizard.show(atWelcome)
}

func (p *welcome) shown() { p.changed() }

func (p *welcome) hidden() {
	p.starting = false
	if p.giveUp != nil {
		p.giveUp()
		p.giveUp = nil
	}
}

// changed shows whether the agent runs.
func (p *welcome) changed() {
	s := p.desk.Feed.State()
	var state fyne.CanvasObject
	var text string
	switch s.Reach {
	case feed.Live:
		state = told("succeeded", theme.ColorNameSuccess, look.T("It is running."))
		text = look.T("Version {{.Version}}. It goes on when this window is closed.", look.V{"Version": s.Status.Version})
		p.page.onward = ""
		p.page.skip = nil
	case feed.Refused:
		state = told("dead", theme.ColorNameError, look.T("It belongs to somebody else."))
		text = look.T("Another user's Homehook answers here. Sign in as that user, or end it.")
	case feed.Away:
		state = told("idle", look.ColourMuted, look.T("It is not running yet."))
		text = look.T("It runs as you, needs no administrator and opens no port to the network.")
		p.page.onward = look.T("Start Homehook")
	default:
		state = told("connecting", look.ColourMuted, look.T("Looking for it…"))
	}
	p.about.Objects = []fyne.CanvasObject{state}
	if text != "" {
		p.about.Add(muted(text))
	}
	p.about.Refresh()
	if p.starting && s.Live() {
		p.hidden()
		p.setBusy("")
		p.forward()
	}
}

// next goes on, or starts the agent before.
func (p *welcome) next() {
	switch {
	case p.live():
		p.forward()
	case p.desk.Feed.State().Reach == feed.Refused:
		p.say(look.T("Another user's Homehook answers here. Sign in as that user, or end it."))
	default:
		p.start(startService)
	}
}

// start has an agent started, and goes on once it answers.
func (p *welcome) start(how func(context.Context, part.Host) error) {
	host := p.desk.Host
	work(p.wizard, look.T("Starting Homehook…"), func(ctx context.Context, _ *control.Client) (struct{}, error) {
		return struct{}{}, how(ctx, host)
	}, func(_ struct{}, err error) {
		if err != nil {
			p.failed(err)
			return
		}
		p.starting = true
		p.setBusy(look.T("Waiting for its first answer…"))
		p.giveUp = p.desk.Crew.After(startWait, func() {
			p.hidden()
			p.setBusy("")
			p.failed(errors.New(look.T("It was started, but it does not answer. Its log says why.")))
		})
		p.desk.Feed.Look()
		p.changed()
	})
}

// failed says why no agent runs, and offers to start one without a service.
func (p *welcome) failed(err error) {
	p.page.skip = func() {
		p.say("")
		p.start(func(ctx context.Context, h part.Host) error { return h.StartAgent(ctx) })
	}
	p.page.skipWord = look.T("Start it without a service")
	p.refresh()
	p.say(look.T("Homehook could not be started: {{.Why}}", look.V{"Why": err.Error()}))
}

// startService starts the agent as a service of the user, or without one where the
// system has none.
func startService(ctx context.Context, h part.Host) error {
	s, err := h.Service(ctx)
	if err != nil {
		return err
	}
	if s.System == "" {
		return h.StartAgent(ctx)
	}
	if !s.Installed {
		if err := h.InstallService(ctx); err != nil {
			return err
		}
	}
	return h.StartService(ctx)
}
