package stage

import (
	"context"
	"slices"
	"sync"

	"homehook/gui/part"
)

// Host plays the system: it has no service manager but remembers what it was asked.
type Host struct {
	State part.ServiceState
	Err   error // of every call
	Auto  bool  // it starts when the user signs in

	mu    sync.Mutex // guards Auto, too, while anything is asked for
	calls []string
}

// Asked are the verbs of the calls so far.
func (h *Host) Asked() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.calls)
}

var _ part.Host = (*Host)(nil)

// Service is State.
func (h *Host) Service(context.Context) (part.ServiceState, error) { return h.State, h.Err }

func (h *Host) did(what string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, what)
	return h.Err
}

// InstallService is remembered as install.
func (h *Host) InstallService(context.Context) error { return h.did("install") }

// StartService is remembered as start.
func (h *Host) StartService(context.Context) error { return h.did("start") }

// StopService is remembered as stop.
func (h *Host) StopService(context.Context) error { return h.did("stop") }

// RestartService is remembered as restart.
func (h *Host) RestartService(context.Context) error { return h.did("restart") }

// UninstallService is remembered as uninstall.
func (h *Host) UninstallService(context.Context) error { return h.did("uninstall") }

// StartAgent is remembered as run.
func (h *Host) StartAgent(context.Context) error { return h.did("run") }

// Autostart is Auto.
func (h *Host) Autostart() (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.Auto, h.Err
}

// SetAutostart sets Auto, and is remembered as autostart.
func (h *Host) SetAutostart(on bool) error {
	h.mu.Lock()
	h.Auto = on
	h.mu.Unlock()
	return h.did("autostart")
}
