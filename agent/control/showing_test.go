package control

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A client that shows notifications is known as long as it listens.
func TestShowing(t *testing.T) {
	b := newFakeBackend()
	c := startServer(t, b, nil).client
	notice := func(title string) Event {
		return Event{Type: EventNotification, Notification: &Notification{Title: title}}
	}
	if b.Offer(notice("to nobody")) {
		t.Error("nobody shows it")
	}
	listen := func(follow func(context.Context, uint64, func(Event) error) error) (got chan string, stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		got, done := make(chan string, 8), make(chan struct{})
		go func() {
			defer close(done)
			follow(ctx, 0, func(e Event) error {
				if e.Type == EventStart {
					got <- ""
				} else {
					got <- e.Notification.Title
				}
				return nil
			})
		}()
		<-got // it has begun
		return got, func() { cancel(); <-done }
	}
	other, endOther := listen(c.Events)
	defer endOther()
	if b.Offer(notice("to one who shows none")) {
		t.Error("it was taken for one who shows")
	}
	shows, endShows := listen(c.EventsShowing)
	if !b.Offer(notice("ring")) {
		t.Error("nobody shows it")
	}
	for _, got := range []chan string{shows, other} {
		if title := <-got; title != "ring" {
			t.Errorf("%q came", title)
		}
	}
	endShows()
	waitFor(t, "the end of who shows", func() bool { return !b.Offer(notice("late")) })
}

// Of several that show notifications one is asked, and another one when that is gone
// or does not read.
func TestOneShows(t *testing.T) {
	h := NewHub()
	show := func(title string) bool {
		return h.Offer(Event{Type: EventNotification, Notification: &Notification{Title: title}})
	}
	newest := func(events <-chan Event) (last Event) {
		for {
			select {
			case e, ok := <-events:
				if !ok {
					return last
				}
				last = e
			default:
				return last
			}
		}
	}
	first, endFirst := h.SubscribeShowing(0)
	second, endSecond := h.SubscribeShowing(0)
	plain, endPlain := h.Subscribe(0)
	defer endFirst()
	defer endSecond()
	defer endPlain()
	for _, tt := range []struct {
		title string
		begin func()
		asked <-chan Event
	}{
		{"both listen", func() {}, second},
		{"one is gone", endSecond, first},
	} {
		tt.begin()
		if !show(tt.title) {
			t.Errorf("%s: nobody shows it", tt.title)
		}
		for _, events := range []<-chan Event{first, second, plain} {
			e := newest(events)
			if n := e.Notification; n != nil && (n.Title != tt.title || n.Shown == (events == tt.asked)) || n == nil && events == tt.asked {
				t.Errorf("%s: %+v", tt.title, n)
			}
		}
	}
	again, endAgain := h.Subscribe(h.last)
	defer endAgain()
	if e := newest(again); e.Notification == nil || !e.Notification.Shown {
		t.Errorf("one who comes later is asked: %+v", e.Notification)
	}
	_, endLazy := h.SubscribeShowing(0)
	defer endLazy()
	for range subscriberBuffer {
		show("many")
		newest(first)
		newest(plain)
	}
	if !show("the last") {
		t.Error("nobody shows it")
	}
	if e := newest(first); e.Notification.Title != "the last" || e.Notification.Shown {
		t.Errorf("%+v", e.Notification)
	}
}

// What a client was asked to show while it caught up is not lost with the subscription
// that it had for that.
func TestOfferedWhileCatchingUp(t *testing.T) {
	h := NewHub()
	events, cancel := h.SubscribeShowing(0)
	h.Publish(Event{Type: EventNotification, Notification: &Notification{Title: "seen", Shown: true}})
	h.Offer(Event{Type: EventNotification, Notification: &Notification{Title: "ring"}})
	h.Publish(Event{Type: EventDelivery})
	cancel()
	out := &stream{}
	addOffered(events, out)
	if text := out.pending.String(); strings.Count(text, "data: ") != 1 || !strings.Contains(text, `"title":"ring"`) || !strings.Contains(text, `"shown":false`) {
		t.Errorf("%s", text)
	}
}

func TestShowingIsAskedFor(t *testing.T) {
	const refused = "refused"
	for query, want := range map[string]any{
		"": resumption{}, "notifications=show": resumption{shows: true}, "notifications=": resumption{}, "after=1&notifications=show": resumption{1, true},
		"notifications=true": refused, "notifications=show&notifications=show": refused, "notification=show": refused, "after=x": refused,
	} {
		var got any = refused
		from, err := readResumption(httptest.NewRequest(http.MethodGet, "/v1/events?"+query, nil))
		if err == nil {
			got = from
		}
		if got != want {
			t.Errorf("%q: %v, %v; want %v", query, from, err, want)
		}
	}
	srv := startServer(t, newFakeBackend(), nil)
	if err := srv.client.call(t.Context(), callTimeout, http.MethodGet, "/v1/events", map[string][]string{"notifications": {"no"}}, nil, nil); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "show") {
		t.Errorf("%v", err)
	}
}

func TestDescriptionHasTheEventParameters(t *testing.T) {
	var got []string
	for _, p := range readDescription(t).Paths["/v1/events"]["get"].Parameters {
		if p.In == "query" {
			got = append(got, p.Name)
		}
	}
	check(t, "parameters", got, eventParameters[:], nil)
}
