package agent

import (
	"testing"

	"homehook/agent/control"
	"homehook/agent/history"
)

func TestVerifiedBy(t *testing.T) {
	for _, tt := range []struct {
		name    string
		checked string
		of      history.Delivery
		want    string
	}{
		{"a check", "github:deploy,deploy-old\n", history.Delivery{State: history.Succeeded, Attempts: 1}, "github"},
		{"two checks", "stripe:a;time=x\ngithub:b\n", history.Delivery{State: history.Dead, Attempts: 1}, "stripe"},
		{"a check, and refused later", "github:a\n", history.Delivery{State: history.Rejected}, "github"},
		{"nothing was asked", "", history.Delivery{State: history.Succeeded, Attempts: 1}, control.VerifiedNone},
		{"nothing was asked, and it waits", "\n", history.Delivery{State: history.Waiting}, control.VerifiedNone},
		{"a duplicate", "", history.Delivery{State: history.Duplicate}, control.VerifiedNone},
		{"refused", "", history.Delivery{State: history.Rejected}, ""},
		{"waits for a credential", "", history.Delivery{State: history.Waiting}, ""},
		{"runs", "", history.Delivery{State: history.Running, Attempts: 1, Starts: 1}, ""},
		{"a challenge", "", history.Delivery{State: history.Succeeded}, ""},
		{"a replay", "", history.Delivery{State: history.Succeeded, Attempts: 1, ReplayOf: "x"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := verifiedBy(&history.Record{Delivery: tt.of, Checked: tt.checked}); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
