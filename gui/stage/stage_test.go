package stage_test

import (
	"testing"

	"homehook/gui/feed"
	"homehook/gui/stage"
)

const household = `relays:
  - {name: mine, url: RELAY, token: relay/test}
claims:
  - {name: garage, relay: mine}
routes:
  - {name: all, claim: garage, match: /, unverified: true, respond: {body: ok}}
`

func TestDeliveryReachesTheWindow(t *testing.T) {
	s := stage.New(t, household)
	seen, anew := 0, false
	s.Feed.OnChanges(func(c feed.Changes) { seen, anew = seen+len(c.Deliveries), anew || c.Anew })
	s.Settle(func() bool { return anew })
	if status := s.Post(s.Connected("garage")+"/x", "hello"); status != 200 {
		t.Fatalf("status %d", status)
	}
	s.Settle(func() bool { return seen > 0 })
	s.StopAgent()
	s.Settle(func() bool { return !s.Feed.State().Live() })
	s.StartAgent()
}
