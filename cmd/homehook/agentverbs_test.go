package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homehook/agent/control"
)

// verbStep is one command line and what it does.
type verbStep struct {
	args string
	code int
	out  string // part of stdout
	errs string // part of stderr
}

func runSteps(t *testing.T, a *app, out, errs *bytes.Buffer, steps []verbStep) {
	t.Helper()
	for _, s := range steps {
		out.Reset()
		errs.Reset()
		if code := a.execute(t.Context(), strings.Fields(s.args)); code != s.code || !strings.Contains(out.String(), s.out) || !strings.Contains(errs.String(), s.errs) {
			t.Errorf("%s: code %d, stdout %q, stderr %q", s.args, code, out, errs)
		}
	}
}

func TestRetry(t *testing.T) {
	bad := record(newID, "", "")
	bad.State = control.Dead
	f := &fakeAgent{records: map[string]*control.Record{oldID: record(oldID, "", ""), newID: bad}}
	a, out, errs := withAgent(t, f)
	runSteps(t, a, out, errs, []verbStep{
		{"retry " + newID, exitDone, "delivery " + newID + " runs anew", ""},
		{"retry " + oldID, exitFailed, "", "homehook replay " + oldID},
		{"retry " + oldID + " " + newID, exitFailed, newID, "it has succeeded"},
		{"retry --json " + newID + " " + newID, exitDone, `"state": "received"`, ""},
		{"retry 0198c0de-0000-7000-8000-000000000000", exitFailed, "", "see: homehook history"},
		{"retry " + newID + " zz", exitUsage, "", "no id of a delivery"},
		{"retry", exitUsage, "", "<id>"},
	})
	if len(f.retried) != 4 {
		t.Errorf("retried %v", f.retried)
	}
}

func TestPause(t *testing.T) {
	f := &fakeAgent{}
	a, out, errs := withAgent(t, f)
	until := time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC).Local().Format(time.DateTime)
	runSteps(t, a, out, errs, []verbStep{
		{"pause", exitDone, "paused until: homehook resume", ""},
		{"pause --for 90m", exitDone, "paused until " + until, ""},
		{"status", exitDone, "pause        paused until " + until, ""},
		{"pause --for 1d --json", exitDone, `"until": "2026-02-01T08:00:00Z"`, ""},
		{"resume", exitDone, "the pause is over; what has waited goes on", ""},
		{"resume", exitDone, "there is no pause", ""},
		{"resume --json", exitDone, `"paused": false`, ""},
		{"pause --for never", exitUsage, "", `--for is "never"`},
		{"pause --for 1ms", exitUsage, "", "a second or more"},
	})
}

func TestRouteTest(t *testing.T) {
	f := &fakeAgent{routes: []control.Route{{Name: "greet"}, {Name: "deploy"}}, results: []control.RouteResult{
		{
			Delivery: record(oldID, "", "").Delivery, Before: "greet", After: "deploy", Verified: "ok", Change: "deploy takes it instead of greet",
			Plan: &control.Plan{Handler: "script", Command: []string{"/bin/deploy", "two words", "\x1b[2J"}, Dir: "/srv", Note: "in the background"},
		},
		{Delivery: record(newID, "", "").Delivery, Before: "greet", Verified: "the signature is missing, as it would be said in many words"},
	}}
	a, out, errs := withAgent(t, f)
	runSteps(t, a, out, errs, []verbStep{
		{"route test deploy --last 5", exitDone, "ID ", "2 deliveries tried, 1 would go otherwise; nothing was started or sent"},
		{"route test", exitDone, "refused: the signature is missing, as it would be said in many words", ""},
		{"route test deplay", exitFailed, "", "the route \"deplay\" is not in the configuration\n  did you mean \"deploy\"?"},
		{"route test --json", exitDone, `"before": "greet"`, ""},
		{"route test deploy --delivery " + oldID, exitDone, "Would     run /bin/deploy 'two words' '\\x1b[2J'\nIn        /srv\nNote      in the background\nChange    deploy takes it", ""},
		{"route test --last 0", exitUsage, "", "1 to 1000"},
		{"route test --last 1001", exitUsage, "", "1 to 1000"},
		{"route test --delivery zz", exitUsage, "", "no id of a delivery"},
		{"route test --config no-such-file", exitFailed, "", "no-such-file"},
	})
	if want := (control.RouteTest{Route: "deploy", Delivery: oldID, Limit: 100}); f.tested != want {
		t.Errorf("asked for %+v", f.tested)
	}
	good, bad := filepath.Join(t.TempDir(), "good.yaml"), filepath.Join(t.TempDir(), "bad.yaml")
	text := "relays: [{name: a, url: https://a.example}]\nclaims: [{name: c}]\nroutes:\n  - {name: all, match: /, unverified: true, respond: {body: hi}}\n"
	for path, text := range map[string]string{good: text, bad: "routes: [{match: nowhere}]\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	runSteps(t, a, out, errs, []verbStep{
		{"route test --config " + bad, exitFailed, "", bad + ":1:"},
		{"route test --config " + good, exitDone, "", ""},
	})
	if f.tested.Config != text {
		t.Errorf("config %q", f.tested.Config)
	}
	f.results = nil
	runSteps(t, a, out, errs, []verbStep{{"route test", exitDone, "", "no delivery to try"}, {"route test --json", exitDone, "[]", ""}})
}

