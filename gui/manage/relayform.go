package manage

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// relayForm adds a relay or changes one.
type relayForm struct {
	screen  *relaysScreen
	old     *control.Relay // nil for a new one
	name    *part.Entry
	address *part.Entry
	token   *part.Entry
	dialect *part.Select
	fields  map[string]*part.Field
	sheet   *part.Sheet
}

// dialects are those that may be asked for; "" leaves it to the agent.
var dialects = []string{"", "ptth/1.0", "ptth", "comet", "reversehttp", "ptth/0.9"}

// form opens the form for a relay, or with nil for a new one.
func (r *relaysScreen) form(old *control.Relay) {
	f := &relayForm{screen: r, old: old, fields: map[string]*part.Field{}}
	submit := func(string) { f.sheet.Submit() }
	f.name, f.address, f.token = part.NewEntry(look.T("mine")), part.NewEntry("https://relay.example.com"), part.NewPassword("")
	f.name.OnSubmitted, f.address.OnSubmitted, f.token.OnSubmitted = submit, submit, submit
	words := append([]string{look.T("the best that it offers")}, dialects[1:]...)
	f.dialect = part.Choice(dialects, words, nil)
	f.dialect.Choose("")
	add := func(key, name string, what fyne.CanvasObject, hint string) fyne.CanvasObject {
		f.fields[key] = part.NewField(name, what, hint)
		return f.fields[key]
	}
	title, word, tokenHint := look.T("New relay"), look.T("Add"), look.T("What the relay's owner gave you. It goes to the credentials and is never shown. Leave it empty if the relay asks for none.")
	var rows []fyne.CanvasObject
	var first fyne.Focusable = f.address
	if old != nil {
		title, word, tokenHint = look.T("Change {{.Name}}", look.V{"Name": old.Name}), look.T("Save"), look.T("Leave it empty to keep the one that it has.")
		f.address.SetText(old.URL)
		f.readDialect()
	}
	rows = append(rows, add("url", look.T("URL"), f.address, look.T("Copied from its owner, beginning with https://")))
	if old == nil {
		rows = append(rows, add("name", look.T("Name"), f.name, look.T("A short one of your own, such as mine.")))
	}
	rows = append(rows, add("token", look.T("Token"), f.token, tokenHint), add("dialect", look.T("Dialect"), f.dialect, ""))
	try := part.Quiet(look.T("Test this URL"), "test", f.try)
	f.sheet = r.desk.Sheet(part.SheetOptions{
		Title: title, Word: word, First: first, Content: container.NewVBox(append(rows, container.NewHBox(try))...), Prepare: f.prepare,
		Done: func() { r.desk.Say(look.T("Saved")) },
	})
}

// readDialect asks which dialect the file has.
func (f *relayForm) readDialect() {
	d := f.screen.desk
	part.Do(d, d.Client().Configuration, func(c *control.Configuration, err error) {
		if err != nil {
			return // what the file says stays
		}
		if s, ok := entryOf(c.Relays, f.old.Name)["dialect"].(string); ok {
			f.dialect.Choose(s)
		}
	})
}

// try tests what is typed.
func (f *relayForm) try() {
	if f.old != nil && f.address.Text == f.old.URL && f.token.Text == "" {
		f.screen.test(control.RelayTest{Name: f.old.Name})
		return
	}
	f.screen.test(control.RelayTest{URL: strings.TrimSpace(f.address.Text), Token: f.token.Text})
}

// prepare reads the form.
func (f *relayForm) prepare() (func(context.Context) error, error) {
	for _, field := range f.fields {
		field.Problem("")
	}
	address := strings.TrimSpace(f.address.Text)
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		f.fields["url"].Problem(look.T("A URL such as https://relay.example.com"))
		return nil, errors.New(look.T("The URL is not that of a relay."))
	}
	name := strings.TrimSpace(f.name.Text)
	edit := control.ConfigEdit{Op: control.EditAdd, Part: control.PartRelay}
	if f.old != nil {
		name = f.old.Name
		edit.Op, edit.Name = control.EditSet, name
	} else if !label.MatchString(name) {
		f.fields["name"].Problem(look.T("Lower-case letters, digits and hyphens, such as mine."))
		return nil, errors.New(look.T("The name cannot be used."))
	}
	values := map[string]any{"name": name, "url": address, "dialect": f.dialect.Value()}
	token := f.token.Text
	client := f.screen.desk.Client()
	return func(ctx context.Context) error {
		if f.old != nil {
			c, err := client.Configuration(ctx)
			if err != nil {
				return err
			}
			values = merged(entryOf(c.Relays, name), values)
		}
		if token != "" {
			if values["token"] == nil {
				values["token"] = "relay/" + name
			}
			if err := client.SetCredential(ctx, values["token"].(string), token); err != nil {
				return err
			}
		}
		edit.Values = without(values)
		return change(ctx, client, edit)
	}, nil
}
