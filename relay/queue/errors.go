package queue

import (
	"errors"
	"fmt"
	"time"
)

// ErrClosed is returned by what is called after Close.
var ErrClosed = errors.New("queue is closed")

// Reasons of a FullError.
const (
	Items  = "items"  // the claim's line holds as many items as it may
	Bytes  = "bytes"  // the claim's line holds as many bytes as it may
	Age    = "age"    // the oldest item of the line has waited for too long
	Disk   = "disk"   // the disk is full, or down to its reserve
	Broken = "broken" // the file cannot be written
)

// FullError says why Put has not stored a delivery, or a Spool not taken it in.
// Nothing of it is kept.
type FullError struct {
	Reason     string        // one of the constants above
	Claim      string        // whose line it is about; "" for Disk and Broken
	RetryAfter time.Duration // when it is worth another try
	Err        error         // the cause of Disk and Broken, if there is one
}

func (e *FullError) Error() string {
	switch e.Reason {
	case Items:
		return fmt.Sprintf("the queue of claim %q holds as many deliveries as it may", e.Claim)
	case Bytes:
		return fmt.Sprintf("the queue of claim %q holds as many bytes as it may", e.Claim)
	case Age:
		return fmt.Sprintf("the oldest delivery in the queue of claim %q has waited for too long", e.Claim)
	case Disk:
		return because("the disk of the relay is full", e.Err)
	}
	return because("the queue of the relay cannot be written", e.Err)
}

func because(text string, err error) string {
	if err == nil {
		return text
	}
	return text + ": " + err.Error()
}

// Unwrap returns the cause, if there is one.
func (e *FullError) Unwrap() error { return e.Err }

func diskFull(err error) *FullError {
	return &FullError{Reason: Disk, RetryAfter: retryDisk, Err: err}
}

func broken(err error) *FullError {
	return &FullError{Reason: Broken, RetryAfter: retryBroken, Err: err}
}
