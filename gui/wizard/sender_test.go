package wizard

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"homehook/agent/control"
	"homehook/gui/stage"
)

// Any web server is no relay: it is told so, and the token is asked for.
func TestNoRelay(t *testing.T) {
	s := stage.New(t, "")
	srv := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(srv.Close)
	w := relayStep(s)
	p := w.pages.relay
	p.kinds.choose(relayOwn)
	focusOn(t, s, p.address)
	write(s, srv.URL)
	press(s, fyne.KeyReturn)
	s.Settle(func() bool { return !w.busy && p.page.skip != nil })
	if w.at != atRelay || !w.sees("This may be no relay") || w.next.Text != "Test again" {
		t.Errorf("step %d: %q", w.at, stage.Texts(s.Window))
	}
	stage.Press(s.Window, "Continue anyway")
	arrive(s, w, atToken)
}

// TestVerdict: what a test of a relay comes to.
func TestVerdict(t *testing.T) {
	step := func(name, state string) control.RelayStep { return control.RelayStep{Step: name, State: state} }
	for name, tt := range map[string]struct {
		steps    []control.RelayStep
		given    bool
		good     bool
		ok, asks bool
	}{
		"open":          {[]control.RelayStep{step("token", "ok"), step("dialect", "ok")}, false, true, true, false},
		"wants a token": {[]control.RelayStep{step("token", "problem"), step("dialect", "ok")}, false, false, true, true},
		"has not said":  {[]control.RelayStep{step("token", "skipped"), step("dialect", "ok")}, false, true, true, true},
		"no relay":      {[]control.RelayStep{step("token", "skipped"), step("dialect", "warning")}, false, false, false, true},
		"down":          {[]control.RelayStep{step("tcp", "problem")}, false, false, false, true},
		"soon too old":  {[]control.RelayStep{step("tls", "warning"), step("token", "ok"), step("dialect", "ok")}, false, true, true, false},
		"wrong token":   {[]control.RelayStep{step("token", "problem")}, true, false, false, true},
	} {
		v := &verdict{}
		for i := range tt.steps {
			v.note(&tt.steps[i], tt.given)
		}
		if v.sum(tt.good); v.ok != tt.ok || v.asks != tt.asks {
			t.Errorf("%s: ok %t, asks %t", name, v.ok, v.asks)
		}
	}
}

// Each sender has a text for notifications that the agent can read, and its sample
// makes a line of it.
func TestMessages(t *testing.T) {
	s := stage.New(t, household)
	client := s.Client()
	senders, err := client.Senders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range senders {
		sender := &senders[i]
		f, err := client.FillTemplate(t.Context(), control.TemplateAnswers{Template: "notify", Claim: "garage", Answers: map[string]string{
			"path": "/" + sender.Name, "title": sender.Title, "text": messageOf(sender.Name), "name": sender.Name,
		}})
		if err != nil {
			t.Errorf("%s: %v", sender.Name, err)
			continue
		}
		edit := control.ConfigEdit{Op: control.EditAdd, Part: control.PartRoute, YAML: f.Routes[0]}
		got, err := client.ChangeConfiguration(t.Context(), control.ConfigChange{DryRun: true, Edits: []control.ConfigEdit{edit}})
		if err != nil || len(got.Problems) > 0 {
			t.Errorf("%s: %+v, %v", sender.Name, got, err)
		}
	}
}

// A tap on the URL copies it; one of this computer alone has no picture for a phone,
// and what to enter is called what the sender calls it.
func TestAddressShown(t *testing.T) {
	s := stage.New(t, "")
	w := open(s.Desk)
	shown := func(sender control.Sender, address string) {
		w.plan.sender, w.plan.claim, w.plan.address = sender, "home", address
		w.at = atAddress
		w.showStep()
		w.pages.address.large()
	}
	tap := func() {
		stage.Each(s.Window, func(o fyne.CanvasObject) bool {
			if l, ok := o.(*link); ok {
				test.Tap(l)
			}
			return true
		})
	}
	github := control.Sender{Name: "github", Title: "GitHub", Scheme: "github", Generate: true}
	shown(github, "https://home.relay.example.com/")
	tap()
	if got := s.App.Clipboard().Content(); got != w.plan.address {
		t.Errorf("copied %q", got)
	}
	if !w.sees("Payload URL") || !w.sees("Your public URL") || w.pages.address.code(w.plan.address) == nil {
		t.Errorf("%q", stage.Texts(s.Window))
	}
	shown(control.Sender{Name: "stripe", Title: "Stripe", Scheme: "stripe"}, "http://127.0.0.1:8080/~home/")
	if !w.sees("Endpoint URL") || w.sees("Content type") || !w.sees("Your URL on this computer") || w.sees("Your public URL") {
		t.Errorf("%q", stage.Texts(s.Window))
	}
}

// Nothing is forwarded anywhere by itself, and Home Assistant's webhooks are only for
// it: the test goes to what the sender was given.
func TestForwardTo(t *testing.T) {
	s := stage.New(t, household)
	w := open(s.Desk)
	s.Settle(w.live)
	p := w.pages.action
	w.plan.claim, w.plan.sender = "garage", control.Sender{Name: "stripe", Title: "Stripe", Scheme: "stripe"}
	w.show(atAction)
	p.kinds.choose("forward")
	if p.to.Text != "" {
		t.Errorf("it goes to %q", p.to.Text)
	}
	p.to.SetText("http://127.0.0.1:8123")
	if a := p.answers(); a.Template != "forward" || !strings.Contains(p.sentence(), "visitors") {
		t.Errorf("%+v: %s", a, p.sentence())
	}
	p.to.SetText("")
	w.plan.sender = control.Sender{Name: homeAssistant, Title: "Home Assistant"}
	w.show(atAction)
	if a := p.answers(); a.Template != "home-assistant" || p.to.Text == "" {
		t.Errorf("%+v to %q", a, p.to.Text)
	}
	w.plan.sender = control.Sender{Name: "github", Title: "GitHub", Scheme: "github"}
	w.show(atAction)
	p.kinds.choose("notify")
	if a := p.answers(); a.Answers["title"] != "GitHub" || !strings.Contains(a.Answers["text"], "json.repository") {
		t.Errorf("%+v", a)
	}
}
