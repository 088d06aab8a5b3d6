package wizard

import (
	"context"
	"errors"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

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
	languages options
	state     *part.Badge
	about     *fyne.Container
	// starting says that an agent was started and is waited for, giveUp ends that.
	starting bool
	giveUp   func()
	// without has the step offer an agent without a service, after one could not be
	// had.
	without bool
	page    *step
}

func newWelcome(w *wizard) *welcome { return &welcome{wizard: w} }

func (p *welcome) step() *step {
	text := part.Wrapped(look.T("Homehook gives you a public address. What is sent to it reaches a program, a script or a folder on this computer. For that, a small service runs in the background; this window only shows what it does."))
	p.languages = options{wizard: p.wizard}
	p.languages.add("en", "activity", "English", "Homehook in English")
	p.languages.add("de", "activity", "Deutsch", "Homehook auf Deutsch")
	for _, c := range p.languages.all {
		c.name = "info"
	}
	p.languages.choose(p.spoken())
	p.languages.changed = p.speak
	p.state = part.NewBadge(look.Sign{})
	p.about = container.NewVBox()
	p.page = &step{
		word: look.T("Welcome"), title: look.T("Webhooks that reach your home"), alone: true,
		content: container.NewVBox(
			text, gap(2),
			part.Title(look.T("Language")), container.NewGridWithColumns(2, p.languages.all[0], p.languages.all[1]), gap(2),
			part.Title(look.T("The background service")), p.about,
		),
		shown: p.shown, hidden: p.hidden, next: p.next, state: p.changed,
	}
	return p.page
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
	if err := respeak(language); err != nil {
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
	var text string
	switch s.Reach {
	case feed.Live:
		p.state.Set(look.Sign{Icon: "succeeded", Colour: "success", Word: look.T("It is running")})
		text = look.T("Version {{.Version}}. It goes on when this window is closed.", look.V{"Version": s.Status.Version})
		p.page.onward = ""
		p.page.skip = nil
	case feed.Refused:
		p.state.Set(look.Sign{Icon: "dead", Colour: "error", Word: look.T("It belongs to somebody else")})
		text = look.T("Another user's Homehook answers here. Sign in as that user, or end it.")
	case feed.Away:
		p.state.Set(look.Sign{Icon: "idle", Colour: look.ColourMuted, Word: look.T("It is not running")})
		text = look.T("It starts with your session and ends with it; it needs no administrator and opens no port to the network.")
		p.page.onward = look.T("Start Homehook")
	default:
		p.state.Set(look.Sign{Icon: "connecting", Colour: look.ColourMuted, Word: look.T("Looking for it")})
	}
	p.about.Objects = []fyne.CanvasObject{p.state}
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
