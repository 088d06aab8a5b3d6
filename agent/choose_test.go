package agent

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"homehook/agent/control"
	"homehook/agent/history"
)

// asking starts an agent with two routes of the same path: the first takes pushes
// to main that GitHub has signed, the second takes doors that are open.
func asking(t *testing.T, settings string, more ...string) (*testRelay, *home, *app) {
	t.Helper()
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, _ int) { fmt.Fprint(w, "ok") })
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, settings, fmt.Sprintf(`  - {name: deploy, claim: garage, match: /x, verify: {scheme: github, secret: github}, events: [push], when: 'json.ref == "main"', forward: {to: %[1]q}%[2]s}
  - {name: door, claim: garage, match: /y, unverified: true, when: 'json.door == "open" && header["X-House"] == "1"', forward: {to: %[1]q}}
  - {name: window, claim: garage, match: /y, unverified: true, when: 'json.window == "open"', respond: {status: 203, body: window}}
`, a.URL, strings.Join(more, ""))))
	if err := h.opts.Credentials.Set("github", "hush"); err != nil {
		t.Fatal(err)
	}
	return r, h, a
}

// TestContentDecides: which route takes a delivery is found out by what is in it,
// in every answer mode, and the history tells why.
func TestContentDecides(t *testing.T) {
	for _, mode := range []string{answerHold, answerStore, answerThrough} {
		t.Run(mode, func(t *testing.T) {
			r, h, a := asking(t, ", answer: "+mode+", accepted: {status: 203, body: thanks}")
			house := "X-House: 1\r\n"
			for _, tt := range []struct {
				name, line, fields, body string
				status                   int
				state, route, reason     string
			}{
				{"the first", "POST /y", house, `{"door": "open"}`, 200, "succeeded", "door", ""},
				{"the second", "POST /y", house, `{"window": "open"}`, 203, "succeeded", "window", ""},
				{"none", "POST /y", "", `{"door": "open"}`, 203, "rejected", "", `no route wanted it: door: header["X-House"] == "1" is false`},
				{"no route", "POST /z", "", "", 404, "rejected", "", "no route"},
				{"signed", "POST /x", "push", `{"ref": "main"}`, 200, "succeeded", "deploy", ""},
				{"another branch", "POST /x", "push", `{"ref": "dev"}`, 203, "rejected", "", `no route wanted it: deploy: json.ref == "main" is false`},
				{"another event", "POST /x", "issues", `{"ref": "main"}`, 203, "rejected", "", "wants the events push"},
				{"not signed", "POST /x", "X-GitHub-Event: push\r\n", `{"ref": "main"}`, 401, "rejected", "deploy", "not verified: "},
			} {
				t.Run(tt.name, func(t *testing.T) {
					if !strings.Contains(tt.fields, ":") && tt.fields != "" {
						tt.fields = "X-GitHub-Event: " + tt.fields + "\r\n" + signedAt(t, "github", "hush", tt.body, time.Now())
					}
					s := sent{id: newID(), mode: mode, line: tt.line, fields: tt.fields, body: tt.body}
					g := r.must(t, s)
					if want := tt.status; g.status != want && (mode != answerStore || tt.state != "succeeded" || g.status != 203) {
						t.Errorf("%+v", g)
					}
					if mode != answerThrough && g.accepted != s.id {
						t.Errorf("not accepted: %+v", g)
					}
					rec := h.record(t, s.id, tt.state)
					if rec.Route != tt.route || !strings.HasPrefix(rec.Reason, tt.reason) && !strings.Contains(rec.Reason, "wants") || tt.reason == "" && rec.Reason != "" {
						t.Errorf("%+v", rec.Delivery)
					}
					checkTrace(t, tt.name, rec.Trace)
				})
			}
			if n := len(a.bodies()); n != 2 {
				t.Errorf("%d ran", n)
			}
		})
	}
}

// checkTrace looks at what the history says of the choice.
func checkTrace(t *testing.T, name string, trace []control.Trace) {
	t.Helper()
	var took []bool
	for _, tr := range trace {
		took = append(took, tr.Took)
	}
	want := map[string][]bool{
		"the first": {true}, "the second": {false, true}, "none": {false, false}, "signed": {true},
		"another branch": {false}, "another event": {false},
	}[name]
	if !slices.Equal(took, want) {
		t.Errorf("trace %+v", trace)
	}
	if name != "none" {
		return
	}
	parts := []control.TracePart{{Text: `json.door == "open"`, Value: "true"}, {Text: `header["X-House"] == "1"`, Value: "false"}}
	for i, p := range trace[0].Parts {
		if p.Note = ""; p != parts[i] {
			t.Errorf("part %+v", p)
		}
	}
}

