package routing

import (
	"os"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/part"
	"homehook/gui/stage"
)

const home = `relays:
  - {name: mine, url: RELAY, token: relay/test}
claims:
  - {name: garage, relay: mine}
routes:
  # what the blog needs
  - name: blog
    match: POST /github/{repo}
    verify: {scheme: github, secret: github}   # the team's
    events: [push]
    while_running: latest
    respond: {status: 202}
  - name: bell
    match: POST /bell
    unverified: true
    respond: {body: ding}
  - name: rest
    match: /
    unverified: true
    respond: {body: ok}
`

// play is a screen on a stage.
type play struct {
	*stage.Stage
	*screen
	t *testing.T
}

// begin plays the screen with a configuration, until it is shown.
func begin(t *testing.T, configuration string) *play {
	t.Helper()
	s := stage.New(t, configuration)
	p := &play{Stage: s, screen: New(s.Desk).(*screen), t: t}
	s.Window.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) {
		if !s.Desk.CloseTop() {
			p.screen.Key(k)
		}
	})
	s.Play(p.screen, part.Place{})
	s.Settle(func() bool { return p.file != nil })
	return p
}

// names are those of the routes, as the list shows them.
func (p *play) names() string {
	var out []string
	for _, i := range p.list.shown {
		out = append(out, p.list.all[i].name)
	}
	return strings.Join(out, " ")
}

// text is the file as it is on the disk.
func (p *play) text() string {
	p.t.Helper()
	text, err := os.ReadFile(p.Config)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// write writes the file as a person would.
func (p *play) write(text string) {
	p.t.Helper()
	if err := os.WriteFile(p.Config, []byte(strings.ReplaceAll(text, "RELAY", p.Relay)), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// press presses a button as soon as it is there, a dialog's before those behind it.
func (p *play) press(text string) {
	p.t.Helper()
	p.Settle(func() bool {
		in := test.LaidOutObjects(p.Window.Content())
		if top := p.Window.Canvas().Overlays().Top(); top != nil {
			in = test.LaidOutObjects(top)
		}
		for _, o := range in {
			if b, ok := o.(*part.Push); ok && b.Text == text && b.Visible() && !b.Disabled() {
				test.Tap(b)
				return true
			}
		}
		return false
	})
}

// says waits until a text stands in the window.
func (p *play) says(text string) {
	p.t.Helper()
	p.Settle(func() bool {
		in := test.LaidOutObjects(p.Window.Content())
		if top := p.Window.Canvas().Overlays().Top(); top != nil {
			in = test.LaidOutObjects(top)
		}
		for _, o := range in {
			if l, ok := o.(*widget.Label); ok && l.Visible() && strings.Contains(l.Text, text) {
				return true
			}
		}
		return false
	})
}

// open opens a route by its place and waits until the editor has it.
func (p *play) edits(name string) {
	p.t.Helper()
	p.screen.Shown(part.Place{Item: name})
	p.Settle(func() bool { return p.editor.sheet != nil && p.editor.sheet.name == name })
}

// saved waits until what is in the editor is in the file.
func (p *play) isSaved() {
	p.t.Helper()
	p.Settle(func() bool { return p.editor.why() == "" })
	p.screen.Shortcut(ctrl(fyne.KeyS))
	p.Settle(func() bool { return p.editor.sheet != nil && !p.editor.busy && !p.editor.sheet.changed() })
}

func ctrl(key fyne.KeyName) fyne.Shortcut {
	return &desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault}
}

func press(of fyne.Focusable, key fyne.KeyName) { of.TypedKey(&fyne.KeyEvent{Name: key}) }

// entryAt is what is asked below a name, in the dialog.
func (p *play) entryAt(name string) *part.Entry {
	p.t.Helper()
	for _, o := range test.LaidOutObjects(p.Window.Canvas().Overlays().Top()) {
		if s, ok := o.(*slot); ok && s.name.Text == name {
			return s.what.(*part.Entry)
		}
	}
	p.t.Fatalf("nothing asks for %q", name)
	return nil
}
