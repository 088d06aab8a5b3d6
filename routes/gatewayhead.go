package routes

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"homehook/http1"
)

// maxGatewayHead is how long the head of a program's answer may be.
const maxGatewayHead = 64 << 10

// gatewayHead is the head of what a program writes (RFC 3875, section 6).
type gatewayHead struct {
	status   int // 0 when not given
	reason   string
	location string
	length   int64 // of the body, -1 when not given
	typed    bool
	fields   []http1.Field // to be passed on
}

// endOfGatewayHead returns where the body begins behind the blank line that ends
// a head, 0 while it has not come. Lines end with LF or CRLF.
func endOfGatewayHead(p []byte) int {
	for from := 0; ; {
		i := bytes.IndexByte(p[from:], '\n')
		if i < 0 {
			return 0
		}
		line := p[from : from+i]
		from += i + 1
		if len(line) == 0 || len(line) == 1 && line[0] == '\r' {
			return from
		}
	}
}

// parseGatewayHead reads the head of a program's answer.
func parseGatewayHead(raw []byte) (*gatewayHead, error) {
	h := &gatewayHead{length: -1}
	for line := range bytes.SplitSeq(raw, []byte{'\n'}) {
		line = bytes.TrimSuffix(line, []byte{'\r'})
		if len(line) == 0 {
			break
		}
		name, value, ok := strings.Cut(string(line), ":")
		value = strings.Trim(value, " \t")
		switch {
		case !ok || !isToken(name):
			return nil, fmt.Errorf("the line %.60q is no header field", line)
		case !isFieldValue(value):
			return nil, fmt.Errorf("the field %s has a control character", name)
		case len(h.fields) == 128:
			return nil, errors.New("it has more than 128 fields")
		}
		if err := h.add(name, value); err != nil {
			return nil, err
		}
	}
	if h.status == 0 && h.location == "" && !h.typed {
		return nil, errors.New("its header has none of Content-Type, Status and Location")
	}
	return h, nil
}

// add takes one field.
func (h *gatewayHead) add(name, value string) error {
	lower := strings.ToLower(name)
	twice := false
	switch {
	case lower == "status":
		twice = h.status != 0
		if err := h.setStatus(value); err != nil {
			return err
		}
	case lower == "content-length":
		twice = h.length >= 0
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || !isDigits(value) {
			return fmt.Errorf("its Content-Length is %.40q", value)
		}
		h.length = n
	case slices.Contains(reserved, lower) || strings.HasPrefix(lower, "homehook-") || strings.HasPrefix(lower, "ptth-"):
		return nil // they belong to the connection, or to the agent
	default:
		switch {
		case lower == "location" && value == "":
			return errors.New("its Location is empty")
		case lower == "location":
			twice, h.location = h.location != "", value
		case lower == "content-type":
			twice, h.typed = h.typed, true
		}
		h.fields = append(h.fields, http1.Field{Name: name, Value: value})
	}
	if twice {
		return fmt.Errorf("its header has %s twice", name)
	}
	return nil
}

func (h *gatewayHead) setStatus(value string) error {
	code, reason, _ := strings.Cut(value, " ")
	n, err := strconv.Atoi(code)
	if err != nil || len(code) != 3 || n < 200 || n > 599 {
		return fmt.Errorf("its Status is %.40q, which is none of an answer", value)
	}
	h.status, h.reason = n, strings.TrimSpace(reason)
	return nil
}

// local returns where in this server the program wants the request to go on,
// empty if it is an answer.
func (h *gatewayHead) local() string {
	if h.status == 0 && strings.HasPrefix(h.location, "/") {
		return h.location
	}
	return ""
}

// code returns the status of the answer.
func (h *gatewayHead) code() int {
	switch {
	case h.status != 0:
		return h.status
	case h.location != "":
		return 302
	}
	return 200
}

// result is what an attempt came to that made this answer.
func (h *gatewayHead) result() Result {
	status := h.code()
	if status < 400 {
		return Result{Exit: -1}
	}
	r := Result{Exit: -1, Failure: FailedStatus, Retry: retryable(status)}
	for _, f := range h.fields {
		if r.Retry && strings.EqualFold(f.Name, "Retry-After") {
			r.RetryAfter = readRetryAfter(f.Value, time.Now())
		}
	}
	return r
}
