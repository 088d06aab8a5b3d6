package manage

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// credentialsScreen lists the credentials by name. No value of one is ever here,
// but for that of a dialog in which it is typed or made.
type credentialsScreen struct {
	*page
	seen  []control.Credential
	store control.CredentialStore
	err   error
	live  bool
	asked int // answers to earlier questions are not shown
	known bool
	// missing are names that the configuration has and nothing is stored for.
	missing []string
}

// NewCredentials returns the screen of the credentials.
func NewCredentials(d *part.Desk) part.Screen {
	c := &credentialsScreen{}
	c.page = newPage(d, look.T("Credentials"), look.T("Tokens of relays and secrets of senders. They go in here, and nothing shows them again."),
		part.Button(look.T("Where they are kept"), "lock", func() { c.place() }),
		part.Primary(look.T("New credential"), "add", func() { c.set("", false) }))
	return c
}

// Shown lists what there is.
func (c *credentialsScreen) Shown(at part.Place) {
	c.follow(c.ask)
	c.ask()
	if at.New && c.desk.Feed.State().Live() {
		c.set(at.Item, false)
	}
}

// ask asks the agent and shows its answer.
func (c *credentialsScreen) ask() {
	live := c.reach()
	if !live {
		if !c.known {
			c.instead(part.Empty("problem", look.T("The agent is not running"), look.T("Start it, and its credentials are listed here.")))
		}
		if c.known && c.live {
			c.live = false
			c.refresh()
		}
		return
	}
	c.asked++
	asked := c.asked
	part.Do(c.desk, c.desk.Client().Credentials, func(all []control.Credential, err error) {
		if asked != c.asked || !c.shown {
			return
		}
		store, missing := c.kept()
		if c.known && c.live && c.err == nil && err == nil && reflect.DeepEqual(c.seen, all) && c.store == store && slices.Equal(c.missing, missing) {
			return
		}
		c.seen, c.err, c.known, c.live, c.store, c.missing = all, err, true, true, store, missing
		c.refresh()
	})
}

// kept is where they are, and the names that nothing is stored for.
func (c *credentialsScreen) kept() (store control.CredentialStore, missing []string) {
	s := c.desk.Feed.State().Status
	if s == nil {
		return store, nil
	}
	for _, f := range s.Findings {
		if f.Action.Kind == control.ActionSetCredential {
			missing = append(missing, f.Action.Name)
		}
	}
	slices.Sort(missing)
	return s.Credentials, slices.Compact(missing)
}

func (c *credentialsScreen) refresh() {
	switch {
	case c.err != nil:
		c.instead(part.Failed(c.err, c.ask))
		return
	case len(c.seen) == 0 && len(c.missing) == 0:
		c.instead(part.Empty("credentials", look.T("No credentials yet"),
			look.T("A route that checks who sends a webhook needs the sender's secret, a relay its token. Both are sealed on this computer.")+"\n"+placeWord(c.store.Store)))
		return
	}
	switch {
	case !c.live:
	case c.store.Text != "":
		c.say(part.Visible(c.store.Text), widget.WarningImportance)
	default:
		c.say(placeWord(c.store.Store), widget.LowImportance)
	}
	var cards []fyne.CanvasObject
	for _, name := range c.missing {
		cards = append(cards, c.missingCard(name))
	}
	for i := range c.seen {
		cards = append(cards, c.card(&c.seen[i]))
	}
	c.list(cards)
}

// placeWord says where the root key is kept.
func placeWord(place string) string {
	switch place {
	case "keyring":
		return look.T("Sealed in a file; its key is in the keyring of your desktop.")
	case "systemd":
		return look.T("Sealed in a file; its key is handed over by systemd.")
	case "file":
		return look.T("Sealed in a file; its key is in a file of its own, for you alone.")
	case "passphrase":
		return look.T("Sealed in a file under a passphrase.")
	case "plain":
		return look.T("In a file for you alone, not sealed yet.")
	}
	return ""
}

// missingCard is that of a name that nothing is stored for.
func (c *credentialsScreen) missingCard(name string) fyne.CanvasObject {
	set := c.needsAgent(part.Primary(look.T("Set"), "credentials", func() { c.set(name, false) }))
	return card(look.AgentSign(control.StateProblem), name, []fyne.CanvasObject{set},
		part.Muted(look.T("The configuration names it, and nothing is stored.")))
}

