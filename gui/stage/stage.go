// Package stage is for the tests of the desktop app: it has a real relay and a real
// agent in the test's process, each with its files in the test's own folder, and a
// window of Fyne's test driver in which a screen plays.
package stage

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"homehook/agent"
	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/gui/feed"
	"homehook/gui/look"
	"homehook/gui/part"
	"homehook/relay"
)

// patience is how long a test waits for a state.
const patience = 20 * time.Second

// Stage is one test's relay, agent and window. Its methods are for the test's
// goroutine, which is the one of the user interface here.
type Stage struct {
	*part.Desk
	// Home is the folder of the agent's files, and Config the configuration.
	Home, Config string
	// Relay is the address of the relay.
	Relay string
	// Went are the places that the screen has asked to go to, and Said the words
	// that it has asked to show.
	Went []part.Place
	Said []string
	// Host is what the system does.
	Host *Host

	t      testing.TB
	queue  chan func()
	relay  *relay.Relay
	store  *credentials.Store
	socket string
	stop   context.CancelFunc // of the agent
	agents sync.WaitGroup
}

// New sets a stage with an agent that has this configuration, in which RELAY
// stands for the relay's address. The claim's token is the credential relay/test.
// With "" the agent has no configuration at all.
func New(t testing.TB, configuration string) *Stage {
	t.Helper()
	s := Empty(t)
	if configuration != "" {
		if err := os.WriteFile(s.Config, []byte(strings.ReplaceAll(configuration, "RELAY", s.Relay)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.StartAgent()
	return s
}

// Empty sets a stage with a relay, on which no agent runs yet.
func Empty(t testing.TB) *Stage {
	t.Helper()
	s := &Stage{t: t, Home: t.TempDir(), Host: &Host{}, queue: make(chan func(), 4096)}
	s.Config = filepath.Join(s.Home, "config.yaml")
	for _, folder := range []string{"state", "run"} {
		if err := os.Mkdir(filepath.Join(s.Home, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.socket = filepath.Join(s.Home, "run", "homehook.sock")
	s.startRelay()
	s.openStore()
	s.openWindow()
	return s
}

func (s *Stage) startRelay() {
	s.t.Helper()
	var err error
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	if s.relay, err = relay.New(s.t.Context(), relay.Options{Data: filepath.Join(s.Home, "relay"), Log: quiet}); err != nil {
		s.t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	s.Relay = "http://" + l.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	var served sync.WaitGroup
	served.Go(func() { _ = s.relay.Serve(ctx, l) })
	s.t.Cleanup(func() {
		stop()
		served.Wait()
		_ = s.relay.Close()
	})
}

func (s *Stage) openStore() {
	s.t.Helper()
	token, err := s.relay.CreateToken(s.t.Context(), "test", 100)
	if err != nil {
		s.t.Fatal(err)
	}
	if s.store, err = credentials.Open(filepath.Join(s.Home, "state")); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = s.store.Close() })
	if err := s.store.Set("relay/test", token); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Stage) openWindow() {
	s.t.Helper()
	s.Speak("en")
	app := test.NewTempApp(s.t)
	app.Settings().SetTheme(look.NewTheme(look.Light, 1))
	w := app.NewWindow("Homehook")
	w.Resize(fyne.NewSize(1100, 720))
	ctx, stop := context.WithCancel(context.Background())
	crew := feed.NewCrew(ctx, func(f func()) {
		select {
		case s.queue <- f:
		case <-ctx.Done():
		}
	})
	client := control.NewClient(s.socket)
	s.Desk = &part.Desk{
		App: app, Window: w, Crew: crew, Feed: feed.New(client, crew), Host: s.Host,
		Show:   func(p part.Place) { s.Went = append(s.Went, p) },
		Say:    func(text string) { s.Said = append(s.Said, text) },
		Wizard: func() { s.Went = append(s.Went, part.Place{Screen: "wizard"}) },
	}
	var followed sync.WaitGroup
	followed.Go(func() { s.Feed.Run(ctx) })
	s.t.Cleanup(func() {
		stop()
		followed.Wait()
		crew.Wait()
		client.Close()
	})
}

// StartAgent starts the agent and waits until the feed is live.
func (s *Stage) StartAgent() {
	s.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	a, err := agent.New(ctx, agent.Options{
		Config: s.Config, History: filepath.Join(s.Home, "state", "history.db"), Socket: s.socket,
		Credentials: s.store, Embedded: embedded{}, Version: "0.0.1-test", Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		stop()
		s.t.Fatal(err)
	}
	s.stop = stop
	s.agents.Go(func() {
		if err := a.Run(ctx); err != nil {
			s.t.Errorf("agent ended: %v", err)
		}
	})
	s.t.Cleanup(s.StopAgent)
	s.Settle(func() bool { s.Feed.Look(); return s.Feed.State().Live() })
}

// StopAgent ends the agent and waits for it.
func (s *Stage) StopAgent() {
	s.stop()
	s.agents.Wait()
}

// Speak has the app speak a language from now on, and English after the test. What
// is shown already stays as it is.
func (s *Stage) Speak(language string) {
	s.t.Helper()
	if err := look.Speak(language); err != nil {
		s.t.Fatal(err)
	}
	if language != "en" {
		s.t.Cleanup(func() { _ = look.Speak("en") })
	}
}

// Settle does what waits for the goroutine of the user interface until there is
// what the test waits for.
func (s *Stage) Settle(there func() bool) {
	s.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !there() {
		select {
		case f := <-s.queue:
			f()
		case <-tick.C:
		case <-deadline:
			s.t.Fatalf("what the test waits for did not come; the window shows %q", Texts(s.Window))
		}
	}
}

// Closed waits until no dialog is open.
func (s *Stage) Closed() {
	s.t.Helper()
	s.Settle(func() bool { return s.Window.Canvas().Overlays().Top() == nil })
}

// Connected waits until a claim can be reached, and returns its public URL.
func (s *Stage) Connected(claim string) (url string) {
	s.t.Helper()
	s.Settle(func() bool {
		if status := s.Feed.State().Status; status != nil {
			for _, c := range status.Claims {
				if c.Name == claim && c.Connected && c.URL != "" {
					url = c.URL
				}
			}
		}
		return url != ""
	})
	return strings.TrimSuffix(url, "/")
}

// Post sends a webhook, whose header fields are names and values in turn, and
// returns the status that the sender gets.
func (s *Stage) Post(url, body string, fields ...string) int {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(fields); i += 2 {
		req.Header.Add(fields[i], fields[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// Play shows a screen in the window.
func (s *Stage) Play(screen part.Screen, at part.Place) {
	s.Window.SetContent(screen.Content())
	screen.Shown(at)
}
