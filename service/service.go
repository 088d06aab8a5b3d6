package service

import (
	"context"
	"errors"
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

// Service is the agent as a service of this operating system.
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
