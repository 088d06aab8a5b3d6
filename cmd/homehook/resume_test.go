package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"homehook/agent"
	"homehook/agent/control"
	"homehook/agent/credentials"
)

var errEnough = errors.New("enough")

// eventsUntil follows events after a number until one is final.
func eventsUntil(t *testing.T, client *control.Client, after uint64, final func(control.Event) bool) (all []control.Event) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := client.Events(ctx, after, func(e control.Event) error {
		if all = append(all, e); final(e) {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatalf("after %d events: %v\n%s", len(all), err, told(all))
	}
	return all
}

// told is what events say, a line each.
func told(all []control.Event) (text string) {
	for _, e := range all {
		text += fmt.Sprint(e.Seq, " ", e.Type)
		if e.Delivery != nil {
			text += fmt.Sprint(" ", e.Delivery.Path, " ", e.Delivery.State)
		}
		text += "\n"
	}
	return text
}

// endedDeliveries returns a function that reports when n deliveries have ended.
func endedDeliveries(n int) func(control.Event) bool {
	ids := map[string]bool{}
	return func(e control.Event) bool {
		if e.Type == control.EventDelivery && !underWay(e.Delivery) {
			ids[e.Delivery.ID] = true
		}
		return len(ids) == n
	}
}

// TestEventsResumeOverARestart has an agent tell a client what it has missed
// since an agent before it, and go on with its numbers.
func TestEventsResumeOverARestart(t *testing.T) {
	defer goleak.VerifyNone(t)
	world, err := newTrial(t.Context())
	defer world.close()
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := world.startAgent(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	a, _, _ := newTestApp(t)
	s := &stage{app: a, trial: world, last: time.Now()}
	if err := s.connect(ctx); err != nil {
		t.Fatal(err)
	}
	start := eventsUntil(t, world.client, 0, func(control.Event) bool { return true })
	for i := range 3 {
		if _, err := world.send(ctx, "test", s.url+fmt.Sprint("orders/", i), "{}"); err != nil {
			t.Fatal(err)
		}
	}
	first := eventsUntil(t, world.client, start[0].Seq, endedDeliveries(3))
	seen := first[0]
	last := first[len(first)-1].Seq

	world.stopAgent(nil)
	world.agents.Wait()
	stop := anotherAgent(t, world)
	defer stop()
	missed := eventsUntil(t, world.client, seen.Seq, endedDeliveries(2))
	for i, e := range missed {
		if e.Type == control.EventGap || e.Seq <= seen.Seq || i > 0 && e.Seq < missed[i-1].Seq {
			t.Errorf("event %d is %s %d, after %d", i, e.Type, e.Seq, seen.Seq)
		}
	}
	cmd := sendCmd{URL: s.url + "orders/3"}
	req, err := cmd.request(t.Context(), "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exchange(newSender(nil), req); err != nil {
		t.Fatal(err)
	}
	next := eventsUntil(t, world.client, last, endedDeliveries(1))
	if got := next[len(next)-1]; got.Seq <= last || got.Delivery.Path != "/orders/3" {
		t.Errorf("the next delivery is number %d, %+v; the last one was %d", got.Seq, got.Delivery, last)
	}
}

// anotherAgent runs an agent in the folders of the one before it.
func anotherAgent(t *testing.T, world *trial) (stop func()) {
	t.Helper()
	store, err := credentials.Open(world.paths.State)
	if err != nil {
		t.Fatal(err)
	}
	ag, err := agent.New(t.Context(), agent.Options{
		Config: world.paths.Config, History: world.paths.History(), Socket: world.paths.Socket(),
		Credentials: store, Version: "test", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- ag.Run(ctx) }()
	for late := time.After(patience); ; {
		_, err := connected(ctx, world.client, sampleClaim, nil)
		if err == nil {
			break
		}
		select {
		case <-time.After(20 * time.Millisecond): // the socket is about to open
		case <-late:
			t.Fatal(err)
		}
	}
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
