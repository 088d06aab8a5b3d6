package http1

import (
	"bytes"
	"strconv"
	"time"
)

// Combined is one line of an access log in the Combined Log Format, which
// Apache httpd and nginx write and most log readers understand:
//
//	host - user [time] "request" status bytes "referer" "user-agent"
type Combined struct {
	Host string // the sender's address
	User string // as authenticated, else empty

	Time time.Time // when the request came

	Method, Target, Proto string // of the request line; all empty when none was read

	Status int   // 0 when no answer was given
	Bytes  int64 // of the answer's body

	Referer, UserAgent string
}

const combinedTime = "02/Jan/2006:15:04:05 -0700"

// AppendCombined appends e as one line with its newline. Within quotes a quote,
// a backslash, each control byte and each byte from 0x7f on is escaped as
// Apache httpd does it, outside of them a space too: nothing in e can end the
// line or begin another field. What is empty is written as a hyphen. The
// queries of the target and of the referer are left out, as they may hold
// secrets.
func AppendCombined(dst []byte, e Combined) []byte {
	dst = appendBare(dst, e.Host)
	dst = append(dst, " - "...)
	dst = appendBare(dst, e.User)
	dst = append(dst, " ["...)
	dst = e.Time.AppendFormat(dst, combinedTime)
	dst = append(dst, "] \""...)
	dst = e.appendRequest(dst)
	dst = append(dst, "\" "...)
	if e.Status > 0 {
		dst = strconv.AppendInt(dst, int64(e.Status), 10)
	} else {
		dst = append(dst, '-')
	}
	dst = append(dst, ' ')
	if e.Bytes > 0 {
		dst = strconv.AppendInt(dst, e.Bytes, 10)
	} else {
		dst = append(dst, '-')
	}
	dst = append(dst, " \""...)
	dst = appendQuoted(dst, withoutQuery(e.Referer))
	dst = append(dst, "\" \""...)
	dst = appendQuoted(dst, e.UserAgent)
	return append(dst, '"', '\n')
}

// appendRequest appends the request line, a hyphen where none was read.
func (e *Combined) appendRequest(dst []byte) []byte {
	if e.Method == "" && e.Target == "" && e.Proto == "" {
		return append(dst, '-')
	}
	dst = appendWord(dst, e.Method)
	dst = append(dst, ' ')
	dst = appendWord(dst, withoutQuery(e.Target))
	dst = append(dst, ' ')
	return appendWord(dst, e.Proto)
}

// appendWord is appendQuoted for a word among others: its spaces are escaped.
func appendWord(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, '-')
	}
	return appendEscaped(dst, s, " \"\\")
}

// appendQuoted appends what stands between two quotes.
func appendQuoted(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, '-')
	}
	return appendEscaped(dst, s, "\"\\")
}

// appendBare appends a field without quotes, which a space or a bracket would
// end.
func appendBare(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, '-')
	}
	return appendEscaped(dst, s, " \"\\[]")
}

// appendEscaped escapes what is not printable ASCII and what is in special.
func appendEscaped(dst []byte, s, special string) []byte {
	const hex = "0123456789abcdef"
	for i := range len(s) {
		switch c := s[i]; {
		case c > 0x20 && c < 0x7f && bytes.IndexByte([]byte(special), c) < 0,
			c == ' ' && special[0] != ' ':
			dst = append(dst, c)
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
		}
	}
	return dst
}

// withoutQuery cuts a URL off where its query or fragment begins.
func withoutQuery(s string) string {
	for i := range len(s) {
		if s[i] == '?' || s[i] == '#' {
			return s[:i]
		}
	}
	return s
}
