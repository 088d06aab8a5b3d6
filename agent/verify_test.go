package agent

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"homehook/agent/history"
	"homehook/routes/signature"
)

// signedAt returns the fields with which a sender signs a body at a time.
func signedAt(t testing.TB, scheme, secret, body string, at time.Time) string {
	t.Helper()
	s, ok := signature.Find(scheme)
	if !ok {
		t.Fatalf("no scheme %s", scheme)
	}
	fields, err := s.Sign(&signature.Message{Method: "POST", Body: []byte(body), Received: at}, []byte(secret), at)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&b, "%s: %s\r\n", f.Name, f.Value)
	}
	return b.String()
}

const stripeSecret = "whsec_test_key_of_stripe"

// verifying starts an agent whose routes check their senders.
func verifying(t *testing.T, settings string) (*testRelay, *home, *app) {
	t.Helper()
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, _ int) { fmt.Fprint(w, "ok") })
	route := func(scheme string) string {
		return fmt.Sprintf("  - {name: %[1]s, claim: garage, match: /%[1]s, verify: {scheme: %[1]s, secret: %[1]s}, forward: {to: %[2]q}}\n", scheme, a.URL)
	}
	h := startHome(t, storing(r.addr, settings, route("stripe")+route("github")))
	for name, value := range map[string]string{"stripe": stripeSecret, "github": "hush"} {
		if err := h.opts.Credentials.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	return r, h, a
}

// TestAgeIsThatAtTheRelay is rows 43, 44 and 58 of the bad inputs.
func TestAgeIsThatAtTheRelay(t *testing.T) {
	r, h, a := verifying(t, "")
	now := time.Now()
	ran := 0
	for _, tt := range []struct {
		name             string
		signed, received time.Duration // ago
		after, scheme    string
		status           int
		state, reason    string
	}{
		{"in time", 0, 0, "", "stripe", 200, "succeeded", ""},
		{"a second late", 301 * time.Second, 0, "", "stripe", 401, "rejected", "too old by 1 s"},
		{"in time, six days ago", 144 * time.Hour, 144 * time.Hour, "none", "stripe", 202, "succeeded", "unverified time"},
		{"late, six days ago", 144*time.Hour + 302*time.Second, 144 * time.Hour, "none", "stripe", 202, "rejected", "too old by 2 s"},
		{"old, and the relay says so", time.Hour, time.Hour, "", "stripe", 401, "rejected", "one of the clocks is wrong"},
		{"a relay that is ahead", 0, -time.Hour, "", "stripe", 401, "rejected", "1h0m0s after this machine's time"},
		{"a relay that is a little off", 5 * time.Minute, 9 * time.Minute, "", "stripe", 200, "succeeded", ""},
		{"where time is not signed", time.Hour, time.Hour, "", "github", 200, "succeeded", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := fmt.Sprintf(`{"id": "evt_%s"}`, newID())
			secret := map[string]string{"stripe": stripeSecret, "github": "hush"}[tt.scheme]
			s := sent{
				id: newID(), line: "POST /" + tt.scheme, body: body, after: tt.after, received: now.Add(-tt.received),
				fields: signedAt(t, tt.scheme, secret, body, now.Add(-tt.signed)),
			}
			if g := r.must(t, s); g.status != tt.status || g.accepted != s.id {
				t.Errorf("%+v", g)
			}
			rec := h.record(t, s.id, tt.state)
			if !strings.Contains(rec.Reason, tt.reason) || tt.reason == "" && rec.Reason != "" {
				t.Errorf("reason %q", rec.Reason)
			}
			if tt.state == "succeeded" {
				ran++
			}
			if tt.after != "" && rec.Received.Sub(now.Add(-tt.received)).Abs() > time.Second {
				t.Errorf("received %v", rec.Received)
			}
		})
	}
	if n := len(a.bodies()); n != ran {
		t.Errorf("%d ran, want %d", n, ran)
	}
}

// TestChangedBodyIsRefused is row 57 of the bad inputs, in every answer mode:
// what a relay has changed does not run, and can be looked at.
func TestChangedBodyIsRefused(t *testing.T) {
	for _, mode := range []string{answerHold, answerStore, answerThrough} {
		t.Run(mode, func(t *testing.T) {
			r, h, a := verifying(t, ", answer: "+mode)
			s := sent{id: newID(), mode: mode, line: "POST /github", body: `{"ref": "changed"}`, fields: signedAt(t, "github", "hush", `{"ref": "main"}`, time.Now())}
			accepted := s.id
			if mode == answerThrough {
				accepted = ""
			}
			if g := r.must(t, s); g.status != 401 || g.accepted != accepted || strings.Contains(g.body, "sha256") {
				t.Errorf("got %+v", g)
			}
			if rec := h.record(t, s.id, "rejected"); string(rec.Body) != s.body || !strings.HasPrefix(rec.Reason, "not verified: ") {
				t.Errorf("%+v", rec.Delivery)
			}
			good := sent{mode: mode, line: "POST /github", body: s.body, fields: signedAt(t, "github", "hush", s.body, time.Now())}
			if g := r.must(t, good); g.status != 200 && g.status != 202 {
				t.Errorf("as signed: %+v", g)
			}
			eventually(t, "the good one ran", func() bool { return len(a.bodies()) == 1 })
			if got := a.bodies()[0]; got != s.body {
				t.Errorf("the app got %q", got)
			}
			list, _, err := h.client.Deliveries(t.Context(), queryOf("rejected"))
			if err != nil || len(list) != 1 {
				t.Errorf("%v, %v", list, err)
			}
		})
	}
}

