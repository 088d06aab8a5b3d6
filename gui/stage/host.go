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
	Auto  bool

	mu    sync.Mutex
	calls []string
}

// Asked are the verbs of the calls so far.
func (h *Host) Asked() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.calls)
}

var _ part.Host = (*Host)(nil)

func (h *Host) Service(context.Context) (part.ServiceState, error) { return h.State, h.Err }

func (h *Host) did(what string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, what)
	return h.Err
}

func (h *Host) InstallService(context.Context) error   { return h.did("install") }
func (h *Host) StartService(context.Context) error     { return h.did("start") }
func (h *Host) StopService(context.Context) error      { return h.did("stop") }
func (h *Host) RestartService(context.Context) error   { return h.did("restart") }
func (h *Host) UninstallService(context.Context) error { return h.did("uninstall") }
func (h *Host) StartAgent(context.Context) error       { return h.did("run") }
func (h *Host) Autostart() (bool, error)               { return h.Auto, h.Err }

func (h *Host) SetAutostart(on bool) error {
	h.Auto = on
	return h.did("autostart")
}
