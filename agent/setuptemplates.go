package agent

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"homehook/agent/config"
	"homehook/agent/control"
	sender "homehook/agent/senders"
	"homehook/agent/templates"
	"homehook/routes"
)

// Senders returns the services that send webhooks.
func (b *backend) Senders() []control.Sender {
	var list []control.Sender
	for _, s := range sender.All() {
		list = append(list, control.Sender{
			Name: s.Name, Title: s.Title, Scheme: s.Scheme, SecretFrom: s.SecretFrom, Generate: s.Generate,
			Settings: s.Settings, Events: slices.Clone(s.Events), Claimable: s.Claimable(), Signs: s.Signs,
		})
	}
	return list
}

// Templates returns the templates of routes.
func (b *backend) Templates() ([]control.Template, error) {
	all, err := templates.All()
	if err != nil {
		return nil, err
	}
	var list []control.Template
	for i := range all {
		t := &all[i]
		out := control.Template{Name: t.Name, Title: t.Title, About: t.About, Sender: t.Sender, Handler: t.Handler}
		for _, q := range t.Ask {
			out.Ask = append(out.Ask, control.Question{Key: q.Key, Text: q.Text, Default: q.Default, Kind: inputOf(q.Kind), Optional: q.Optional})
		}
		list = append(list, out)
	}
	return list, nil
}

// inputOf is how a question of some kind is answered: how its answer is checked
// does not matter to who asks.
func inputOf(kind string) string {
	switch kind {
	case "program":
		return "file"
	case "folder", "url", "credential":
		return kind
	}
	return "text"
}

// FillTemplate makes routes of a template, and writes nothing.
func (b *backend) FillTemplate(t control.TemplateAnswers) (*control.TemplateFilled, error) {
	tpl, err := templates.Find(t.Template)
	if err != nil {
		return nil, marked{err, control.ErrNotFound}
	}
	b.mu.Lock()
	inUse := b.config.Routes
	b.mu.Unlock()
	freeName(tpl, inUse)
	answers, err := tpl.Complete(t.Answers)
	if err != nil {
		return nil, invalid("%w", err)
	}
	specs, err := tpl.Fill(answers, cmp.Or(t.Claim, "any"))
	if err != nil {
		return nil, invalid("%s", inSentences(err))
	}
	out := &control.TemplateFilled{After: b.afterwards(tpl, answers, t.Claim)}
	for i := range specs {
		specs[i].Claim = t.Claim
		text, err := config.RouteText(specs[i])
		if err != nil {
			return nil, err
		}
		out.Routes, out.Names = append(out.Routes, undashed(text)), append(out.Names, nameOf(&specs[i]))
	}
	out.Missing, err = b.missing(specs)
	return out, err
}

// freeName has a template suggest a name for its route that no other route has.
func freeName(t *templates.Template, taken []routes.Spec) {
	for i := range t.Ask {
		q := &t.Ask[i]
		if q.Key != "name" {
			continue
		}
		first := q.Default
		for n := 2; slices.ContainsFunc(taken, func(s routes.Spec) bool { return nameOf(&s) == q.Default }); n++ {
			q.Default = fmt.Sprintf("%s %d", first, n)
		}
	}
}

// afterwards is what is left to do outside of Homehook. Where the claim's address
// is not known, a word stands for it.
func (b *backend) afterwards(t *templates.Template, answers map[string]string, claim string) string {
	address := ""
	for _, c := range b.Claims() {
		if c.Name == claim {
			address = c.URL
		}
	}
	return t.Afterwards(answers, cmp.Or(address, "ADDRESS"))
}

// undashed is an entry of a list without what makes it one: the dash, and how far it
// is indented.
func undashed(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if len(line) > 2 {
			line = line[2:]
		}
		out.WriteString(line)
	}
	return out.String()
}

// missing are the credentials that routes name and nobody has stored.
func (b *backend) missing(specs []routes.Spec) (names []string, err error) {
	stored, err := b.opts.Credentials.List()
	if err != nil {
		return nil, translated(err)
	}
	known := make(map[string]bool)
	for _, c := range stored {
		known[c.Name] = true
	}
	for i := range specs {
		for _, name := range CredentialsOf(&specs[i]) {
			if !known[name] {
				known[name] = true
				names = append(names, name)
			}
		}
	}
	return names, nil
}
