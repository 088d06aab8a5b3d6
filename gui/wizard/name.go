package wizard

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// familiar are the senders that most people look for, in the order in which they are
// shown while nothing is searched for.
var familiar = [...]string{"other", "github", "gitlab", "stripe", "shopify", "slack", "discord", "twilio", "standard", "home-assistant"}

// namePage is the fourth step: the name of the address, and who sends to it.
type namePage struct {
	*wizard
	name   *entry
	field  *part.Field
	search *entry
	found  []control.Sender
	rows   *list
	chosen *widget.Label
	// proposed is the name that was put there and not typed, for a relay of kind.
	proposed, kind string
	page           *step
}

func newNamePage(w *wizard) *namePage { return &namePage{wizard: w} }

func (p *namePage) step() *step {
	p.name = p.entry(claimProposal, false)
	p.name.OnChanged = func(string) { p.check() }
	p.field = part.NewField(look.T("Name"), p.name, look.T("It becomes part of the address: letters a to z, digits and hyphens."))
	p.search = p.entry(look.T("Search: GitHub, Stripe, …"), false)
	p.search.SetIcon(look.Icon("search"))
	p.search.OnChanged = func(string) { p.find() }
	p.search.arrow = p.move
	p.rows = p.senderList()
	p.chosen = muted("")
	frame := part.Card(container.New(&high{of: 218}, p.rows))
	p.page = &step{
		word: look.T("Name"), title: look.T("Name the address, and say who sends"),
		content: container.NewVBox(p.field, gap(1), part.NewField(look.T("Who sends to it"), container.NewVBox(p.search, frame), ""), p.chosen),
		shown:   p.shown, first: func() fyne.Focusable { return p.name }, next: p.next,
		onward: look.T("Get the address"),
	}
	return p.page
}

// senderList shows those who may send.
func (p *namePage) senderList() *list {
	l := &list{wizard: p.wizard}
	l.Length = func() int { return len(p.found) }
	l.CreateItem = func() fyne.CanvasObject {
		title, about := widget.NewLabel(""), short("")
		title.Truncation = fyne.TextTruncateEllipsis
		return container.NewBorder(nil, nil, nil, about, title)
	}
	l.UpdateItem = func(i widget.ListItemID, o fyne.CanvasObject) {
		row := o.(*fyne.Container)
		s := &p.found[i]
		row.Objects[0].(*widget.Label).SetText(title(s))
		about := look.T("signs")
		if s.Scheme == "" {
			about = ""
		}
		row.Objects[1].(*widget.Label).SetText(about)
		row.Refresh() // the words at the right have another width
	}
	l.OnSelected = func(i widget.ListItemID) {
		p.plan.sender = p.found[i]
		p.tell()
	}
	l.HideSeparators = true
	l.ExtendBaseWidget(l)
	return l
}

// title is how people write the name of a sender.
func title(s *control.Sender) string {
	if s.Name == "other" {
		return look.T("Something else")
	}
	return part.Visible(look.Known(s.Title))
}

// tell says what the choice means.
func (p *namePage) tell() {
	s := &p.plan.sender
	switch {
	case s.Name == "other":
		p.chosen.SetText(look.T("Anything that can send HTTP: a program of yours, a device, a service that is not in the list."))
	case s.Scheme == "":
		p.chosen.SetText(look.T("{{.Sender}} signs nothing: the address itself is the secret.", look.V{"Sender": title(s)}))
	default:
		p.chosen.SetText(look.T("{{.Sender}} signs what it sends, so that nobody else can send in its name.", look.V{"Sender": title(s)}))
	}
}

func (p *namePage) shown() {
	p.proposeName()
	if len(p.plan.senders) > 0 {
		p.find()
		return
	}
	part.Do(p.desk, func(ctx context.Context) ([]control.Sender, error) {
		return p.desk.Client().Senders(ctx)
	}, func(all []control.Sender, err error) {
		if err != nil || p.ctx.Err() != nil {
			all = []control.Sender{{Name: "other"}}
		}
		p.plan.senders = slices.DeleteFunc(all, func(s control.Sender) bool { return s.Scheme == "ip" })
		p.proposeSender()
		p.find()
		if err != nil {
			p.plan.senders = nil // to be asked for again
		}
	})
}

// proposeName puts a name there, unless one was typed.
func (p *namePage) proposeName() {
	if p.name.Text != p.proposed || p.kind == p.plan.relay && p.name.Text != "" {
		return
	}
	p.kind = p.plan.relay
	p.proposed = claimProposal
	if p.plan.shared() {
		p.proposed += "-" + unguessable()
	}
	for i := range p.plan.claims() {
		if c := &p.plan.claims()[i]; p.plan.relayOf(c) == p.plan.relay {
			p.proposed = c.Name
			break
		}
	}
	p.name.SetText(p.proposed)
	p.name.CursorColumn = len([]rune(p.proposed))
	p.name.Refresh()
}

// proposeSender begins with who sends to a claim that is there.
func (p *namePage) proposeSender() {
	name := "other"
	if c := named(p.plan.claims(), p.name.Text); c != nil && text(c, "sender") != "" {
		name = text(c, "sender")
	}
	for _, s := range p.plan.senders {
		if s.Name == name {
			p.plan.sender = s
		}
	}
}

// check says while typing what is wrong with the name, or that it is there.
func (p *namePage) check() bool {
	problem := nameProblem(p.name.Text)
	if c := named(p.plan.claims(), p.name.Text); problem == "" && c != nil {
		if relay := p.plan.relayOf(c); relay != p.plan.relay {
			problem = look.T("This name is in use on the relay {{.Relay}}. Choose another.", look.V{"Relay": part.Visible(relay)})
		}
	}
	p.field.Problem(problem)
	p.cover.Refresh() // the field may be higher now
	return problem == ""
}

// find lists the senders that are searched for.
func (p *namePage) find() {
	words := strings.ToLower(strings.TrimSpace(p.search.Text))
	p.found = nil
	if words == "" {
		for _, name := range familiar {
			for _, s := range p.plan.senders {
				if s.Name == name {
					p.found = append(p.found, s)
				}
			}
		}
	}
	for _, s := range p.plan.senders {
		listed := slices.ContainsFunc(p.found, func(f control.Sender) bool { return f.Name == s.Name })
		if !listed && (strings.Contains(strings.ToLower(title(&s)), words) || strings.Contains(s.Name, words) || words != "" && s.Name == "other") {
			p.found = append(p.found, s)
		}
	}
	p.rows.UnselectAll()
	p.rows.Refresh()
	p.mark(words != "")
}

// mark selects the sender that is chosen or, in a search that has not found it, the
// first.
func (p *namePage) mark(search bool) {
	i := slices.IndexFunc(p.found, func(s control.Sender) bool { return s.Name == p.plan.sender.Name })
	if i < 0 && search && len(p.found) > 0 || search && i > 0 {
		i = 0
	}
	if i >= 0 {
		p.rows.Select(i)
	}
	p.tell()
}

// move chooses the one above or below.
func (p *namePage) move(by int) {
	i := slices.IndexFunc(p.found, func(s control.Sender) bool { return s.Name == p.plan.sender.Name })
	if i += by; i >= 0 && i < len(p.found) {
		p.rows.Select(i)
	}
}

func (p *namePage) next() {
	if !p.check() {
		p.desk.Window.Canvas().Focus(p.name)
		return
	}
	p.plan.claim = p.name.Text
	p.forward()
}
