//go:build !linux && !darwin && !windows

package service

import "errors"

// systemAccount is the account of the system's service that has none chosen.
const systemAccount = "homehook"

// newSystem knows no service manager of this system.
func newSystem(Options) (system, error) {
	return nil, errors.New(`services of this system are not known; have its own means run "homehook run"`)
}
