package main_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"homehook/agent/control"
)

// TestBacklogComesInOrder has a relay take webhooks while home is off, ends it in
// between as a power cut would, and then lets home come back.
func TestBacklogComesInOrder(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the programs")
	}
	t.Parallel()
	for _, mode := range []string{"hold", "store"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			h := startPrograms(t, "  - {name: all, claim: garage, match: /, unverified: true, respond: {status: 200, body: ok}}\n")
			h.reconfigure(t, "{name: garage}", "{name: garage, answer: "+mode+"}")
			h.run(t)
			eventually(t, "the relay knows the answer mode", func() bool {
				var claims []control.Claim
				return h.json(&claims, "claims") == nil && len(claims) == 1 && claims[0].URL != ""
			})
			h.agent.kill()
			const n = 300
			for i := range n {
				if i == n/2 {
					h.relay.kill()
					h.serve(t)
				}
				accepted(t, h.public, i)
			}
			h.run(t)
			var rows []control.Delivery
			eventually(t, "all have arrived and ended", func() bool {
				return h.json(&rows, "history", "--state", "succeeded", "--limit", "1000") == nil && len(rows) >= n
			})
			for i, d := range rows { // newest first
				if want := fmt.Sprintf("/n/%d", n-1-i); d.Path != want {
					t.Fatalf("row %d is %s, want %s", i, d.Path, want)
				}
			}
		})
	}
}

// accepted sends a webhook, which has to be accepted for later.
func accepted(t *testing.T, public string, i int) {
	t.Helper()
	res, err := http.Post(fmt.Sprintf("%s/n/%d", public, i), "text/plain", strings.NewReader(fmt.Sprint("body ", i)))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if text, err := io.ReadAll(res.Body); res.StatusCode != 202 || err != nil {
		t.Fatalf("webhook %d: %d %q %v", i, res.StatusCode, text, err)
	}
}
