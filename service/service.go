package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Scope says whose service the agent is.
type Scope string

// The scopes of a service.
const (
	User   Scope = "user"   // starts when its user signs in, runs as that user
	System Scope = "system" // starts with the machine, runs as an account of its own
)

// ErrNotInstalled is the error for a service that the system does not know.
var ErrNotInstalled = errors.New("the service is not installed")

// ErrRefused is the error for a service that does not start because its agent
// refuses what it finds.
var ErrRefused = errors.New("the configuration or a folder is refused")

// refusal is an [ErrRefused] in words of its own: for what is so until somebody
// changes it, however often the agent is started.
type refusal struct{ text string }

var _ error = (*refusal)(nil)

func (r *refusal) Error() string { return r.text }

// Is has errors.Is find [ErrRefused].
func (r *refusal) Is(target error) bool { return target == ErrRefused }

func refuse(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...)} }

// Options say which service is meant and what it runs.
type Options struct {
	Scope Scope
	// Program is the absolute path of the agent's program. Default: the one that
	// runs now.
	Program string
	// Account is the user that a system service runs as. Default: an account of
	// Homehook's own, which install makes.
	Account string
	// Paths are those of the service. Default: those of its scope.
	Paths Paths
	// Linger lets a user's service run while the user is not signed in, where
	// the system has that.
	Linger bool
}

// account is the name of the account of a system service.
func (o Options) account() string { return cmp.Or(o.Account, systemAccount) }

// States of a service.
const (
	StateRunning  = "running"
	StateStarting = "starting"
	StateStopped  = "stopped"
	StateFailed   = "failed" // it ended with an error and is not started again
)

// Status is what is known of a service.
type Status struct {
	// System runs the service: "systemd", "launchd", "windows-service",
	// "windows-task", "openrc" or "sysv".
	System    string `json:"system"`
	Scope     Scope  `json:"scope"`
	Installed bool   `json:"installed"`
	// Enabled says that it starts by itself.
	Enabled bool   `json:"enabled"`
	State   string `json:"state"`
	User    string `json:"user"`
	Program string `json:"program"`
	Config  string `json:"config"`
	Folder  string `json:"state_folder"`
	// Definition is the file, task or registry key that says all this.
	Definition string `json:"definition"`
	PID        int    `json:"pid"`
	// Started is when it was started last; zero when it does not run.
	Started time.Time `json:"started,omitzero"`
	// Restarts is how often the system had to start it again since it was started
	// by hand or with the machine; 0 where that is not known.
	Restarts int `json:"restarts"`
	// LastExit says in words how it ended last; empty when that is not known.
	LastExit string `json:"last_exit"`
	// Log says how its log is read: a command, or the path of a file.
	Log string `json:"log"`
	// Notes are what a person should know of it, such as that it ends when its
	// user signs out, each with what to do about it.
	Notes []Note `json:"notes"`
}

// Note is one thing worth knowing of a service, and what to do about it.
type Note struct {
	Text   string `json:"text"`
	Remedy string `json:"remedy"`
}

// Service is the agent as a service of this operating system. Its methods may
// be called at the same time; each ends by itself, whatever the system does.
type Service struct {
	options Options
	system  system
}

// system is one kind of service manager. All methods are idempotent but start
// and stop of a service that is not installed, which return ErrNotInstalled.
type system interface {
	// install writes the definition and has the service started by itself from
	// now on. changed is false when all of that was so already.
	install(ctx context.Context) (changed bool, err error)
	uninstall(ctx context.Context) error
	start(ctx context.Context) error
	stop(ctx context.Context) error
	restart(ctx context.Context) error
	status(ctx context.Context) (Status, error)
}

// again is the restart of a manager that has none of its own.
func again(ctx context.Context, s system) error {
	if err := s.stop(ctx); err != nil {
		return err
	}
	return s.start(ctx)
}

