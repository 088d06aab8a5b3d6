package manage

import (
	"context"
	"errors"
	"net/url"
	"reflect"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// claimsScreen lists the claims.
type claimsScreen struct {
	*page
	seen []control.Claim
	live bool
	ever bool // something was listed
	tick func()
	// routes are those that there are; nil before they are known.
	routes []control.Route
}

// NewClaims returns the screen of the claims.
func NewClaims(d *part.Desk) part.Screen {
	c := &claimsScreen{}
	c.page = newPage(d, look.T("Claims"), look.T("Names of yours on a relay. Each has a public URL, at which webhooks arrive."),
		part.Primary(look.T("New claim"), "add", func() { c.form(nil) }))
	return c
}

// Shown lists what there is.
func (c *claimsScreen) Shown(at part.Place) {
	if !c.shown {
		c.undo = append(c.undo, c.desk.Feed.OnConfig(c.askRoutes))
	}
	c.follow(c.refresh)
	c.ever = false
	c.desk.Feed.Refresh()
	c.refresh()
	c.askRoutes()
	c.again()
	if at.New && c.desk.Feed.State().Live() {
		c.form(nil)
	}
}

// Hidden ends the clock, too.
func (c *claimsScreen) Hidden() {
	c.page.Hidden()
	if c.tick != nil {
		c.tick()
	}
}

// again lists anew now and then: times grow older, and queues have no events.
func (c *claimsScreen) again() {
	c.tick = c.desk.Crew.After(10*time.Second, func() {
		c.ever = false
		c.desk.Feed.Refresh()
		c.again()
	})
}

func (c *claimsScreen) refresh() {
	live := c.reach()
	status := c.desk.Feed.State().Status
	switch {
	case status == nil && !live:
		c.instead(part.Empty("problem", look.T("The agent is not running"), look.T("Start it, and its claims are listed here.")))
		return
	case status == nil:
		return
	case len(status.Claims) == 0:
		c.seen, c.ever = nil, false
		c.say("", 0)
		c.instead(part.Empty("claims", look.T("No claims yet"),
			look.T("A claim is a name on a relay, with a public URL that you give to GitHub, Stripe, a doorbell or a script."),
			part.Primary(look.T("Set up a first URL"), "wizard", c.desk.Wizard)))
		return
	case c.ever && live == c.live && reflect.DeepEqual(c.seen, status.Claims):
		return
	}
	if live && !c.live {
		c.askRoutes()
	}
	c.seen, c.live, c.ever = status.Claims, live, true
	if live {
		c.say("", 0)
	}
	var cards []fyne.CanvasObject
	for i := range c.seen {
		cards = append(cards, c.card(&c.seen[i]))
	}
	c.list(cards)
}

// signOf is how a claim's state is shown.
func signOf(claim *control.Claim) look.Sign {
	switch {
	case claim.Error != "":
		return look.AgentSign(control.StateProblem)
	case claim.Connected:
		return look.AgentSign(control.StateConnected)
	}
	return look.AgentSign(control.StateConnecting)
}

// card shows one claim.
func (c *claimsScreen) card(claim *control.Claim) fyne.CanvasObject {
	name, address := claim.Name, claim.URL
	buttons := []fyne.CanvasObject{}
	if address != "" {
		buttons = append(buttons,
			part.Quiet(look.T("Copy URL"), "copy", func() { c.desk.Copy(address, look.T("Copied")) }),
			part.Quiet(look.T("QR code"), "qr", func() { c.qr(name, address) }))
	}
	buttons = append(buttons, c.needsAgent(part.Quiet(look.T("Change"), "edit", func() { c.form(claim) })), more(
		item(look.T("Show its deliveries"), "activity", func() {
			c.desk.Show(part.Place{Screen: part.Activity, Query: &control.Query{Claim: name}})
		}),
		item(look.T("Release…"), "remove", func() { c.release(name) }),
	))
	var lines []fyne.CanvasObject
	if address != "" {
		lines = append(lines, c.link(address))
	}
	lines = append(lines, facts(c.facts(claim)...))
	lines = append(lines, trouble(claim.Error)...)
	lines = append(lines, c.routed(name)...)
	return card(signOf(claim), name, buttons, lines...)
}

// link is the public URL, which a click copies.
func (c *claimsScreen) link(address string) fyne.CanvasObject {
	l := widget.NewRichText(&widget.TextSegment{Text: part.Visible(address), Style: widget.RichTextStyle{
		ColorName: theme.ColorNameHyperlink, TextStyle: fyne.TextStyle{Monospace: true}, SizeName: theme.SizeNameText,
	}})
	l.Truncation = fyne.TextTruncateEllipsis
	return newTapped(l, func() { c.desk.Copy(address, look.T("Copied")) })
}

// facts are what is known of a claim, in a few words each.
func (c *claimsScreen) facts(claim *control.Claim) []string {
	all := []string{signOf(claim).Word, look.T("on {{.Relay}}", look.V{"Relay": part.Visible(claim.Relay)}), answerWord(claim.Answer)}
	if claim.Connected {
		all = append(all, look.N("{{.Count}} links", claim.Links))
	}
	if claim.Queued > 0 {
		all = append(all, look.N("{{.Count}} deliveries wait at the relay", claim.Queued))
	}
	if claim.LastDelivery.IsZero() {
		all = append(all, look.T("nothing has arrived yet"))
	} else {
		all = append(all, look.T("last delivery {{.When}}", look.V{"When": look.Ago(claim.LastDelivery, time.Now())}))
	}
	switch {
	case claim.Silent:
		all = append(all, look.T("silent for longer than {{.Time}}", look.V{"Time": look.Span(seconds(claim.Silence))}))
	case claim.Silence > 0:
		all = append(all, look.T("alarm after {{.Time}} of silence", look.V{"Time": look.Span(seconds(claim.Silence))}))
	}
	return all
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// answerWord says what senders get in an answer mode.
func answerWord(mode string) string {
	switch mode {
	case "hold":
		return look.T("answers with home's answer, or 202 when that takes long")
	case "store":
		return look.T("answers 202 once it is kept")
	case "through":
		return look.T("answers with home's answer only")
	}
	return mode
}

// qr shows a URL for a phone.
func (c *claimsScreen) qr(name, address string) {
	code, err := part.QR(address)
	if err != nil {
		c.desk.Tell(name, err)
		return
	}
	text := part.Wrapped(address)
	text.Selectable = true
	text.Alignment = fyne.TextAlignCenter
	open := part.Button(look.T("Open in the browser"), "open", func() {
		if u, err := url.Parse(address); err == nil {
			_ = c.desk.App.OpenURL(u)
		}
	})
	c.desk.Sheet(part.SheetOptions{
		Title: name, Width: 360, Offline: true,
		Content: container.NewVBox(container.NewCenter(code), text, container.NewCenter(container.NewHBox(
			part.Primary(look.T("Copy URL"), "copy", func() { c.desk.Copy(address, look.T("Copied")) }), open))),
	})
}

// release gives a claim back, after a question; with deliveries that wait at the
// relay there is a second one.
func (c *claimsScreen) release(name string) {
	client := c.desk.Client()
	c.desk.Sheet(part.SheetOptions{
		Title: look.T("Release {{.Name}}?", look.V{"Name": name}), Word: look.T("Release"), Danger: true, Width: 420,
		Content: part.Wrapped(look.T("The name goes back to the relay, where others may take it. Senders get 404 from then on. The history stays.")),
		Prepare: func() (func(context.Context) error, error) {
			return func(ctx context.Context) error { return client.ReleaseClaim(ctx, name, false) }, nil
		},
		Failed: func(err error) bool {
			if !errors.Is(err, control.ErrQueued) {
				return false
			}
			c.discard(name)
			return true
		},
		Done: func() { c.desk.Say(look.T("{{.Name}} is released", look.V{"Name": name})) },
	})
}

func (c *claimsScreen) discard(name string) {
	client := c.desk.Client()
	c.desk.Sheet(part.SheetOptions{
		Title: look.T("Deliveries are waiting"), Word: look.T("Discard them and release"), Danger: true, Width: 420,
		Content: part.Wrapped(look.T("The relay still keeps deliveries for {{.Name}}. Releasing it now loses them.", look.V{"Name": name})),
		Prepare: func() (func(context.Context) error, error) {
			return func(ctx context.Context) error { return client.ReleaseClaim(ctx, name, true) }, nil
		},
		Done: func() { c.desk.Say(look.T("{{.Name}} is released", look.V{"Name": name})) },
	})
}

// Shortcut takes Ctrl+N.
func (c *claimsScreen) Shortcut(s fyne.Shortcut) bool { return c.onNew(s, func() { c.form(nil) }) }