// TestCredentialIsMissingThrough: where nothing is kept the sender comes again.
func TestCredentialIsMissingThrough(t *testing.T) {
	r, h, _ := verifying(t, ", answer: through")
	if err := h.client.RemoveCredential(t.Context(), "github"); err != nil {
		t.Fatal(err)
	}
	fields := signedAt(t, "github", "hush", "x", time.Now())
	if g := r.must(t, sent{mode: answerThrough, line: "POST /github", body: "x", fields: fields}); g.status != 503 {
		t.Errorf("got %+v", g)
	}
}

// TestCredentialIsMissing: the sender is not to blame, so the delivery waits
// until the credential is there.
func TestCredentialIsMissing(t *testing.T) {
	r, h, a := verifying(t, "")
	if err := h.client.RemoveCredential(t.Context(), "github"); err != nil {
		t.Fatal(err)
	}
	fields := signedAt(t, "github", "hush", "x", time.Now())
	good := sent{id: newID(), line: "POST /github", body: "x", fields: fields}
	bad := sent{id: newID(), line: "POST /github", body: "y", fields: fields}
	for _, s := range []sent{good, bad} {
		if g := r.must(t, s); g.status != 202 || g.accepted != s.id {
			t.Errorf("hold: %+v", g)
		}
		if rec := h.record(t, s.id, "waiting"); !strings.Contains(rec.Reason, `"github"`) || rec.Due.IsZero() {
			t.Errorf("%+v", rec.Delivery)
		}
	}
	h.stop()
	r.forget()
	h = openHome(t, h.dir)
	eventually(t, "both wait again", func() bool {
		_, waiting := h.inbox.executor.queue()
		return waiting == 2
	})
	if n := len(a.bodies()); n > 0 {
		t.Fatalf("%d ran unchecked", n)
	}
	if err := h.client.SetCredential(t.Context(), "github", "hush"); err != nil {
		t.Fatal(err)
	}
	if rec := h.record(t, good.id, "succeeded"); !strings.Contains(rec.Reason, "verified later") {
		t.Errorf("%+v", rec.Delivery)
	}
	if rec := h.record(t, bad.id, "rejected"); !strings.HasPrefix(rec.Reason, "not verified: ") {
		t.Errorf("%+v", rec.Delivery)
	}
}

// TestVerifiedThrough: a body that had to be read whole reaches the handler
// whole, and one that is too large for that is refused.
func TestVerifiedThrough(t *testing.T) {
	r, h, a := verifying(t, ", answer: through, max_body: 1MiB")
	large := strings.Repeat("0123456789abcdef", 60_000)
	s := sent{id: newID(), mode: answerThrough, line: "POST /github", body: large, fields: signedAt(t, "github", "hush", large, time.Now())}
	if g := r.must(t, s); g.status != 200 {
		t.Errorf("%+v", g)
	}
	if seen := a.bodies(); len(seen) != 1 || seen[0] != large {
		t.Errorf("the app got %d requests", len(seen))
	}
	if rec := h.record(t, s.id, "succeeded"); rec.Size != int64(len(large)) || rec.BodySHA256 != sumOf([]byte(large)) {
		t.Errorf("%+v", rec.Delivery)
	}
	if g := r.must(t, sent{mode: answerThrough, line: "POST /github", body: large + large}); g.status != 413 {
		t.Errorf("too large: %+v", g)
	}
	eventually(t, "the budget is whole again", func() bool { return h.inbox.bodies.inUse() == 0 })
}

// rotating starts an agent with a route that has one credential and misses the
// other, and a second route that takes anything from anyone.
func rotating(t *testing.T, settings, more string) (*testRelay, *home, *app) {
	t.Helper()
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	a := startApp(t, func(w http.ResponseWriter, q *http.Request, _ int) { fmt.Fprint(w, q.URL.Path) })
	h := startHome(t, storing(r.addr, settings, fmt.Sprintf(
		"  - {name: github, claim: garage, match: /github, verify: {scheme: github, secrets: [github, gone]}, forward: {to: %[1]q}%[2]s}\n"+
			"  - {name: rest, claim: garage, match: /, unverified: true, forward: {to: %[1]q}}\n", a.URL, more)))
	if err := h.opts.Credentials.Set("github", "hush"); err != nil {
		t.Fatal(err)
	}
	return r, h, a
}

// hook is a delivery with the id of its sender, signed with a credential's value
// unless that is empty.
func hook(t testing.TB, path, id, body, secret string) sent {
	s := sent{id: newID(), line: "POST " + path, body: body, fields: "X-GitHub-Delivery: " + id + "\r\n"}
	if secret != "" {
		s.fields += signedAt(t, "github", secret, body, time.Now())
	}
	return s
}

