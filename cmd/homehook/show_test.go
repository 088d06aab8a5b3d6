package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homehook/agent/control"
)

func TestIsText(t *testing.T) {
	tests := []struct {
		name, in string
		want     bool
	}{
		{"empty", "", true},
		{"text", "hello\r\n\tworld", true},
		{"text with an escape", "careful: \x1b[2J and more of it", true},
		{"text with a broken character", "caf\xe9 au lait", true},
		{"NUL", "hello\x00world", false},
		{"noise", "\x93\xe2\x01\xff\x9a", false},
		{"controls", "\x01\x02\x03abc", false},
	}
	for _, tt := range tests {
		if got := isText([]byte(tt.in)); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

func TestWholeRunes(t *testing.T) {
	tests := []struct {
		in, want string
		cut      bool
	}{
		{"abc", "abc", true},
		{"ab\xc3", "ab", true},
		{"ab\xe6\xbc", "ab", true},
		{"ab\xf0\x9f\x8e", "ab", true},
		{"abé", "abé", true},
		{"ab\xc3", "ab\xc3", false},
		{"", "", true},
		{"\x80\x80\x80\x80\x80", "\x80\x80\x80\x80\x80", true},
	}
	for _, tt := range tests {
		if got := string(wholeRunes([]byte(tt.in), tt.cut)); got != tt.want {
			t.Errorf("%q, cut %t: %q, want %q", tt.in, tt.cut, got, tt.want)
		}
	}
}

func TestShowRecord(t *testing.T) {
	a, out, _ := newTestApp(t)
	at := time.Date(2026, 1, 31, 8, 0, 0, 5e6, time.Local)
	a.showRecord(&control.Record{
		Delivery: control.Delivery{
			ID: "01", Claim: "garage", Relay: "mine", State: control.Dead, Method: "POST", Path: "/\x1b", Query: "q=\u202e",
			Remote: "192.0.2.1", Received: at, Size: 9, Route: "r", Status: 500, DurationMS: 12, Attempts: 1,
			Reason: "it failed", SenderID: "evt_1", Answer: "hold", Starts: 3, Due: a.now().Add(90 * time.Second),
		},
		Head: []byte("POST / HTTP/1.1\r\nX: \x9b\r\n\r\n"), Body: []byte(`{"a"`), BodyTruncated: true, Redacted: true, Verified: "github",
		Log: []control.Attempt{{
			Number: 1, Route: "r", Handler: "script", Started: at, DurationMS: 12, Status: 500, Exit: 3,
			Output: []byte("oh\n"), OutputTruncated: true, Error: "it failed",
			ResponseHead: []byte("HTTP/1.1 500 Oh\r\n\r\n"), ResponseBody: []byte("no"), ResponseSize: 2,
		}},
	})
	want := `Delivery  01
State     dead
Request   POST /\x1b?q=\u202e from 192.0.2.1
Claim     garage on relay mine, answer mode hold
Route     r
Sender    verified (github)
Received  ` + at.Format("2006-01-02T15:04:05.000Z07:00") + `
Answer    500 after 12 ms
Reason    it failed
Next try  ` + a.now().Add(90*time.Second).Local().Format(time.DateTime) + `, in 1m30s
Cut off   2 runs, by the end of the agent
Sender's id   evt_1

Request, without what the configuration redacts
  POST / HTTP/1.1
  X: \x9b

Body, 9 bytes
  {"a"
  … 5 bytes more came and are not kept

Handler: script, route r, attempt 1, exit code 3, 12 ms, at 08:00:00
  it failed
  Output, its beginning
    oh
  Response, 2 bytes
    HTTP/1.1 500 Oh

    no
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestShowTrace(t *testing.T) {
	a, out, _ := newTestApp(t)
	a.showTrace(nil)
	a.showTrace([]control.Trace{
		{
			Route: "push to main", Verified: "ok", Event: "push\x1b", Note: "its condition is not met",
			Parts: []control.TracePart{
				{Text: `json.ref == "main"`, Value: "false", Note: "json.ref is not there"}, {Text: "json.x", Value: "not needed"},
			},
		},
		{Route: "rest", Took: true},
	})
	want := `
Routes
  push to main did not take it: its condition is not met
    verified
    event push\x1b
    false       json.ref == "main" (json.ref is not there)
    not needed  json.x
  rest took it
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

// TestRunText numbers the attempts of each handler by itself.
func TestRunText(t *testing.T) {
	log := []control.Attempt{
		{Number: 1, Route: "r", Handler: "save"},
		{Number: 2, Route: "r", Handler: "notify", Place: 1},
		{Number: 3, Route: "r", Handler: "notify", Place: 1},
		{Number: 4, Route: "later", Handler: "script"},
	}
	for i, want := range []string{
		"Handler 1: save, route r, attempt 1", "Handler 2: notify, route r, attempt 1", "Handler 2: notify, route r, attempt 2",
		"Handler: script, route later, attempt 1",
	} {
		if got := runText(log, i); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestExcerptLimits(t *testing.T) {
	a, out, _ := newTestApp(t)
	a.excerpt("", []byte(strings.Repeat("é", maxText)))
	if got := out.String(); !strings.HasSuffix(got, "… 16 KiB more; --json has them\n") || strings.Count(got, "é") != maxText/2 {
		t.Errorf("%d characters, end %q", strings.Count(got, "é"), got[len(got)-60:])
	}
	out.Reset()
	a.excerpt("", make([]byte, maxHex+1))
	if got := out.String(); strings.Count(got, "\n") != maxHex/16+1 || !strings.HasSuffix(got, "… 1 byte more; --json has them\n") {
		t.Errorf("hex: %d lines", strings.Count(got, "\n"))
	}
}
