package routes

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homehook/http1"
	"homehook/routes/signature"
)

// sent is a request of a sender, signed if there is a scheme.
type sent struct {
	target       string // default /
	get          bool
	fields, body string // fields end in CR LF
	scheme       string
	secret       string
}

// delivery is the delivery that a request makes for the claim c.
func (s sent) delivery(t testing.TB) *Delivery {
	t.Helper()
	method := "POST"
	if s.get {
		method = "GET"
	}
	if s.target == "" {
		s.target = "/"
	}
	head := method + " " + s.target + " HTTP/1.1\r\nHost: hooks.example.com\r\n" + s.fields
	d := parsed(t, head, s.body)
	if s.scheme == "" {
		return d
	}
	scheme, ok := signature.Find(s.scheme)
	if !ok {
		t.Fatalf("there is no scheme %q", s.scheme)
	}
	set, err := scheme.Sign(message(d, d.Body), []byte(s.secret), receivedAt)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range set {
		head += h.Name + ": " + h.Value + "\r\n"
	}
	return parsed(t, head, s.body)
}

func parsed(t testing.TB, head, body string) *Delivery {
	t.Helper()
	r, err := http1.ParseRequest([]byte(head), strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	return &Delivery{ID: "7", Claim: "c", Received: receivedAt, Remote: "192.0.2.7", Request: r, Body: []byte(body)}
}

// tableOf compiles routes of the claim c that respond, but for those with
// another handler.
func tableOf(t testing.TB, specs ...Spec) *Table {
	t.Helper()
	for i := range specs {
		s := &specs[i]
		s.Claim, s.Unverified = "c", s.Verify == nil
		if s.Match == "" {
			s.Match = "/"
		}
		if len(HandlersOf(s)) == 0 {
			s.Respond = &RespondSpec{}
		}
	}
	table, problems := Compile(specs)
	if problems != nil {
		t.Fatalf("problems: %+v", problems)
	}
	t.Cleanup(table.Close)
	return table
}

var testKeys = keyring{"gh": []byte("secret"), "gh2": []byte("other"), "slack": []byte("s"), "meta": []byte("m"), "word": []byte("agreed"), "zoom": []byte("z"), "locked": nil}

func options() ChooseOptions { return ChooseOptions{Secrets: testKeys.get, Now: receivedAt} }

// inWords is a choice in words: the routes that take a delivery, or what else.
func inWords(c Choice) string {
	var names []string
	for _, k := range c.Taken {
		names = append(names, k.Route.Name)
	}
	switch _, ours := errors.AsType[*SecretError](c.Refused); {
	case ours:
		return "waits for " + c.RefusedBy.Name
	case c.Refused != nil:
		return "refused by " + c.RefusedBy.Name
	case c.Answer != nil:
		return c.AnsweredBy.Name + " " + c.Answer.Why
	}
	return strings.Join(names, " ")
}

func TestChoose(t *testing.T) {
	github := &VerifySpec{Scheme: "github", Secret: "gh"}
	good := sent{scheme: "github", secret: "secret", fields: "X-GitHub-Event: push\r\n", body: `{"ref":"main"}`}
	bad := sent{body: `{"ref":"main"}`, fields: "X-GitHub-Event: push\r\n"}
	for _, tt := range []struct {
		name   string
		routes []Spec
		sent   sent
		want   string
	}{
		{"nothing fits", []Spec{{Name: "a", Match: "/x"}}, sent{target: "/y"}, ""},
		{"the first one", []Spec{{Name: "a", Match: "/{$}"}, {Name: "b"}}, sent{}, "a"},
		{"in the order of the file", []Spec{{Name: "a", When: `json.a == 2`}, {Name: "b", When: "json.a == 1"}, {Name: "c"}}, sent{body: `{"a":1}`}, "b"},
		{"off", []Spec{{Name: "a", Off: true}, {Name: "b"}}, sent{}, "b"},
		{"a condition on a wildcard", []Spec{{Name: "a", Match: "/{repo}", When: `params.repo == "x y"`}}, sent{target: "/x%20y"}, "a"},
		{"no condition met", []Spec{{Name: "a", When: `method == "GET"`}, {Name: "b", When: `has(json.b)`}}, sent{body: `{}`}, ""},
		{"continue", []Spec{{Name: "a", Continue: true}, {Name: "b", Continue: true, When: "false"}, {Name: "c"}, {Name: "d", Match: "/{$}"}}[:3], sent{}, "a c"},
		{"checked", []Spec{{Name: "a", Verify: github}}, good, "a"},
		{"nobody gets past a check", []Spec{{Name: "a", Verify: github, When: "false"}, {Name: "b"}}, bad, "refused by a"},
		{"the check comes before the condition", []Spec{{Name: "a", Verify: github, When: "false"}, {Name: "b"}}, good, "b"},
		{"another route's check", []Spec{{Name: "a", Verify: github, When: "false"}, {Name: "b", Verify: &VerifySpec{Scheme: "github", Secret: "gh2"}}}, good, "refused by b"},
		{"a check behind continue", []Spec{{Name: "a", Continue: true}, {Name: "b", Verify: github}}, bad, "a"},
		{"and what is behind it", []Spec{{Name: "a", Continue: true}, {Name: "b", Continue: true, Verify: github}, {Name: "c"}}, bad, "a c"},
		{"credential missing", []Spec{{Name: "a", Verify: &VerifySpec{Scheme: "github", Secret: "locked"}}, {Name: "b", Match: "/{$}"}}[:1], good, "waits for a"},
		{"credential missing behind continue", []Spec{{Name: "a", Continue: true}, {Name: "b", Verify: &VerifySpec{Scheme: "github", Secret: "none"}}}, good, "waits for b"},
		{"events", []Spec{{Name: "a", Verify: github, Events: []string{"issues"}}, {Name: "b", Verify: github, Events: []string{"pus*"}}}, good, "b"},
		{"events and a condition", []Spec{{Name: "a", Verify: github, Events: []string{"push"}, When: `json.ref == "next"`}, {Name: "b"}}, good, "b"},
		{"no event", []Spec{{Name: "a", Verify: github, Events: []string{"*"}}}, sent{scheme: "github", secret: "secret"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := tt.sent.delivery(t)
			before := *d
			if got := inWords(tableOf(t, tt.routes...).Choose(d, options())); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if d.Route != before.Route || d.Input != nil || d.Params != nil {
				t.Error("the delivery was changed")
			}
		})
	}
}

// TestChooseTrusts holds what Checked does: a check that has been passed is not
// made again, any other is.
func TestChooseTrusts(t *testing.T) {
	table := tableOf(t, Spec{Name: "a", Verify: &VerifySpec{Scheme: "github", Secrets: []string{"locked", "gh"}}})
	c := table.Choose(sent{scheme: "github", secret: "secret"}.delivery(t), options())
	if inWords(c) != "a" || c.Taken[0].Route.CheckKey() != "github:locked,gh" {
		t.Fatalf("got %q", inWords(c))
	}
	o := options()
	o.Checked = func(key string) bool { return key == "github:locked,gh" }
	late := sent{}.delivery(t)
	if got := inWords(table.Choose(late, o)); got != "a" {
		t.Errorf("got %q", got)
	}
	for name, v := range map[string]VerifySpec{
		"fewer secrets":  {Scheme: "github", Secret: "gh"},
		"another scheme": {Scheme: "gitea", Secrets: []string{"locked", "gh"}},
		"a range":        {Scheme: "github", Secrets: []string{"locked", "gh"}, From: []string{"192.0.2.0/24"}},
	} {
		other := tableOf(t, Spec{Name: "a", Verify: &v})
		if got := inWords(other.Choose(late, o)); got == "a" {
			t.Errorf("%s: trusted by another check's key", name)
		}
	}
	a, b := checkKey(&VerifySpec{Scheme: "hmac", Secret: "s", Header: "A"}), checkKey(&VerifySpec{Scheme: "hmac", Secret: "s", Header: "B"})
	if a == b || strings.Contains(a, "\n") {
		t.Errorf("keys %q and %q", a, b)
	}
}

// TestCheckKeyNamesAll holds that a key of verify that is new is not forgotten.
func TestCheckKeyNamesAll(t *testing.T) {
	bare := checkKey(&VerifySpec{})
	for field := range reflect.TypeFor[VerifySpec]().Fields() {
		v := &VerifySpec{}
		switch f := reflect.ValueOf(v).Elem().FieldByIndex(field.Index); f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Slice:
			f.Set(reflect.ValueOf([]string{"x"}))
		default:
			continue // Tolerance
		}
		if field.Name != "Token" && checkKey(v) == bare {
			t.Errorf("%s is not in it", field.Name)
		}
	}
}

