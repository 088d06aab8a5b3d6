package wizard

import (
	"errors"
	"strings"
	"testing"
	"time"

	"homehook/agent/control"
	"homehook/gui/stage"
)

func TestNameProblem(t *testing.T) {
	for name, good := range map[string]bool{
		"garage": true, "a": true, "a-1": true, "": false, "Garage": false, "-a": false, "a-": false, "a b": false,
		"tür": false, "a_b": false, "a.b": false,
		"0123456789012345678901234567890123456789012345678901234567890123": false,
	} {
		if got := nameProblem(name); (got == "") != good {
			t.Errorf("%q: %q", name, got)
		}
	}
	for text, want := range map[string]string{"My Door": "my-door", "Tür 1": "tuer-1", "--": "", "a_.b": "a-b"} {
		if got := slug(text); got != want {
			t.Errorf("%q becomes %q, not %q", text, got, want)
		}
	}
}

func TestRelayAddress(t *testing.T) {
	for _, tt := range []struct{ typed, want string }{
		{"relay.example.com", "https://relay.example.com"},
		{" https://relay.example.com/ ", "https://relay.example.com"},
		{"https://example.com:8443/relay", "https://example.com:8443/relay"},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"http://relay.localhost", "http://relay.localhost"},
		{"http://relay.example.com", ""},
		{"ftp://relay.example.com", ""},
		{"https://me:secret@relay.example.com", ""},
		{"https://relay.example.com/?x", ""},
		{"https://", ""},
		{"", ""},
	} {
		if got, problem := relayAddress(tt.typed); got != tt.want || (problem == "") != (tt.want != "") {
			t.Errorf("%q: %q, %q", tt.typed, got, problem)
		}
	}
	have := []control.ConfigEntry{{Name: "mine", Values: map[string]any{"url": "https://relay.example.com/"}}, {Name: "example"}}
	for address, want := range map[string]string{
		"https://relay.example.com": "mine", "https://relay.example.org": "example-2", "https://hooks.example.net": "hooks", "http://127.0.0.1:1": "relay",
	} {
		if got := relayName(address, have); got != want {
			t.Errorf("%s is called %q, not %q", address, got, want)
		}
	}
}

// TestStages: each way that a test can take is told by the right stage, with the
// step that mends it.
func TestStages(t *testing.T) {
	now := time.Now()
	sent := func(status int) *control.TestSent { return &control.TestSent{Status: status, Sent: now, DurationMS: 5} }
	record := func(state string, log ...control.Attempt) *control.Record {
		return &control.Record{Delivery: control.Delivery{State: state, Received: now, Status: 200}, Log: log}
	}
	refusal := record(control.Rejected)
	refusal.Trace = []control.Trace{{Verified: "the signature does not fit"}}
	failed := control.Attempt{Error: "connection refused", Started: now}
	const i, r, g, o, b = stageIdle, stageRuns, stageGood, stageOpen, stageBad
	for name, tt := range map[string]struct {
		journey
		want   [stageCount]int
		remedy int
		over   bool
	}{
		"nothing yet":     {journey{}, [stageCount]int{i, i, i, i, i, i}, 0, false},
		"being sent":      {journey{begun: now}, [stageCount]int{r, i, i, i, i, i}, 0, false},
		"not sent":        {journey{begun: now, err: errors.New("no")}, [stageCount]int{b, i, i, i, i, i}, atAddress, true},
		"unknown name":    {journey{begun: now, sent: sent(404)}, [stageCount]int{g, b, i, i, i, i}, atAddress, true},
		"home away":       {journey{begun: now, sent: sent(503)}, [stageCount]int{g, g, b, i, i, i}, atAddress, true},
		"too large":       {journey{begun: now, sent: sent(413)}, [stageCount]int{g, b, i, i, i, i}, atRelay, true},
		"kept":            {journey{begun: now, sent: sent(202)}, [stageCount]int{g, g, r, i, i, i}, 0, false},
		"kept for long":   {journey{begun: now, sent: sent(202), late: true}, [stageCount]int{g, g, b, i, i, i}, atAddress, true},
		"at home":         {journey{begun: now, rec: record(control.Running), checked: true}, [stageCount]int{g, g, g, g, r, r}, 0, false},
		"all the way":     {journey{begun: now, sent: sent(200), rec: record(control.Succeeded), checked: true}, [stageCount]int{g, g, g, g, g, g}, 0, true},
		"unverified":      {journey{begun: now, sent: sent(200), rec: record(control.Succeeded)}, [stageCount]int{g, g, g, o, g, g}, 0, true},
		"wrong signature": {journey{begun: now, sent: sent(401), rec: refusal, checked: true}, [stageCount]int{g, g, g, b, i, i}, atSecret, true},
		"no route":        {journey{begun: now, sent: sent(404), rec: record(control.Rejected)}, [stageCount]int{g, g, g, o, b, i}, atAction, true},
		"handler failed":  {journey{begun: now, sent: sent(502), rec: record(control.Dead, failed), checked: true}, [stageCount]int{g, g, g, g, b, b}, atAction, true},
		"tried again":     {journey{begun: now, sent: sent(202), rec: record(control.Waiting, failed), checked: true}, [stageCount]int{g, g, g, g, b, g}, atAction, true},
		"waited for":      {journey{begun: now, foreign: true, checked: true}, [stageCount]int{r, i, i, i, i, i}, 0, false},
		"of the sender":   {journey{begun: now, foreign: true, checked: true, rec: record(control.Succeeded)}, [stageCount]int{g, g, g, g, g, g}, 0, true},
	} {
		all, remedy, over := tt.stages()
		var got [stageCount]int
		for n := range all {
			got[n] = all[n].state
		}
		if got != tt.want || over != tt.over || over && remedy != tt.remedy {
			t.Errorf("%s: %v, %d, %t, not %v, %d, %t", name, got, remedy, over, tt.want, tt.remedy, tt.over)
		}
	}
}

// TestKeep asks the system for what is not so yet, and for nothing else.
func TestKeep(t *testing.T) {
	none, both := staying{system: "systemd"}, staying{"systemd", true, true}
	for _, tt := range []struct {
		now, want staying
		live      bool
		asked     string
	}{
		{none, both, false, "install start autostart"},
		{none, both, true, "install autostart"},
		{both, both, true, ""},
		{both, none, true, "uninstall run autostart"},
		{none, none, false, ""},
	} {
		h := &stage.Host{}
		if err := keep(t.Context(), h, tt.now, tt.want, tt.live); err != nil || strings.Join(h.Asked(), " ") != tt.asked {
			t.Errorf("%+v to %+v: %q, %v", tt.now, tt.want, h.Asked(), err)
		}
	}
}
