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
