package wizard

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// Ways to come by a secret.
const (
	secretKeep  = "keep"  // that which is stored
	secretPaste = "paste" // the sender's
	secretMake  = "make"  // one of our own
)

// secretPage is the sixth step: by what the sender is known.
type secretPage struct {
	*wizard
	content *fyne.Container
	ways    *options
	notes   *fyne.Container
	paste   *entry
	field   *part.Field
	user    *entry
	header  *entry
	// made is a secret that was generated here, of the sender madeFor; stored says
	// that it is kept already.
	made, madeFor string
	stored        bool
	page          *step
}

func newSecretPage(w *wizard) *secretPage { return &secretPage{wizard: w} }

func (p *secretPage) step() *step {
	p.content = container.NewVBox()
	p.notes = container.NewVBox()
	p.ways = &options{wizard: p.wizard, changed: p.chosen}
	p.paste = p.entry(look.T("Paste the secret here"), true)
	p.paste.OnChanged = func(string) { p.field.Problem("") }
	p.field = part.NewField(look.T("Secret"), p.paste, "")
	p.user = p.entry("homehook", false)
	p.header = p.entry("X-Signature", false)
	p.page = &step{
		word: look.T("Secret"), title: look.T("How Homehook knows who sends"), content: p.content,
		shown: p.shown, first: p.first, next: p.next,
	}
	return p.page
}

func (p *secretPage) first() fyne.Focusable {
	if p.plan.sender.Scheme == "" {
		return nil
	}
	if p.ways.value() == secretPaste {
		return p.paste
	}
	return p.ways.focus()
}

// name is the credential that the secret is kept as.
func (p *secretPage) name() string { return secretName(p.plan.sender.Name, p.plan.claim) }

func (p *secretPage) shown() {
	s := &p.plan.sender
	if p.madeFor != s.Name+" "+p.plan.claim {
		p.made, p.madeFor, p.stored = "", s.Name+" "+p.plan.claim, false
		p.ways.all = nil
	}
	if s.Scheme == "" {
		p.open()
		return
	}
	p.page.skip, p.page.skipWord = p.skipSecret, look.T("Skip")
	if len(p.ways.all) == 0 {
		p.offer(false)
	}
	part.Do(p.desk, func(ctx context.Context) ([]control.Credential, error) {
		return p.desk.Client().Credentials(ctx)
	}, func(all []control.Credential, err error) {
		has := slices.ContainsFunc(all, func(c control.Credential) bool { return c.Name == p.name() && !c.Damaged })
		if err == nil && has && p.ctx.Err() == nil && p.at == atSecret && p.made == "" && p.ways.all[0].value != secretKeep {
			p.offer(true)
			p.focusFirst()
		}
	})
}

// open is for a sender that signs nothing.
func (p *secretPage) open() {
	p.page.skip = nil
	who := look.T("What sends here signs nothing, as far as Homehook knows.")
	if p.plan.sender.Name != "other" {
		who = look.T("{{.Sender}} signs nothing.", look.V{"Sender": title(&p.plan.sender)})
	}
	p.content.Objects = []fyne.CanvasObject{
		part.Card(container.NewVBox(unverified(), part.Wrapped(who+" "+look.T("Whoever knows the address can send to it, so there is no secret to enter. Keep the address to yourself.")))),
		gap(1),
		noted("info", look.T("Does it sign, or send a token or a password? Go back and choose under “Who sends to it” how: “HMAC signature in a header”, “Token in a header” or “User name and password”.")),
	}
	p.content.Refresh()
}

// unverified is the badge of what anybody could have sent.
func unverified() fyne.CanvasObject {
	return told("unverified", theme.ColorNameWarning, look.T("Unverified"))
}