// card shows one credential.
func (c *credentialsScreen) card(of *control.Credential) fyne.CanvasObject {
	name := of.Name
	s := look.Sign{Icon: "credentials", Colour: look.ColourMuted}
	if of.Damaged {
		s = look.AgentSign(control.StateProblem)
	}
	items := []*fyne.MenuItem{}
	if len(of.Values) > 1 {
		items = append(items, item(look.T("Drop the older values…"), "dead", func() { c.dropOld(name) }))
	}
	items = append(items, item(look.T("Remove…"), "remove", func() { c.remove(of) }))
	buttons := []fyne.CanvasObject{
		c.needsAgent(part.Quiet(look.T("Set anew"), "edit", func() { c.set(name, false) })),
		c.needsAgent(part.Quiet(look.T("Rotate"), "moved", func() { c.set(name, true) })),
		more(items...),
	}
	words := []string{look.T("set {{.When}}", look.V{"When": look.Ago(of.Set, time.Now())})}
	if of.Fingerprint != "" {
		words = append(words, look.T("fingerprint …{{.Print}}", look.V{"Print": of.Fingerprint}))
	}
	if n := len(of.Values); n > 1 {
		words = append(words, look.N("{{.Count}} values are valid", n)+until(of.Values))
	}
	lines := []fyne.CanvasObject{facts(append(words, usedBy(of.NeededBy))...)}
	if of.Damaged {
		lines = append(lines, trouble(look.T("Its newest value is damaged. Set it anew."))...)
	}
	return card(s, name, buttons, lines...)
}

// until says how long the older values are valid, where that ends.
func until(values []control.Value) string {
	var last time.Time
	for _, v := range values[1:] {
		if v.Until.After(last) {
			last = v.Until
		}
	}
	if last.IsZero() {
		return ""
	}
	return ", " + look.T("the older until {{.When}}", look.V{"When": look.Clock(last, time.Now())})
}

// usedBy says what needs a credential.
func usedBy(needs []control.Need) string {
	if len(needs) == 0 {
		return look.T("not in use")
	}
	var all []string
	for _, n := range needs {
		switch n.Kind {
		case "relay":
			all = append(all, look.T("the relay {{.Name}}", look.V{"Name": part.Visible(n.Name)}))
		case "claim":
			all = append(all, look.T("the claim {{.Name}}", look.V{"Name": part.Visible(n.Name)}))
		case "route":
			all = append(all, look.T("the route {{.Name}}", look.V{"Name": part.Visible(n.Name)}))
		default:
			all = append(all, look.T("the history"))
		}
	}
	return look.T("used by {{.Names}}", look.V{"Names": strings.Join(all, ", ")})
}

// remove removes a credential, after a question that names what needs it.
func (c *credentialsScreen) remove(of *control.Credential) {
	name, client := of.Name, c.desk.Client()
	text := look.T("Its value cannot be had back.")
	if len(of.NeededBy) > 0 {
		text += " " + look.T("It is {{.Used}}, which does not work without it.", look.V{"Used": usedBy(of.NeededBy)})
	}
	c.desk.Sheet(part.SheetOptions{
		Title: look.T("Remove {{.Name}}?", look.V{"Name": name}), Word: look.T("Remove"), Danger: true, Width: 420, Content: part.Wrapped(text),
		Prepare: func() (func(context.Context) error, error) {
			return func(ctx context.Context) error { return client.RemoveCredential(ctx, name) }, nil
		},
		Done: func() {
			c.desk.Say(look.T("{{.Name}} is removed", look.V{"Name": name}))
			c.ask()
		},
	})
}

// dropOld ends a rotation.
func (c *credentialsScreen) dropOld(name string) {
	client := c.desk.Client()
	c.desk.Sheet(part.SheetOptions{
		Title: look.T("Drop the older values of {{.Name}}?", look.V{"Name": name}), Word: look.T("Drop"), Danger: true, Width: 420,
		Content: part.Wrapped(look.T("What senders sign with an older value is refused from then on.")),
		Prepare: func() (func(context.Context) error, error) {
			return func(ctx context.Context) error { return client.RemoveOldValues(ctx, name) }, nil
		},
		Done: c.ask,
	})
}

// Shortcut takes Ctrl+N.
func (c *credentialsScreen) Shortcut(s fyne.Shortcut) bool {
	return c.onNew(s, func() { c.set("", false) })
}
