package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"homehook/agent/control"
)

// standIn is an agent's control API without the agent: a history that survives
// its restarts, and events.
type standIn struct {
	control.Backend // what a follower must not ask for
	*control.Hub
	mu   *sync.Mutex
	past *[]control.Delivery
	// changes are numbered from 1001 on; without remembers the agent has none.
	remembers bool
}

func (s standIn) Subscribe(after uint64) (<-chan control.Event, func()) {
	return s.Hub.Subscribe(after)
}

func (s standIn) SubscribeShowing(after uint64) (<-chan control.Event, func()) {
	return s.Hub.SubscribeShowing(after)
}

func (s standIn) Deliveries(_ context.Context, q control.Query) ([]control.Delivery, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []control.Delivery
	for _, d := range slices.Backward(*s.past) {
		if !d.Received.Before(q.Since) {
			all = append(all, d)
		}
	}
	from, _ := strconv.Atoi(q.Cursor)
	to := min(from+2, len(all)) // small pages, to have several
	next := ""
	if to < len(all) {
		next = strconv.Itoa(to)
	}
	return all[from:to], next, nil
}

func (s standIn) Status() control.Status { return control.Status{} }

// Changes numbers the deliveries of the past, one change each.
func (s standIn) Changes(_ context.Context, after uint64, limit int) ([]control.Change, error) {
	if !s.remembers {
		return nil, control.ErrGap
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []control.Change
	for i, d := range *s.past {
		if seq := uint64(1001 + i); seq > after && len(all) < limit {
			all = append(all, control.Change{Seq: seq, Delivery: d})
		}
	}
	return all, nil
}

// deliver writes a delivery down and, if told is true, publishes it.
func (s standIn) deliver(id, state string, told bool) {
	d := control.Delivery{ID: id, State: state, Received: time.Now()}
	s.mu.Lock()
	*s.past = append(*s.past, d)
	seq := uint64(0)
	if s.remembers {
		seq = uint64(1000 + len(*s.past))
	}
	s.mu.Unlock()
	if told {
		s.Publish(control.Event{Seq: seq, Type: control.EventDelivery, Delivery: &d})
	}
}

// serve runs the stand-in at path until stop is called.
func (s standIn) serve(t *testing.T, path string) (stop func()) {
	t.Helper()
	l, err := control.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := control.NewServer(s, slog.New(slog.DiscardHandler)).Serve(ctx, l); err != nil {
			t.Error(err)
		}
	})
	return func() { cancel(); wg.Wait() }
}

func newStandIn() standIn {
	return standIn{Hub: control.NewHub(), mu: new(sync.Mutex), past: new([]control.Delivery)}
}

// restarted is the stand-in after a restart: a new hub, the same history.
func (s standIn) restarted() standIn {
	s.Hub = control.NewHub()
	if s.remembers {
		s.Hub = control.NewHubAt(uint64(1000 + len(*s.past)))
	}
	return s
}

// watch follows in the background and tells what came.
func watch(t *testing.T, path string) (told chan string, end func()) {
	t.Helper()
	told = make(chan string, 100)
	client := control.NewClient(path)
	f := follower{
		client: client,
		begin:  func() { told <- "begin" }, lost: func() { told <- "lost" }, found: func() { told <- "found" },
		each: func(d *control.Delivery) error { told <- d.ID; return nil },
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := f.follow(ctx); err != nil {
			t.Error(err)
		}
	})
	return told, func() { cancel(); wg.Wait(); client.Close() }
}

func expect(t *testing.T, told chan string, want ...string) {
	t.Helper()
	for i, w := range want {
		select {
		case got := <-told:
			if got != w {
				t.Fatalf("%d: %s, want %s of %v", i, got, w, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%d: nothing, want %s of %v", i, w, want)
		}
	}
}

func TestFollowOverARestart(t *testing.T) {
	t.Run("with a memory", func(t *testing.T) { followOverARestart(t, true) })
	t.Run("without", func(t *testing.T) { followOverARestart(t, false) })
}

func followOverARestart(t *testing.T, remembers bool) {
	defer goleak.VerifyNone(t)
	path := filepath.Join(t.TempDir(), "s", "homehook.sock")
	s := newStandIn()
	s.remembers = remembers
	s = s.restarted()
	s.deliver("old", control.Succeeded, true)
	stop := s.serve(t, path)
	told, end := watch(t, path)
	defer end()
	expect(t, told, "begin")
	s.deliver("1", control.Succeeded, true)
	s.Publish(control.Event{Type: control.EventStatus})
	s.deliver("2", control.Rejected, true)
	expect(t, told, "1", "2")

	stop()
	expect(t, told, "lost")
	for i := range 5 { // more than a page, oldest first
		s.deliver(fmt.Sprint("missed ", i), control.Dead, false)
	}
	s.deliver("still running", control.Running, false)
	for _, again := range []string{"old", "1"} { // changed, and nothing to be seen of it
		s.deliver(again, control.Succeeded, false)
	}
	s.deliver("2", control.Dead, false)
	s = s.restarted()
	stop = s.serve(t, path)
	defer func() { stop() }()
	expect(t, told, "found", "missed 0", "missed 1", "missed 2", "missed 3", "missed 4", "2")
	s.deliver("old", control.Succeeded, true)
	s.deliver("still running", control.Succeeded, true)
	s.deliver("3", control.Succeeded, true)
	expect(t, told, "still running", "3")
}

// TestFollowResumes has the agent stay and only the connection break.
func TestFollowResumes(t *testing.T) {
	defer goleak.VerifyNone(t)
	path := filepath.Join(t.TempDir(), "s", "homehook.sock")
	s := newStandIn()
	stop := s.serve(t, path)
	told, end := watch(t, path)
	defer end()
	expect(t, told, "begin")
	s.deliver("1", control.Succeeded, true)
	expect(t, told, "1")
	stop()
	expect(t, told, "lost")
	s.deliver("2", control.Succeeded, true)
	stop = s.serve(t, path)
	defer func() { stop() }()
	expect(t, told, "found", "2")
}

func TestFollowNobody(t *testing.T) {
	client := control.NewClient(filepath.Join(t.TempDir(), "homehook.sock"))
	f := follower{client: client}
	if err := f.follow(t.Context()); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("error %v, want ErrNotRunning", err)
	}
}

func TestFollowEndsWithEach(t *testing.T) {
	defer goleak.VerifyNone(t)
	path := filepath.Join(t.TempDir(), "s", "homehook.sock")
	s := newStandIn()
	defer s.serve(t, path)()
	full := errors.New("disk full")
	client := control.NewClient(path)
	defer client.Close()
	f := follower{client: client, each: func(*control.Delivery) error { return full }}
	f.begin = func() { s.deliver("1", control.Succeeded, true) }
	if err := f.follow(t.Context()); !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

func TestMemory(t *testing.T) {
	var m memory
	var news []bool
	for _, name := range []string{"a", "b", "a"} {
		news = append(news, m.add(name))
	}
	if diff := cmp.Diff([]bool{true, true, false}, news); diff != "" {
		t.Error(diff)
	}
	const most = statesOfEach * remembered
	for i := range 2 * most {
		m.add(strconv.Itoa(i))
	}
	if len(m.known) != most || len(m.order) != most {
		t.Errorf("%d known, %d in order, want %d", len(m.known), len(m.order), most)
	}
	if !m.add("a") || m.add(strconv.Itoa(2*most-1)) {
		t.Error("it forgets the wrong ones")
	}
}
