package control

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// ask sends a request with a body by hand and returns status and answer.
func ask(t *testing.T, srv *runningServer, method, target, body string) (status int, answer string) {
	t.Helper()
	resp, text := exchange(t, srv.path, method+" "+target+" HTTP/1.1\r\nHost: homehook\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body)
	return resp.StatusCode, text
}

func TestReplay(t *testing.T) {
	tests := []struct {
		name string
		ask  Replay
	}{
		{"as it was", Replay{}},
		{"all of it changed", Replay{
			Route: "deploy the blog", Method: "PUT", Target: "/a?b=c", Headers: []Field{{"X-A", "1"}, {"X-A", "ü"}},
			Body: []byte{0, 0xff}, Sign: &Sign{Scheme: "github", Secret: "github"}, Confirm: true,
		}},
		{"emptied", Replay{Headers: []Field{}, Body: []byte{}}},
	}
	b := newFakeBackend()
	b.records["old"] = Record{Delivery: Delivery{ID: "old"}}
	c := startServer(t, b, nil).client
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := c.Replay(t.Context(), "old", tt.ask)
			if err != nil || got.ID != "new" || got.ReplayOf != "old" {
				t.Errorf("%+v, %v", got, err)
			}
			check(t, "request", b.replayed, tt.ask, nil)
		})
	}
	if _, err := c.Replay(t.Context(), "none", Replay{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such delivery: %v", err)
	}
}

func TestReplayAsksBeforeAScript(t *testing.T) {
	b := newFakeBackend()
	b.records["old"] = Record{Delivery: Delivery{ID: "old", Route: "script"}}
	c := startServer(t, b, nil).client
	_, err := c.Replay(t.Context(), "old", Replay{})
	if p := asProblem(t, err); !errors.Is(err, ErrConfirm) || p.Status != http.StatusConflict || p.Code != "confirm" {
		t.Errorf("problem %+v, want 409 confirm", p)
	}
	if _, err := c.Replay(t.Context(), "old", Replay{Confirm: true}); err != nil {
		t.Errorf("confirmed: %v", err)
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	tests := []struct {
		name, method, target, body string
		status                     int
		text                       string
	}{
		{"no JSON", "POST", "/v1/deliveries/old/replay", "route=x", 400, "not valid"},
		{"two values", "POST", "/v1/deliveries/old/replay", "{}{}", 400, "behind the JSON value"},
		{"unknown member", "POST", "/v1/deliveries/old/replay", `{"rotue":"x"}`, 400, "rotue"},
		{"member of another kind", "POST", "/v1/deliveries/old/replay", `{"route":["x"]}`, 400, "its value is of the wrong kind (array)"},
		{"no object", "POST", "/v1/deliveries/old/replay", `7`, 400, "it is no object (number)"},
		{"header without a value", "POST", "/v1/deliveries/old/replay", `{"headers":[["X-A"]]}`, 400, "a list of its name and its value"},
		{"header of three", "POST", "/v1/deliveries/old/replay", `{"headers":[["X-A","1","2"]]}`, 400, "a list of its name and its value"},
		{"name with a blank", "POST", "/v1/deliveries/old/replay", `{"headers":[["X A","1"]]}`, 400, "letters, digits"},
		{"value with a line end", "POST", "/v1/deliveries/old/replay", `{"headers":[["X-A","1\r\nX-B: 2"]]}`, 400, "line end"},
		{"target without a slash", "POST", "/v1/deliveries/old/replay", `{"target":"http://x/"}`, 400, "slash"},
		{"target with a line end", "POST", "/v1/deliveries/old/replay", `{"target":"/ HTTP/1.1\r\nX: y"}`, 400, "slash"},
		{"method of two words", "POST", "/v1/deliveries/old/replay", `{"method":"GET /"}`, 400, "a word"},
		{"signature without a secret", "POST", "/v1/deliveries/old/replay", `{"sign":{"scheme":"github"}}`, 400, "credential"},
		{"body that is no base64", "POST", "/v1/deliveries/old/replay", `{"body":"%"}`, 400, "base64"},
		{"retry with members", "POST", "/v1/deliveries/old/retry", `{"force":true}`, 400, "force"},
		{"retry too long", "POST", "/v1/deliveries/old/retry", strings.Repeat(" ", maxSmall+1), 413, "4096"},
		{"test of too many", "POST", "/v1/routes/test", `{"limit":1001}`, 400, "1 to 1000"},
		{"test of less than none", "POST", "/v1/routes/test", `{"limit":-1}`, 400, "1 to 1000"},
		{"pause backwards", "POST", "/v1/pause", `{"for_s":-1}`, 400, "seconds"},
		{"pause for ever", "POST", "/v1/pause", `{"for_s":99999999999}`, 400, "seconds"},
		{"pause by halves", "POST", "/v1/pause", `{"for_s":1.5}`, 400, "not valid"},
		{"discard what", "DELETE", "/v1/claims/garage?discard=yes", "", 400, "true or false"},
		{"unknown parameter", "DELETE", "/v1/claims/garage?force=true", "", 400, "known are discard"},
		{"replay by GET", "GET", "/v1/deliveries/old/replay", "", 405, "POST"},
		{"no such action", "POST", "/v1/deliveries/old/forget", "", 404, "has no"},
	}
	b := newFakeBackend()
	b.records["old"] = Record{Delivery: Delivery{ID: "old"}}
	srv := startServer(t, b, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, text := ask(t, srv, tt.method, tt.target, tt.body)
			if status != tt.status || !strings.Contains(text, tt.text) {
				t.Errorf("status %d, %s; want %d and %q", status, text, tt.status, tt.text)
			}
		})
	}
	if len(b.released) > 0 || b.paused || b.retried != "" {
		t.Error("something was done")
	}
}

