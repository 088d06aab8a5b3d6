package gui

import (
	"testing"
	"time"

	"homehook/agent/control"
	"homehook/gui/feed"
	"homehook/gui/part"
	"homehook/gui/stage"
)

// told are notifications that a test has seen, on a clock of its own.
type told struct {
	*notices
	seen []notice
}

func newTold(s *stage.Stage) *told {
	x := &told{}
	x.notices = newNotices(s.Desk, func(n notice) { x.seen = append(x.seen, n) })
	return x
}

func dead(ids ...string) feed.Changes {
	var c feed.Changes
	for _, id := range ids {
		c.Deliveries = append(c.Deliveries, control.Delivery{ID: id, Claim: "garage", Method: "POST", Path: "/x", State: control.Dead, Reason: "no\x1banswer"})
	}
	return c
}

func TestFailuresAreGathered(t *testing.T) {
	s := stage.Empty(t)
	x := newTold(s)
	x.changed(feed.Changes{Deliveries: []control.Delivery{{ID: "ok", State: control.Succeeded}, {ID: "again", State: control.Dead, ReplayOf: "ok"}}})
	if x.due {
		t.Fatal("what has not failed, or was replayed by hand, is told")
	}
	x.changed(dead("a"))
	x.changed(dead("a", "b"))
	x.changed(dead("c"))
	s.Settle(func() bool { return len(x.seen) > 0 })
	if n := x.seen[0]; len(x.seen) != 1 || n.title != "3 deliveries failed" || n.tag != "failures" || n.at.Query.State != control.Dead {
		t.Fatalf("told %+v", x.seen)
	}
	// Within the minute there is no other; behind it one in its place, with all.
	x.changed(dead("d"))
	if !x.due || x.failed != 4 {
		t.Errorf("%d are counted, another one is due: %t", x.failed, x.due)
	}
	x.failures()
	if n := x.seen[1]; n.title != "4 deliveries failed" || n.tag != "failures" {
		t.Errorf("told %+v", n)
	}
	// One after a calm time begins anew, and says which it is.
	x.notices.now = func() time.Time { return time.Now().Add(2 * calm) }
	x.changed(dead("e"))
	x.failures()
	if n := x.seen[2]; n.title != "1 delivery failed" || n.at.Item != "e" || n.text != "garage: POST /x\nno‹ESC›answer" {
		t.Errorf("told %+v", n)
	}
}

func TestRoutesNotify(t *testing.T) {
	s := stage.Empty(t)
	x := newTold(s)
	x.route(control.Notification{Delivery: "1", Route: "door", Title: "Ding\u202e", Text: "dong", Link: "https://example.com", Urgent: true})
	x.route(control.Notification{Claim: "garage", Title: "garage is silent"})
	if len(x.seen) != 2 {
		t.Fatalf("told %+v", x.seen)
	}
	if n := x.seen[0]; n.title != "Ding‹U+202E›" || n.link == "" || !n.urgent || n.at.Screen != part.Activity || n.at.Item != "1" {
		t.Errorf("of a route: %+v", n)
	}
	if n := x.seen[1]; n.at.Screen != part.Claims || n.at.Item != "garage" || n.tag == x.seen[0].tag {
		t.Errorf("of a claim: %+v", n)
	}
	s.App.Preferences().SetBool(part.NoticeRoutes, false)
	s.App.Preferences().SetBool(part.NoticeSilent, false)
	x.route(control.Notification{Delivery: "2", Title: "Ding"})
	x.route(control.Notification{Claim: "garage", Title: "garage is silent"})
	if len(x.seen) != 2 {
		t.Error("kinds that are turned off are told")
	}
}

func TestAgentThatStaysAway(t *testing.T) {
	s := stage.New(t, household)
	x := newTold(s)
	s.Settle(func() bool { x.follow(); return x.lived })
	s.StopAgent()
	s.Settle(func() bool { return s.Feed.State().Reach == feed.Away })
	x.follow()
	if len(x.seen) != 0 {
		t.Fatal("it is told at once")
	}
	x.notices.now = func() time.Time { return time.Now().Add(graceAway) }
	x.follow()
	x.follow()
	if len(x.seen) != 1 || x.seen[0].tag != "agent" {
		t.Fatalf("told %+v", x.seen)
	}
	s.StartAgent()
	s.Settle(func() bool { return !x.missed })
}
