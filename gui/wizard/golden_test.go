package wizard

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"homehook/agent/control"
	"homehook/gui/stage"
)

// TestGolden holds what each step looks like in its main states.
func TestGolden(t *testing.T) {
	s := stage.New(t, "")
	w := open(s.Desk)
	s.Window.Resize(fyne.NewSize(900, 600))
	w.cover.Resize(fyne.NewSize(900, 600))
	same := func(name string) {
		t.Helper()
		s.Pictures(t, "golden-"+name)
		w.desk.Window.Canvas().Focus(nil) // a cursor blinks
		s.Window.Resize(fyne.NewSize(900, 600))
		w.cover.Resize(fyne.NewSize(900, 600))
		w.body.ScrollToTop()
		test.AssertRendersToMarkup(t, name+".xml", s.Window.Canvas())
	}
	same("welcome")
	w.show(atRelay)
	s.Settle(func() bool { return w.plan.config != nil })
	w.pages.relay.kinds.choose(relayOwn)
	trial := w.pages.relay.trial
	trial.add(&control.RelayStep{Step: "dns", State: control.FindingOK, Text: "relay.example.com is 192.0.2.1", MS: 12})
	trial.add(&control.RelayStep{Step: "tcp", State: control.FindingProblem, Text: "connection refused", Remedy: "check address and port"})
	same("relay")
	w.plan.kind, w.plan.relay, w.plan.url, w.plan.asks = relayOwn, "mine", "https://relay.example.com", true
	w.show(atToken)
	same("token")
	w.show(atName)
	s.Settle(func() bool { return len(w.plan.senders) > 0 })
	same("name")
	github := control.Sender{Name: "github", Title: "GitHub", Scheme: "github", Generate: true, Signs: true, Settings: "https://github.com/", Events: []string{"push"}}
	w.plan.sender, w.plan.claim, w.plan.made, w.plan.address = github, "home", "home", "https://home.relay.example.com/"
	w.at = atAddress
	w.showStep()
	w.pages.address.large()
	same("address")
	w.pages.address.failed("the name belongs to another token")
	same("address-failed")
	w.show(atSecret)
	w.pages.secret.made = strings.Repeat("secret", 6)
	w.pages.secret.chosen(secretMake)
	same("secret")
	w.plan.scheme, w.plan.credential = "github", "github/home"
	w.show(atAction)
	w.pages.action.to.SetText("http://127.0.0.1:3000")
	s.Settle(func() bool { return w.pages.action.yaml.Text != "" })
	same("action")
	w.show(atTrial)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	w.pages.trial.way.begun = at
	w.pages.trial.way.sent = &control.TestSent{Status: 200, Sent: at, DurationMS: 9}
	rec := &control.Record{Delivery: control.Delivery{State: control.Succeeded, Status: 200, Route: "home: forward", Received: at.Add(time.Millisecond)}}
	rec.Log = []control.Attempt{{Number: 1, Route: "home: forward", Started: at.Add(3 * time.Millisecond), DurationMS: 2, Status: 200}}
	w.pages.trial.way.rec = rec
	w.pages.trial.paint()
	same("trial")
	rec.State, rec.Log[0].Error = control.Dead, "connection refused"
	w.pages.trial.paint()
	same("trial-failed")
	w.show(atStay)
	s.Settle(func() bool { return w.pages.stay.known })
	same("stay")
}
