package agent

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homehook/agent/control"
)

// TestRouteTest: what a changed file would do is told, and nothing of it done.
func TestRouteTest(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	h := startHome(t, storing(r.addr, "", a.route("app", "")+respondRoute))
	if err := h.opts.Credentials.Set("github", "hush"); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, s := range []sent{
		{line: "POST /app", body: "x", fields: signedAt(t, "github", "hush", "x", time.Now())},
		{line: "POST /app", body: "y"},
		{line: "POST /hello"},
		{line: "POST /new"},
	} {
		s.id = newID()
		ids = append(ids, s.id)
		r.must(t, s)
	}
	changed := storing(r.addr, "", `  - {name: app, claim: garage, match: /app, verify: {scheme: github, secret: github}, forward: {to: "http://127.0.0.1:9/base"}}
  - {name: new, claim: garage, match: /new, unverified: true, script: {command: [`+os.Args[0]+`]}}
`)
	type row struct{ Before, After, Verified, Handler, Change string }
	ask := func(q control.RouteTest) []row {
		t.Helper()
		results, err := h.client.RouteTest(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var rows []row
		for _, res := range results {
			// What else the failure says is not this test's business.
			verified, _, _ := strings.Cut(res.Verified, ": ")
			rw := row{res.Before, res.After, verified, "", strings.Replace(res.Change, res.Verified, verified, 1)}
			if res.Plan != nil {
				rw.Handler = res.Plan.Handler + " " + res.Plan.URL + strings.Join(res.Plan.Command, " ")
			}
			rows = append(rows, rw)
		}
		return rows
	}
	const refusal = "there is no X-Hub-Signature-256 header"
	want := []row{
		{"", "new", "", "script " + os.Args[0], `route "new" takes it, where none did`},
		{"hello", "", "", "", `no route takes it, where "hello" did`},
		{"app", "app", refusal, "", "its sender is refused: " + refusal},
		{"app", "app", "ok", "forward http://127.0.0.1:9/base/app", "the handler does something else"},
	}
	if diff := cmp.Diff(want, ask(control.RouteTest{Config: changed})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[2:], ask(control.RouteTest{Config: changed, Route: "app"})); diff != "" {
		t.Errorf("one route (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[2:3], ask(control.RouteTest{Config: changed, Route: "app", Limit: 1})); diff != "" {
		t.Errorf("the last one of a route, which is not the last of all (-want +got):\n%s", diff)
	}
	if results, err := h.client.RouteTest(t.Context(), control.RouteTest{Config: changed, Delivery: ids[0]}); err != nil ||
		results[0].PlanBefore == nil || results[0].PlanBefore.URL == results[0].Plan.URL {
		t.Errorf("what was done before: %+v, %v", results, err)
	}
	if diff := cmp.Diff(want[:1], ask(control.RouteTest{Config: changed, Delivery: ids[3]})); diff != "" {
		t.Errorf("one delivery (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]row{{"hello", "hello", "", "respond ", ""}}, ask(control.RouteTest{Route: "hello"})); diff != "" {
		t.Errorf("the file in use (-want +got):\n%s", diff)
	}
	if _, err := h.client.RouteTest(t.Context(), control.RouteTest{Config: "routes: nonsense"}); !errors.Is(err, control.ErrInvalid) || !strings.Contains(err.Error(), ":1:") {
		t.Errorf("a bad file: %v", err)
	}
	if n := len(a.bodies()); n != 2 {
		t.Errorf("the app was asked %d times", n)
	}
}

// TestExport writes the oldest first, and keeps secrets back unless asked.
func TestExport(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", respondRoute))
	var ids []string
	for range 3 {
		s := sent{id: newID(), fields: "Authorization: Bearer planted\r\n"}
		ids = append(ids, s.id)
		r.must(t, s)
	}
	h.record(t, ids[2], "succeeded")
	out := func(e control.Export) string {
		t.Helper()
		var b bytes.Buffer
		if err := h.client.Export(t.Context(), &b, e); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	all := out(control.Export{Format: control.FormatJSONL, Redact: true})
	lines := strings.Split(strings.TrimSpace(all), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], ids[0]) || !strings.Contains(lines[2], ids[2]) || strings.Contains(all, "planted") {
		t.Errorf("%s", all)
	}
	last := out(control.Export{Format: control.FormatJSONL, Query: control.Query{Limit: 2}})
	if strings.Count(last, "\n") != 2 || strings.Contains(last, ids[0]) {
		t.Errorf("%s", last)
	}
	one := out(control.Export{Format: control.FormatCurl, ID: ids[1]})
	if !strings.Contains(one, "planted") || strings.Contains(one, ids[0]) {
		t.Errorf("%s", one)
	}
	if err := h.client.Export(t.Context(), &bytes.Buffer{}, control.Export{Format: control.FormatHAR, ID: newID()}); !errors.Is(err, control.ErrNotFound) {
		t.Errorf("%v", err)
	}
}
