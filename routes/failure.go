package routes

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"homehook/http1"
)

// Failure is the kind of an attempt's failure.
type Failure string

// Kinds of failure.
const (
	FailedUnreachable Failure = "unreachable" // the target gave no answer, or none that is whole
	FailedStatus      Failure = "status"      // the answer is 400 or more
	FailedScript      Failure = "script"      // not started, ended by time, or exit other than 0
	FailedRequest     Failure = "request"     // the request broke, or is none that the handler can take
	FailedAnswer      Failure = "answer"      // the work is done, but the sender did not take the answer
	FailedWrite       Failure = "write"       // a file could not be written
	FailedStopped     Failure = "stopped"     // given up because the agent stops
	FailedFault       Failure = "fault"       // the handler has a fault
)

// mayPass reports whether a failure of the kind may be over the next time.
// What a status or a script says of that is not part of its kind.
func (f Failure) mayPass() bool {
	return f == FailedUnreachable || f == FailedWrite || f == FailedStopped
}

// answered is what an attempt came to whose target answered.
func answered(res *http1.Response) Result {
	r := Result{Exit: -1}
	if res.Status < http.StatusBadRequest {
		return r
	}
	r.Failure, r.Retry = FailedStatus, retryable(res.Status)
	if after, ok := res.Get("Retry-After"); ok && r.Retry {
		r.RetryAfter = readRetryAfter(string(after), time.Now())
	}
	return r
}

// retryable reports whether a status asks for, or allows, another attempt.
func retryable(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= http.StatusInternalServerError
}

// maxRetryAfter is the longest time that a target may ask for.
const maxRetryAfter = 24 * time.Hour

// readRetryAfter reads a number of seconds or a date (RFC 9110, section
// 10.2.3); what it cannot read asks for nothing.
func readRetryAfter(value string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(value, 10, 63); err == nil {
		return time.Duration(min(n, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	if isDigits(value) {
		return maxRetryAfter
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
