package main

import (
	"bytes"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"homehook/http1"
)

// What is printed of one body at most; --json has all that is kept.
const (
	maxText = 16 << 10
	maxHex  = 1 << 10
)

// contentTypeOf is the Content-Type in the head of a request or a response,
// without parameters and in lower case; empty if there is none.
func contentTypeOf(head []byte, request bool) string {
	var value []byte
	if request {
		if r, err := http1.ParseRequest(head, nil, 0); err == nil {
			value, _ = r.Get("Content-Type")
		}
	} else if r, err := http1.ParseResponse(head, nil, 0); err == nil {
		value, _ = r.Get("Content-Type")
	}
	kind, _, _ := strings.Cut(string(value), ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// body prints what is kept of a body of n bytes, and says what is not.
func (a *app) body(indent string, kept []byte, kind string, n int64, cut bool) {
	a.excerpt(indent, pretty(kept, kind, cut))
	if rest := n - int64(len(kept)); cut && rest > 0 {
		a.say("%s… %s more came and are not kept", indent, size(rest))
	}
}

// excerpt prints bytes as text or, if they are none, as a hex dump, and says
// what it leaves out.
func (a *app) excerpt(indent string, p []byte) {
	limit, binary := maxText, !isText(p)
	if binary {
		limit = maxHex
	}
	shown := p[:min(len(p), limit)]
	if binary {
		a.block(indent, hex.Dump(shown))
	} else {
		a.block(indent, string(wholeRunes(shown, len(shown) < len(p))))
	}
	if rest := len(p) - len(shown); rest > 0 {
		a.say("%s… %s more; --json has them", indent, size(int64(rest)))
	}
}

// isText reports whether p reads as text: no NUL, and few bytes that are not
// UTF-8 or control a terminal.
func isText(p []byte) bool {
	if bytes.IndexByte(p, 0) >= 0 {
		return false
	}
	odd := 0
	for i := 0; i < len(p); {
		r, n := utf8.DecodeRune(p[i:])
		if r == utf8.RuneError && n == 1 || unseen(r) && !strings.ContainsRune("\r\n\t", r) {
			odd++
		}
		i += n
	}
	return odd*4 <= len(p)
}

// wholeRunes takes a character that a cut went through off the end of p.
func wholeRunes(p []byte, cut bool) []byte {
	for i := 1; cut && i < utf8.UTFMax && i <= len(p); i++ {
		if tail := p[len(p)-i:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return p[:len(p)-i]
			}
			break
		}
	}
	return p
}
