package settings

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// history is how long deliveries are kept, and what is taken out of them.
type history struct {
	desk    *part.Desk
	keep    *part.Select
	size    *part.Select
	redact  *part.Entry
	fields  map[string]*part.Field
	said    *widget.Label
	save    *part.Push
	values  map[string]any // as the file has them
	digest  string
	changed bool // what is typed is not in the file
	filling bool
}

func newHistory(d *part.Desk) *history { return &history{desk: d, fields: map[string]*part.Field{}} }

var (
	keeps = []string{"7d", "30d", "90d", "365d"}
	sizes = []string{"100MB", "1GB", "5GB", "20GB"}
)

func (h *history) content() fyne.CanvasObject {
	touched := func(string) { h.touch() }
	h.keep = part.Choice(keeps, []string{look.N("{{.Count}} days", 7), look.N("{{.Count}} days", 30), look.N("{{.Count}} days", 90), look.N("{{.Count}} days", 365)}, touched)
	h.size = part.Choice(sizes, sizes, touched)
	h.redact = part.NewLines("header.Authorization\njson.card.number", true)
	h.redact.SetMinRowsVisible(4)
	h.redact.OnChanged = touched
	h.said = part.Wrapped("")
	h.said.Hide()
	h.save = part.Primary(look.T("Save"), "", h.write)
	field := func(key, name string, what fyne.CanvasObject, hint string) fyne.CanvasObject {
		h.fields[key] = part.NewField(name, what, hint)
		return h.fields[key]
	}
	return group(look.T("What is kept"),
		field("keep", look.T("Keep deliveries for"), h.keep, look.T("Older ones are deleted. One that is not finished never is.")),
		field("max_size", look.T("At most"), h.size, look.T("Beyond it the oldest go first.")),
		field("redact", look.T("Leave out"), h.redact, look.T("One a line: header.NAME, query.NAME, form.NAME or json.PATH. What is left out is written nowhere, and such deliveries cannot be replayed whole.")),
		h.said, container.NewHBox(h.save))
}

func (h *history) touch() {
	if !h.filling {
		h.changed = true
		h.enable()
	}
}

func (h *history) enable() {
	if h.changed && h.desk.Feed.State().Live() && h.values != nil {
		h.save.Enable()
	} else {
		h.save.Disable()
	}
}

// read asks for what the file says, unless something is typed.
func (h *history) read() {
	h.enable()
	if h.changed || !h.desk.Feed.State().Live() {
		return
	}
	part.Do(h.desk, h.desk.Client().Configuration, func(c *control.Configuration, err error) {
		if err != nil {
			h.say(err.Error(), widget.DangerImportance)
			return
		}
		if !h.changed {
			h.fill(c)
		}
	})
}

// fill shows what the file says.
func (h *history) fill(c *control.Configuration) {
	h.filling = true
	defer func() { h.filling = false }()
	h.values, h.digest = c.History.Values, c.Digest
	if h.values == nil {
		h.values = map[string]any{}
	}
	own(h.keep, keeps, text(h.values["keep"], "30d"))
	own(h.size, sizes, text(h.values["max_size"], "1GB"))
	var rules []string
	list, _ := h.values["redact"].([]any)
	for _, r := range list {
		rules = append(rules, fmt.Sprint(r))
	}
	h.redact.SetText(strings.Join(rules, "\n"))
	h.enable()
}

// text is a value as the file has it, or what it is without one.
func text(v any, without string) string {
	if v == nil {
		return without
	}
	return fmt.Sprint(v)
}

// own chooses a value, which is offered first if it is none of ours.
func own(s *part.Select, ours []string, value string) {
	s.Choose(value)
	if s.Value() == "" {
		s.Offer(append([]string{value}, ours...), append([]string{value}, s.Options...))
		s.Choose(value)
	}
}

func (h *history) say(text string, of widget.Importance) {
	h.said.Importance = of
	h.said.SetText(part.VisibleLines(text))
	h.said.Hidden = text == ""
	h.said.Refresh()
}

// write changes the file.
func (h *history) write() {
	for _, f := range h.fields {
		f.Problem("")
	}
	values := map[string]any{}
	for k, v := range h.values {
		values[k] = v
	}
	values["keep"], values["max_size"] = h.keep.Value(), h.size.Value()
	delete(values, "redact")
	if rules := strings.Fields(h.redact.Text); len(rules) > 0 {
		values["redact"] = rules
	}
	client := h.desk.Client()
	change := control.ConfigChange{Digest: h.digest, Edits: []control.ConfigEdit{{Op: control.EditSet, Part: control.PartHistory, Values: values}}}
	h.save.Disable()
	part.Do(h.desk, func(ctx context.Context) (*control.ConfigChanged, error) {
		return client.ChangeConfiguration(ctx, change)
	}, h.wrote)
}

func (h *history) wrote(done *control.ConfigChanged, err error) {
	defer h.enable()
	switch {
	case errors.Is(err, control.ErrConflict):
		h.changed = false
		h.say(look.T("The file has changed meanwhile. This is what it says now."), widget.WarningImportance)
		h.read()
	case err != nil:
		h.say(err.Error(), widget.DangerImportance)
	case len(done.Problems) > 0 && !done.Written:
		for _, p := range done.Problems {
			if f := h.fields[p.Field]; f != nil {
				f.Problem(part.Visible(p.Message))
				continue
			}
			key, _, _ := strings.Cut(strings.ReplaceAll(p.Field, "[", "."), ".")
			if f := h.fields[key]; f != nil {
				f.Problem(part.Visible(p.Message))
				continue
			}
			h.say(p.Message, widget.DangerImportance)
		}
	default:
		h.changed = false
		h.say("", 0)
		h.fill(&done.Configuration)
		h.desk.Say(look.T("Saved"))
	}
}
