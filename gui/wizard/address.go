package wizard

import (
	"context"
	"net/url"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// connectWait is how long a claim may take until it can be reached.
const connectWait = 30 * time.Second

// lookPace is the time between two looks at the agent meanwhile.
const lookPace = 500 * time.Millisecond

// addressPage is the fifth step: the public URL, which is made here.
type addressPage struct {
	*wizard
	content *fyne.Container
	copying *button
	page    *step
	// waits says that the claim is written down and its link is waited for, giveUp
	// ends that.
	waits           bool
	giveUp, endLook func()
}

func newAddressPage(w *wizard) *addressPage { return &addressPage{wizard: w} }

func (p *addressPage) step() *step {
	p.content = container.NewVBox()
	p.page = &step{
		word: "URL", title: look.T("Your public URL"), content: p.content,
		shown: p.shown, hidden: p.hidden, next: p.next, state: p.changed, first: p.first,
	}
	return p.page
}

func (p *addressPage) first() fyne.Focusable {
	if p.copying != nil && p.plan.address != "" {
		return p.frame.next
	}
	return nil
}

func (p *addressPage) hidden() {
	p.waits = false
	for _, end := range []func(){p.giveUp, p.endLook} {
		if end != nil {
			end()
		}
	}
	p.giveUp, p.endLook = nil, nil
}

// shown makes the claim, unless it is there.
func (p *addressPage) shown() {
	setText(p.title, p.page.title)
	p.content.Objects = []fyne.CanvasObject{part.Loading(look.T("Claiming the address…"))}
	p.content.Refresh()
	p.make()
}

// make writes relay and claim into the configuration, in one change.
func (p *addressPage) make() {
	plan, fresh := p.plan, false
	p.page.onward = ""
	work(p.wizard, look.T("Claiming the address…"), func(ctx context.Context, c *control.Client) (*control.ConfigChanged, error) {
		if err := plan.giveBack(ctx, c); err != nil {
			return nil, err
		}
		return change(ctx, c, func(now *control.Configuration) []control.ConfigEdit {
			plan.config = now
			fresh = named(now.Claims, plan.claim) == nil
			return plan.claimEdits()
		})
	}, func(got *control.ConfigChanged, err error) {
		switch {
		case err != nil:
			p.failed(err.Error())
		case len(got.Problems) > 0:
			p.failed(problemWords(got.Problems))
		default:
			if p.plan.made != plan.claim {
				p.plan.fresh, p.plan.route = fresh, ""
			}
			p.written(&got.Configuration, plan.claim)
		}
	})
}

// written waits for the link of a claim that is in the configuration.
func (p *addressPage) written(now *control.Configuration, claim string) {
	p.plan.config, p.plan.made, p.plan.address = now, claim, ""
	p.waits = true
	p.setBusy(look.T("Connecting to the relay…"))
	p.giveUp = p.desk.Crew.After(connectWait, func() {
		p.hidden()
		p.setBusy("")
		p.failed(look.T("The relay has not answered yet. Homehook keeps trying; you can wait, or choose another relay.") + p.hints())
	})
	p.look()
	p.changed()
}

// changed shows the address once the claim is linked, or why it is not.
func (p *addressPage) changed() {
	if s := p.desk.Feed.State().Status; s != nil && p.live() {
		p.judge(s)
	}
}

// look asks the agent from time to time: what the relay says is wanted now, however
// long the news of it may take.
func (p *addressPage) look() {
	p.endLook = p.desk.Crew.After(lookPace, func() {
		part.Do(p.desk, func(ctx context.Context) (*control.Status, error) {
			return p.desk.Client().Status(ctx)
		}, func(s *control.Status, err error) {
			if err == nil && p.ctx.Err() == nil {
				p.judge(s)
			}
			if p.waits && p.ctx.Err() == nil {
				p.look()
			}
		})
	})
}

// judge ends the wait if a status says how it went.
func (p *addressPage) judge(s *control.Status) {
	if !p.waits {
		return
	}
	for _, c := range s.Claims {
		switch {
		case c.Name != p.plan.made:
		case c.Connected && c.URL != "":
			p.hidden()
			p.setBusy("")
			p.plan.address = c.URL
			p.large()
			return
		case c.Error != "" && refused(s, c.Relay):
			p.hidden()
			p.setBusy("")
			p.failed(c.Error)
			return
		}
	}
}

// hints are what the agent has found wrong with the relay.
func (p *addressPage) hints() string {
	var b strings.Builder
	if s := p.desk.Feed.State().Status; s != nil {
		for _, f := range s.Findings {
			if f.Subject == p.plan.relay {
				b.WriteString("\n" + f.Text + "; " + f.Remedy)
			}
		}
		for _, c := range s.Claims {
			if c.Name == p.plan.made && c.Error != "" {
				b.WriteString("\n" + c.Error)
			}
		}
	}
	return b.String()
}

// refused says whether a relay waits for a person.
func refused(s *control.Status, relay string) bool {
	for _, r := range s.Relays {
		if r.Name == relay {
			return r.State == control.StateProblem
		}
	}
	return false
}

// failed says why there is no address, with the ways back.
func (p *addressPage) failed(why string) {
	p.plan.address = ""
	head := told("dead", theme.ColorNameError, look.T("There is no address yet"))
	text := part.Wrapped(part.VisibleLines(why))
	text.Selectable = true
	name := p.button(look.T("Choose another name"), "edit", func() { p.wizard.show(atName) })
	row := container.NewHBox(name, p.button(look.T("Choose another relay"), "relays", func() { p.wizard.show(atRelay) }))
	if p.plan.kind != relayTry {
		row.Add(p.button(look.T("Another token"), "lock", func() {
			p.plan.asks = true
			p.wizard.show(atToken)
		}))
	}
	p.content.Objects = []fyne.CanvasObject{part.Card(container.NewVBox(head, text)), gap(1), row}
	p.content.Refresh()
	p.page.onward = look.T("Try again")
	p.refresh()
	p.desk.Window.Canvas().Focus(name)
}

func (p *addressPage) next() {
	if p.plan.address == "" {
		p.shown()
		return
	}
	p.forward()
}

// code is the address as a picture for a phone; nil where it is too long for one.
func (p *addressPage) code(address string) fyne.CanvasObject {
	code, err := part.QR(address)
	if err != nil {
		return nil
	}
	if image, ok := code.(*canvas.Image); ok {
		image.SetMinSize(fyne.NewSquareSize(128))
	}
	return code
}

// large shows the address.
func (p *addressPage) large() {
	address := p.plan.address
	local := p.local()
	if local {
		setText(p.title, look.T("Your URL on this computer"))
	}
	p.copying = p.copyButton(look.T("Copy"), func() string { return address })
	p.copying.Importance = widget.HighImportance
	row := container.NewHBox(p.copying)
	if page, err := url.Parse(p.plan.sender.Settings); err == nil && page.Scheme == "https" {
		word := look.T("Open the page of {{.Sender}}", look.V{"Sender": title(&p.plan.sender)})
		row.Add(p.button(word, "open", func() {
			if err := p.desk.App.OpenURL(page); err != nil {
				p.say(err.Error())
			}
		}))
	}
	large := newLink(address, func() { p.copied(address, p.copying, look.T("Copy")) })
	left := container.NewVBox(large, gap(1), row)
	right := fyne.CanvasObject(nil)
	if !local {
		right = p.code(address) // a phone cannot reach this computer's own
	}
	if room := p.body.Size().Width - 2*sideRoom; room > 0 && right != nil && row.MinSize().Width+right.MinSize().Width+sideRoom > room {
		left.Add(container.NewHBox(right)) // the letters are large, or the window is small
		right = nil
	}
	p.content.Objects = []fyne.CanvasObject{part.Card(container.NewBorder(nil, nil, nil, right, left)), p.reach(), gap(2), part.Title(look.T("What to enter there"))}
	for _, o := range p.enter() {
		p.content.Add(o)
	}
	p.content.Refresh()
	p.page.onward = ""
	p.refresh()
	p.focusFirst()
}

// local says whether only this computer can reach the address.
func (p *addressPage) local() bool {
	u, err := url.Parse(p.plan.address)
	return err == nil && loopback(u.Hostname())
}

// reach says who can use the address.
func (p *addressPage) reach() fyne.CanvasObject {
	if p.local() {
		return noted("info", look.T("Only this computer can reach this address. For the internet, choose another relay later."))
	}
	if p.plan.shared() {
		return noted("lock", look.T("Whoever knows the address can send to it. Treat it like a password."))
	}
	return noted("connected", look.T("It works as long as Homehook runs here. While it does not, the relay keeps what comes."))
}