// TestChosenAgain: at its turn a delivery is chosen for by the routes in force
// then; a check that it has passed is not made again, another one is.
func TestChosenAgain(t *testing.T) {
	r, h, a := asking(t, "", ", at_most_once: true")
	body := `{"ref": "main"}`
	deliver := func() string {
		s := sent{id: newID(), line: "POST /x", body: body, after: "none", fields: "X-GitHub-Event: push\r\n" + signedAt(t, "github", "hush", body, time.Now())}
		h.inbox.executor.hold(true)
		r.must(t, s)
		return s.id
	}
	routes := func(secret, ref string) string {
		return fmt.Sprintf("  - {name: deploy, claim: garage, match: /x, verify: {scheme: github, secret: %s}, when: 'json.ref == %q', forward: {to: %q}}\n", secret, ref, a.URL)
	}
	change := func(text string) {
		was := h.inbox.table.Load()
		h.write(t, storing(r.addr, "", text))
		eventually(t, "the change is in force", func() bool { return h.inbox.table.Load() != was })
	}
	// The secret is another one by then: who it is was seen.
	id := deliver()
	if err := h.opts.Credentials.Set("github", "changed"); err != nil {
		t.Fatal(err)
	}
	h.inbox.executor.hold(false)
	if rec := h.record(t, id, "succeeded"); rec.Reason != "" {
		t.Errorf("%+v", rec.Delivery)
	}
	// The route trusts another credential: that is another check.
	if err := h.opts.Credentials.Set("github", "hush"); err != nil {
		t.Fatal(err)
	}
	id = deliver()
	change(routes("other", "main"))
	h.inbox.executor.hold(false)
	if rec := h.record(t, id, "waiting"); !strings.Contains(rec.Reason, `credential "other"`) {
		t.Errorf("%+v", rec.Delivery)
	}
	if err := h.client.SetCredential(t.Context(), "other", "wrong"); err != nil {
		t.Fatal(err)
	}
	if rec := h.record(t, id, "rejected"); !strings.HasPrefix(rec.Reason, "not verified") {
		t.Errorf("%+v", rec.Delivery)
	}
	// It wants something else.
	change(routes("github", "main"))
	id = deliver()
	change(routes("github", "dev"))
	h.inbox.executor.hold(false)
	if rec := h.record(t, id, "rejected"); !strings.HasPrefix(rec.Reason, "no route wanted it: deploy: ") || len(rec.Trace) != 1 || rec.Trace[0].Took {
		t.Errorf("%+v: %+v", rec.Delivery, rec.Trace)
	}
	if n := len(a.bodies()); n != 1 {
		t.Errorf("%d ran", n)
	}
}

// TestChallengeIsAnswered: a sender who asks whether the address is the user's is
// answered, and no handler runs.
func TestChallengeIsAnswered(t *testing.T) {
	for _, mode := range []string{answerHold, answerThrough} {
		t.Run(mode, func(t *testing.T) {
			a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
			r := startRelay(t, "127.0.0.1:0", "hh_secret")
			h := startHome(t, storing(r.addr, ", answer: "+mode, fmt.Sprintf("  - {name: slack, claim: garage, match: /slack, verify: {scheme: slack, secret: slack}, forward: {to: %q}}\n", a.URL)))
			if err := h.opts.Credentials.Set("slack", "hush"); err != nil {
				t.Fatal(err)
			}
			body := `{"type": "url_verification", "token": "x", "challenge": "3eZbrw1a"}`
			s := sent{id: newID(), mode: mode, line: "POST /slack", body: body, fields: "Content-Type: application/json\r\n" + signedAt(t, "slack", "hush", body, time.Now())}
			if g := r.must(t, s); g.status != 200 || !strings.Contains(g.body, "3eZbrw1a") || mode == answerHold && g.accepted != s.id {
				t.Errorf("%+v", g)
			}
			rec := h.record(t, s.id, "succeeded")
			if rec.Route != "slack" || !strings.HasPrefix(rec.Reason, "answered the challenge of Slack") || rec.Attempts != 0 || rec.Status != 200 {
				t.Errorf("%+v", rec.Delivery)
			}
			if n := len(a.bodies()); n > 0 {
				t.Errorf("%d ran", n)
			}
		})
	}
}