// TestChangeText: where a handler does something else, both are told.
func TestChangeText(t *testing.T) {
	const change = "the handler does something else"
	script := func(dir string) *control.Plan {
		return &control.Plan{Handler: "script", Command: []string{"/bin/x"}, Dir: dir}
	}
	for _, tt := range []struct {
		name     string
		was, now *control.Plan
		want     string
	}{
		{"only after", nil, script("/a"), change},
		{"another command", &control.Plan{Handler: "forward", Method: "POST", URL: "http://a/"}, script("/a"), change + ": run /bin/x; now: send POST http://a/"},
		{"another folder", script("/a"), script("/b"), change + ": run /bin/x in /b; now: run /bin/x in /a"},
	} {
		if got := changeText(&control.RouteResult{PlanBefore: tt.was, Plan: tt.now, Change: change}); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	a, out, _ := newTestApp(t)
	a.showRouteResult(&control.RouteResult{PlanBefore: script("/a"), Plan: script("/b"), Change: change})
	if !strings.Contains(out.String(), "\nNow       run /bin/x in /a\n") {
		t.Errorf("got %s", out)
	}
}

func TestPlanText(t *testing.T) {
	tests := []struct {
		plan control.Plan
		want string
	}{
		{control.Plan{Handler: "forward", Method: "POST", URL: "http://127.0.0.1:8123/x"}, "send POST http://127.0.0.1:8123/x"},
		{control.Plan{Handler: "respond", Status: 204}, "answer 204"},
		{control.Plan{Handler: "script", Command: []string{"/bin/x", "", "it's", "a-b"}}, `run /bin/x '' 'it'\''s' a-b`},
		{control.Plan{Handler: "notify"}, "notify"},
	}
	for _, tt := range tests {
		if got := planText(&tt.plan); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestExportByTheAgent(t *testing.T) {
	f := &fakeAgent{records: map[string]*control.Record{oldID: record(oldID, "", "")}}
	a, out, errs := withAgent(t, f)
	file := filepath.Join(t.TempDir(), "out.har")
	runSteps(t, a, out, errs, []verbStep{
		{"export --format csv --claim garage --limit 2000", exitDone, "exported\n", ""},
	})
	want := control.Export{Format: "csv", Redact: true, Query: control.Query{Claim: "garage", Limit: 2000}}
	if diff := cmp.Diff(want, f.exported); diff != "" {
		t.Error(diff)
	}
	runSteps(t, a, out, errs, []verbStep{
		{"export " + oldID + " --format har --with-secrets -o " + file, exitDone, "", "9 bytes written to " + file},
		{"export " + oldID + " --format jsonl --json", exitDone, `"text": "exported\n"`, ""},
		{"export " + oldID + " --format combined", exitDone, `"POST /hi HTTP/1.1" 200`, ""},
		{"export " + newID + " --format curl", exitFailed, "", "no delivery " + newID},
		{"export " + oldID + " --format csv --claim garage", exitUsage, "", "leave the flags out"},
		{"export --format combined --with-secrets", exitUsage, "", "--with-secrets has no meaning"},
		{"export zz --format csv", exitUsage, "", "no id of a delivery"},
	})
	if text, err := os.ReadFile(file); err != nil || string(text) != "exported\n" {
		t.Errorf("%q, %v", text, err)
	}
	if want := (control.Export{ID: newID, Format: "curl", Redact: true}); f.exported != want {
		t.Errorf("asked for %+v", f.exported)
	}
}

func TestReleaseWhileDeliveriesWait(t *testing.T) {
	f := &fakeAgent{queued: true}
	a, out, errs := withAgent(t, f)
	runSteps(t, a, out, errs, []verbStep{
		{"release garage", exitFailed, "", "or forget them: homehook release garage --discard"},
		{"release garage --local --discard", exitUsage, "", "give one"},
		{"release garage --discard", exitDone, "claim garage is released", ""},
	})
	if len(f.released) != 1 {
		t.Errorf("released %v", f.released)
	}
}

func TestShowRaw(t *testing.T) {
	r := record(oldID, "a=1\x1b[2J\x00", "")
	f := &fakeAgent{records: map[string]*control.Record{oldID: r}}
	a, out, errs := withAgent(t, f)
	runSteps(t, a, out, errs, []verbStep{
		{"show " + oldID + " --raw", exitDone, "a=1\x1b[2J\x00", ""},
		{"show " + oldID + " --raw --json", exitUsage, "", "give one"},
	})
	r.BodyTruncated, r.Size = true, 100
	runSteps(t, a, out, errs, []verbStep{
		{"show " + oldID + " --raw", exitDone, "a=1\x1b[2J\x00", "only the first 8 bytes of 100 bytes are kept"},
		{"show " + oldID + " --json", exitDone, `"answer": "hold"`, ""},
	})
	var got control.Record
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || !cmp.Equal(got.Body, r.Body) {
		t.Errorf("%v: %q", err, got.Body)
	}
}
