package routing

import (
	"fmt"
	"image/color"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// form shows a draft in fields, and says when a person has changed it.
type form struct {
	desk    *part.Desk
	keys    keys
	draft   *draft
	changed func()

	claims, credentials []string
	senders             []control.Sender

	body    *fyne.Container
	first   *part.Entry
	fields  []*field // of the route, then of the check, then of the handler
	check   []*field
	handler []*field
	checks  *fyne.Container // where those of the check are
	handles *fyne.Container
	scheme  *part.Select
	kind    *part.Select
	danger  *widget.Label // that nobody is checked
	other   *widget.Label // that there are keys without a field
	loading bool
	on      bool
	shown   string // what the fields that are shown depend on
	awaits  string // path of the field for which a credential is being made
}

func newForm(d *part.Desk, k keys, changed func()) *form {
	f := &form{desk: d, keys: k, draft: newDraft(nil), changed: changed, on: true}
	f.danger = part.Wrapped(look.T("Any stranger who knows the address can have this handler run."))
	f.danger.Importance = widget.WarningImportance
	f.danger.SizeName = theme.SizeNameCaptionText
	f.other = part.Muted("")
	f.checks, f.handles = container.NewVBox(), container.NewVBox()
	f.kind = part.Choice(kinds[:], f.kindLabels(), func(kind string) {
		f.change(func(d *draft) { d.setKind(kind) })
		f.show()
	})
	f.scheme = part.Choice(nil, nil, func(scheme string) {
		f.change(func(d *draft) { d.setScheme(scheme) })
		f.show()
	})
	f.kind.PlaceHolder, f.scheme.PlaceHolder = look.T("Choose…"), look.T("Choose…")
	f.body = container.New(layout.NewCustomPaddedVBoxLayout(2))
	f.build()
	return f
}

func (f *form) kindLabels() []string {
	out := make([]string, len(kinds))
	for i, kind := range kinds {
		out[i] = kindWord(kind)
	}
	return out
}

// build makes the fields that every route has.
func (f *form) build() {
	name, first := f.makeLine(&ask{path: "name", name: look.T("Name")})
	f.first = first
	background := f.flagField("background", look.T("Answer at once and run in the background"), look.T("Failures are tried again for more than a day."))
	goesOn := f.flagField("continue", look.T("Later routes may have the delivery too"), "")
	off := f.flagField("off", look.T("Switched off"), "")
	when, _ := f.makeLine(&ask{
		path: "when", name: look.T("Only when"), shown: `json.ref == "refs/heads/main"`,
		hint: look.T("A condition over method, path, query, header, params, json, form, body, remote."),
	})
	claim, match := f.claimField(), f.matchField()
	f.fields = []*field{name, claim, match, when, background, goesOn, off}
	check := newSlot(look.T("Who may send"), f.scheme, "")
	kind := newSlot(look.T("Handler"), f.kind, "")
	f.fields = append(f.fields,
		&field{path: "verify", part: check, able: able(f.scheme), load: f.chooseScheme},
		&field{path: "", part: kind, able: able(f.kind), load: func(d *draft) { f.kind.Choose(d.kind()) }})
	f.body.Objects = []fyne.CanvasObject{
		name.part, claim.part, match.part, check, f.danger, f.checks, when.part,
		gap(), part.Line(), gap(), kind, f.handles, gap(), part.Line(), gap(),
		background.part, goesOn.part, off.part, f.other,
	}
}

// chooseScheme shows who is checked; nothing where a route does not say that yet.
func (f *form) chooseScheme(d *draft) {
	if d.scheme() == "" && !d.flag("unverified") {
		f.scheme.ClearSelected()
		return
	}
	f.scheme.Choose(d.scheme())
}

// gap is some room between parts of the form.
func gap() fyne.CanvasObject {
	r := canvas.NewRectangle(color.Transparent)
	r.SetMinSize(fyne.NewSize(0, 6))
	return r
}

func (f *form) claimField() *field {
	s := part.Choice(nil, nil, func(v string) { f.change(func(d *draft) { d.setText("claim", v) }) })
	return &field{path: "claim", part: newSlot(look.T("Claim"), s, ""), able: able(s), load: func(d *draft) {
		names := slices.Clone(f.claims)
		shown := d.text("claim")
		switch {
		case shown == "" && len(names) == 1:
			shown = names[0]
		case !slices.Contains(names, shown) && shown != "":
			names = append(names, shown)
		}
		labels := make([]string, len(names))
		for i, n := range names {
			labels[i] = part.Visible(n)
		}
		s.Offer(names, labels)
		s.Choose(shown)
	}}
}

// methods are those that webhooks come with.
var methods = []string{"", "POST", "GET", "PUT", "PATCH", "DELETE"}

func (f *form) matchField() *field {
	path := part.NewEntry("/hook")
	method := part.Choice(nil, nil, func(v string) { f.change(func(d *draft) { d.setMatch(v, path.Text) }) })
	path.OnChanged = func(text string) { f.change(func(d *draft) { d.setMatch(d.method(), text) }) }
	row := container.NewBorder(nil, nil, method, nil, path)
	hint := look.T("A path ending in / takes all below it; {name} stands for one segment.")
	return &field{path: "match", part: newSlot(look.T("Requests"), row, hint), able: able(method, path), load: func(d *draft) {
		values := slices.Clone(methods)
		if !slices.Contains(values, d.method()) {
			values = append(values, d.method())
		}
		labels := slices.Clone(values)
		labels[0] = look.T("Any method")
		method.Offer(values, labels)
		method.Choose(d.method())
		path.Put(d.path())
	}}
}

// change does what a person wants with the draft.
func (f *form) change(do func(*draft)) {
	if f.loading {
		return
	}
	do(f.draft)
	f.changed()
}

// learn takes what may be chosen, and returns the credential that is new if a field
// waits for one.
func (f *form) learn(claims, credentials []string, senders []control.Sender) (fresh string) {
	for _, name := range credentials {
		if f.awaits != "" && !slices.Contains(f.credentials, name) {
			fresh = name
		}
	}
	f.claims, f.credentials, f.senders = claims, credentials, senders
	return fresh
}

// give has the field that waits for a credential take it.
func (f *form) give(credential string) {
	path := f.awaits
	f.awaits = ""
	f.change(func(d *draft) { d.setText(path, credential) })
}

// load shows a draft, which the form changes from then on.
func (f *form) load(d *draft) {
	f.draft, f.awaits = d, ""
	f.shown = "\x00"
	f.show()
}

// show shows the draft as it is, in the fields that it needs.
func (f *form) show() {
	f.loading = true
	defer func() { f.loading = false }()
	d := f.draft
	f.offerSchemes()
	if shown := f.depends(); shown != f.shown {
		f.check, f.handler = f.checkFields(), nil
		for _, a := range asksOf(d.kind()) {
			f.handler = append(f.handler, f.makeField(&a))
		}
		fill(f.checks, f.check)
		fill(f.handles, f.handler)
		f.shown = shown
	}
	for _, field := range f.all() {
		field.load(d)
		field.able(f.on)
	}
	f.danger.Hidden = d.scheme() != "" || !d.flag("unverified")
	f.hints()
	f.body.Refresh()
}

// depends is what decides which fields there are.
func (f *form) depends() string {
	d := f.draft
	return fmt.Sprint(d.scheme(), " ", d.kind(), " ", d.get("verify.secrets") != nil, d.get("events") != nil, len(f.senders))
}

func fill(box *fyne.Container, with []*field) {
	box.Objects = nil
	for _, field := range with {
		box.Objects = append(box.Objects, field.part)
	}
	box.Hidden = len(with) == 0
	box.Refresh()
}

func (f *form) all() []*field { return slices.Concat(f.fields, f.check, f.handler) }

// enable has the fields be used, or not.
func (f *form) enable(on bool) {
	f.on = on
	for _, field := range f.all() {
		field.able(on)
	}
}

// problems shows what is wrong at the fields, and returns what belongs to none.
func (f *form) problems(all []control.ConfigProblem) (rest []control.ConfigProblem) {
	at := map[string]string{}
	var paths []string
	for _, field := range f.all() {
		if field.path != "" {
			paths = append(paths, field.path)
		}
	}
	for _, p := range all {
		path := fieldOf(&p, paths)
		if path == "" {
			rest = append(rest, p)
			continue
		}
		at[path] = strings.TrimPrefix(at[path]+"\n"+problemWords(&p), "\n")
	}
	for _, field := range f.all() {
		field.part.problem(at[field.path])
		delete(at, field.path) // the first of two fields of one list says it
	}
	return rest
}