// TestRouteHasItsOwnAccepted: what runs later is answered as the route says.
func TestRouteHasItsOwnAccepted(t *testing.T) {
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, ", accepted: {status: 204}", a.route("app", ", background: true, accepted: {status: 201, body: \"got {json.n}\", headers: {X-N: \"{json.n}\"}}")+a.route("plain", ", background: true")))
	for _, mode := range []string{answerHold, answerStore, answerThrough} {
		s := sent{id: newID(), mode: mode, line: "POST /app", body: `{"n": 7}`}
		if g := r.must(t, s); g.status != 201 || g.body != "got 7" || g.accepted != s.id {
			t.Errorf("%s: %+v", mode, g)
		}
		if rec := h.record(t, s.id, "succeeded"); rec.Status != 201 {
			t.Errorf("%+v", rec.Delivery)
		}
	}
	if g := r.must(t, sent{line: "POST /plain"}); g.status != 204 {
		t.Errorf("%+v", g)
	}
}

// TestRate: over the rate of its route a sender who waits is told to come again
// later; what nobody waits for has its turn later, in its order.
func TestRate(t *testing.T) {
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", a.route("app", ", rate: {limit: 2, per: 1s}")+a.route("slow", ", rate: {limit: 1, per: 1h}")))
	var ids, want []string
	began := time.Now()
	for i := range 6 {
		s := sent{id: newID(), line: "POST /app", body: fmt.Sprint(i), after: "none"}
		if i > 0 {
			s.after = ids[i-1]
		}
		r.must(t, s)
		ids, want = append(ids, s.id), append(want, s.body)
	}
	if rec := h.record(t, ids[5], "waiting"); !strings.Contains(rec.Reason, "its route takes 2 deliveries in 1s") || rec.Due.IsZero() || rec.Attempts != 0 {
		t.Errorf("%+v", rec.Delivery)
	}
	for _, id := range ids {
		h.record(t, id, "succeeded")
	}
	if took := time.Since(began); took < 2*time.Second || !slices.Equal(a.bodies(), want) {
		t.Errorf("%v after %s", a.bodies(), took)
	}
	for _, mode := range []string{answerHold, answerThrough} {
		s := sent{line: "POST /slow", mode: mode}
		if mode == answerHold {
			r.must(t, s)
		}
		s.id = newID()
		if g := r.must(t, s); g.status != 429 || g.retry == "" || mode == answerHold && g.accepted != s.id {
			t.Errorf("%s: %+v", mode, g)
		}
		if rec := h.record(t, s.id, "rejected"); !strings.HasPrefix(rec.Reason, `over the rate of route "slow", which takes 1 deliveries in 1h`) {
			t.Errorf("%+v", rec.Delivery)
		}
	}
	// The user's own runs do not count, nor does what waits go on otherwise.
	waits := sent{id: newID(), line: "POST /slow", after: "none"}
	r.must(t, waits)
	h.record(t, waits.id, "waiting")
	copied, err := h.client.Replay(t.Context(), waits.id, control.Replay{})
	if err != nil || copied.State != history.Succeeded {
		t.Errorf("%+v, %v", copied, err)
	}
	h = h.reopen(t)
	eventually(t, "it waits on", func() bool {
		_, waiting := h.inbox.executor.queue()
		return waiting == 1
	})
	if _, err := h.client.Retry(t.Context(), waits.id); err != nil {
		t.Fatal(err)
	}
	h.record(t, waits.id, "succeeded")
}

// TestTwinOfOneThatWaits: a copy of a delivery that waits for the rate of its
// route is a duplicate, and does not run beside it.
func TestTwinOfOneThatWaits(t *testing.T) {
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", a.route("app", ", rate: {limit: 1, per: 1h}")))
	r.must(t, sent{line: "POST /app", after: "none"})
	eventually(t, "the first ran", func() bool { return len(a.bodies()) == 1 })
	first := sent{id: newID(), line: "POST /app", after: "none", fields: "X-GitHub-Delivery: 72d3162e\r\nX-GitHub-Event: push\r\n"}
	r.must(t, first)
	h.record(t, first.id, "waiting")
	second := first
	second.id = newID()
	r.must(t, second)
	if rec := h.record(t, second.id, "duplicate"); rec.DuplicateOf != first.id {
		t.Errorf("%+v", rec.Delivery)
	}
}

// TestTwoSignaturesAreRefused is row 40 of the bad inputs.
func TestTwoSignaturesAreRefused(t *testing.T) {
	r, h, a := asking(t, "")
	body := `{"ref": "main"}`
	signed := signedAt(t, "github", "hush", body, time.Now())
	s := sent{id: newID(), line: "POST /x", body: body, fields: "X-GitHub-Event: push\r\n" + signed + signed}
	if g := r.must(t, s); g.status != 401 {
		t.Errorf("%+v", g)
	}
	if rec := h.record(t, s.id, "rejected"); !strings.Contains(rec.Reason, "more than one") || len(a.bodies()) > 0 {
		t.Errorf("%+v", rec.Delivery)
	}
}

