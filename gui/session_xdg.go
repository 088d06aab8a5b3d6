//go:build unix && !darwin

package gui

import (
	"context"
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
	notifyName   = "org.freedesktop.Notifications"
	notifyPath   = dbus.ObjectPath("/org/freedesktop/Notifications")
	actionOpen   = "default" // a click on the notification itself
	actionWindow = "window"
	actionLink   = "link"
)

// busSession speaks to the desktop on the bus of the session.
type busSession struct {
	conn *dbus.Conn // nil without a bus
	can  []string   // of notifications; nil where none are shown

	mu    sync.Mutex
	ids   map[string]uint32 // of the notification with a tag
	shown map[uint32]shownNotice
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
	ask, cancel := context.WithTimeout(ctx, busWait)
	defer cancel()
	call := s.notifier().CallWithContext(ask, notifyName+".GetCapabilities", 0)
	if call.Store(&s.can) != nil {
		s.can = nil
		return s
	}
	if s.can == nil {
		s.can = []string{}
	}
	if conn.AddMatchSignal(dbus.WithMatchInterface(notifyName), dbus.WithMatchObjectPath(notifyPath)) == nil {
		signals := make(chan *dbus.Signal, 16)
		conn.Signal(signals)
		go s.listen(signals) // until the connection closes, which the end of ctx does
	}
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
func (s *busSession) Shows() bool { return s.can != nil }

// Tray says whether a panel shows the icons of trays.
func (s *busSession) Tray(ctx context.Context, wait bool) bool {
	if s.conn == nil {
		return false
	}
	for end := time.Now().Add(trayWait); ; {
		var has bool
		call := s.conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, trayWatcher)
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
	if s.can == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, busWait)
	defer cancel()
	text := n.text
	if slices.Contains(s.can, "body-markup") {
		text = markup.Replace(text)
	}
	actions := []string{}
	if slices.Contains(s.can, "actions") {
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
	s.mu.Lock()
	defer s.mu.Unlock()
	var id uint32
	call := s.notifier().CallWithContext(ctx, notifyName+".Notify", 0, "Homehook", s.ids[n.tag], "homehook",
		n.title, text, actions, hints, int32(-1))
	if call.Store(&id) == nil {
		s.ids[n.tag] = id
		s.shown[id] = shownNotice{n, opened, link}
	}
}

var markup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

// listen hears of clicks, and of notifications that are gone.
func (s *busSession) listen(signals <-chan *dbus.Signal) {
	for signal := range signals {
		var id uint32
		if len(signal.Body) < 2 || dbus.Store(signal.Body[:1], &id) != nil {
			continue
		}
		switch signal.Name {
		case notifyName + ".ActionInvoked":
			action, _ := signal.Body[1].(string)
			s.clicked(id, action)
		case notifyName + ".NotificationClosed":
			s.gone(id)
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

func (s *busSession) gone(id uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n, ok := s.shown[id]; ok {
		delete(s.shown, id)
		delete(s.ids, n.tag)
	}
}
