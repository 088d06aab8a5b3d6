package service

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name string
		o    Options
		want string
	}{
		{"no scope", Options{}, `no service of the scope ""`},
		{"a user's with an account", Options{Scope: User, Account: "ann"}, "a user's service runs as that user"},
		{"the system's that lingers", Options{Scope: System, Linger: true}, "only a user's service needs to linger"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := New(tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// stub is a service manager whose methods take the time that they are told to,
// or until they may not go on.
type stub struct {
	takes time.Duration
	deaf  bool // it does not look at its context
	err   error
}

var _ system = (*stub)(nil)

func (s *stub) do(ctx context.Context) error {
	if s.deaf {
		time.Sleep(s.takes) // of the bubble's clock
		return s.err
	}
	select {
	case <-time.After(s.takes):
		return s.err
	case <-ctx.Done():
		return ctx.Err()
	}
}
func (s *stub) install(ctx context.Context) (bool, error)  { return true, s.do(ctx) }
func (s *stub) uninstall(ctx context.Context) error        { return s.do(ctx) }
func (s *stub) start(ctx context.Context) error            { return s.do(ctx) }
func (s *stub) stop(ctx context.Context) error             { return s.do(ctx) }
func (s *stub) restart(ctx context.Context) error          { return s.do(ctx) }
func (s *stub) status(ctx context.Context) (Status, error) { return Status{PID: 7}, s.do(ctx) }

// TestLimits holds that nobody waits for a service manager that hangs.
func TestLimits(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := &Service{options: Options{Scope: User}, system: &stub{takes: time.Minute, deaf: deaf}}
			for verb, do := range map[string]func(context.Context) error{
				"start": s.Start, "stop": s.Stop, "restart": s.Restart, "uninstall": s.Uninstall,
				"status": func(ctx context.Context) error { _, err := s.Status(ctx); return err },
			} {
				began := time.Now()
				err := do(t.Context())
				if err == nil || !strings.HasPrefix(err.Error(), verb+" service: the system has not done it within ") {
					t.Errorf("%s: %v", verb, err)
				}
				if d := time.Since(began); d > startLimit || verb == "stop" && d > 15*time.Second {
					t.Errorf("%s took %v", verb, d)
				}
			}
			time.Sleep(time.Minute) // until what is left to itself has ended
		})
	}
}

func TestLimitPassesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := errors.New("broken")
		s := &Service{options: Options{Scope: System, Paths: Paths{Config: "/c", State: "/s"}}, system: &stub{err: want}}
		if err := s.Start(t.Context()); !errors.Is(err, want) {
			t.Errorf("got %v", err)
		}
		s.system = &stub{}
		if got, err := s.Status(t.Context()); err != nil || got.PID != 7 || got.Config != "/c" || got.Folder != "/s" || got.Notes == nil || got.Scope != System {
			t.Errorf("got %+v, %v", got, err)
		}
		// An agent may take 10 s to end, and again some to answer.
		s.system = &stub{takes: stopLimit + 5*time.Second}
		if err := s.Restart(t.Context()); err != nil {
			t.Errorf("a restart is cut off: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s.system = &stub{takes: time.Second}
		if err := s.Stop(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