func TestChooseTrace(t *testing.T) {
	github := &VerifySpec{Scheme: "github", Secret: "gh"}
	table := tableOf(t,
		Spec{Name: "issues", Verify: github, Events: []string{"issues", "ping.x"}},
		Spec{Name: "main", Verify: github, When: `json.ref == "main" && json.forced`},
		Spec{Name: "last", Match: "/{$}", When: `query.x == "1" || header["X-None"] == "a"`},
	)
	c := table.Choose(sent{scheme: "github", secret: "secret", fields: "X-GitHub-Event: push\r\n", body: `{"ref":"main"}`}.delivery(t), options())
	if c.Trace[0].Event != "push" || c.Trace[0].Verified != "ok" || c.Trace[0].Took || c.Trace[0].Note != "wants the events issues, ping.x" {
		t.Errorf("events: %+v", c.Trace[0])
	}
	values := []string{c.Trace[1].Parts[0].Value, c.Trace[1].Parts[1].Value}
	if diff := cmp.Diff([]string{"true", "false"}, values); diff != "" || c.Trace[1].Parts[0].Text != `json.ref == "main"` {
		t.Errorf("parts: %+v %s", c.Trace[1].Parts, diff)
	}
	if got := c.Unwanted(); !strings.HasPrefix(got, "no route wanted it: issues: wants the events issues, ping.x, not push; main: json.forced is false (") ||
		!strings.Contains(got, `; last: query.x == "1" is false`) {
		t.Errorf("got %q", got)
	}
	silent := table.Choose(sent{scheme: "github", secret: "secret", body: `{"ref":"main"}`}.delivery(t), options())
	if got := silent.Trace[0].Note; silent.Trace[0].Event != "" || got != "wants the events issues, ping.x, and the delivery names no event" || !strings.Contains(silent.Unwanted(), got+";") {
		t.Errorf("no event: %q, %q", got, silent.Unwanted())
	}
	refused := table.Choose(sent{}.delivery(t), options())
	if len(refused.Trace) != 1 || refused.Trace[0].Verified == "" || refused.Trace[0].Verified == "ok" || refused.Unwanted() != "" {
		t.Errorf("refused: %+v, %q", refused.Trace, refused.Unwanted())
	}
}