func TestRetry(t *testing.T) {
	b := newFakeBackend()
	b.records["dead"] = Record{Delivery: Delivery{ID: "dead", State: Dead}}
	b.records["good"] = Record{Delivery: Delivery{ID: "good", State: Succeeded}}
	srv := startServer(t, b, nil)
	got, err := srv.client.Retry(t.Context(), "dead")
	check(t, "retried", got, &Delivery{ID: "dead", State: Received}, err)
	if b.retried != "dead" {
		t.Errorf("retried %q", b.retried)
	}
	if _, err := srv.client.Retry(t.Context(), "good"); !errors.Is(err, ErrConflict) || asProblem(t, err).Status != http.StatusConflict {
		t.Errorf("of a good one: %v, want ErrConflict", err)
	}
	if status, text := ask(t, srv, "POST", "/v1/deliveries/dead/retry", "{}"); status != 200 {
		t.Errorf("with an empty object: %d %s", status, text)
	}
}

func TestRouteTest(t *testing.T) {
	b := newFakeBackend()
	srv := startServer(t, b, nil)
	b.results = []RouteResult{{
		Delivery: Delivery{ID: "1"}, Before: "old", After: "new", Verified: "ok", Change: "route new takes it",
		Plan: &Plan{Handler: "script", Command: []string{"/bin/x", "a"}, Dir: "/tmp"},
	}}
	in := RouteTest{Config: "routes: []\n", Route: "new", Delivery: "0198c0de", Limit: 5}
	got, err := srv.client.RouteTest(t.Context(), in)
	check(t, "results", got, b.results, err)
	check(t, "request", b.tested, in, nil)
	b.results = nil
	got, err = srv.client.RouteTest(t.Context(), RouteTest{})
	check(t, "no results", got, []RouteResult{}, err)
	check(t, "request", b.tested, RouteTest{Limit: DefaultLimit}, nil)
}

func TestPause(t *testing.T) {
	b := newFakeBackend()
	srv := startServer(t, b, nil)
	c, ctx := srv.client, t.Context()
	got, err := c.Pause(ctx, 90*time.Minute)
	check(t, "pause for a time", got, &Pause{Paused: true, Until: time.Unix(5400, 0).UTC()}, err)
	if _, text := ask(t, srv, "GET", "/v1/pause", ""); text != `{"paused":true,"until":"1970-01-01T01:30:00Z"}`+"\n" {
		t.Errorf("pause reads %s", text)
	}
	got, err = c.Pause(ctx, 0)
	check(t, "pause", got, &Pause{Paused: true}, err)
	status, err := c.Status(ctx)
	if err != nil || !status.Paused {
		t.Errorf("status %+v, %v", status, err)
	}
	got, err = c.Resume(ctx)
	check(t, "resume", got, &Pause{}, err)
	b.err = errors.New("config cannot be written")
	if _, err := c.Pause(ctx, 0); err == nil {
		t.Error("pause: no error")
	}
	if _, err := c.Resume(ctx); err == nil {
		t.Error("resume: no error")
	}
}

func TestReleaseDiscards(t *testing.T) {
	b := newFakeBackend()
	c := startServer(t, b, nil).client
	b.err = ErrQueued
	err := c.ReleaseClaim(t.Context(), "garage", false)
	if p := asProblem(t, err); !errors.Is(err, ErrQueued) || p.Status != http.StatusConflict || p.Code != "queued" {
		t.Errorf("problem %+v, want 409 queued", p)
	}
	b.err = nil
	if err := c.ReleaseClaim(t.Context(), "garage", true); err != nil || !b.discarded {
		t.Errorf("%v, discarded %t", err, b.discarded)
	}
}
