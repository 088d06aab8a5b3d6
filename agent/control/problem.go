package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Errors that callers test for with errors.Is. The client returns them, wrapped
// with what to do; a [Backend] returns all but the first two.
var (
	// ErrNotRunning means that no agent listens.
	ErrNotRunning = errors.New("the agent is not running")
	// ErrNotOwner means that the other end belongs to another user.
	ErrNotOwner = errors.New("not the owner")
	// ErrNotFound means that there is nothing by that name or id.
	ErrNotFound = errors.New("not found")
	// ErrInvalid means that a name or value is not acceptable; its text says why.
	ErrInvalid = errors.New("not valid")
	// ErrConfirm means that a script would run once more and that the request
	// did not say that this is meant.
	ErrConfirm = errors.New("not confirmed")
	// ErrQueued means that deliveries for a claim still wait at its relay.
	ErrQueued = errors.New("deliveries are waiting")
	// ErrConflict means that the state something is in does not allow what was
	// asked.
	ErrConflict = errors.New("not possible now")
	// ErrLocked means that a credential is needed, and that none can be read as
	// long as a keyring is locked.
	ErrLocked = errors.New("waiting for the keyring")
	// ErrGap means that changes after a number are no longer known.
	ErrGap = errors.New("no longer known")
)

// Codes of a [Problem]: a program tests these, a person reads the detail.
const (
	codeNotOwner   = "not_owner"
	codeForeign    = "foreign_request"
	codeNotFound   = "not_found"
	codeMethod     = "method_not_allowed"
	codeInvalid    = "invalid"
	codeTooLarge   = "too_large"
	codeConfirm    = "confirm"
	codeQueued     = "queued"
	codeConflict   = "conflict"
	codeLocked     = "locked"
	codeBusy       = "busy"
	codeEnding     = "ending"
	codeFailed     = "failed"
	codeUnexpected = "unexpected"
)

const problemType = "application/problem+json"

// maxProblem bounds, in bytes, what the client reads of an error document.
const maxProblem = 64 << 10

// Problem is an RFC 9457 problem document, with the member "code" added. Its
// type is always "about:blank" and therefore left out. A Backend may return one
// to choose the answer itself; the client returns every error answer as one.
type Problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Code   string `json:"code,omitempty"`
}

var _ error = (*Problem)(nil)

// Error is the detail, which is a whole sentence; without one, the title.
func (p *Problem) Error() string {
	if p.Detail != "" {
		return p.Detail
	}
	return strings.ToLower(p.Title)
}

// Is lets errors.Is find the sentinels of this package in an answer.
func (p *Problem) Is(target error) bool {
	switch target {
	case ErrNotOwner:
		return p.Code == codeNotOwner
	case ErrNotFound:
		return p.Code == codeNotFound
	case ErrInvalid:
		return p.Code == codeInvalid
	case ErrConfirm:
		return p.Code == codeConfirm
	case ErrQueued:
		return p.Code == codeQueued
	case ErrConflict:
		return p.Code == codeConflict
	case ErrLocked:
		return p.Code == codeLocked
	}
	return false
}

func newProblem(status int, code, format string, args ...any) *Problem {
	return &Problem{Title: http.StatusText(status), Status: status, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// problemFor chooses the answer for an error of a Backend. Only the owner can
// read it, so the text of an unknown error is shown rather than hidden.
func problemFor(err error) *Problem {
	var p *Problem
	switch {
	case errors.As(err, &p) && p.Status >= 400 && p.Status < 600:
		return p
	case errors.Is(err, ErrNotFound):
		return newProblem(http.StatusNotFound, codeNotFound, "%v", err)
	case errors.Is(err, ErrInvalid):
		return newProblem(http.StatusBadRequest, codeInvalid, "%v", err)
	case errors.Is(err, ErrConfirm):
		return newProblem(http.StatusConflict, codeConfirm, "%v", err)
	case errors.Is(err, ErrQueued):
		return newProblem(http.StatusConflict, codeQueued, "%v", err)
	case errors.Is(err, ErrLocked):
		return newProblem(http.StatusConflict, codeLocked, "%v", err)
	case errors.Is(err, ErrConflict):
		return newProblem(http.StatusConflict, codeConflict, "%v", err)
	case errors.Is(err, context.Canceled):
		return newProblem(http.StatusServiceUnavailable, codeEnding, "the agent is ending; start it and ask again")
	case errors.Is(err, context.DeadlineExceeded):
		return newProblem(http.StatusGatewayTimeout, codeFailed, "the agent could not finish this in time; ask again")
	}
	return newProblem(http.StatusInternalServerError, codeFailed, "%v", err)
}

// write sends p as the whole answer.
func (p *Problem) write(w http.ResponseWriter) {
	body, err := json.Marshal(p)
	if err != nil {
		http.Error(w, p.Title, p.Status)
		return
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n')) // a reader that is gone needs no answer
}

// readProblem makes the error for an answer that is not a 2xx.
func readProblem(resp *http.Response) *Problem {
	p := &Problem{}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxProblem))
	if err != nil || json.Unmarshal(body, p) != nil || p.Title == "" {
		p = newProblem(resp.StatusCode, codeUnexpected, "the agent answered %s", resp.Status)
	}
	p.Status = resp.StatusCode
	return p
}
