package ptth

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"homehook/http1"
)

// ErrPortal reports an answer that does not come from a relay: the network
// wants its user to sign in first, or the address is that of a web page.
var ErrPortal = errors.New("this looks like a captive portal or login page: open a browser")

// RefusedError is a relay's answer other than what opens a link.
type RefusedError struct {
	Dialect    string // what was asked for; "" means PTTH/1.0
	Status     int
	Detail     string        // first line of the answer's text, at most 200 bytes
	RetryAfter time.Duration // 0 when not stated
	Offers     string        // the field Upgrade of the answer, at most 200 bytes
	Portal     bool          // errors.Is finds ErrPortal
}

// Error says that the relay opens no link, and what it said. The dialect is worth
// a word where another one may do.
func (e *RefusedError) Error() string {
	s := "relay refuses a link"
	switch {
	case e.Status == 401 || e.Status == 403 || e.Status == 429:
	case e.Dialect == DialectComet:
		s = "relay takes no polls"
	case e.Dialect == DialectReverseHTTP:
		s = "relay grants no claim by ReverseHttp"
	default:
		s = "relay opens no link with " + cmp.Or(Token(e.Dialect), Version)
	}
	s += fmt.Sprintf(" (%d)", e.Status)
	if e.Portal {
		return s + ": " + ErrPortal.Error()
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Unwrap returns [ErrPortal] for what looks like one.
func (e *RefusedError) Unwrap() error {
	if e.Portal {
		return ErrPortal
	}
	return nil
}

// notOffered reports whether the answer means that the relay does not take the
// dialect, so that another one may be tried. Who has to show a token, to wait
// or to pay first is not helped by that.
func (e *RefusedError) notOffered() bool {
	switch e.Status {
	case 101, 401, 402, 403, 407, 408, 425, 429:
		return false
	case 501, 505:
		return true
	}
	return !e.Portal && e.Status < 500
}

// stripped reports whether the answer asks for just what was sent: something
// on the way has taken it out.
func (e *RefusedError) stripped() bool {
	if Token(e.Dialect) == "" || e.Status != 426 && e.Status != 400 {
		return false
	}
	for token := range strings.SplitSeq(e.Offers, ",") {
		if strings.EqualFold(strings.TrimSpace(token), e.Dialect) {
			return true
		}
	}
	return strings.Contains(e.Detail, "a proxy in between has removed")
}

// refused reads an answer that is none of those that a dialect has. Of a text
// it takes what has come with the head.
func refused(res *http1.Response, dialect string) *RefusedError {
	e := &RefusedError{Dialect: dialect, Status: res.Status}
	if v, ok := res.Get("Retry-After"); ok {
		if s, err := strconv.Atoi(string(v)); err == nil && s > 0 && s <= 3600 {
			e.RetryAfter = time.Duration(s) * time.Second
		}
	}
	if res.Status == 101 {
		e.Detail = "the answer names another protocol"
		return e
	}
	if v, ok := res.Get("Upgrade"); ok {
		e.Offers = printable(string(v[:min(len(v), 200)]))
	}
	e.Portal = isPortal(res)
	if !e.Portal && hasType(res, "text/plain") {
		e.Detail = firstLine(res)
	}
	return e
}

// isPortal knows the answers by which a network or a web page shows its login.
func isPortal(res *http1.Response) bool {
	switch res.Status {
	case 301, 302, 303, 511:
		return true
	}
	return res.Status == 200 && hasType(res, "text/html")
}

// hasType compares the media type of an answer, its parameters aside.
func hasType(res *http1.Response, want string) bool {
	v, _ := res.Get("Content-Type")
	kind, _, _ := strings.Cut(string(v), ";")
	return strings.EqualFold(strings.TrimSpace(kind), want)
}

func firstLine(res *http1.Response) string {
	text := make([]byte, 200)
	n, _ := res.Body.Read(text)
	line, _, _ := strings.Cut(string(text[:n]), "\n")
	return printable(line)
}

// printable drops what must not reach a terminal or a log.
func printable(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f {
			return -1
		}
		return r
	}, s))
}