func TestChooseChallenges(t *testing.T) {
	meta := &VerifySpec{Scheme: "meta", Secret: "meta", Token: "word"}
	slack := &VerifySpec{Scheme: "slack", Secret: "slack"}
	const question = `{"type":"url_verification","challenge":"abc"}`
	for _, tt := range []struct {
		name   string
		spec   Spec
		sender string
		sent   sent
		want   string
		body   string
	}{
		{"slack", Spec{Verify: slack}, "", sent{scheme: "slack", secret: "s", body: question}, "a answered the challenge of Slack", "abc"},
		{"slack, not signed", Spec{Verify: slack}, "", sent{body: question}, "refused by a", ""},
		{"slack, before its events", Spec{Verify: slack, Events: []string{"message"}}, "", sent{scheme: "slack", secret: "s", body: question}, "a answered the challenge of Slack", "abc"},
		{"slack, wanted", Spec{Verify: slack, Events: []string{"url_verification"}}, "", sent{scheme: "slack", secret: "s", body: question}, "a", ""},
		{"slack, an event", Spec{Verify: slack}, "", sent{scheme: "slack", secret: "s", body: `{"type":"event_callback"}`}, "a", ""},
		{"the claim's sender", Spec{Verify: &VerifySpec{Scheme: "hmac", Secret: "gh", Header: "X-S"}}, "slack", sent{body: question}, "refused by a", ""},
		{"meta", Spec{Verify: meta}, "", sent{get: true, target: "/?hub.mode=subscribe&hub.challenge=77&hub.verify_token=agreed"}, "a answered the challenge of Meta", "77"},
		{"meta, another token", Spec{Verify: meta}, "", sent{get: true, target: "/?hub.mode=subscribe&hub.challenge=77&hub.verify_token=x"}, "refused by a", ""},
		{"meta, no token", Spec{Verify: &VerifySpec{Scheme: "meta", Secret: "meta", Token: "none"}}, "", sent{get: true, target: "/?hub.mode=subscribe&hub.challenge=77&hub.verify_token="}, "waits for a", ""},
		{"ping", Spec{Verify: &VerifySpec{Scheme: "github", Secret: "gh"}}, "", sent{scheme: "github", secret: "secret", fields: "X-GitHub-Event: ping\r\n", body: `{"zen":"x"}`}, "a answered the challenge of GitHub", "pong"},
		{"ping, wanted", Spec{Verify: &VerifySpec{Scheme: "github", Secret: "gh"}, Events: []string{"ping"}}, "", sent{scheme: "github", secret: "secret", fields: "X-GitHub-Event: ping\r\n", body: `{"zen":"x"}`}, "a", ""},
		{"zoom", Spec{Verify: &VerifySpec{Scheme: "zoom", Secret: "zoom"}}, "", sent{scheme: "zoom", secret: "z", body: `{"event":"endpoint.url_validation","payload":{"plainToken":"abc"}}`}, "a answered the challenge of Zoom", ""},
		{"nobody is asked", Spec{}, "slack", sent{body: question}, "a", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.spec.Name = "a"
			o := options()
			o.Sender = tt.sender
			c := tableOf(t, tt.spec).Choose(tt.sent.delivery(t), o)
			if got := inWords(c); got != tt.want {
				t.Fatalf("got %q, want %q", got, tt.want)
			}
			if tt.body != "" && string(c.Answer.Body) != tt.body {
				t.Errorf("the answer is %q", c.Answer.Body)
			}
			if c.Answer != nil && (len(c.Trace) != 1 || !c.Trace[0].Took) {
				t.Errorf("trace: %+v", c.Trace)
			}
		})
	}
}

