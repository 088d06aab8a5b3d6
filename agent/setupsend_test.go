package agent

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"homehook/agent/control"
)

// testRoutes check by several schemes, and say what they got.
const testRoutes = `  - {name: gh, claim: garage, match: /github, verify: {scheme: github, secret: gh}, events: [push], respond: {status: 201, body: "for {json.repository.full_name}"}}
  - {name: own, claim: garage, match: /own, verify: {scheme: hmac, header: X-Own, secret: own}, respond: {body: "{header[\"X-More\"]}"}}
  - {name: call, claim: garage, match: /call, verify: {scheme: twilio, secret: own}, respond: {body: "{form.Body}"}}
  - {name: paid, claim: garage, match: /paid, verify: {scheme: stripe, secret: own}, background: true, respond: {}}
  - {name: open, claim: garage, match: /open/, unverified: true, respond: {body: "{method} {query.a} {body}"}}
`

// TestSendOfATest sends to an agent through a true relay, as senders do.
func TestSendOfATest(t *testing.T) {
	h := linkedHome(t, startTrueRelay(t), testRoutes)
	h.set(t, "gh", "its-secret")
	h.set(t, "own", "another-secret")
	for _, tt := range []struct {
		name   string
		in     control.TestSend
		status int
		body   string
		route  string
	}{
		{"signed", control.TestSend{Path: "/github", Sender: "github", Credential: "gh"}, 201, "for you/test", "gh"},
		{"signed with another one", control.TestSend{Path: "/github", Sender: "github", Credential: "own"}, 401, "", "gh"},
		{"not signed", control.TestSend{Path: "/github", Sender: "github"}, 401, "", "gh"},
		{"a body", control.TestSend{Path: "/github", Sender: "github", Credential: "gh", Body: []byte(`{"repository":{"full_name":"a/b"}}`)}, 201, "for a/b", "gh"},
		{"another event", control.TestSend{Path: "/github", Sender: "github", Credential: "gh", Fields: []control.Field{{"X-GitHub-Event", "issues"}}}, 202, "", ""},
		{"what a route knows", control.TestSend{Path: "/own", Sender: "hmac", Credential: "own", Fields: []control.Field{{"x-more", "more"}}}, 200, "more", "own"},
		{"of no sender that is known", control.TestSend{Path: "/own", Sender: "other", Credential: "own"}, 200, "", "own"},
		{"a form, and the URL", control.TestSend{Path: "/call?a=1", Sender: "twilio", Credential: "own"}, 200, "a test", "call"},
		{"in the background", control.TestSend{Path: "/paid", Sender: "stripe", Credential: "own"}, 202, "", "paid"},
		{"by another method", control.TestSend{Path: "/open/?a=%20b", Method: "get"}, 200, "GET  b ", "open"},
		{"a sample of nobody's", control.TestSend{Path: "/open/"}, 200, `POST  {"message":"a test"`, "open"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.Claim = "garage"
			for range 2 { // an equal one is no repetition
				sent, err := h.client.SendTest(t.Context(), tt.in)
				if err != nil {
					t.Fatal(err)
				}
				if sent.Status != tt.status || !strings.HasPrefix(string(sent.Body), tt.body) || sent.Sent.IsZero() || sent.DurationMS <= 0 {
					t.Fatalf("%d %s, %+v", sent.Status, sent.Body, sent)
				}
				rec, err := h.client.Delivery(t.Context(), sent.Delivery)
				if err != nil {
					t.Fatal(err)
				}
				if rec.State == control.Duplicate || tt.status != 401 && rec.Route != tt.route {
					t.Errorf("%s by %q: %s", rec.State, rec.Route, rec.Reason)
				}
			}
		})
	}
}

// TestTestsThatAreNotSent says why, and never shows a secret.
func TestTestsThatAreNotSent(t *testing.T) {
	h := linkedHome(t, startTrueRelay(t), testRoutes)
	h.set(t, "bad", "whsec_ no base64, a secret")
	for _, tt := range []struct {
		in   control.TestSend
		kind error
		want string
	}{
		{control.TestSend{Claim: "attic"}, control.ErrNotFound, `no claim "attic"`},
		{control.TestSend{Claim: "garage", Sender: "githib"}, control.ErrInvalid, `did you mean "github"?`},
		{control.TestSend{Claim: "garage", Sender: "github", Credential: "none"}, control.ErrNotFound, `"none" is not stored`},
		{control.TestSend{Claim: "garage", Sender: "discord", Credential: "bad"}, control.ErrInvalid, "can sign as it does"},
		{control.TestSend{Claim: "garage", Sender: "hmac", Credential: "bad"}, control.ErrInvalid, "no route of claim"},
		{control.TestSend{Claim: "garage", Sender: "other", Credential: "bad"}, control.ErrInvalid, "no route of claim"},
		{control.TestSend{Claim: "garage", Sender: "standard", Credential: "bad"}, control.ErrInvalid, "no route of claim"},
		{control.TestSend{Claim: "garage", Path: "/a b#c"}, control.ErrInvalid, "no path"},
		{control.TestSend{Claim: "garage", Method: "A B"}, control.ErrInvalid, "no method"},
		{control.TestSend{Claim: "garage", Fields: []control.Field{{"Host", "x"}}}, control.ErrInvalid, `"Host"`},
		{control.TestSend{Claim: "garage", Fields: []control.Field{{"A", "b\r\nc: d"}}}, control.ErrInvalid, "a control character"},
		{control.TestSend{Claim: "garage", Fields: []control.Field{{"A", "b\x01c\x7f"}}}, control.ErrInvalid, "a control character"},
		{control.TestSend{Claim: "garage", Sender: "github", Credential: "relay/test"}, control.ErrInvalid, "no route of claim"},
	} {
		if _, err := h.client.SendTest(t.Context(), tt.in); !errors.Is(err, tt.kind) || !strings.Contains(fmt.Sprint(err), tt.want) || strings.Contains(fmt.Sprint(err), "no base64, a") {
			t.Errorf("%+v: %v", tt.in, err)
		}
	}
	if _, err := h.client.Pause(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := h.client.SendTest(t.Context(), control.TestSend{Claim: "garage"}); !errors.Is(err, control.ErrConflict) || !strings.Contains(err.Error(), "resume it first") {
		t.Errorf("while paused: %v", err)
	}
}

// TestSendWithoutALink: a claim that nobody can reach is told at once.
func TestSendWithoutALink(t *testing.T) {
	h := startHome(t, conf("127.0.0.1:1", respondRoute))
	_, err := h.client.SendTest(t.Context(), control.TestSend{Claim: "garage"})
	if !errors.Is(err, control.ErrConflict) || !strings.Contains(err.Error(), "is not linked to its relay") {
		t.Errorf("%v", err)
	}
}

func TestFieldNames(t *testing.T) {
	for name, want := range map[string]bool{"X-A": true, "a_b": true, "": false, "A B": false, "A:": false, "Ä": false, "Content-Length": false, "Transfer-Encoding": false} {
		if got := fieldName(http.CanonicalHeaderKey(name)); got != want {
			t.Errorf("%q: %t", name, got)
		}
	}
}
