package gui

import (
	"testing"
	"time"

	"homehook/agent/control"
	"homehook/gui/feed"
	"homehook/gui/part"
	"homehook/gui/stage"
)

var now = time.Date(2026, 3, 4, 12, 0, 0, 0, time.Local)

func TestSummarizeStatus(t *testing.T) {
	stage.Empty(t) // for the words
	relay := []control.Relay{{Name: "mine", URL: "https://relay.example.com", State: control.StateConnected}}
	for name, c := range map[string]struct {
		status control.Status
		line   string
		does   deed
		at     part.Place
	}{
		"connected": {
			control.Status{State: control.StateConnected, Relays: relay, Claims: make([]control.Claim, 2)},
			"Connected · relay.example.com · 2 claims", goThere,
			part.Place{Screen: part.Claims},
		},
		"connecting": {
			control.Status{State: control.StateConnecting, Relays: []control.Relay{{Name: "mine", State: control.StateConnecting, Error: "no\x1bway"}}},
			"Connecting · mine: no‹ESC›way", goThere,
			part.Place{Screen: part.Relays, Item: "mine"},
		},
		"paused until":    {control.Status{State: control.StatePaused, PausedUntil: now.Add(2 * time.Hour)}, "Paused · until 14:00", resume, part.Place{}},
		"paused for long": {control.Status{State: control.StatePaused, PausedUntil: now.Add(48 * time.Hour)}, "Paused · until Mar 6 12:00", resume, part.Place{}},
		"paused":          {control.Status{State: control.StatePaused}, "Paused · until it is resumed", resume, part.Place{}},
		"idle":            {control.Status{State: control.StateIdle}, "Nothing set up · No relay is set up yet.", begin, part.Place{}},
		"configuration": {
			control.Status{State: control.StateProblem, ConfigError: "line 3"},
			"Problem · The configuration is not in use: line 3", goThere,
			part.Place{Screen: part.Settings, Section: "doctor"},
		},
		"credential": {
			control.Status{State: control.StateProblem, Findings: []control.Finding{
				{Check: "history", State: control.FindingWarning, Text: "big"},
				{Check: "credentials", Subject: "relay/mine", State: control.FindingProblem, Text: "missing"},
			}},
			"Problem · missing", goThere,
			part.Place{Screen: part.Credentials, Item: "relay/mine"},
		},
		"script": {
			control.Status{State: control.StateProblem, Findings: []control.Finding{{Check: "scripts", Subject: "deploy", State: control.FindingProblem, Text: "changed"}}},
			"Problem · changed", goThere,
			part.Place{Screen: part.Routes, Item: "deploy"},
		},
		"relay": {
			control.Status{State: control.StateProblem, Relays: []control.Relay{{Name: "mine", State: control.StateProblem, Error: "refused"}}},
			"Problem · mine: refused", goThere,
			part.Place{Screen: part.Relays, Item: "mine"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := summarize(&feed.State{Reach: feed.Live, Status: &c.status}, now)
			if got.line() != c.line || got.does != c.does || got.at != c.at {
				t.Errorf("got %q, %d, %+v; want %q, %d, %+v", got.line(), got.does, got.at, c.line, c.does, c.at)
			}
		})
	}
}
