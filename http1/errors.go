package http1

import (
	"errors"
	"fmt"
)

// Error is a message that breaks the protocol or a limit. Status is the
// answer that a server owes its sender; on a response it says what a gateway
// should tell its own client (always 502). Detail is a short English sentence
// without data from the message, fit for a log and for the sender.
type Error struct {
	Status int
	Detail string
}

// Error returns the detail.
func (e *Error) Error() string { return e.Detail }

func bad(detail string) *Error { return &Error{Status: 400, Detail: detail} }

func badf(status int, format string, args ...any) *Error {
	return &Error{Status: status, Detail: fmt.Sprintf(format, args...)}
}

var (
	// ErrIdleClosed reports that the peer closed the connection between two
	// messages, which is how HTTP connections normally end.
	ErrIdleClosed = errors.New("connection closed while idle")

	// ErrIdleTimeout reports that no byte of a message came before the read
	// deadline. The connection is intact and may be read again.
	ErrIdleTimeout = errors.New("no message came in time")

	// ErrAborted reports a body whose reading was given up by [Body.Abort].
	ErrAborted = errors.New("reading of the body was given up")

	// ErrBodyTooLarge reports a message body longer than its limit.
	ErrBodyTooLarge error = &Error{Status: 413, Detail: "body exceeds the limit"}

	// ErrBodyTooSlow reports a body that arrives slower than Limits.BodyRate.
	ErrBodyTooSlow error = &Error{Status: 408, Detail: "body arrives too slowly"}

	// ErrHijacked ends [Conn.Serve] after its handler took the connection over.
	ErrHijacked = errors.New("connection was taken over by its handler")
)

// CopyError tells which side of a body copy broke.
type CopyError struct {
	Reading bool // the source failed, else the destination
	Err     error
}

// Error names the side and the cause.
func (e *CopyError) Error() string {
	if e.Reading {
		return "read body: " + e.Err.Error()
	}
	return "write body: " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *CopyError) Unwrap() error { return e.Err }
