package routes

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"homehook/http1"
	"homehook/routes/signature"
)

// questions are what senders ask, without a signature.
var questions = map[string]sent{
	"slack":   {body: `{"type":"url_verification","challenge":"cmd"}`},
	"discord": {body: `{"type":1}`},
	"meta":    {get: true, target: "/?hub.mode=subscribe&hub.challenge=77&hub.verify_token=agreed"},
	"graph":   {target: "/?validationToken=%3Cb%3E"},
	"zoom":    {body: `{"event":"endpoint.url_validation","payload":{"plainToken":"reboot"}}`},
	"twitch":  {fields: "Twitch-Eventsub-Message-Type: webhook_callback_verification\r\n", body: `{"challenge":"x"}`},
	"dropbox": {get: true, target: "/?challenge=%3Cb%3E"},
	"github":  {fields: "X-GitHub-Event: ping\r\n", body: "{}"},
}

// TestNothingIsSignedForStrangers asks a route of each scheme what each sender
// asks, as the sender of its claim: what was not checked must not be answered by
// the secret of the route, nor by more than the question itself.
func TestNothingIsSignedForStrangers(t *testing.T) {
	keys := keyring{"s": []byte("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "word": []byte("agreed")}
	for _, scheme := range signature.Names() {
		v := &VerifySpec{Scheme: scheme, Secret: "s"}
		switch scheme {
		case "ip":
			v.Secret, v.From = "", []string{"192.0.2.0/24"}
		case "hmac", "token":
			v.Header = "X-S"
		case "basic":
			v.User = "me"
		case "meta":
			v.Token = "word"
		}
		table := tableOf(t, Spec{Name: "a", Verify: v})
		v.From = []string{"198.51.100.0/24"}
		elsewhere := tableOf(t, Spec{Name: "a", Verify: v})
		for sender, q := range questions {
			o := ChooseOptions{Secrets: keys.get, Sender: sender, Now: receivedAt}
			if a := elsewhere.Choose(q.delivery(t), o).Answer; a != nil {
				t.Errorf("%s asks as %s from an address that is not allowed, and gets %q", scheme, sender, a.Body)
			}
			a := table.Choose(q.delivery(t), o).Answer
			if a == nil || scheme == "ip" {
				continue
			}
			echoes := sender == "graph" || sender == "dropbox"
			if !echoes && scheme != sender || slices.Contains([]string{"slack", "discord", "twitch", "github"}, sender) {
				t.Errorf("%s asks as %s, unsigned, and gets %q", scheme, sender, a.Body)
			}
		}
	}
}

// TestChallengesAreNoPages: what strangers have echoed is no page to browsers.
func TestChallengesAreNoPages(t *testing.T) {
	for sender, q := range questions {
		table := tableOf(t, Spec{Name: "a", Verify: &VerifySpec{Scheme: "ip", From: []string{"192.0.2.7"}}})
		if sender == "zoom" || sender == "meta" {
			table = tableOf(t, Spec{Name: "a", Verify: &VerifySpec{Scheme: sender, Secret: "zoom", Token: map[string]string{"meta": "word"}[sender]}})
		}
		o := options()
		o.Sender = sender
		a := table.Choose(q.delivery(t), o).Answer
		if a == nil {
			t.Errorf("%s is not answered", sender)
		} else if !slices.Contains(a.Fields, http1.Field{Name: noSniff, Value: "nosniff"}) {
			t.Errorf("%s: %v", sender, a.Fields)
		}
	}
}

// TestRespondIsWhatItSays holds the same for answers that are configured.
func TestRespondIsWhatItSays(t *testing.T) {
	for _, tt := range []struct {
		name string
		spec RespondSpec
		want []string
	}{
		{"text", RespondSpec{Body: "<b>"}, []string{"nosniff"}},
		{"of the sender", RespondSpec{Body: "{query.a}"}, []string{"nosniff"}},
		{"nothing", RespondSpec{Status: http.StatusNoContent}, nil},
		{"another", RespondSpec{Body: "x", Headers: map[string]string{"x-content-type-options": "other"}}, []string{"other"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := compileOne(t, Spec{Unverified: true, Respond: &tt.spec})
			d := sent{target: "/?a=%3Cb%3E"}.delivery(t)
			r.Input(d)
			fields, _, why := r.handlers[0].handler.(*responder).fill(d)
			if why != nil {
				t.Fatal(why)
			}
			var got []string
			for _, h := range fields {
				if strings.EqualFold(h.name, noSniff) {
					got = append(got, h.value)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestOneCauseAtATime: checks at once do not each look for their cause.
func TestOneCauseAtATime(t *testing.T) {
	var c causes
	if !c.take(receivedAt) || c.take(receivedAt) {
		t.Fatal("two are looked for at once")
	}
	c.done()
	if !c.take(receivedAt) {
		t.Error("none is looked for after the first")
	}
	c.done()
	r := verified(t, VerifySpec{Scheme: "slack", Secret: "s"})
	var all sync.WaitGroup
	for range 2 * maxCauses {
		d := signedDelivery(t, "slack", "x", 0)
		all.Go(func() { _ = r.Verify(d, []byte("y"), keyring{"s": []byte("x")}.get) })
	}
	all.Wait()
	if r.verifier.causes.busy {
		t.Error("one is still looked for")
	}
}