// TestForgedStopsNobody: what nobody can check yet holds no turn, whenever it
// comes, is looked at again or goes on in another agent.
func TestForgedStopsNobody(t *testing.T) {
	for _, more := range []string{"", ", parallel: 1", ", while_running: skip", ", while_running: latest, background: true"} {
		t.Run(more, func(t *testing.T) {
			r, h, a := rotating(t, "", more)
			forged := hook(t, "/github", "one", "forged", "wrong")
			waits := func() {
				t.Helper()
				if rec := h.record(t, forged.id, "waiting"); !strings.Contains(rec.Reason, `"gone"`) {
					t.Errorf("%+v", rec.Delivery)
				}
			}
			good := func(what string) {
				t.Helper()
				s := hook(t, "/github", what, what, "hush")
				if g := r.must(t, s); g.status >= 300 || g.accepted != s.id {
					t.Errorf("%s: %+v", what, g)
				}
				h.record(t, s.id, "succeeded")
			}
			if g := r.must(t, forged); g.status != 202 || g.accepted != forged.id {
				t.Errorf("%+v", g)
			}
			waits()
			good("behind it")
			if !h.inbox.executor.wake(forged.id, false) {
				t.Error("it does not wait")
			}
			good("behind its second turn")
			waits()
			if err := h.client.SetCredential(t.Context(), "other", "x"); err != nil {
				t.Fatal(err)
			}
			good("behind its third turn")
			waits()
			h.stop()
			r.forget()
			h = openHome(t, h.dir)
			good("in another agent")
			if err := h.client.SetCredential(t.Context(), "gone", "x"); err != nil {
				t.Fatal(err)
			}
			h.record(t, forged.id, "rejected")
			good("at last")
			if n := len(a.bodies()); n != 5 {
				t.Errorf("%d ran", n)
			}
		})
	}
}

// TestForgedIsNoTwin: what came without the check of the route, or failed it,
// does not stand for what the sender has sent.
func TestForgedIsNoTwin(t *testing.T) {
	r, h, a := rotating(t, "", "")
	send := func(s sent, state string) string {
		t.Helper()
		r.must(t, s)
		h.record(t, s.id, state)
		return s.id
	}
	// Anybody can send an id to an address that checks nobody, and wait for no
	// check with it.
	send(hook(t, "/other", "one", "forged", ""), "succeeded")
	send(hook(t, "/github", "one", "forged", "wrong"), "waiting")
	first := send(hook(t, "/github", "one", "good", "hush"), "succeeded")
	// Nor do later ones hide the one that ran.
	send(hook(t, "/github", "one", "forged", "wrong"), "waiting")
	send(hook(t, "/another", "one", "forged", ""), "succeeded")
	if err := h.client.SetCredential(t.Context(), "gone", "x"); err != nil {
		t.Fatal(err)
	}
	send(hook(t, "/github", "one", "forged", "wrong"), "rejected")
	again := send(hook(t, "/github", "one", "good", "hush"), "duplicate")
	if rec := h.record(t, again, "duplicate"); rec.DuplicateOf != first {
		t.Errorf("a duplicate of %s, want %s", rec.DuplicateOf, first)
	}
	if got := strings.Join(a.bodies(), " "); got != "forged good forged" {
		t.Errorf("ran: %s", got)
	}
}

// TestCopiesCheckedLater: of two that could not be checked when they came one
// runs, and the answer to a forged one is not that of another.
func TestCopiesCheckedLater(t *testing.T) {
	r, h, a := rotating(t, ", parallel: 8", "")
	ran := hook(t, "/github", "before", "secret answer", "hush")
	if g := r.must(t, ran); g.status != 200 {
		t.Fatalf("%+v", g)
	}
	if g := r.must(t, hook(t, "/github", "before", "forged", "wrong")); g.status != 202 || g.body != "" {
		t.Errorf("forged: %+v", g)
	}
	var ids []string
	for range 4 {
		s := hook(t, "/github", "later", "x", "late")
		r.must(t, s)
		ids = append(ids, s.id)
		h.record(t, s.id, "waiting")
	}
	if err := h.client.SetCredential(t.Context(), "gone", "late"); err != nil {
		t.Fatal(err)
	}
	states := map[string]int{}
	for _, id := range ids {
		eventually(t, "it has ended", func() bool {
			rec, err := h.client.Delivery(t.Context(), id)
			if err != nil || rec.State != history.Duplicate && rec.State != history.Succeeded {
				return false
			}
			if states[rec.State]++; rec.State == history.Duplicate && (rec.DuplicateOf == "" || rec.Status != 202) {
				t.Errorf("%+v", rec.Delivery)
			}
			return true
		})
	}
	if states[history.Succeeded] != 1 || states[history.Duplicate] != 3 || len(a.bodies()) != 2 {
		t.Errorf("%v, %v ran", states, a.bodies())
	}
}
