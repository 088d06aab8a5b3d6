package main

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a sender writes ends up on the owner's terminal, and a terminal obeys:
// escape sequences set its title and fill its clipboard, bidirectional marks
// make text read otherwise than it is. So whatever came from outside passes
// here first.

// visible returns s fit for one line of a terminal: characters that control it
// or cannot be seen become \x1b, \u202e and the like, as do bytes that are not
// UTF-8.
func visible(s string) string { return escape(s, false) }

// visibleText is visible for text of several lines, which keeps line ends and
// tabs.
func visibleText(s string) string { return escape(s, true) }

// escape does the work of both. Characters that stand for themselves, among
// them all letters there are, pass as they came.
func escape(s string, lines bool) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case lines && (r == '\n' || r == '\t'):
			b.WriteRune(r)
		case lines && r == '\r' && strings.HasPrefix(s[i+1:], "\n"):
			// The end of a line as HTTP writes it.
		case unseen(r):
			b.WriteString(escaped(r))
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

// plain reports whether s is printable ASCII throughout, as most is.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// unseen reports whether a terminal would act on r instead of showing it:
// controls of both sets, formatting characters (bidirectional, zero-width,
// tags) and the separators of lines and paragraphs.
func unseen(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// escaped writes r as Go and most other languages do.
func escaped(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

// visibleJSON does to encoded JSON what visible does to text, and keeps its
// meaning: beyond ASCII there are only the insides of strings.
func visibleJSON(p []byte) []byte {
	if bytes.IndexFunc(p, func(r rune) bool { return r > 0x7e && unseen(r) }) < 0 {
		return p
	}
	var b bytes.Buffer
	for _, r := range string(p) {
		switch {
		case r <= 0x7e || !unseen(r):
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
	}
	return b.Bytes()
}

// oneLine is visible, cut to at most width characters.
func oneLine(s string, width int) string {
	s = visible(s)
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width-1]) + "…"
}
