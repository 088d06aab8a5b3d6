package agent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/http1"
	"homehook/ptth"
)

func canaryRequest(t *testing.T, head string) *http1.Request {
	t.Helper()
	r, err := http1.ParseRequest([]byte(head+"\r\nHost: a.test\r\n"), strings.NewReader(""), 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestCanaryIsKnownByItsKey: nobody without the key has a request taken for one.
func TestCanaryIsKnownByItsKey(t *testing.T) {
	var c canaries
	n := c.release("garage", []byte("key"))
	other := c.release("attic", []byte("another key"))
	good := "POST " + canaryPath + n.nonce + " HTTP/1.1\r\nCanary-Signature: " + n.sign("request")
	for _, tt := range []struct {
		name, claim, head string
		want              bool
	}{
		{"good", "garage", good, true},
		{"with a query", "garage", strings.Replace(good, n.nonce+" ", n.nonce+"?a=1 ", 1), true},
		{"for another claim", "attic", good, false},
		{"another nonce", "garage", strings.Replace(good, n.nonce, other.nonce, 1), false},
		{"no nonce", "garage", strings.Replace(good, n.nonce, "", 1), false},
		{"below", "garage", strings.Replace(good, n.nonce, n.nonce+"/x", 1), false},
		{"elsewhere", "garage", strings.Replace(good, canaryPath, "/x"+canaryPath, 1), false},
		{"no signature", "garage", "POST " + canaryPath + n.nonce + " HTTP/1.1", false},
		{"the signature of an answer", "garage", "POST " + canaryPath + n.nonce + " HTTP/1.1\r\nCanary-Signature: " + n.sign("answer"), false},
		{"that of another", "garage", "POST " + canaryPath + n.nonce + " HTTP/1.1\r\nCanary-Signature: " + other.sign("request"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := c.find(tt.claim, canaryRequest(t, tt.head)); (got == n) != tt.want || got != nil && !tt.want {
				t.Errorf("found %+v", got)
			}
		})
	}
	c.forget(n)
	if c.find("garage", canaryRequest(t, good)) != nil || c.out.Load() != 1 {
		t.Error("it is known for ever")
	}
}

// TestCanariesAreForgotten: those that never come are not kept.
func TestCanariesAreForgotten(t *testing.T) {
	var c canaries
	first := c.release("garage", nil)
	for range 3 * mostCanaries {
		c.release("garage", nil)
	}
	if n := len(c.known); n != mostCanaries || c.known[first.nonce] != nil || int(c.out.Load()) != n {
		t.Errorf("%d are known, %d counted", n, c.out.Load())
	}
	for _, n := range c.known {
		n.sent = n.sent.Add(-canaryLife - time.Second)
	}
	if c.release("garage", nil); len(c.known) != 1 {
		t.Errorf("%d are known", len(c.known))
	}
}

// TestFlight puts what became of a canary into words.
func TestFlight(t *testing.T) {
	home, broken, kept := &sighting{intact: true}, &sighting{}, &sighting{intact: true, kept: true}
	fail := func(step string) error { return &ptth.ConnectError{Step: step, Detail: "it is so", Remedy: "mend it"} }
	hold, store, through := control.Claim{Answer: "hold"}, control.Claim{Answer: "store"}, control.Claim{Answer: "through"}
	for _, tt := range []struct {
		name   string
		f      flight
		state  string
		text   string
		remedy string
	}{
		{"home and back", flight{claim: hold, status: 200, ours: true, home: home}, "ok", "came home and back in", ""},
		{"kept", flight{claim: hold, status: 202, home: kept}, "ok", "was kept by the relay (202) and came home after", ""},
		{"kept with another status", flight{claim: store, status: 204, home: home}, "ok", "was kept by the relay (204)", ""},
		{"too slow for hold", flight{claim: hold, status: 202, home: home, hold: time.Second, took: 2 * time.Second}, "ok", "longer than the hold time, so the relay answered (202)", ""},
		{"another answer in hold", flight{claim: hold, status: 200, home: home, hold: time.Second}, "problem", "somebody else answered for home (200)", "pass answers on"},
		{"another body", flight{claim: hold, status: 200, ours: true, home: broken}, "problem", "with another body", "pass bodies on"},
		{"the answer lost", flight{claim: hold, err: errors.New("EOF"), home: home}, "problem", "its answer did not come back: EOF", "tell the operator"},
		{"another answer", flight{claim: through, status: 200, home: home}, "problem", "somebody else answered for home (200)", "pass answers on"},
		{"another server", flight{claim: through, status: 200}, "problem", "answered by somebody who is not home (200)", "check that the URL"},
		{"lost", flight{claim: hold, status: 202}, "problem", "has not come home within 10s", "homehook service restart"},
		{"behind others", flight{claim: control.Claim{Answer: "hold", Queued: 7}, status: 202}, "warning", "it is behind 7 deliveries", "homehook history --state waiting"},
		{"no DNS of its own", flight{err: fail(ptth.StepDNS)}, "problem", "cannot be reached from here: it is so", "add a DNS record for garage.relay.example"},
		{"no certificate of its own", flight{err: fail(ptth.StepTLS)}, "problem", "cannot be reached from here: it is so", "get a certificate for garage.relay.example"},
		{"down", flight{err: fail(ptth.StepTCP)}, "problem", "cannot be reached from here: it is so", "mend it"},
		{"no answer", flight{err: context.DeadlineExceeded}, "problem", "gives no answer within 10s", "homehook relay test mine"},
		{"no HTTP", flight{err: errors.New("malformed")}, "problem", "malformed", "homehook relay test mine"},
		{"checked by the relay", flight{status: 401, checked: true}, "skipped", "turned the canary away, as it should", ""},
		{"a login", flight{status: 401}, "problem", "the answer was 401", "let senders through"},
		{"a firewall", flight{status: 403}, "problem", "the answer was 403", "let senders through"},
		{"a redirect", flight{status: 301, leads: "https://www.example/"}, "problem", "leads to https://www.example/ (301)", "give senders the address"},
		{"not there", flight{status: 404}, "problem", "the answer was 404", "--domain or --url"},
		{"no link", flight{status: 503}, "problem", "the answer was 503", "homehook relay test mine"},
		{"too many", flight{status: 429}, "problem", "the answer was 429", "wait"},
		{"full", flight{status: 507}, "problem", "the answer was 507", "disk or queue is full"},
		{"anything", flight{status: 418}, "problem", "the answer was 418", "ask the operator"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.f.url, tt.f.relay = "https://garage.relay.example", config.Relay{Name: "mine", URL: "https://relay.example"}
			state, text, remedy := tt.f.finding()
			if state != tt.state || !strings.Contains(text, tt.text) || !strings.Contains(remedy, tt.remedy) || (remedy == "") != (tt.remedy == "") {
				t.Errorf("%s: %s > %s", state, text, remedy)
			}
		})
	}
}

// TestCanaryAtHome answers a canary and counts what the relay keeps; nothing else
// is taken for one.
func TestCanaryAtHome(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, conf(r.addr, respondRoute))
	n := h.inbox.canaries.release("garage", []byte("key"))
	head := func(nonce, sign string) string {
		return "POST " + canaryPath + nonce + " HTTP/1.1\r\nCanary-Signature: " + sign
	}
	before := "01910f3e-7a5c-7c3b-9d2e-000000000001"
	got, err := r.send("01910f3e-7a5c-7c3b-9d2e-000000000002", head(n.nonce, n.sign("request"))+
		"\r\nHomehook-Answer: store\r\nHomehook-After: "+before+"\r\nHomehook-Queued: 3", string(n.body))
	if err != nil || got.status != 200 || strings.TrimSpace(got.body) != n.sign("answer") {
		t.Fatalf("%+v, %v", got, err)
	}
	if s := <-n.came; !s.intact {
		t.Errorf("%+v", s)
	}
	if !h.inbox.sequenceOf("garage").has("01910f3e-7a5c-7c3b-9d2e-000000000002") {
		t.Error("what is behind it in the relay's queue waits for it")
	}
	// Another time, with another body: it is still no delivery.
	if got, err = r.send("", head(n.nonce, n.sign("request")), strings.Repeat("x", 2*maxCanary)); err != nil || got.status != 200 {
		t.Errorf("%+v, %v", got, err)
	}
	if s := <-n.came; s.intact {
		t.Errorf("%+v", s)
	}
	if got, err = r.send("", head(n.nonce, "0000"), ""); err != nil || got.status != 404 {
		t.Errorf("a stranger's: %+v, %v", got, err)
	}
	// In through the answer goes out before the end is written down.
	eventually(t, "one delivery is there, rejected", func() bool {
		all, _, err := h.client.Deliveries(t.Context(), control.Query{})
		return err == nil && len(all) == 1 && all[0].State == control.Rejected
	})
}

