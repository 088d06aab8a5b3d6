package expression

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a string, which begins here.
func (r *jsonReader) text() (string, error) {
	r.at++
	from, plain := r.at, true
	for ; r.at < len(r.in); r.at++ {
		switch c := r.in[r.at]; {
		case c == '"':
			s := r.in[from:r.at]
			r.at++
			if plain {
				return string(s), nil
			}
			return unescape(s)
		case c == '\\':
			plain = false
			r.at++ // what follows is no end
		case c < ' ':
			return "", errNotJSON
		case c >= utf8.RuneSelf:
			plain = false // it may be no UTF-8
		}
	}
	return "", errNotJSON
}

// unescape returns what a string with escapes stands for, in UTF-8.
func unescape(s []byte) (string, error) {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRune(s[i:])
			b = utf8.AppendRune(b, r)
			i += n
		case c != '\\':
			b = append(b, c)
			i++
		case s[i+1] == 'u':
			r, n := escapedRune(s[i:])
			if n == 0 {
				return "", errNotJSON
			}
			b = utf8.AppendRune(b, r)
			i += n
		default:
			at := bytes.IndexByte([]byte(`"\/bfnrt`), s[i+1])
			if at < 0 {
				return "", errNotJSON
			}
			b = append(b, "\"\\/\b\f\n\r\t"[at])
			i += 2
		}
	}
	return string(b), nil
}

// escapedRune reads a backslash, u and four hexadecimal digits, or two of these that
// make one character, and returns how long that is.
func escapedRune(s []byte) (rune, int) {
	r, ok := hex4(s)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if low, ok := hex4(s[6:]); ok {
			if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
				return both, 12
			}
		}
		return utf8.RuneError, 6
	}
	return r, 6
}

func hex4(s []byte) (r rune, ok bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	for _, c := range s[2:6] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
