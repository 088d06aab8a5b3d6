package wizard

import (
	"context"
	"net"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// relayPage is the second step: which relay.
type relayPage struct {
	*wizard
	kinds   options
	have    *option
	address *entry
	field   *part.Field
	notes   *fyne.Container // what belongs to the kind that is chosen
	own     fyne.CanvasObject
	trial   *relayTrial
	page    *step
	// passed is the address whose test was good.
	passed string
}

func newRelayPage(w *wizard) *relayPage { return &relayPage{wizard: w} }

func (p *relayPage) step() *step {
	p.kinds = options{wizard: p.wizard}
	p.have = p.kinds.add(relayHave, "connected", "", "")
	p.have.Hide()
	cards := container.NewVBox(p.have,
		p.kinds.add(relayTry, "home", look.T("Try it on this computer"), look.T("A small relay runs along with Homehook. Only this computer can reach it: good to see how all of it works, without a server.")),
		p.kinds.add(relayOwn, "relays", look.T("My own relay"), look.T("On a server that the internet reaches. Nobody else has names on it.")),
		p.kinds.add(relayOther, "claims", look.T("A public relay, or somebody else's"), look.T("Others use it too, so your address gets a part that nobody can guess.")),
	)
	p.kinds.changed = p.chosen
	p.address = p.entry("https://relay.example.com", false)
	p.address.OnChanged = func(string) { p.edited() }
	p.field = part.NewField(look.T("Address of the relay"), p.address, "")
	p.own = p.howto()
	p.trial = newRelayTrial(p.wizard)
	p.notes = container.NewVBox()
	p.page = &step{
		word: look.T("Relay"), title: look.T("Which relay takes your webhooks in?"),
		content: container.NewVBox(
			muted(look.T("A relay is the public end: senders reach it, and it hands on to this computer what they send.")),
			cards, p.notes,
		),
		shown: p.shown, hidden: p.trial.stop, first: p.first, next: p.next,
	}
	return p.page
}

// howto shows how a relay of one's own is started.
func (p *relayPage) howto() fyne.CanvasObject {
	const serve = "homehook-relay serve --listen :443 --domain relay.example.com --tls cert.pem,key.pem"
	const token = "homehook-relay token create home"
	row := func(command string) fyne.CanvasObject {
		mono := part.Wrapped(command)
		mono.TextStyle.Monospace = true
		mono.Selectable = true
		b := p.copyButton(look.T("Copy"), func() string { return command })
		return part.Ground(look.ColourCode, container.NewBorder(nil, nil, nil, container.NewVBox(b), mono))
	}
	inside := container.NewVBox(
		muted(look.T("Start it on the server, with your own domain and certificate:")), row(serve),
		muted(look.T("and make a token for this computer, for the next step:")), row(token),
	)
	return part.NewFold(look.T("I have none yet: how to start one"), inside)
}

func (p *relayPage) first() fyne.Focusable {
	if p.address.Visible() && p.address.Text == "" && (p.kinds.value() == relayOwn || p.kinds.value() == relayOther) {
		return p.address
	}
	return p.kinds.focus()
}

// shown reads what is configured, and proposes it.
func (p *relayPage) shown() {
	at := p.at
	part.Do(p.desk, func(ctx context.Context) (*control.Configuration, error) {
		return p.desk.Client().Configuration(ctx)
	}, func(c *control.Configuration, err error) {
		if err != nil || p.ctx.Err() != nil || p.at != at {
			return // another look follows when the step is confirmed
		}
		p.plan.config = c
		p.propose()
	})
	p.chosen(p.kinds.value())
}

// propose offers the relay that is there.
func (p *relayPage) propose() {
	r := p.plan.present()
	p.have.Hidden = r == nil
	if r != nil {
		where := part.Visible(text(r, "url"))
		if embedded(r) {
			where = look.T("on this computer")
		}
		p.have.say(look.T("The one that is set up: {{.Name}}", look.V{"Name": part.Visible(r.Name)}), where)
	}
	if p.kinds.value() == "" {
		if r != nil {
			p.kinds.choose(relayHave)
		} else {
			p.kinds.choose(relayTry)
		}
		p.focusFirst()
	}
	p.cover.Refresh()
}

// chosen shows what belongs to a kind of relay.
func (p *relayPage) chosen(kind string) {
	p.trial.stop()
	p.say("")
	p.notes.Objects = nil
	switch kind {
	case relayOwn:
		p.notes.Objects = []fyne.CanvasObject{gap(1), p.field, p.own, p.trial.content}
	case relayOther:
		p.notes.Objects = []fyne.CanvasObject{gap(1), p.field, p.trial.content}
	case relayHave:
		p.notes.Objects = []fyne.CanvasObject{gap(1), p.trial.content}
	}
	p.notes.Refresh()
	p.edited()
}

// edited forgets the test of another address.
func (p *relayPage) edited() {
	p.trial.clear()
	p.field.Problem("")
	p.passed = ""
	p.page.onward, p.page.skip = "", nil
	switch p.kinds.value() {
	case relayOwn, relayOther:
		p.page.onward = look.T("Test and go on")
	}
	p.refresh()
}

// next takes the choice down, after a test where there is something to test.
func (p *relayPage) next() {
	kind := p.kinds.value()
	switch kind {
	case "":
		p.say(look.T("Choose one of them."))
		return
	case relayTry:
		p.takeTry()
		return
	case relayHave:
		p.takePresent()
		return
	}
	address, problem := relayAddress(p.address.Text)
	if problem != "" {
		p.wrong(p.field, p.address, problem)
		return
	}
	if p.passed == address {
		p.take(kind, address)
		return
	}
	p.trial.run(control.RelayTest{URL: address}, func(v *verdict) {
		p.plan.asks = v.asks
		if v.ok {
			p.passed = address
			p.take(kind, address)
			return
		}
		p.again(func() { p.take(kind, address) })
	})
}

// again offers the test once more, and less loudly to go on in spite of it.
func (p *relayPage) again(onward func()) {
	p.page.onward = look.T("Test again")
	p.page.skip, p.page.skipWord = onward, look.T("Continue anyway")
	p.refresh()
	p.desk.Window.Canvas().Focus(p.frame.next)
}

// take notes a relay by its address.
func (p *relayPage) take(kind, address string) {
	p.plan.kind, p.plan.url = kind, address
	p.plan.relay = relayName(address, p.plan.relays())
	p.plan.token = false
	if r := p.plan.relayNamed(p.plan.relay); r != nil {
		p.plan.token = text(r, "token") != ""
	}
	p.forward()
}

// takePresent goes on with the relay that is configured.
func (p *relayPage) takePresent() {
	r := p.plan.present()
	if r == nil {
		p.say(look.T("It is not set up any more. Choose another."))
		p.propose()
		return
	}
	p.plan.kind, p.plan.relay, p.plan.url = relayHave, r.Name, text(r, "url")
	if embedded(r) || p.passed == r.Name {
		p.plan.asks, p.plan.token = false, text(r, "token") != ""
		p.forward()
		return
	}
	p.trial.run(control.RelayTest{Name: r.Name}, func(v *verdict) {
		// One that a link was tried with, or that has a token, was asked about it.
		has := text(r, "token") != ""
		p.plan.asks = v.wants || !v.ok && !has
		p.plan.token = has && !v.wants
		if v.ok {
			p.passed = r.Name
			p.forward()
			return
		}
		p.again(p.forward)
	})
}

// takeTry goes on with a relay in the agent: the one that is there, or a new one at
// a port that is free now.
func (p *relayPage) takeTry() {
	p.plan.kind, p.plan.asks, p.plan.token = relayTry, false, false
	for i := range p.plan.relays() {
		if r := &p.plan.relays()[i]; embedded(r) {
			p.plan.relay, p.plan.url = r.Name, text(r, "url")
			p.forward()
			return
		}
	}
	p.plan.relay = free(tryRelay, p.plan.relays())
	work(p.wizard, look.T("Looking for a free port…"), freePort, func(port int, err error) {
		if err != nil {
			p.say(err.Error())
			return
		}
		p.plan.url = "http://127.0.0.1:" + strconv.Itoa(port)
		p.forward()
	})
}

// freePort is a port of this computer that nothing listens on.
func freePort(ctx context.Context, _ *control.Client) (int, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
