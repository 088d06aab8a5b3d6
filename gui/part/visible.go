package part

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible returns text of a stranger for one line of the window: what cannot be
// seen, or changes the order of what can, is written out in marks such as ‹LF›, ‹FF›
// for a byte that is no text, and ‹U+202E›. Letters of all scripts stay.
func Visible(s string) string { return visible(s, false) }

// VisibleLines is Visible for text of several lines, whose line ends and tabs stay.
func VisibleLines(s string) string { return visible(s, true) }

func visible(s string, lines bool) string {
	if plain(s, lines) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 32)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, "‹%02X›", s[i])
		case lines && (r == '\n' || r == '\t'):
			b.WriteRune(r)
		case lines && r == '\r' && strings.HasPrefix(s[i+1:], "\n"):
			// The line ends all the same.
		case r < 0x20:
			b.WriteString("‹" + controls[r] + "›")
		case r == 0x7f:
			b.WriteString("‹DEL›")
		case Hidden(r):
			fmt.Fprintf(&b, "‹U+%04X›", r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// controls are the names of the control characters. Unicode has signs for them, which
// hardly any font has.
var controls = [0x20]string{
	"NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "TAB", "LF", "VT", "FF", "CR", "SO", "SI",
	"DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
}

// plain says whether nothing in s needs a mark.
func plain(s string, lines bool) bool {
	for _, r := range s {
		if r == utf8.RuneError || r < 0x20 && !(lines && (r == '\n' || r == '\t')) || r == 0x7f || Hidden(r) {
			return false
		}
	}
	return true
}

// Hidden says whether a character cannot be seen, or changes how others are shown:
// controls, marks of direction, joiners, fillers, tags and the like.
func Hidden(r rune) bool {
	switch {
	case r < 0x80:
		return false
	case r == 0xad, r == 0x34f, r == 0x61c, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5, r == 0x3164, r == 0xffa0:
		return true
	case r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef:
		return r != 0xfe0f // chooses the coloured form of a picture sign
	case r == 0x2028, r == 0x2029:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs) || unicode.Is(unicode.Noncharacter_Code_Point, r)
}

// Cut returns at most the first n characters of s, with an ellipsis where it had
// more.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i] + "…"
		}
		n--
	}
	return s
}
