package wizard

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"homehook/agent/control"
	"homehook/gui/part"
	"homehook/gui/stage"
)

// relayStep opens the wizard and goes to the choice of a relay.
func relayStep(s *stage.Stage) *wizard {
	w := open(s.Desk)
	press(s, fyne.KeyReturn)
	arrive(s, w, atRelay)
	s.Settle(func() bool { return w.plan.config != nil })
	return w
}

// ownRelay goes on with a relay of one's own, to the step after the token.
func ownRelay(t *testing.T, s *stage.Stage, w *wizard, address, token string) {
	t.Helper()
	w.pages.relay.kinds.choose(relayOwn)
	focusOn(t, s, w.pages.relay.address)
	write(s, address)
	press(s, fyne.KeyReturn)
	arrive(s, w, atToken)
	write(s, token)
	press(s, fyne.KeyReturn)
	arrive(s, w, atName)
	s.Settle(func() bool { return len(w.plan.senders) > 0 })
}

// TestWrongAddress says what is wrong with an address, and goes on in spite of it
// only when that is said.
func TestWrongAddress(t *testing.T) {
	s := stage.New(t, "")
	w := relayStep(s)
	p := w.pages.relay
	p.kinds.choose(relayOwn)
	focusOn(t, s, p.address)
	press(s, fyne.KeyReturn)
	if w.at != atRelay || !w.sees("Enter the address of the relay") {
		t.Error("an empty address is passed over")
	}
	write(s, "http://127.0.0.1:1")
	press(s, fyne.KeyReturn)
	s.Settle(func() bool { return !w.busy && p.page.skip != nil })
	if w.at != atRelay || !w.sees("nothing will arrive") || w.next.Text != "Test again" || w.skip.Text != "Continue anyway" {
		t.Errorf("step %d, %q: %q", w.at, w.next.Text, stage.Texts(s.Window))
	}
	s.Pictures(t, "f-address")
	press(s, fyne.KeyReturn) // Test again
	s.Settle(func() bool { return !w.busy && p.page.skip != nil })
	if w.at != atRelay || !stage.Press(s.Window, "Continue anyway") {
		t.Errorf("step %d", w.at)
	}
	arrive(s, w, atToken)
	press(s, fyne.KeyReturn)
	if !w.sees("Paste the token, or go on") {
		t.Error("an empty token is passed over")
	}
	if !stage.Press(s.Window, "Go on without") {
		t.Error("there is no way on without a token")
	}
	arrive(s, w, atName)
}

// TestNameTaken says that somebody else has the name, and another one takes its
// place in the configuration.
func TestNameTaken(t *testing.T) {
	s := stage.New(t, "")
	address, tokens := private(t, 2)
	client, ctx := s.Client(), t.Context()
	if err := client.SetCredential(ctx, "relay/first", tokens[0]); err != nil {
		t.Fatal(err)
	}
	first := []control.ConfigEdit{
		{Op: control.EditAdd, Part: control.PartRelay, Values: map[string]any{"name": "first", "url": address, "token": "relay/first"}},
		{Op: control.EditAdd, Part: control.PartClaim, Values: map[string]any{"name": "home", "relay": "first"}},
	}
	if _, err := client.ChangeConfiguration(ctx, control.ConfigChange{Edits: first}); err != nil {
		t.Fatal(err)
	}
	s.Connected("home")
	gone := []control.ConfigEdit{{Op: control.EditRemove, Part: control.PartClaim, Name: "home"}, {Op: control.EditRemove, Part: control.PartRelay, Name: "first"}}
	if got, err := client.ChangeConfiguration(ctx, control.ConfigChange{Edits: gone}); err != nil || len(got.Problems) > 0 {
		t.Fatal(got, err)
	}
	w := relayStep(s)
	ownRelay(t, s, w, address, tokens[1])
	press(s, fyne.KeyReturn)
	s.Settle(func() bool { return w.at == atAddress && !w.busy })
	if w.plan.address != "" || !w.sees("There is no address yet") {
		t.Fatalf("%q", stage.Texts(s.Window))
	}
	s.Pictures(t, "f-taken")
	press(s, fyne.KeyReturn) // Choose another name
	arrive(s, w, atName)
	empty(s)
	write(s, "garage")
	press(s, fyne.KeyReturn)
	s.Settle(func() bool { return w.at == atAddress && !w.busy && w.plan.address != "" })
	text, err := os.ReadFile(s.Config)
	if err != nil || strings.Contains(string(text), "name: home") || !strings.Contains(string(text), "name: garage") {
		t.Errorf("%v:\n%s", err, text)
	}
}

