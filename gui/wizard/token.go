package wizard

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// tokenPage is the third step: what the relay knows this computer by.
type tokenPage struct {
	*wizard
	token *entry
	field *part.Field
	about *fyne.Container
	trial *relayTrial
	page  *step
}

func newTokenPage(w *wizard) *tokenPage { return &tokenPage{wizard: w} }

func (p *tokenPage) step() *step {
	p.token = p.entry(look.T("Paste the token here"), true)
	p.token.OnChanged = func(string) { p.edited() }
	p.field = part.NewField(look.T("Token"), p.token, "")
	p.about = container.NewVBox()
	p.trial = newRelayTrial(p.wizard)
	p.page = &step{
		word: look.T("Token"), title: look.T("The relay's token"),
		content: container.NewVBox(
			part.Wrapped(look.T("A token proves to the relay that your addresses are yours. Whoever runs the relay has one for you; with “homehook-relay token create” it is shown once and begins with hh_.")),
			p.field, p.about, p.trial.content,
		),
		shown: p.shown, hidden: p.hidden, first: func() fyne.Focusable { return p.token }, next: p.next,
		skip: p.skipToken, skipWord: look.T("Go on without"),
		unneeded: func() bool { return p.plan.kind == relayTry || p.plan.kind != "" && !p.plan.asks },
	}
	return p.page
}

func (p *tokenPage) shown() {
	p.about.Objects = []fyne.CanvasObject{p.place()}
	if p.plan.token {
		p.about.Add(p.stored())
	}
	p.about.Refresh()
	p.edited()
}

func (p *tokenPage) hidden() { p.trial.clear() }

// stored says that there is one.
func (p *tokenPage) stored() fyne.CanvasObject {
	return told("succeeded", theme.ColorNameSuccess, look.T("One is stored. Another takes its place."))
}

// place says where credentials are kept.
func (p *tokenPage) place() fyne.CanvasObject {
	return noted("lock", p.storeWords())
}

func (p *tokenPage) edited() {
	p.page.skip, p.page.skipWord = p.skipToken, look.T("Go on without")
	p.page.onward = look.T("Test and go on")
	p.field.Problem("")
	p.refresh()
}

// next tries the token and stores it.
func (p *tokenPage) next() {
	value := strings.TrimSpace(p.token.Text)
	if value == "" {
		if p.plan.token {
			p.forward()
			return
		}
		p.wrong(p.field, p.token, look.T("Paste the token, or go on without one if the relay needs none."))
		return
	}
	test := control.RelayTest{URL: p.plan.url, Token: value}
	p.trial.run(test, func(v *verdict) {
		switch {
		case v.ok:
			p.store(value)
		case v.refused:
			p.wrong(p.field, p.token, look.T("The relay does not accept this token. Compare it with the one that you were given."))
		default:
			// It may be stored all the same.
			p.page.onward = look.T("Test again")
			p.page.skip, p.page.skipWord = func() { p.store(value) }, look.T("Continue anyway")
			p.refresh()
			p.desk.Window.Canvas().Focus(p.frame.next)
		}
	})
}

// store keeps the token and forgets it here.
func (p *tokenPage) store(value string) {
	name := p.tokenCredential()
	work(p.wizard, look.T("Storing the token…"), func(ctx context.Context, c *control.Client) (struct{}, error) {
		return struct{}{}, c.SetCredential(ctx, name, value)
	}, func(_ struct{}, err error) {
		if err != nil {
			p.say(look.T("The token was not stored: {{.Why}}", look.V{"Why": err.Error()}))
			return
		}
		p.plan.token = true
		p.token.SetText("")
		p.forward()
	})
}

// skipToken goes on with the token that is stored, or none.
func (p *tokenPage) skipToken() { p.forward() }

// tokenCredential is the name that the relay's token has or gets.
func (p *tokenPage) tokenCredential() string {
	if r := p.plan.relayNamed(p.plan.relay); r != nil && text(r, "token") != "" {
		return text(r, "token")
	}
	return p.plan.tokenName()
}

// storeWords say where credentials are kept on this computer.
func (w *wizard) storeWords() string {
	place := look.T("sealed on this computer")
	if s := w.desk.Feed.State().Status; s != nil {
		switch s.Credentials.Store {
		case "keyring":
			place = look.T("sealed, with the key in the keyring of your desktop")
		case "systemd":
			place = look.T("sealed, with a key that systemd keeps")
		case "file":
			place = look.T("sealed, with the key in a file that only you can read")
		case "passphrase":
			place = look.T("sealed with your passphrase")
		case "plain":
			place = look.T("in a file that only you can read")
		}
	}
	return look.T("Kept {{.Place}}. It is never shown again.", look.V{"Place": place})
}
