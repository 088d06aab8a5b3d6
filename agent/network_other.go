//go:build !linux && !darwin && !windows

package agent

import (
	"context"
	"errors"
)

// watchNetwork cannot be had on this system.
func watchNetwork(context.Context, func()) error { return errors.ErrUnsupported }
