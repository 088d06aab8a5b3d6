package relay

import (
	"strings"
	"testing"
	"time"
)

// TestRows45And46InTime holds that a relay with the settings that come with it
// answers probes and challenges within the three seconds that senders give it,
// while nobody is at home, and never 202, where the relay may answer for home.
func TestRows45And46InTime(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{answerHold, answerStore} {
		for _, tt := range challenges() {
			if tt.stored > 0 {
				continue // no challenge
			}
			t.Run(mode+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				tr := startRelay(t, Options{})
				tr.claimOf(t, claimRecord{Name: "garage", Answer: mode, More: moreSettings{Sender: tt.sender}})
				began := time.Now()
				got := tr.raw(t, tt.request)
				took := time.Since(began)
				if took > 3*time.Second || !strings.HasPrefix(got, "HTTP/1.1 "+itoa(tt.status)+" ") || strings.HasPrefix(got, "HTTP/1.1 202 ") || tr.queued() > 0 {
					t.Errorf("%.100q after %s, %d stored", got, took, tr.queued())
				}
			})
		}
	}
}
