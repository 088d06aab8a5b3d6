package agent

import (
	"context"
	"testing"

	"homehook/agent/control"
	"homehook/routes"
)

// A notification is seen in one place: where a client shows them, there, and else
// on the desktop.
func TestNotificationIsShownOnce(t *testing.T) {
	startBus(t)
	desk := &screen{}
	startScreen(t, desk)
	h := startHome(t, "")
	told := make(chan *control.Notification, 8)
	listen := func(follow func(context.Context, uint64, func(control.Event) error) error) (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		begun, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			follow(ctx, 0, func(e control.Event) error {
				switch e.Type {
				case control.EventStart:
					close(begun)
				case control.EventNotification:
					told <- e.Notification
				}
				return nil
			})
		}()
		<-begun
		return func() { cancel(); <-done }
	}
	notify := func(title string) {
		t.Helper()
		if err := h.inbox.host.Notify(t.Context(), routes.Notification{Title: title}); err != nil {
			t.Error(err)
		}
	}
	end := listen(h.client.EventsShowing)
	notify("first")
	if got := <-told; got.Title != "first" || got.Shown {
		t.Errorf("%+v", got)
	}
	end()
	eventually(t, "nobody listens", func() bool { return h.inbox.hub.Subscribers() == 0 })
	defer listen(h.client.Events)()
	notify("second")
	if got := <-told; got.Title != "second" || !got.Shown {
		t.Errorf("%+v", got)
	}
	if got := <-desk.shown; got.title != "second" || len(desk.shown) > 0 {
		t.Errorf("the desktop showed %+v, and %d more", got, len(desk.shown))
	}
}