// TestReplayOnARoute: what the user runs on a route runs there, whatever the
// route wants and whoever has sent it, with all its handlers.
func TestReplayOnARoute(t *testing.T) {
	r, h, a := asking(t, "", ", off: true, also: [{forward: {to: \"http://127.0.0.1:9\"}}]")
	s := sent{id: newID(), line: "POST /y", body: `{"window": "open"}`}
	r.must(t, s)
	for _, tt := range []struct{ route, state, reason string }{
		{"", "succeeded", ""},
		{"door", "succeeded", ""},
		{"deploy", "dead", "replayed by hand; the signature would be refused"},
	} {
		rec, err := h.client.Replay(t.Context(), s.id, control.Replay{Route: tt.route})
		if err != nil || rec.State != tt.state || !strings.Contains(rec.Reason, tt.reason) || tt.route != "" && rec.Route != tt.route {
			t.Errorf("%s: %+v, %v", tt.route, rec, err)
		}
		if tt.route == "deploy" && (len(rec.Log) != 2 || rec.Log[0].Status != 200 || rec.Log[1].Error == "") {
			t.Errorf("%+v", rec.Log)
		}
	}
	if n := len(a.bodies()); n != 2 {
		t.Errorf("%d ran", n)
	}
}

// TestReplayKeepsWildcards: a route that is named gets its wildcards where the
// path has them.
func TestReplayKeepsWildcards(t *testing.T) {
	var asked []string
	a := startApp(t, func(_ http.ResponseWriter, q *http.Request, _ int) { asked = append(asked, q.Header.Get("X-Repo")) })
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", fmt.Sprintf(`  - {name: all, claim: garage, match: "/hooks/{any}", unverified: true, respond: {}}
  - {name: repo, claim: garage, match: "POST /{kind}/{repo}", unverified: true, forward: {to: %q, headers: {X-Repo: "{params.repo}"}}}
`, a.URL)))
	s := sent{id: newID(), line: "POST /hooks/blog"}
	r.must(t, s)
	if rec, err := h.client.Replay(t.Context(), s.id, control.Replay{Route: "repo"}); err != nil || rec.State != "succeeded" || !slices.Equal(asked, []string{"blog"}) {
		t.Errorf("%+v, %v: %v", rec, err, asked)
	}
	if _, err := h.client.Replay(t.Context(), s.id, control.Replay{Route: "repo", Target: "/short"}); err == nil || !strings.Contains(err.Error(), `the route "repo" cannot be used for this path`) {
		t.Errorf("%v", err)
	}
}

// TestRouteTestAsksTheContent: the trial says which parts of a condition are
// false, and what all handlers would do.
func TestRouteTestAsksTheContent(t *testing.T) {
	r, h, a := asking(t, "")
	for _, body := range []string{`{"window": "open"}`, `{"window": "shut"}`} {
		s := sent{id: newID(), line: "POST /y", body: body}
		r.must(t, s)
		h.record(t, s.id, map[bool]string{true: "succeeded", false: "rejected"}[strings.Contains(body, "open")])
	}
	text := storing(r.addr, "", `  - {name: door, claim: garage, match: /y, unverified: true, continue: true, when: has(json.window), respond: {}, also: [{forward: {to: "http://127.0.0.1:9"}}]}
  - {name: window, claim: garage, match: /y, unverified: true, when: 'json.window == "open"', respond: {status: 203}}
`)
	got, err := h.client.RouteTest(t.Context(), control.RouteTest{Config: text})
	if err != nil || len(got) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	shut, open := got[0], got[1]
	if shut.Before != "" || shut.After != "door" || shut.Change != `route "door" takes it, where none did` || len(shut.Plan.Also) != 1 || len(shut.Trace) != 2 || shut.Trace[1].Parts[0].Value != "false" {
		t.Errorf("%+v, %+v", shut, shut.Plan)
	}
	if open.Before != "window" || open.After != "door" || len(open.Plan.Also) != 2 || open.Plan.Also[0].Handler != "forward" || open.Plan.Also[1].Route != "window" || open.Plan.Also[1].Status != 203 {
		t.Errorf("%+v, %+v", open, open.Plan)
	}
	back, err := h.client.RouteTest(t.Context(), control.RouteTest{Route: "window"})
	if err != nil || len(back) != 1 || back[0].After != "window" {
		t.Errorf("of one route: %+v, %v", back, err)
	}
	if n := len(a.bodies()); n > 0 {
		t.Errorf("%d ran", n)
	}
}
