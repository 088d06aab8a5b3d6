package wizard

import (
	"cmp"
	"os"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"homehook/gui/part"
	"homehook/gui/stage"
)

// TestOwnRelay goes the whole way with a relay that wants a token, by keys alone:
// Enter goes on, arrows choose, Tab goes to what is not first.
func TestOwnRelay(t *testing.T) {
	s := stage.New(t, "")
	relay, tokens := private(t, 1)
	to, got := target(t, 200)
	s.Speak(cmp.Or(os.Getenv("SPEAK"), "en"))
	w := open(s.Desk)
	s.Pictures(t, "1-welcome")
	press(s, fyne.KeyReturn)
	arrive(s, w, atRelay)
	s.Settle(func() bool { return w.plan.config != nil })
	s.Pictures(t, "2-relay")
	press(s, fyne.KeyDown)
	page := w.pages.relay
	focusOn(t, s, page.address)
	s.Pictures(t, "2-relay-own")
	write(s, relay)
	press(s, fyne.KeyReturn)
	arrive(s, w, atToken)
	s.Pictures(t, "3-token")
	write(s, "hh_wrong")
	press(s, fyne.KeyReturn)
	s.Settle(func() bool { return !w.busy && len(w.pages.token.trial.rows.Objects) > 3 })
	s.Pictures(t, "3-token-wrong")
	empty(s)
	write(s, tokens[0])
	press(s, fyne.KeyReturn)
	arrive(s, w, atName)
	fromName(t, s, w, to)
	if *got != 1 {
		t.Errorf("the program at home got %d webhooks", *got)
	}
	press(s, fyne.KeyReturn)
	arrive(s, w, atStay)
	s.Settle(func() bool { return w.pages.stay.known })
	s.Pictures(t, "9-stay")
	press(s, fyne.KeyReturn)
	s.Settle(func() bool { return w.ctx.Err() != nil })
	want := part.Place{Screen: part.Activity, Item: w.plan.delivery}
	if len(s.Went) != 1 || s.Went[0] != want || want.Item == "" {
		t.Errorf("went to %+v, not %+v", s.Went, want)
	}
	if s.Window.Canvas().Overlays().Top() != nil {
		t.Error("the wizard is still there")
	}
	config(t, s, map[string]int{"url: " + relay: 1, "name: home": 1, "sender: github": 1, "scheme: github": 1, "to: " + to: 1})
}

// fromName goes from the name of the address to a good test, with GitHub as sender.
func fromName(t *testing.T, s *stage.Stage, w *wizard, to string) {
	t.Helper()
	s.Settle(func() bool { return len(w.plan.senders) > 0 })
	s.Pictures(t, "4-name")
	focusOn(t, s, w.pages.name.search)
	write(s, "gith")
	if w.plan.sender.Name != "github" {
		t.Errorf("the search chooses %q", w.plan.sender.Name)
	}
	s.Pictures(t, "4-name-search")
	press(s, fyne.KeyReturn)
	s.Settle(func() bool { return w.at == atAddress && !w.busy && w.plan.address != "" })
	s.Pictures(t, "5-address")
	press(s, fyne.KeyReturn)
	arrive(s, w, atSecret)
	s.Pictures(t, "6-secret")
	press(s, fyne.KeyReturn)
	arrive(s, w, atAction)
	focusOn(t, s, w.pages.action.to)
	empty(s)
	write(s, to)
	s.Settle(func() bool { return strings.Contains(w.pages.action.yaml.Text, to) })
	w.pages.action.fold.Toggle()
	s.Pictures(t, "7-action")
	press(s, fyne.KeyReturn)
	arrive(s, w, atTrial)
	s.Pictures(t, "8-test")
	press(s, fyne.KeyReturn)
	s.Settle(func() bool { all, _, _ := w.pages.trial.way.stages(); return good(&all) })
	s.Settle(func() bool { return !w.busy })
	s.Pictures(t, "8-test-good")
}
