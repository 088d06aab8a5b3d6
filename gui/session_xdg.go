//go:build unix && !darwin

package gui

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"github.com/godbus/dbus/v5"

	"homehook/agent/sessionbus"
	"homehook/gui/look"
)

const (
	busWait      = 2 * time.Second  // for an answer on the bus
	trayWait     = 10 * time.Second // for the panel of a desktop that is just starting
	trayLook     = 500 * time.Millisecond
	trayWatcher  = "org.kde.StatusNotifierWatcher"
	busName      = "org.freedesktop.DBus"
	ownerChanged = "NameOwnerChanged"
	notifyName   = "org.freedesktop.Notifications"
	notifyPath   = dbus.ObjectPath("/org/freedesktop/Notifications")
	actionOpen   = "default" // a click on the notification itself
	actionWindow = "window"
	actionLink   = "link"
)

// mostShown are the notices that are remembered, for a desktop that does not say
// when they are gone.
const mostShown = 200

// busSession speaks to the desktop on the bus of the session.
type busSession struct {
	conn *dbus.Conn // nil without a bus

	showing sync.Mutex // one Show at a time, so that one takes the place of another

	mu      sync.Mutex
	can     []string // of notifications; nil where none are shown
	changed func(shows bool)
	ids     map[string]uint32 // of the notification with a tag
	shown   map[uint32]shownNotice
}

// shownNotice is one that may be clicked still.
type shownNotice struct {
	notice
	opened func(notice)
	link   func(string)
}

var _ session = (*busSession)(nil)

// newSession returns the session of the desktop. Where it has no bus, Fyne is kept
// from starting one: what it starts would outlive the app.
func newSession(ctx context.Context, _ fyne.App) session {
	s := &busSession{ids: map[string]uint32{}, shown: map[uint32]shownNotice{}}
	conn, err := sessionbus.Connect(ctx)
	if err != nil {
		return s
	}
	s.conn = conn
	ofNotices := []dbus.MatchOption{dbus.WithMatchInterface(notifyName), dbus.WithMatchObjectPath(notifyPath)}
	ofOwners := []dbus.MatchOption{dbus.WithMatchInterface(busName), dbus.WithMatchMember(ownerChanged), dbus.WithMatchArg(0, notifyName)}
	if conn.AddMatchSignal(ofNotices...) == nil && conn.AddMatchSignal(ofOwners...) == nil {
		signals := make(chan *dbus.Signal, 16)
		conn.Signal(signals)
		go s.listen(ctx, signals) // until the connection closes, which the end of ctx does
	}
	s.set(s.ask(ctx))
	return s
}

// withoutBus keeps Fyne from starting a bus where the session has none.
func withoutBus() {
	ctx, cancel := context.WithTimeout(context.Background(), busWait)
	defer cancel()
	conn, err := sessionbus.Connect(ctx)
	if err != nil {
		_ = os.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
		return
	}
	_ = conn.Close()
}

func (s *busSession) notifier() dbus.BusObject { return s.conn.Object(notifyName, notifyPath) }

// Icon says whether there is a bus: Fyne's tray fails at its end without one.
func (s *busSession) Icon() bool { return s.conn != nil }

// Shows says whether there is somebody who shows notifications.
func (s *busSession) Shows() bool { return s.abilities() != nil }

// Tray says whether a panel shows the icons of trays.
func (s *busSession) Tray(ctx context.Context, wait bool) bool {
	if s.conn == nil {
		return false
	}
	for end := time.Now().Add(trayWait); ; {
		var has bool
		call := s.conn.BusObject().CallWithContext(ctx, busName+".NameHasOwner", 0, trayWatcher)
		if call.Store(&has) == nil && has {
			return true
		}
		if !wait || time.Now().After(end) {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(trayLook):
		}
	}
}

// Show shows a notice, in place of an earlier one with its tag.
func (s *busSession) Show(ctx context.Context, n notice, opened func(notice), link func(string)) {
	s.showing.Lock()
	defer s.showing.Unlock()
	can := s.abilities()
	if can == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, busWait)
	defer cancel()
	text := n.text
	if slices.Contains(can, "body-markup") {
		text = markup.Replace(text)
	}
	actions := []string{}
	if slices.Contains(can, "actions") {
		actions = []string{actionOpen, look.T("Open in Homehook"), actionWindow, look.T("Open in Homehook")}
		if n.link != "" {
			actions = append(actions, actionLink, look.T("Open link"))
		}
	}
	urgency := byte(1)
	if n.urgent {
		urgency = 2
	}
	hints := map[string]dbus.Variant{"urgency": dbus.MakeVariant(urgency), "desktop-entry": dbus.MakeVariant("homehook")}
	var id uint32
	call := s.notifier().CallWithContext(ctx, notifyName+".Notify", 0, "Homehook", s.before(n.tag), "homehook",
		n.title, text, actions, hints, int32(-1))
	if call.Store(&id) == nil {
		s.remember(id, shownNotice{n, opened, link})
	}
}

// before is the notification that one with a tag takes the place of, 0 for none.
func (s *busSession) before(tag string) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids[tag]
}

// remember keeps what a click on a notification needs.
func (s *busSession) remember(id uint32, n shownNotice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids[n.tag] = id
	s.shown[id] = n
	for len(s.shown) > mostShown {
		s.forgetLocked(slices.Min(slices.Collect(maps.Keys(s.shown))))
	}
}

func (s *busSession) forgetLocked(id uint32) {
	if n, ok := s.shown[id]; ok {
		delete(s.shown, id)
		if s.ids[n.tag] == id {
			delete(s.ids, n.tag)
		}
	}
}

var markup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

// listen hears of clicks, of notifications that are gone, and of desktops that come
// and go.
func (s *busSession) listen(ctx context.Context, signals <-chan *dbus.Signal) {
	for signal := range signals {
		if signal.Name == busName+"."+ownerChanged {
			s.owned(ctx, signal)
			continue
		}
		var id uint32
		if len(signal.Body) < 2 || dbus.Store(signal.Body[:1], &id) != nil {
			continue
		}
		switch signal.Name {
		case notifyName + ".ActionInvoked":
			action, _ := signal.Body[1].(string)
			s.clicked(id, action)
		case notifyName + ".NotificationClosed":
			s.mu.Lock()
			s.forgetLocked(id)
			s.mu.Unlock()
		}
	}
}

func (s *busSession) clicked(id uint32, action string) {
	s.mu.Lock()
	n, ok := s.shown[id]
	s.mu.Unlock()
	switch {
	case !ok:
	case action == actionLink && n.notice.link != "":
		n.link(n.notice.link)
	case action == actionOpen || action == actionWindow:
		n.opened(n.notice)
	}
}