// TestChooseSenderOfClaim has a sender that a general scheme checks.
func TestChooseSenderOfClaim(t *testing.T) {
	table := tableOf(t, Spec{Name: "a", Verify: &VerifySpec{Scheme: "token", Secret: "gh", Header: "X-Token"}})
	d := sent{fields: "X-Token: secret\r\n", body: `{"type":"url_verification","challenge":"abc"}`}.delivery(t)
	if got := inWords(table.Choose(d, options())); got != "a" {
		t.Errorf("without a sender: %q", got)
	}
	o := options()
	o.Sender = "slack"
	if got := inWords(table.Choose(d, o)); got != "a answered the challenge of Slack" {
		t.Errorf("got %q", got)
	}
}

func TestPlain(t *testing.T) {
	forward := &ForwardSpec{To: "http://a"}
	for _, tt := range []struct {
		name string
		spec Spec
		want bool
	}{
		{"respond", Spec{}, true},
		{"forward", Spec{Forward: forward}, true},
		{"fields of its own", Spec{Forward: &ForwardSpec{To: "http://a", Headers: map[string]string{"A": "{header.B}"}}}, true},
		{"background", Spec{Background: true}, true},
		{"body in a field", Spec{Forward: &ForwardSpec{To: "http://a", Headers: map[string]string{"A": "{json.a}"}}}, false},
		{"verify", Spec{Verify: &VerifySpec{Scheme: "github", Secret: "gh"}}, false},
		{"when", Spec{When: `method == "GET"`}, false},
		{"continue", Spec{Continue: true}, false},
		{"rate", Spec{Rate: &RateSpec{Limit: 1}}, false},
		{"also", Spec{Also: []HandlerSpec{{Forward: forward}}}, false},
		{"transform", Spec{Transform: &TransformSpec{Drop: []string{"header.A"}}}, false},
	} {
		tt.spec.Name = "a"
		table := tableOf(t, tt.spec)
		r, _, _ := table.Find("c", []byte("GET"), []byte("/"))
		if got := table.Plain(r); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
		if !table.Plain(r) && !r.NeedsBody() && tt.name != "rate" {
			t.Errorf("%s: not plain, and no body needed", tt.name)
		}
	}
}

// TestFitsAsFind holds that Find is the first that Fits yields.
func TestFitsAsFind(t *testing.T) {
	table := tableOf(t, Spec{Name: "a", Match: "POST /x/{p}", When: "true"}, Spec{Name: "b", Match: "/x/", When: "true"}, Spec{Name: "c"})
	for path, want := range map[string]string{"/x/1": "a b c", "/x/": "b c", "/y": "c"} {
		var got []string
		for r, params := range table.Fits("c", []byte("POST"), []byte(path)) {
			got = append(got, r.Name)
			if r.Name == "a" && params.Get("p") != "1" {
				t.Errorf("params %v", params)
			}
		}
		first, _, _ := table.Find("c", []byte("POST"), []byte(path))
		if strings.Join(got, " ") != want || first.Name != got[0] {
			t.Errorf("%s: got %v, first %s", path, got, first.Name)
		}
	}
	for range table.Fits("c", []byte("GET"), []byte("/")) {
		break
	}
}

func BenchmarkChoose(b *testing.B) {
	table := tableOf(b, Spec{Name: "a", When: `json.ref == "next"`}, Spec{Name: "b", When: `json.ref == "main"`})
	body := `{"ref":"main","commits":[` + strings.Repeat(`{"id":"0123456789","message":"words and words"},`, 40) + `{}]}`
	d := sent{body: body}.delivery(b)
	o := options()
	o.Now = time.Now()
	b.ReportAllocs()
	for b.Loop() {
		if c := table.Choose(d, o); len(c.Taken) != 1 {
			b.Fatal("not taken")
		}
	}
}