// offer shows the ways to come by a secret; kept says that one is stored.
func (p *secretPage) offer(kept bool) {
	s := &p.plan.sender
	sender := title(s)
	p.ways.all = nil
	if kept {
		p.ways.add(secretKeep, "verified", look.T("Keep the one that is stored"), look.T("For {{.Sender}}, as {{.Name}}.", look.V{"Sender": sender, "Name": p.name()}))
	}
	if s.Generate {
		p.ways.add(secretMake, "lock", look.T("Make one here"), look.T("Homehook makes a secret that nobody can guess; you enter it at {{.Sender}}.", look.V{"Sender": sender}))
	}
	from := part.Visible(look.Known(s.SecretFrom))
	if s.Generate {
		from = look.T("One that {{.Sender}} knows already.", look.V{"Sender": sender})
	}
	p.ways.add(secretPaste, "edit", look.T("Paste one"), from)
	cards := container.NewVBox()
	for _, c := range p.ways.all {
		cards.Add(c)
	}
	p.content.Objects = []fyne.CanvasObject{
		part.Wrapped(look.T("{{.Sender}} signs each webhook with a secret that both sides know. Homehook checks it, and turns away what others send.", look.V{"Sender": sender})),
		cards, p.notes,
	}
	p.ways.choose(p.ways.all[0].value)
	p.content.Refresh()
}

// chosen shows what belongs to a way.
func (p *secretPage) chosen(way string) {
	p.notes.Objects = []fyne.CanvasObject{gap(1)}
	switch way {
	case secretPaste:
		p.notes.Add(p.field)
	case secretMake:
		if p.made == "" {
			p.made, p.stored = newSecret(), false
		}
		p.notes.Add(p.generated())
	}
	switch p.plan.sender.Scheme {
	case "basic":
		p.notes.Add(part.NewField(look.T("User name"), p.user, look.T("What the sender gives as the user.")))
	case "hmac", "token":
		p.notes.Add(part.NewField(look.T("Header field"), p.header, look.T("In which the sender puts it.")))
	}
	if way != secretKeep {
		p.notes.Add(noted("lock", p.storeWords()))
	}
	p.notes.Refresh()
	p.say("")
}

// generated shows the secret that was made here.
func (p *secretPage) generated() fyne.CanvasObject {
	secret := part.Wrapped(p.made)
	secret.TextStyle.Monospace = true
	secret.Wrapping = fyne.TextWrapBreak
	secret.Selectable = true
	b := p.copyButton(look.T("Copy"), func() string { return p.made })
	row := part.Ground(look.ColourCode, container.NewBorder(nil, nil, nil, container.NewCenter(b), secret))
	return container.NewVBox(row, part.Muted(look.T("Copy it now and enter it at {{.Sender}}: it is shown on this page only.", look.V{"Sender": title(&p.plan.sender)})))
}

// skipSecret goes on without a check.
func (p *secretPage) skipSecret() {
	p.plan.scheme, p.plan.credential = "", ""
	p.forward()
}

func (p *secretPage) next() {
	scheme := p.plan.sender.Scheme
	if scheme == "" {
		p.skipSecret()
		return
	}
	p.plan.user, p.plan.header = "", ""
	switch scheme {
	case "basic":
		p.plan.user = or(p.user.Text, p.user.PlaceHolder)
	case "hmac", "token":
		p.plan.header = or(p.header.Text, p.header.PlaceHolder)
	}
	value := p.made
	switch p.ways.value() {
	case secretKeep:
		p.take()
		return
	case secretPaste:
		if value = strings.TrimSpace(p.paste.Text); value == "" {
			p.wrong(p.field, p.paste, look.T("Paste the secret, or skip this step."))
			return
		}
	default:
		if p.stored {
			p.take()
			return
		}
	}
	p.store(value)
}

// store keeps the secret, and forgets one that was pasted.
func (p *secretPage) store(value string) {
	name := p.name()
	work(p.wizard, look.T("Storing the secret…"), func(ctx context.Context, c *control.Client) (struct{}, error) {
		return struct{}{}, c.SetCredential(ctx, name, value)
	}, func(_ struct{}, err error) {
		if err != nil {
			p.say(look.T("The secret was not stored: {{.Why}}", look.V{"Why": err.Error()}))
			return
		}
		p.stored = value == p.made
		p.paste.SetText("")
		p.take()
	})
}

// take goes on with a check.
func (p *secretPage) take() {
	p.plan.scheme, p.plan.credential = p.plan.sender.Scheme, p.name()
	p.forward()
}

// or is the text without spaces around it, or else another.
func or(text, other string) string {
	if text = strings.TrimSpace(text); text != "" {
		return text
	}
	return other
}
