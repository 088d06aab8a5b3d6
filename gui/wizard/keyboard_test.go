package wizard

import (
	"os"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/stage"
)

// TestBackAndClose: Alt+Left goes back from anything and keeps what was typed, Esc
// asks before it closes.
func TestBackAndClose(t *testing.T) {
	s := stage.New(t, "")
	before := 0
	s.Window.Canvas().SetOnTypedKey(func(*fyne.KeyEvent) { before++ })
	w := relayStep(s)
	Open(s.Desk)
	if n := len(s.Window.Canvas().Overlays().List()); n != 1 {
		t.Errorf("%d wizards are open", n)
	}
	ownRelayUntested(t, s, w)
	c := s.Window.Canvas()
	left := &desktop.CustomShortcut{KeyName: fyne.KeyLeft, Modifier: fyne.KeyModifierAlt}
	for _, from := range []fyne.Focusable{w.pages.token.token, w.next, w.closing} {
		w.show(atToken)
		c.Focus(from)
		c.Focused().(fyne.Shortcutable).TypedShortcut(left)
		if w.at != atRelay || w.pages.relay.address.Text != "relay.example.com" {
			t.Errorf("from %T to step %d, %q", from, w.at, w.pages.relay.address.Text)
		}
	}
	press(s, fyne.KeyEscape)
	if !stage.Sees(s.Window, "Close the wizard?") {
		t.Fatalf("Esc does not ask: %q", stage.Texts(s.Window))
	}
	s.Pictures(t, "f-close")
	press(s, fyne.KeyEscape)
	if w.ctx.Err() != nil || c.Overlays().Top() != w.cover || c.Focused() == nil {
		t.Fatal("the second Esc does not go back to the wizard")
	}
	press(s, fyne.KeyEscape)
	press(s, fyne.KeyReturn)
	s.Settle(func() bool { return w.ctx.Err() != nil })
	if c.Overlays().Top() != nil {
		t.Error("it is still there")
	}
	c.Focus(nil)
	press(s, fyne.KeyA)
	if before != 1 {
		t.Error("the keys are not the window's again")
	}
}

// ownRelayUntested takes an address down as if its test were good.
func ownRelayUntested(t *testing.T, s *stage.Stage, w *wizard) {
	t.Helper()
	p := w.pages.relay
	p.kinds.choose(relayOwn)
	focusOn(t, s, p.address)
	write(s, "relay.example.com")
	p.passed, w.plan.asks = "https://relay.example.com", true
	press(s, fyne.KeyReturn)
	if w.at != atToken || w.plan.relay != "example" {
		t.Fatalf("step %d, relay %q", w.at, w.plan.relay)
	}
}

// TestSecretsAreForgotten: what was pasted is nowhere to be seen once it is stored.
func TestSecretsAreForgotten(t *testing.T) {
	s := stage.New(t, "")
	w := relayStep(s)
	w.plan.relay, w.plan.url, w.plan.kind, w.plan.asks = "mine", "http://127.0.0.1:1", relayOwn, true
	w.show(atToken)
	write(s, "hh_theToken")
	press(s, fyne.KeyReturn)
	s.Settle(func() bool { return !w.busy && w.skip.Text == "Continue anyway" })
	stage.Press(s.Window, "Continue anyway")
	arrive(s, w, atName)
	s.Settle(func() bool { return len(w.plan.senders) > 0 })
	w.plan.claim = "home"
	w.plan.sender = control.Sender{Name: "stripe", Title: "Stripe", Scheme: "stripe", Signs: true, SecretFrom: "there"}
	w.show(atSecret)
	if w.pages.secret.ways.value() != secretPaste {
		t.Error("Stripe's secret cannot be made here")
	}
	write(s, "whsec_theSecret")
	press(s, fyne.KeyReturn)
	arrive(s, w, atAction)
	if !w.plan.checked() || w.plan.credential != "stripe/home" {
		t.Errorf("%+v", w.plan)
	}
	for at := range atTrial {
		w.show(at)
		stage.Each(s.Window, func(o fyne.CanvasObject) bool {
			if e, ok := o.(*entry); ok && strings.Contains(e.Text, "the") {
				t.Errorf("step %d still has %q", at, e.Text)
			}
			if l, ok := o.(*widget.Label); ok && (strings.Contains(l.Text, "theToken") || strings.Contains(l.Text, "theSecret")) {
				t.Errorf("step %d shows %q", at, l.Text)
			}
			return true
		})
	}
	stored, err := s.Client().Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range stored {
		names = append(names, c.Name)
	}
	if !slices.Contains(names, "relay/mine") || !slices.Contains(names, "stripe/home") {
		t.Errorf("stored are %q", names)
	}
	w.show(atSecret)
	s.Settle(func() bool { return w.pages.secret.ways.value() == secretKeep })
	s.Pictures(t, "g-keep")
	if text, err := os.ReadFile(s.Config); err == nil && strings.Contains(string(text), "theSecret") {
		t.Errorf("%s", text)
	}
}
