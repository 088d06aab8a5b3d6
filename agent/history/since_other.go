//go:build !linux && !darwin

package history

import "time"

// newSince is described in since_linux.go. On Windows Go's monotonic clock is
// one of that kind.
func newSince() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}