// TestCanariesThatAreNotSent says why.
func TestCanariesThatAreNotSent(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_other")
	h := startHome(t, conf(r.addr, respondRoute))
	text := func(e control.Examination) string {
		c, err := h.client.Doctor(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		return lines(t, c)
	}
	wants(t, text(control.Examination{}), "canary() skipped: none was sent, as you asked for it")
	wants(t, text(control.Examination{Canary: true}), "canary(garage) skipped: none was sent: the claim is not linked")
	if n := h.inbox.canaries.out.Load(); n != 0 {
		t.Errorf("%d are on their way", n)
	}
}

// TestCanaryThatDoesNotComeHome: the relay is one that answers in home's place,
// and the doctor does not wait for ever.
func TestCanaryThatDoesNotComeHome(t *testing.T) {
	m := pretend(t, nil, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, canaryPath) {
			return false
		}
		w.WriteHeader(http.StatusAccepted)
		return true
	})
	h := startHome(t, fmt.Sprintf("relays: [{name: test, url: %q, token: relay/test}]\nclaims: [{name: garage, relay: test}]\n", m.server.URL))
	eventually(t, "linked", func() bool { c := (&backend{h.Agent}).Claims()[0]; return c.Connected && c.URL != "" })
	d := newDoctor(Patient{Version: "test", Canary: true})
	d.running, d.patience = &backend{h.Agent}, time.Second
	d.config = h.config
	began := time.Now()
	d.canaries(t.Context())
	wants(t, lines(t, control.NewCheckup(d.found)), "canary(garage) problem: the relay took a signed request to "+m.server.URL)
	if n := h.inbox.canaries.out.Load(); n != 1 || time.Since(began) > 5*time.Second {
		t.Errorf("%d are on their way after %s: it may come yet", n, time.Since(began))
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	late := d.canary(ended, d.running.Claims()[0], nil)
	if late.State != control.FindingSkipped || !strings.Contains(late.Text, "none was sent: those of other claims") || h.inbox.canaries.out.Load() != 1 {
		t.Errorf("without time: %+v", late)
	}
}