// TestAgentDies keeps what was typed while the agent is away, and goes on when it
// is back.
func TestAgentDies(t *testing.T) {
	s := stage.New(t, "")
	w := relayStep(s)
	p := w.pages.relay
	p.kinds.choose(relayOwn)
	focusOn(t, s, p.address)
	write(s, s.Relay)
	s.StopAgent()
	s.Settle(func() bool { return !w.live() && w.away.Visible() })
	s.Pictures(t, "f-away")
	press(s, fyne.KeyReturn)
	if w.at != atRelay || !w.next.Disabled() {
		t.Error("it goes on without an agent")
	}
	s.StartAgent()
	s.Settle(func() bool { return !w.away.Visible() && !w.next.Disabled() })
	if p.address.Text != s.Relay {
		t.Errorf("the address is now %q", p.address.Text)
	}
	press(s, fyne.KeyReturn)
	arrive(s, w, atToken)
}

// household is what is there when the wizard is opened again.
const household = `relays:
  - {name: mine, url: RELAY, token: relay/test}
claims:
  - {name: garage, relay: mine}
routes:
  - name: mine too # stays
    claim: garage
    match: /own
    unverified: true
    respond: {body: ok}
`

// TestAgain proposes what is there, says what is wrong with an action, and edits
// what it has made instead of making it twice.
func TestAgain(t *testing.T) {
	s := stage.New(t, household)
	s.Connected("garage")
	w := relayStep(s)
	s.Settle(func() bool { return w.pages.relay.kinds.value() == relayHave })
	s.Pictures(t, "g-have")
	press(s, fyne.KeyReturn)
	arrive(s, w, atName)
	if w.pages.name.name.Text != "garage" {
		t.Errorf("it proposes %q", w.pages.name.name.Text)
	}
	s.Settle(func() bool { return len(w.plan.senders) > 0 })
	press(s, fyne.KeyReturn)
	s.Settle(func() bool { return w.at == atAddress && !w.busy && w.plan.address != "" })
	press(s, fyne.KeyReturn)
	arrive(s, w, atSecret)
	s.Pictures(t, "g-nosecret")
	press(s, fyne.KeyReturn)
	arrive(s, w, atAction)
	wrongActions(t, s, w)
	a := w.pages.action
	a.kinds.choose("save")
	focusOn(t, s, a.folder)
	folder := filepath.Join(s.Home, "saved")
	empty(s)
	write(s, folder)
	press(s, fyne.KeyReturn)
	arrive(s, w, atTrial)
	press(s, fyne.KeyReturn)
	s.Settle(func() bool { all, _, _ := w.pages.trial.way.stages(); return good(&all) && !w.busy })
	if files, err := os.ReadDir(folder); err != nil || len(files) != 1 {
		t.Errorf("%d files, %v", len(files), err)
	}
	config(t, s, map[string]int{"name: mine, url": 1, "name: garage": 1, "# stays": 1, "forward:": 0, "save:": 1, "claim: garage": 2})
	w.close()
	reopened(t, s, folder)
}