// How long the system gets. A start includes what the agent takes until it
// answers, also after a stop: a restart that is left in between has stopped it. A
// stop includes the 10 seconds that the agent has to end.
const (
	installLimit = 30 * time.Second
	startLimit   = 35 * time.Second
	stopLimit    = 15 * time.Second
	statusLimit  = 5 * time.Second
)

// New returns the service that o means, installed or not. It changes nothing.
// The error says that this system has no such services, or what is wrong with o.
func New(o Options) (*Service, error) {
	var err error
	switch o.Scope {
	case User:
		if o.Account != "" {
			return nil, errors.New("a user's service runs as that user; an account can be chosen for the system's service only")
		}
		if o.Paths == (Paths{}) {
			o.Paths, err = UserPaths()
		}
	case System:
		if o.Linger {
			return nil, errors.New("only a user's service needs to linger; the system's service runs from the start of the machine")
		}
		if o.Paths == (Paths{}) {
			o.Paths = SystemPaths()
		}
	default:
		return nil, fmt.Errorf("there is no service of the scope %q", o.Scope)
	}
	if err != nil {
		return nil, err
	}
	if o.Program == "" {
		if o.Program, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("find this program: %w", err)
		}
	}
	s, err := newSystem(o)
	if err != nil {
		return nil, err
	}
	return &Service{options: o, system: s}, nil
}

// Paths are where the service has its files.
func (s *Service) Paths() Paths { return s.options.Paths }

// Install defines the service and has it start by itself from now on; it does
// not start it now. changed is false when all of that was so already. A service
// that is installed otherwise is replaced.
func (s *Service) Install(ctx context.Context) (changed bool, err error) {
	if err := s.options.check(); err != nil {
		return false, err
	}
	return limit(ctx, installLimit, "install", s.system.install)
}

// Uninstall stops the service and removes its definition, but none of its
// files. It is no error that there is none.
func (s *Service) Uninstall(ctx context.Context) error {
	return perform(ctx, installLimit, "uninstall", s.system.uninstall)
}

// Start starts the service, and returns when the agent answers. The error is
// ErrNotInstalled when there is none.
func (s *Service) Start(ctx context.Context) error {
	return perform(ctx, startLimit, "start", s.system.start)
}

// Stop ends the service, and returns when it has ended. The error is
// ErrNotInstalled when there is none.
func (s *Service) Stop(ctx context.Context) error {
	return perform(ctx, stopLimit, "stop", s.system.stop)
}

// Restart stops the service if it runs, and starts it. Errors are those of
// Start.
func (s *Service) Restart(ctx context.Context) error {
	return perform(ctx, startLimit, "restart", s.system.restart)
}

// Status tells what is known of the service. One that is not installed has a
// status, too.
func (s *Service) Status(ctx context.Context) (Status, error) {
	st, err := limit(ctx, statusLimit, "status", s.system.status)
	if err != nil {
		return Status{}, err
	}
	st.Scope, st.Config, st.Folder = s.options.Scope, s.options.Paths.Config, s.options.Paths.State
	if st.Notes == nil {
		st.Notes = []Note{}
	}
	return st, nil
}

// perform is limit for what has no result.
func perform(ctx context.Context, d time.Duration, verb string, do func(context.Context) error) error {
	_, err := limit(ctx, d, verb, func(ctx context.Context) (struct{}, error) { return struct{}{}, do(ctx) })
	return err
}

// limit runs do for d at most. What does not end in time is left to itself:
// the system's own programs take no deadline.
func limit[T any](ctx context.Context, d time.Duration, verb string, do func(context.Context) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	done := make(chan result, 1)
	go func() {
		v, err := do(ctx)
		done <- result{v, err}
	}()
	var r result
	select {
	case r = <-done:
	case <-ctx.Done():
		r.err = ctx.Err()
	}
	if errors.Is(r.err, context.DeadlineExceeded) {
		r.err = fmt.Errorf("%s service: the system has not done it within %s", verb, d)
	}
	return r.value, r.err
}
