package detail

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/stage"
)

// kept is a delivery that is always the same.
func kept() *control.Record {
	return &control.Record{
		Delivery: control.Delivery{
			ID: "0198c0de-7a1b-7c3d-8e4f-5a6b7c8d9e0f", Claim: "garage", Relay: "mine", State: control.Dead,
			Method: "POST", Path: "/hooks/door", Query: "a=1", Remote: "192.0.2.7", Received: time.Date(2025, 3, 4, 12, 6, 7, 0, time.Local),
			Size: 7, Route: "run", Status: 500, DurationMS: 12, Attempts: 1, Reason: "the script failed (exit status 3)",
		},
		Head:     []byte("POST /hooks/door?a=1 HTTP/1.1\r\nContent-Type: application/json\r\nX-Kind: door\r\n\r\n"),
		Body:     []byte(`{"a":1}`),
		Verified: "github",
		Log: []control.Attempt{{
			Number: 1, Route: "run", Handler: "script", Started: time.Date(2025, 3, 4, 12, 6, 7, 0, time.Local), DurationMS: 12,
			Status: 500, Exit: 3, Output: []byte("seen /hooks/door\noops\n"), Error: "the script failed (exit status 3)", GivenUp: true,
		}},
		Trace: []control.Trace{
			{Route: "pushes", Note: "its condition is not met", Parts: []control.TracePart{{Text: `json.a == 2`, Value: "false", Note: "json.a is 1"}}},
			{Route: "run", Took: true, Verified: "ok", Event: "door"},
		},
	}
}

func TestMarkup(t *testing.T) {
	s := stage.Empty(t)
	s.Speak("en")
	p := New(s.Desk)
	p.OnClose = func() {}
	s.Window.SetContent(p.Content())
	s.Window.Resize(fyne.NewSize(480, 640))
	test.AssertRendersToMarkup(t, "nothing.xml", s.Window.Canvas())
	p.id, p.record = kept().ID, kept()
	p.build()
	for i, name := range []string{"request", "response", "attempts", "trace", "raw"} {
		p.tabs.SelectIndex(i)
		s.Settle(func() bool { return Settled(p) })
		test.AssertRendersToMarkup(t, name+".xml", s.Window.Canvas())
		s.Picture(t, "detail-"+name)
	}
	p.result = &replayed{old: kept(), got: kept()}
	p.arrange()
	if Button(s.Window.Canvas(), look.T("Show the new delivery")) == nil {
		t.Error("nothing leads to the new delivery")
	}
}
