package wizard

import (
	"context"
	"net/url"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// previewPause is how long nothing is typed before the preview follows.
const previewPause = 300 * time.Millisecond

// actionPage is the seventh step: what happens with what arrives.
type actionPage struct {
	*wizard
	kinds options
	notes *fyne.Container
	// Fields of the kinds.
	to, script, folder, heading    *entry
	message                        *entry
	proposed                       [2]string // heading and message, for the sender
	toField, scriptField, dirField *part.Field
	headingField, messageField     *part.Field
	words                          *widget.Label
	badge                          fyne.CanvasObject
	yaml                           *widget.Label
	fold                           *part.Fold
	later                          func() // ends the wait for the next preview
	asked                          int    // previews, so that an old one does not come last
	page                           *step
}

func newActionPage(w *wizard) *actionPage { return &actionPage{wizard: w} }

func (p *actionPage) step() *step {
	p.kinds = options{wizard: p.wizard}
	cards := container.NewGridWithColumns(2,
		p.kinds.add("forward", "forward", look.T("Forward it"), look.T("to a program that listens on this computer or in your network")),
		p.kinds.add("script", "script", look.T("Run a script"), look.T("which gets what was sent on its standard input")),
		p.kinds.add("notify", "notify", look.T("Show a notification"), look.T("on this desktop, with the message")),
		p.kinds.add("save", "save", look.T("Save it"), look.T("as a file in a folder")),
	)
	p.kinds.changed = p.chosen
	p.fields()
	p.notes = container.NewVBox()
	p.words = part.Wrapped("")
	p.badge = unverified()
	p.yaml = widget.NewLabel("")
	p.yaml.TextStyle.Monospace = true
	p.yaml.Selectable = true
	p.yaml.Wrapping = fyne.TextWrapBreak
	code := part.Ground(look.ColourCode, p.yaml)
	p.fold = part.NewFold(look.T("As it will stand in the configuration"), code)
	preview := part.Card(container.NewVBox(p.words, p.badge))
	p.page = &step{
		word: look.T("Handler"), title: look.T("What happens when something arrives?"),
		content: container.NewVBox(cards, gap(1), p.notes, gap(1), preview, p.fold),
		shown:   p.shown, hidden: p.hidden, first: p.kinds.focus, next: p.next, onward: look.T("Set it up"),
	}
	return p.page
}

func (p *actionPage) shown() {
	p.propose()
	if p.folder.Text == "" {
		p.folder.SetText(p.folder.PlaceHolder)
	}
	show(p.badge, !p.plan.checked())
	if p.kinds.value() == "" {
		p.kinds.choose(p.present())
		return
	}
	p.preview()
}

func (p *actionPage) hidden() {
	if p.later != nil {
		p.later()
		p.later = nil
	}
}

// field is that of the kind, and what to type in there.
func (p *actionPage) field() (*part.Field, *entry) {
	switch p.kinds.value() {
	case "script":
		return p.scriptField, p.script
	case "save":
		return p.dirField, p.folder
	case "notify":
		return p.headingField, p.heading
	}
	return p.toField, p.to
}

func (p *actionPage) chosen(string) {
	f, _ := p.field()
	p.notes.Objects = []fyne.CanvasObject{f}
	if p.kinds.value() == "notify" {
		p.notes.Add(p.messageField)
	}
	p.notes.Refresh()
	p.say("")
	p.preview()
}

// changed has the preview follow once nothing is typed for a moment.
func (p *actionPage) changed() {
	if p.notes == nil || p.kinds.value() == "" {
		return
	}
	f, _ := p.field()
	f.Problem("")
	p.say("")
	p.hidden()
	p.later = p.desk.Crew.After(previewPause, p.preview)
}

// answers fill the template of the kind in. name is that of the route.
func (p *actionPage) answers() control.TemplateAnswers {
	_, e := p.field()
	value := strings.TrimSpace(e.Text)
	kind := p.kinds.value()
	if kind == "forward" && p.webhooks(value) {
		return control.TemplateAnswers{Template: "home-assistant", Claim: p.plan.claim, Answers: map[string]string{"server": value, "name": p.routeName()}}
	}
	a := map[string]string{"path": "/", "scheme": p.plan.scheme, "credential": p.plan.credential, "user": p.plan.user, "header": p.plan.header}
	a["name"] = p.routeName()
	switch kind {
	case "forward":
		a["to"] = value
	case "script":
		a["script"] = value
	case "save":
		a["folder"] = value
	case "notify":
		a["title"], a["text"] = value, strings.TrimSpace(p.message.Text)
	}
	for key, v := range a {
		if v == "" {
			delete(a, key)
		}
	}
	return control.TemplateAnswers{Template: kind, Claim: p.plan.claim, Answers: a}
}

// homeAssistant is the name of the sender.
const homeAssistant = "home-assistant"

// homeAssistantPaths are those that Home Assistant takes webhooks at.
const homeAssistantPaths = "/api/webhook/{id}"

// onlyHomeAssistant says whether an address is that of Home Assistant as a whole. It
// has pages and an interface that do not belong on the internet, so that without a
// check of the sender only its webhooks are let through.
func onlyHomeAssistant(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Port() == "8123" && strings.Trim(u.Path, "/") == ""
}

// webhooks says whether only the webhooks of a Home Assistant are let through to it,
// whose id nobody can guess.
func (p *actionPage) webhooks(address string) bool {
	return p.plan.sender.Name == homeAssistant && !p.plan.checked() && onlyHomeAssistant(address)
}

// testPath is where a test goes to.
func (p *plan) testPath() string {
	if p.webhooksOnly {
		return "/api/webhook/homehook-test"
	}
	return "/"
}

// routeName is that of the route that this wizard has made or edits, else a new one.
func (p *actionPage) routeName() string {
	name := p.plan.claim + ": " + p.kinds.value()
	if len(p.plan.claim) > len(claimProposal)+1 && p.plan.shared() {
		name = title(&p.plan.sender) + ": " + p.kinds.value()
	}
	if p.plan.route != "" && named(p.plan.routes(), p.plan.route) != nil {
		others := []control.ConfigEntry{}
		for _, r := range p.plan.routes() {
			if r.Name != p.plan.route {
				others = append(others, r)
			}
		}
		return free(name, others)
	}
	return free(name, p.plan.routes())
}

// preview says in words, and as YAML, what will be set up.
func (p *actionPage) preview() {
	p.hidden()
	p.words.SetText(p.sentence())
	p.asked++
	if _, e := p.field(); strings.TrimSpace(e.Text) == "" {
		p.fold.Hide() // nothing is there to be set up
		p.cover.Refresh()
		return
	}
	asked, answers := p.asked, p.answers()
	part.Do(p.desk, func(ctx context.Context) (*control.TemplateFilled, error) {
		return p.desk.Client().FillTemplate(ctx, answers)
	}, func(f *control.TemplateFilled, err error) {
		if p.ctx.Err() != nil || asked != p.asked {
			return
		}
		if err != nil {
			p.yaml.SetText("")
		} else {
			p.yaml.SetText(part.VisibleLines(strings.TrimRight(strings.Join(f.Routes, "\n"), "\n")))
		}
		p.fold.Hidden = err != nil
		p.fold.Refresh()
		p.cover.Refresh()
	})
}

// sentence says in words what will happen.
func (p *actionPage) sentence() string {
	_, e := p.field()
	value := part.Visible(strings.TrimSpace(e.Text))
	if value == "" {
		value = "…"
	}
	what := ""
	switch p.kinds.value() {
	case "script":
		what = look.T("Each webhook starts {{.What}}; the next one waits until it is done. The sender is answered at once.", look.V{"What": value})
	case "save":
		what = look.T("Each webhook is saved as a file in {{.What}}.", look.V{"What": value})
	case "notify":
		what = look.T("Each webhook shows a notification with the title “{{.What}}”.", look.V{"What": value})
	default:
		if p.webhooks(value) {
			return look.T("What is sent to {{.Path}} goes on to Home Assistant, and nothing else: its pages stay at home. The id of its webhook is the secret.", look.V{"Path": "/api/webhook/…"})
		}
		what = look.T("Each webhook goes on to {{.What}}, and the answer from there goes to the sender.", look.V{"What": value})
		if !p.plan.checked() && onlyHomeAssistant(value) {
			what += " " + look.T("So do visitors: the pages of Home Assistant can be reached then. As the sender, “Home Assistant” lets only its webhooks in.")
		}
	}
	if p.plan.checked() {
		return what + " " + look.T("What is not signed by {{.Sender}} is turned away.", look.V{"Sender": title(&p.plan.sender)})
	}
	return what + " " + look.T("Nobody is checked.")
}

// next writes the route, in place of the one that this wizard has made before.
func (p *actionPage) next() {
	f, e := p.field()
	if strings.TrimSpace(e.Text) == "" {
		p.wrong(f, e, look.T("This is needed."))
		return
	}
	answers, before := p.answers(), p.plan.route
	work(p.wizard, look.T("Setting it up…"), func(ctx context.Context, c *control.Client) (*routeMade, error) {
		return makeRoute(ctx, c, answers, before)
	}, func(made *routeMade, err error) {
		switch {
		case err != nil:
			p.wrong(f, e, part.Visible(err.Error()))
		case len(made.Problems) > 0:
			p.say(problemWords(made.Problems))
		default:
			p.plan.config, p.plan.route = &made.Configuration, made.name
			p.plan.webhooksOnly = answers.Template == "home-assistant"
			p.forward()
		}
	})
}
