package wizard

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/stage"
)

// TestTryHere goes the whole way with a relay that the agent runs itself, as
// somebody who has nothing yet would: Enter and nothing else, but for the folder.
func TestTryHere(t *testing.T) {
	s := stage.New(t, "")
	w := relayStep(s)
	s.Settle(func() bool { return w.pages.relay.kinds.value() == relayTry })
	press(s, fyne.KeyReturn)
	arrive(s, w, atName)
	if !strings.HasPrefix(w.plan.url, "http://127.0.0.1:") {
		t.Fatalf("the relay is to be at %q", w.plan.url)
	}
	// The stage's agent runs no relay, so another is put where that would be.
	tokens := serve(t, strings.TrimPrefix(w.plan.url, "http://"), 1)
	if err := s.Client().SetCredential(t.Context(), "relay/try", tokens[0]); err != nil {
		t.Fatal(err)
	}
	s.Settle(func() bool { return len(w.plan.senders) > 0 })
	press(s, fyne.KeyReturn)
	s.Settle(func() bool { return w.at == atAddress && !w.busy && w.plan.address != "" })
	if !w.sees("Only this computer can reach this address") {
		t.Error("it does not say who can reach the address")
	}
	press(s, fyne.KeyReturn)
	arrive(s, w, atSecret)
	press(s, fyne.KeyReturn)
	arrive(s, w, atAction)
	w.pages.action.kinds.choose("save")
	focusOn(t, s, w.pages.action.folder)
	folder := filepath.Join(s.Home, "saved")
	write(s, folder)
	press(s, fyne.KeyReturn)
	arrive(s, w, atTrial)
	press(s, fyne.KeyReturn)
	s.Settle(func() bool { all, _, _ := w.pages.trial.way.stages(); return good(&all) && !w.busy })
	if files, err := os.ReadDir(folder); err != nil || len(files) != 1 {
		t.Errorf("%d files, %v", len(files), err)
	}
	press(s, fyne.KeyReturn)
	arrive(s, w, atStay)
	config(t, s, map[string]int{"embedded: true": 1, "name: try": 1, "name: home": 1, "unverified: true": 1, "token:": 0})
}

// TestSharedRelay proposes a name that nobody can guess on a relay of others.
func TestSharedRelay(t *testing.T) {
	s := stage.New(t, "")
	w := relayStep(s)
	w.plan.kind, w.plan.relay, w.plan.url = relayOther, "public", "https://relay.example.com"
	w.show(atName)
	name := w.pages.name.name.Text
	if !strings.HasPrefix(name, "home-") || len(name) != len("home-")+24 || nameProblem(name) != "" {
		t.Errorf("it proposes %q", name)
	}
	w.show(atRelay)
	w.show(atName)
	if again := w.pages.name.name.Text; again != name {
		t.Errorf("it proposes %q, and %q when asked again", name, again)
	}
	w.at = atAddress
	w.showStep()
	w.plan.address = "https://relay.example.com/~" + name + "/"
	w.pages.address.large()
	if !w.sees("Whoever knows the address can send to it") {
		t.Error("it does not say that the address is to be kept")
	}
	s.Pictures(t, "g-shared")
}

// TestForeign waits for a webhook of the sender itself where nobody else can sign.
func TestForeign(t *testing.T) {
	s := stage.New(t, household)
	url := s.Connected("garage")
	w := relayStep(s)
	w.plan.claim, w.plan.scheme, w.plan.credential = "garage", "discord", "discord/garage"
	w.plan.sender = control.Sender{Name: "discord", Title: "Discord", Scheme: "discord"}
	w.show(atTrial)
	if w.next.Text != "Go on without" || !w.sees("signs with a key that only it has") {
		t.Errorf("%q", stage.Texts(s.Window))
	}
	s.Pictures(t, "g-foreign")
	if status := s.Post(url+"/own", "{}"); status != 200 {
		t.Fatalf("status %d", status)
	}
	s.Settle(func() bool { all, _, _ := w.pages.trial.way.stages(); return good(&all) })
	if w.next.Text != "Next" || w.plan.delivery == "" {
		t.Errorf("%q, %q", w.next.Text, w.plan.delivery)
	}
}

// TestGerman speaks German from the first step on once that is chosen, and English
// again after that.
func TestGerman(t *testing.T) {
	s := stage.New(t, "")
	t.Cleanup(func() { _ = look.Speak("en") })
	w := open(s.Desk)
	w.pages.welcome.speak("de")
	if !w.sees("Webhooks, die zu Hause ankommen") || w.next.Text != "Weiter" {
		t.Fatalf("%q", stage.Texts(s.Window))
	}
	press(s, fyne.KeyReturn)
	arrive(s, w, atRelay)
	w.show(atStay)
	if !w.sees("Am Laufen halten") {
		t.Errorf("%q", stage.Texts(s.Window))
	}
	w.show(atWelcome)
	w.pages.welcome.speak("en")
	if !w.sees("Webhooks that reach your home") || w.next.Text != "Next" {
		t.Errorf("%q", stage.Texts(s.Window))
	}
}

// TestHomeAssistant lets only its webhooks through where nobody is checked.
func TestHomeAssistant(t *testing.T) {
	s := stage.New(t, household)
	s.Connected("garage")
	w := relayStep(s)
	s.Settle(func() bool { return w.pages.relay.kinds.value() == relayHave })
	w.plan.claim, w.plan.sender = "garage", control.Sender{Name: homeAssistant, Title: "Home Assistant"}
	w.show(atAction)
	if !w.sees("goes on to Home Assistant, and nothing else") {
		t.Errorf("%q", stage.Texts(s.Window))
	}
	press(s, fyne.KeyReturn)
	arrive(s, w, atTrial)
	config(t, s, map[string]int{"match: /api/webhook/{id}": 1, "127.0.0.1:8123": 1})
	if w.plan.testPath() == "/" {
		t.Error("the test goes to a path that is not let through")
	}
}
