//go:build linux

package agent

import (
	"context"
	"testing"

	"homehook/agent/control"
)

// TestDoctorOfNotifications tells whether anybody would see what routes notify of.
func TestDoctorOfNotifications(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	const bell = "routes:\n  - {name: bell, claim: garage, match: /bell, unverified: true, notify: {text: ring}}\n" +
		"  - {name: off, claim: garage, match: /off, off: true, unverified: true, notify: {text: ring}}\n" +
		"  - {name: far, claim: garage, match: /far, unverified: true, notify: {ntfy: {url: \"https://ntfy.sh/x\"}}}\n"
	h := startHome(t, "relays: [{name: mine, url: \"http://127.0.0.1:9\"}]\nclaims: [{name: garage, relay: mine}]\n"+bell)
	look := func() string {
		d := newDoctor(Patient{})
		d.running = &backend{h.Agent}
		h.mu.Lock()
		d.config = h.config
		h.mu.Unlock()
		d.notifications(t.Context())
		return lines(t, control.NewCheckup(d.found))
	}
	wants(t, look(), "notifications() problem: nothing shows what route \"bell\" notifies of")
	startBus(t)
	wants(t, look(), "notifications() problem: ")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = h.client.EventsShowing(ctx, 0, func(control.Event) error { return nil })
	}()
	eventually(t, "an app shows them", h.inbox.hub.Showing)
	wants(t, look(), "notifications() ok: the desktop app")
	cancel()
	<-done
	eventually(t, "the app is gone", func() bool { return !h.inbox.hub.Showing() })
	startScreen(t, &screen{})
	wants(t, look(), "notifications() ok: this session")
}
