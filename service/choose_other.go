//go:build !linux && !darwin && !windows

package service

import (
	"context"
	"errors"
)

// systemAccount is the account of the system's service that has none chosen.
const systemAccount = "homehook"

// newSystem knows no service manager of this system.
func newSystem(Options) (system, error) {
	return nil, errors.New(`services of this system are not known; have its own means run "homehook run"`)
}

// addAccount knows no way to make one, for services that are not known.
func addAccount(context.Context, string) error { return errors.ErrUnsupported }
