package manage

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// credentialForm sets a credential.
type credentialForm struct {
	screen *credentialsScreen
	rotate bool
	name   *part.Entry
	value  *part.Entry
	keep   *part.Select
	made   *widget.Label // what was generated, for this once
	copied bool          // that, to the clipboard
	take   string        // what is copied once it is saved
	sheet  *part.Sheet
}

// keeps are how long an older value stays valid.
var keeps = []string{"1h", "24h", "168h", "0s"}

// set opens the form for a credential of that name, or any. With rotate the value
// that is there stays valid for a while.
func (c *credentialsScreen) set(name string, rotate bool) {
	f := &credentialForm{screen: c, rotate: rotate, name: part.NewEntry("github"), value: part.NewPassword("")}
	submit := func(string) { f.sheet.Submit() }
	f.name.OnSubmitted, f.value.OnSubmitted = submit, submit
	f.name.SetText(name)
	f.name.OnChanged, f.value.OnChanged = f.typed, f.typed
	var rows []fyne.CanvasObject
	var first fyne.Focusable = f.value
	title := look.T("Set {{.Name}}", look.V{"Name": name})
	switch {
	case rotate:
		title = look.T("Rotate {{.Name}}", look.V{"Name": name})
		rows = append(rows, part.Muted(look.T("The new value is valid at once. The one that is there stays valid for a while, so that the sender can be changed in the meantime.")))
	case name == "":
		title, first = look.T("New credential"), f.name
		rows = append(rows, part.NewField(look.T("Name"), f.name, look.T("As routes and relays name it, such as github or relay/mine.")))
	}
	f.made = part.Mono("")
	f.made.Selectable = true
	f.made.Truncation = fyne.TextTruncateOff
	f.made.Wrapping = fyne.TextWrapBreak
	made := container.NewBorder(nil, nil, nil, container.NewCenter(part.Quiet(look.T("Copy"), "copy", f.copy)), f.made)
	made.Hide()
	rows = append(rows,
		part.NewField(look.T("Value"), f.value, look.T("What the sender or the relay gave you. It is not shown again.")),
		container.NewHBox(part.Button(look.T("Generate one"), "wizard", func() {
			f.generate()
			made.Show()
			f.sheet.Fit()
		})), made)
	if rotate {
		var words []string
		for _, k := range keeps {
			d, _ := time.ParseDuration(k)
			words = append(words, look.Span(d))
		}
		words[3] = look.T("until it is dropped by hand")
		f.keep = part.Choice(keeps, words, nil)
		f.keep.Choose("24h")
		rows = append(rows, part.NewField(look.T("The older value stays valid for"), f.keep, ""))
	}
	f.sheet = c.desk.Sheet(part.SheetOptions{
		Title: title, Word: look.T("Save"), First: first, Content: container.NewVBox(rows...), Prepare: f.prepare,
		Closed: func() {
			f.value.SetText("")
			f.made.SetText("")
		},
		Done: func() {
			if f.take != "" {
				c.desk.Copy(f.take, look.T("Copied and saved"))
			} else {
				c.desk.Say(look.T("Saved"))
			}
			c.ask()
		},
	})
}

// typed takes back what was said of the form as it was before.
func (f *credentialForm) typed(string) {
	if f.sheet != nil {
		f.sheet.Problem("")
		f.reword()
	}
}

// lost says whether saving would lose a value that nobody has seen but this dialog.
func (f *credentialForm) lost() bool {
	return f.made.Text != "" && f.made.Text == f.value.Text && !f.copied
}

// reword has the button say what it does.
func (f *credentialForm) reword() {
	if f.lost() {
		f.sheet.Word(look.T("Copy and save"))
	} else {
		f.sheet.Word(look.T("Save"))
	}
}

func (f *credentialForm) copy() {
	f.copied = true
	f.screen.desk.Copy(f.value.Text, look.T("Copied"))
	f.reword()
}

// generate makes a value of 256 random bits, which is shown in this dialog only.
func (f *credentialForm) generate() {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	text := base64.RawURLEncoding.EncodeToString(random)
	f.copied = false
	f.value.SetText(text)
	f.made.SetText(text)
	f.reword()
}

// prepare reads the form.
func (f *credentialForm) prepare() (func(context.Context) error, error) {
	name, value := strings.TrimSpace(f.name.Text), f.value.Text
	if name == "" {
		return nil, errors.New(look.T("A name is needed."))
	}
	if value == "" {
		return nil, errors.New(look.T("A value is needed: paste one, or generate one."))
	}
	f.take = ""
	if f.lost() {
		f.take = value
	}
	client := f.screen.desk.Client()
	if !f.rotate {
		return func(ctx context.Context) error { return client.SetCredential(ctx, name, value) }, nil
	}
	keep, err := time.ParseDuration(f.keep.Value())
	if err != nil {
		return nil, errors.New(look.T("Choose how long the older value stays valid."))
	}
	return func(ctx context.Context) error { return client.RotateCredential(ctx, name, value, keep) }, nil
}

// place moves the root key somewhere else.
func (c *credentialsScreen) place() {
	store, _ := c.kept()
	places := []string{"keyring", "file", "passphrase"}
	to := part.Choice(places, []string{look.T("the keyring of your desktop"), look.T("a file of its own, for you alone"), look.T("nowhere: a passphrase")}, nil)
	to.Choose(store.Store)
	phrase, current := part.NewPassword(""), part.NewPassword("")
	asked := part.NewField(look.T("Passphrase"), phrase, look.T("It is asked for when the agent starts; a service cannot ask."))
	asked.Hide()
	var sheet *part.Sheet
	to.OnChanged = func(string) {
		asked.Hidden = to.Value() != "passphrase"
		asked.Refresh()
		sheet.Fit()
	}
	rows := []fyne.CanvasObject{part.Wrapped(placeWord(store.Store)), part.NewField(look.T("Keep the key in"), to, ""), asked}
	if store.Store == "passphrase" {
		rows = append(rows, part.NewField(look.T("Passphrase until now"), current, ""))
	}
	client := c.desk.Client()
	sheet = c.desk.Sheet(part.SheetOptions{
		Title: look.T("Where credentials are kept"), Word: look.T("Move"), First: to, Content: container.NewVBox(rows...),
		Prepare: func() (func(context.Context) error, error) {
			if to.Value() == "" {
				return nil, errors.New(look.T("Choose a place."))
			}
			m := control.MoveCredentials{Place: to.Value(), Passphrase: phrase.Text, Current: current.Text}
			return func(ctx context.Context) error {
				_, err := client.MoveCredentials(ctx, m)
				return err
			}, nil
		},
		Closed: func() {
			phrase.SetText("")
			current.SetText("")
		},
		Done: func() {
			c.desk.Say(look.T("Moved"))
			c.ask()
		},
	})
}
