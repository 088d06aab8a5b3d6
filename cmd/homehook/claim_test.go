package main

import (
	"testing"

	"homehook/agent/control"
)

func TestProgress(t *testing.T) {
	relay := func(state string) []control.Relay { return []control.Relay{{Name: "mine", State: state}} }
	claim := func(c control.Claim) []control.Claim {
		c.Name, c.Relay = "garage", "mine"
		return []control.Claim{{Name: "other", Connected: true, URL: "x"}, c}
	}
	tests := []struct {
		name  string
		in    control.Status
		final bool
		want  string // of the error
	}{
		{"connected", control.Status{Claims: claim(control.Claim{Connected: true, URL: "http://x/"})}, true, ""},
		{"connected, URL still to come", control.Status{Claims: claim(control.Claim{Connected: true})}, false, "no answer from relay mine within 10s"},
		{"nothing yet", control.Status{Claims: claim(control.Claim{})}, false, "no answer from relay mine within 10s"},
		{"relay away", control.Status{Relays: relay(control.StateConnecting), Claims: claim(control.Claim{Error: "connection refused"})}, false, "connection refused"},
		{"relay refuses", control.Status{Relays: relay(control.StateProblem), Claims: claim(control.Claim{Error: "not yours"})}, true, "not yours"},
		{"relay is gone from the list", control.Status{Claims: claim(control.Claim{Error: "oh"})}, false, "oh"},
		{"not read yet", control.Status{}, false, "the agent has not read the configuration yet"},
		{"not accepted", control.Status{ConfigError: "c.yaml:1:1: bad"}, false, "the agent does not accept the configuration: c.yaml:1:1: bad"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, final, err := progress(&tt.in, "garage")
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want || final != tt.final {
				t.Errorf("final %t, error %q; want %t, %q", final, got, tt.final, tt.want)
			}
		})
	}
}