// wrongActions tries a script without a path, one that is not there, and a program
// that does not answer, and comes back to the choice.
func wrongActions(t *testing.T, s *stage.Stage, w *wizard) {
	t.Helper()
	a := w.pages.action
	a.kinds.choose("script")
	focusOn(t, s, a.script)
	press(s, fyne.KeyReturn)
	if !w.sees("This is needed.") {
		t.Error("a script without a path is passed over")
	}
	write(s, filepath.Join(s.Home, "missing"))
	press(s, fyne.KeyReturn)
	s.Settle(func() bool { return !w.busy && w.sees("missing") && w.sees("cannot be found") })
	if w.at != atAction {
		t.Error("a script that is not there is passed over")
	}
	s.Pictures(t, "f-script")
	dead := "http://127.0.0.1:1"
	a.kinds.choose("forward")
	focusOn(t, s, a.to)
	empty(s)
	write(s, dead)
	press(s, fyne.KeyReturn)
	arrive(s, w, atTrial)
	press(s, fyne.KeyReturn)
	s.Settle(func() bool { _, at, over := w.pages.trial.way.stages(); return !w.busy && over && at == atAction })
	s.Pictures(t, "f-trial")
	if !stage.Press(s.Window, "Back to the handler") {
		t.Fatal("there is no way back to the action")
	}
	arrive(s, w, atAction)
}

// reopened finds what is there when the wizard is opened once more.
func reopened(t *testing.T, s *stage.Stage, folder string) {
	t.Helper()
	again := relayStep(s)
	s.Settle(func() bool { return again.pages.relay.kinds.value() == relayHave })
	press(s, fyne.KeyReturn)
	arrive(s, again, atName)
	press(s, fyne.KeyReturn)
	s.Settle(func() bool { return again.at == atAddress && !again.busy && again.plan.address != "" })
	press(s, fyne.KeyReturn)
	arrive(s, again, atSecret)
	press(s, fyne.KeyReturn)
	arrive(s, again, atAction)
	if k := again.pages.action.kinds.value(); k != "save" || again.pages.action.folder.Text != folder {
		t.Errorf("it proposes %s", k)
	}
	press(s, fyne.KeyReturn)
	arrive(s, again, atTrial)
	config(t, s, map[string]int{"name: garage": 1, "save:": 1, "# stays": 1})
}

// config counts what stands in the configuration.
func config(t *testing.T, s *stage.Stage, want map[string]int) {
	t.Helper()
	text, err := os.ReadFile(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	for part, n := range want {
		if got := strings.Count(string(text), part); got != n {
			t.Errorf("%q is there %d times, not %d:\n%s", part, got, n, text)
		}
	}
}

// TestStart starts the agent as a service, or without one where that fails.
func TestStart(t *testing.T) {
	s := stage.Empty(t)
	s.Host.State = part.ServiceState{System: "systemd"}
	w := open(s.Desk)
	s.Settle(func() bool { return w.next.Text == "Start Homehook" && !w.next.Disabled() })
	s.Pictures(t, "f-start")
	s.Host.Err = context.DeadlineExceeded
	press(s, fyne.KeyReturn)
	s.Settle(func() bool { return !w.busy && w.sees("could not be started") })
	s.Pictures(t, "f-start-failed")
	s.Host.Err = nil
	if !stage.Press(s.Window, "Start it without a service") {
		t.Fatal("there is no way without a service")
	}
	s.Settle(func() bool { return w.sees("Waiting for its first answer") })
	s.StartAgent()
	arrive(s, w, atRelay)
	if got := strings.Join(s.Host.Asked(), " "); got != "run" {
		t.Errorf("asked for %s", got)
	}
	w.show(atStay)
	s.Settle(func() bool { return w.pages.stay.known })
	s.Pictures(t, "g-stay")
	w.show(atRelay)
	w.pages.relay.kinds.choose(relayOwn)
	w.pages.relay.own.(*part.Fold).Toggle()
	s.Pictures(t, "g-howto")
	w.show(atWelcome)
	if w.next.Text != "Next" {
		t.Errorf("the button says %q", w.next.Text)
	}
}
