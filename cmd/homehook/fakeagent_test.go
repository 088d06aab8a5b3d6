package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"homehook/agent/control"
	"homehook/service"
)

// fakeAgent answers the control API with what a test puts into it, for what
// would be hard to bring about in a true agent.
type fakeAgent struct {
	control.SetupBackend // what these tests do not ask for
	*control.Hub
	control.ConfigurationBackend // which no verb asks the agent for
	records                      map[string]*control.Record
	routes                       []control.Route
	results                      []control.RouteResult
	replay                       func(control.Replay) (*control.Record, error)
	replays                      []control.Replay
	retried                      []string
	tested                       control.RouteTest
	exported                     control.Export
	pause                        control.Pause
	queued                       bool // deliveries wait for every claim
	update                       *control.Update
	released                     []string
	found                        []control.Finding // by Doctor
	examined                     control.Examination
}

var _ control.Backend = (*fakeAgent)(nil)

func (f *fakeAgent) Status() control.Status {
	return control.Status{State: control.StateConnected, Paused: f.pause.Paused, PausedUntil: f.pause.Until, Update: f.update}
}
func (f *fakeAgent) Relays() []control.Relay { return nil }
func (f *fakeAgent) Claims() []control.Claim { return nil }
func (f *fakeAgent) Routes() []control.Route { return f.routes }

func (f *fakeAgent) Credentials() ([]control.Credential, error)           { return nil, nil }
func (f *fakeAgent) SetCredential(string, string) error                   { return nil }
func (f *fakeAgent) RemoveCredential(string) error                        { return nil }
func (f *fakeAgent) RotateCredential(string, string, time.Duration) error { return nil }
func (f *fakeAgent) RemoveOldValues(string) error                         { return nil }
func (f *fakeAgent) MoveCredentials(context.Context, control.MoveCredentials) (control.CredentialStore, error) {
	return control.CredentialStore{}, nil
}

func (f *fakeAgent) Outline(context.Context, control.Query) (*control.Outline, error) {
	return &control.Outline{}, nil
}

func (f *fakeAgent) Changes(context.Context, uint64, int) ([]control.Change, error) { return nil, nil }

func (f *fakeAgent) Doctor(_ context.Context, e control.Examination) (*control.Checkup, error) {
	f.examined = e
	return control.NewCheckup(f.found), nil
}

func (f *fakeAgent) Report(_ context.Context, found control.Checkup) (*control.Report, error) {
	return &control.Report{Checkup: found}, nil
}

func (f *fakeAgent) Fix(context.Context, control.Action) (*control.Checkup, error) {
	return control.NewCheckup(nil), nil
}

func (f *fakeAgent) Deliveries(context.Context, control.Query) ([]control.Delivery, string, error) {
	return nil, "", nil
}

func (f *fakeAgent) Delivery(_ context.Context, id string) (*control.Record, error) {
	r, ok := f.records[id]
	if !ok {
		return nil, fmt.Errorf("delivery %q: %w", id, control.ErrNotFound)
	}
	return r, nil
}

func (f *fakeAgent) ReleaseClaim(_ context.Context, name string, discard bool) error {
	if f.queued && !discard {
		return fmt.Errorf("claim %q: 3 %w at the relay", name, control.ErrQueued)
	}
	f.released = append(f.released, name)
	return nil
}

func (f *fakeAgent) Replay(_ context.Context, id string, r control.Replay) (*control.Record, error) {
	f.replays = append(f.replays, r)
	return f.replay(r)
}

func (f *fakeAgent) Retry(_ context.Context, id string) (*control.Delivery, error) {
	r, ok := f.records[id]
	if !ok {
		return nil, fmt.Errorf("delivery %q: %w", id, control.ErrNotFound)
	}
	if r.State == control.Succeeded {
		return nil, fmt.Errorf("it has succeeded, so a retry is %w", control.ErrConflict)
	}
	f.retried = append(f.retried, id)
	d := r.Delivery
	d.State = control.Received
	return &d, nil
}

func (f *fakeAgent) RouteTest(_ context.Context, t control.RouteTest) ([]control.RouteResult, error) {
	f.tested = t
	return f.results, nil
}

func (f *fakeAgent) Export(_ context.Context, w io.Writer, e control.Export) error {
	f.exported = e
	if e.ID != "" && f.records[e.ID] == nil {
		return control.ErrNotFound
	}
	_, err := io.WriteString(w, "exported\n")
	return err
}

func (f *fakeAgent) Pause(d time.Duration) error {
	f.pause = control.Pause{Paused: true}
	if d > 0 {
		f.pause.Until = time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC).Add(d)
	}
	return nil
}

func (f *fakeAgent) Resume() error { f.pause = control.Pause{}; return nil }

// withAgent is an app whose agent is f.
func withAgent(t *testing.T, f *fakeAgent) (a *app, out, errs *bytes.Buffer) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the pipe's name belongs to the user")
	}
	f.Hub = control.NewHub()
	a, out, errs = newTestApp(t)
	home, err := os.MkdirTemp("", "hh") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	p := service.Paths{Config: filepath.Join(home, "config.yaml"), State: filepath.Join(home, "state"), Runtime: filepath.Join(home, "run")}
	a.paths = func() (service.Paths, error) { return p, nil }
	l, err := control.Listen(p.Socket())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- control.NewServer(f, slog.New(slog.DiscardHandler)).Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return a, out, errs
}

// ids of deliveries in these tests.
const (
	oldID = "0198c0de-7a1b-7c3d-8e4f-5a6b7c8d9e0f"
	newID = "0198c0de-8b2c-7c3d-8e4f-5a6b7c8d9e0f"
)

// record is a delivery that a route answered.
func record(id, body, answer string) *control.Record {
	return &control.Record{
		Delivery: control.Delivery{
			ID: id, Claim: "garage", Relay: "mine", State: control.Succeeded, Method: "POST", Path: "/hi", Query: "a=1",
			Size: int64(len(body)), Route: "greet", Status: 200, DurationMS: 3, Attempts: 1, Starts: 1, Answer: "hold",
		},
		Head: []byte("POST /hi?a=1 HTTP/1.1\r\nHost: garage.example\r\nContent-Length: 7\r\nX-Kind: test\r\nHomehook-Delivery: x\r\n\r\n"),
		Body: []byte(body),
		Log: []control.Attempt{{
			Number: 1, Route: "greet", Handler: "respond", Status: 200, Exit: -1,
			ResponseHead: []byte("HTTP/1.1 200 OK\r\nDate: Sat, 31 Jan 2026 08:00:00 GMT\r\nContent-Type: application/json\r\n\r\n"),
			ResponseBody: []byte(answer), ResponseSize: int64(len(answer)),
		}},
	}
}
