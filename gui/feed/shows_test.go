package feed

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"homehook/agent/control"
)

// hearing is an agent that has events and nothing else.
type hearing struct {
	control.Backend // what a feed must not ask for
	hub             *control.Hub
}

func (h hearing) Status() control.Status { return control.Status{} }

func (h hearing) Subscribe(after uint64) (<-chan control.Event, func()) {
	return h.hub.Subscribe(after)
}

func (h hearing) SubscribeShowing(after uint64) (<-chan control.Event, func()) {
	return h.hub.SubscribeShowing(after)
}

// The agent knows of a feed whether it shows notifications, and such a feed is told
// those that the agent has not shown.
func TestShows(t *testing.T) {
	for _, shows := range []bool{false, true} {
		h := hearing{hub: control.NewHub()}
		path := filepath.Join(t.TempDir(), "run", "s")
		l, err := control.Listen(path)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 2)
		go func() { ended <- control.NewServer(h, slog.New(slog.DiscardHandler)).Serve(ctx, l) }()
		client := control.NewClient(path)
		queue := make(chan func(), 64)
		f := New(client, NewCrew(ctx, func(f func()) { queue <- f }))
		f.Shows(shows)
		var told []string
		f.OnNotification(func(n control.Notification) { told = append(told, n.Title) })
		go func() { f.Run(ctx); ended <- nil }()
		for h.hub.Subscribers() == 0 {
			select {
			case f := <-queue:
				f()
			case <-time.After(time.Millisecond):
			}
		}
		tell := func(title string, shown bool) bool {
			e := control.Event{Type: control.EventNotification, Notification: &control.Notification{Title: title, Shown: shown}}
			if h.hub.Offer(e) {
				return true
			}
			h.hub.Publish(e)
			return false
		}
		if tell("seen", true) != shows || tell("new", false) != shows {
			t.Errorf("shows %t: the agent takes it for another", shows)
		}
		for len(told) == 0 {
			(<-queue)()
		}
		if len(told) != 1 || told[0] != "new" {
			t.Errorf("shows %t: told %q", shows, told)
		}
		cancel()
		<-ended
		<-ended
		client.Close()
	}
}

// A feed that begins to show notifications, or ends to, tells the agent at once.
func TestShowsLater(t *testing.T) {
	h := hearing{hub: control.NewHub()}
	path := filepath.Join(t.TempDir(), "run", "s")
	l, err := control.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- control.NewServer(h, slog.New(slog.DiscardHandler)).Serve(ctx, l) }()
	client := control.NewClient(path)
	queue := make(chan func(), 64)
	f := New(client, NewCrew(ctx, func(f func()) { queue <- f }))
	go func() { f.Run(ctx); ended <- nil }()
	follows := func(shows bool) {
		t.Helper()
		deadline := time.After(10 * time.Second)
		for h.hub.Subscribers() != 1 || h.hub.Showing() != shows {
			select {
			case f := <-queue:
				f()
			case <-time.After(time.Millisecond):
			case <-deadline:
				t.Fatalf("the agent does not see that it shows is %t", shows)
			}
		}
	}
	follows(false)
	for _, shows := range []bool{true, false, true} {
		f.Shows(shows)
		follows(shows)
	}
	cancel()
	<-ended
	<-ended
	client.Close()
}
