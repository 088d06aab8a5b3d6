package main

import (
	"regexp"
	"testing"

	"homehook/agent/control"
)

// TestStatusTellsOfUpdates shows what the agent has heard of newer versions.
func TestStatusTellsOfUpdates(t *testing.T) {
	for _, tt := range []struct {
		name   string
		update *control.Update
		want   string // "" for no such line
	}{
		{"none", nil, ""},
		{"from a relay", &control.Update{Version: "v1.2.3"}, "update       version v1.2.3 is out"},
		{"from a feed", &control.Update{Version: "v1.2.3", URL: "https://example.com/"}, "update       version v1.2.3 is out  https://example.com/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, out, _ := withAgent(t, &fakeAgent{update: tt.update})
			if err := (&statusCmd{}).Run(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			line := regexp.MustCompile(`(?m)^update.*$`).FindString(out.String())
			if line != tt.want {
				t.Errorf("got %q, want %q", line, tt.want)
			}
		})
	}
}
