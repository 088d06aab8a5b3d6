package gui

import (
	"time"

	"homehook/agent/control"
	"homehook/gui/feed"
	"homehook/gui/look"
	"homehook/gui/part"
)

// notice is one notification of the desktop. One that has the tag of an earlier one
// takes its place.
type notice struct {
	tag, title, text string
	link             string // http or https, for a button; empty for none
	urgent           bool
	at               part.Place // where a click leads
}

const (
	// gather is the time in which failures that come together become one notification.
	gather = 2 * time.Second
	// calm is the least time between two notifications of failures.
	calm = time.Minute
	// graceAway is how long the agent may be away before it is worth a notification.
	graceAway = 30 * time.Second
	// mostTold are the failed deliveries that are remembered as told.
	mostTold = 1000
)

// notices tell of what happens while nobody looks at the window.
type notices struct {
	desk *part.Desk
	send func(notice)
	now  func() time.Time

	told   map[string]bool // deliveries whose failure was told
	failed int             // of them, in the notification that is shown
	one    control.Delivery
	last   time.Time // of the last notification of failures
	due    bool      // another one comes when it is time

	lived, missed bool // the agent has answered; its absence was told
}

func newNotices(d *part.Desk, send func(notice)) *notices {
	n := &notices{desk: d, send: send, now: time.Now, told: map[string]bool{}}
	d.Feed.OnNotification(n.route)
	d.Feed.OnChanges(n.changed)
	d.Feed.OnState(n.follow)
	return n
}

// wanted sends a notice of a kind, unless that is turned off.
func (n *notices) wanted(kind string, is notice) {
	if part.Wants(n.desk.App.Preferences(), kind) {
		n.send(is)
	}
}

// route shows what a route or a silent claim notifies of.
func (n *notices) route(of control.Notification) {
	is := notice{title: part.Visible(of.Title), text: part.VisibleLines(of.Text), link: of.Link, urgent: of.Urgent}
	if of.Delivery == "" {
		is.tag, is.at = "claim "+of.Claim, part.Place{Screen: part.Claims, Item: of.Claim}
		n.wanted(part.NoticeSilent, is)
		return
	}
	is.tag, is.at = of.Delivery+" "+of.Route, part.Place{Screen: part.Activity, Item: of.Delivery}
	n.wanted(part.NoticeRoutes, is)
}

// changed counts deliveries that have failed. One that a person has replayed is on
// the screen already.
func (n *notices) changed(c feed.Changes) {
	fresh := 0
	for _, d := range c.Deliveries {
		if d.State != control.Dead || d.ReplayOf != "" || n.told[d.ID] {
			continue
		}
		if len(n.told) >= mostTold {
			clear(n.told)
		}
		n.told[d.ID] = true
		n.one = d
		fresh++
	}
	if fresh == 0 {
		return
	}
	if n.now().Sub(n.last) >= calm && !n.due {
		n.failed = 0 // those before were of another time
	}
	n.failed += fresh
	if n.due {
		return
	}
	n.due = true
	n.desk.Crew.After(max(gather, calm-n.now().Sub(n.last)), n.failures)
}

// failures tells of those that have failed, in place of what was told before.
func (n *notices) failures() {
	n.due, n.last = false, n.now()
	is := notice{
		tag: "failures", title: look.N("{{.Count}} deliveries failed", n.failed), urgent: true,
		at: part.Place{Screen: part.Activity, Query: &control.Query{State: control.Dead}},
	}
	if n.failed == 1 {
		is.text = part.Visible(n.one.Claim + ": " + n.one.Method + " " + part.Cut(n.one.Path, 60))
		is.at = part.Place{Screen: part.Activity, Item: n.one.ID}
		if n.one.Reason != "" {
			is.text += "\n" + part.Visible(n.one.Reason)
		}
	}
	n.wanted(part.NoticeFailures, is)
}

// follow tells of an agent that has ended and does not come back.
func (n *notices) follow() {
	s := n.desk.Feed.State()
	if s.Live() {
		n.lived, n.missed = true, false
		return
	}
	if !n.lived || n.missed || s.Reach != feed.Away {
		return
	}
	if wait := graceAway - n.now().Sub(s.Since); wait > 0 {
		n.desk.Crew.After(wait, n.follow)
		return
	}
	n.missed = true
	n.wanted(part.NoticeAway, notice{
		tag: "agent", title: look.T("The agent is not running"), text: look.T("Nothing is delivered until it is back."), urgent: true,
	})
}
