package manage

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// claimForm adds a claim or changes one.
type claimForm struct {
	screen *claimsScreen
	old    *control.Claim // nil for a new one
	name   *part.Entry
	relay  *part.Select
	answer *part.Select
	quiet  *part.Select
	sender *part.Select
	fields map[string]*part.Field
	sheet  *part.Sheet
}

// silences are the times of the alarm to choose from.
var silences = []string{"", "1h", "6h", "24h", "72h", "168h", "720h"}

// form opens the form for a claim, or with nil for a new one.
func (c *claimsScreen) form(old *control.Claim) {
	status := c.desk.Feed.State().Status
	if status == nil {
		return
	}
	if old == nil && len(status.Relays) == 0 {
		c.desk.Wizard()
		return
	}
	f := &claimForm{screen: c, old: old, fields: map[string]*part.Field{}}
	var relays []string
	for _, r := range status.Relays {
		relays = append(relays, r.Name)
	}
	f.name = part.NewEntry(look.T("garage"))
	f.name.OnSubmitted = func(string) { f.sheet.Submit() }
	f.relay = part.Choice(relays, relays, nil)
	f.relay.Choose(relays[0])
	modes := []string{"hold", "store", "through"}
	f.answer = part.Choice(modes, []string{
		look.T("Home's answer, or 202 when that takes long"), look.T("Always 202, once it is kept"), look.T("Home's answer only; nothing is kept"),
	}, nil)
	f.answer.Choose("hold")
	var times []string
	for _, s := range silences {
		d, _ := time.ParseDuration(s)
		word := look.T("never")
		if s != "" {
			word = look.T("after {{.Time}} without a delivery", look.V{"Time": look.Span(d)})
		}
		times = append(times, word)
	}
	f.quiet = part.Choice(silences, times, nil)
	f.quiet.Choose("")
	f.sender = part.Choice([]string{""}, []string{look.T("several, or another one")}, nil)
	f.sender.Choose("")
	f.open()
	f.senders()
}

// open shows the form.
func (f *claimForm) open() {
	add := func(key, name string, what fyne.CanvasObject, hint string) fyne.CanvasObject {
		f.fields[key] = part.NewField(name, what, hint)
		return f.fields[key]
	}
	var rows []fyne.CanvasObject
	title, word := look.T("New claim"), look.T("Claim it")
	var first fyne.Focusable = f.name
	if f.old == nil {
		rows = append(rows,
			add("name", look.T("Name"), f.name, look.T("Lower-case letters, digits and hyphens. It is part of the URL.")),
			add("relay", look.T("Relay"), f.relay, ""))
	} else {
		title, word = look.T("Change {{.Name}}", look.V{"Name": f.old.Name}), look.T("Save")
		first = f.answer
		f.answer.Choose(f.old.Answer)
		if f.old.Silence > 0 {
			f.offerSilence(seconds(f.old.Silence))
		}
	}
	rows = append(rows,
		add("answer", look.T("What the sender gets"), f.answer, ""),
		add("sender", look.T("Sender"), f.sender, look.T("The relay answers the checks of some senders while home is away.")),
		add("silence", look.T("Silence alarm"), f.quiet, look.T("Says so when webhooks stop coming that used to.")))
	said := look.T("Saved")
	if f.old == nil {
		said = look.T("Claimed")
	}
	f.sheet = f.screen.desk.Sheet(part.SheetOptions{
		Title: title, Word: word, First: first, Content: container.NewVBox(rows...), Prepare: f.prepare,
		Done: func() { f.screen.desk.Say(said) },
	})
}

// offerSilence chooses the time that the claim has, whichever it is.
func (f *claimForm) offerSilence(d time.Duration) {
	for _, s := range silences {
		if have, _ := time.ParseDuration(s); have == d {
			f.quiet.Choose(s)
			return
		}
	}
	own := d.String()
	f.quiet.Offer(append([]string{own}, silences...), append([]string{look.T("after {{.Time}} without a delivery", look.V{"Time": look.Span(d)})}, f.quiet.Options...))
	f.quiet.Choose(own)
}

// senders asks which there are, and which the claim has.
func (f *claimForm) senders() {
	d := f.screen.desk
	type answer struct {
		senders []control.Sender
		values  map[string]any
	}
	part.Do(d, func(ctx context.Context) (answer, error) {
		all, err := d.Client().Senders(ctx)
		if err != nil || f.old == nil {
			return answer{senders: all}, err
		}
		c, err := d.Client().Configuration(ctx)
		if err != nil {
			return answer{senders: all}, err
		}
		return answer{all, entryOf(c.Claims, f.old.Name)}, nil
	}, func(a answer, err error) {
		if err != nil {
			return // one can do without; the agent's state says the rest
		}
		values, labels := []string{""}, []string{look.T("several, or another one")}
		for _, s := range a.senders {
			if s.Claimable {
				values, labels = append(values, s.Name), append(labels, part.Visible(look.Known(s.Title)))
			}
		}
		f.sender.Offer(values, labels)
		if s, ok := a.values["sender"].(string); ok {
			f.sender.Choose(s)
		}
	})
}

// entryOf is the entry of that name; nil for none.
func entryOf(entries []control.ConfigEntry, name string) map[string]any {
	for _, e := range entries {
		if e.Name == name {
			return e.Values
		}
	}
	return nil
}

// label is what a claim or relay may be called.
var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// prepare reads the form.
func (f *claimForm) prepare() (func(context.Context) error, error) {
	for _, field := range f.fields {
		field.Problem("")
	}
	values := map[string]any{"answer": f.answer.Value()}
	name := strings.TrimSpace(f.name.Text)
	edit := control.ConfigEdit{Op: control.EditAdd, Part: control.PartClaim}
	if f.old != nil {
		name = f.old.Name
		edit.Op, edit.Name = control.EditSet, name
	} else {
		if !label.MatchString(name) {
			f.fields["name"].Problem(look.T("Lower-case letters, digits and hyphens, 63 at most, such as garage or front-door."))
			return nil, errors.New(look.T("The name cannot be part of a URL."))
		}
		values["relay"] = f.relay.Value()
	}
	values["name"], values["sender"], values["silence"] = name, f.sender.Value(), f.quiet.Value()
	client := f.screen.desk.Client()
	return func(ctx context.Context) error {
		if f.old != nil {
			c, err := client.Configuration(ctx)
			if err != nil {
				return err
			}
			values = merged(entryOf(c.Claims, name), values)
		}
		edit.Values = without(values)
		return change(ctx, client, edit)
	}, nil
}

// merged is old with what is new in it.
func merged(old, fresh map[string]any) map[string]any {
	all := map[string]any{}
	for k, v := range old {
		all[k] = v
	}
	for k, v := range fresh {
		all[k] = v
	}
	return all
}

// without leaves out what is empty, which the file leaves out, too.
func without(values map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range values {
		if v != "" && v != nil {
			out[k] = v
		}
	}
	return out
}

// change has the agent change its configuration; what is wrong with it is an error.
func change(ctx context.Context, client *control.Client, edits ...control.ConfigEdit) error {
	done, err := client.ChangeConfiguration(ctx, control.ConfigChange{Edits: edits})
	if err != nil {
		return err
	}
	if !done.Written && len(done.Problems) > 0 {
		p := done.Problems[0]
		if p.Remedy != "" {
			return fmt.Errorf("%s; %s", p.Message, p.Remedy)
		}
		return errors.New(p.Message)
	}
	return nil
}
