package ptth

import (
	"encoding/base64"
	"unicode/utf8"
)

// maxSwell is how many times its length the text of a long body may take.
// Control characters take six: bodies full of them go like other bytes.
const maxSwell = 2

// withBody renders an object of COMET/JSON whose last member is an empty body,
// with a body in its place. A long one is written once, into memory that fits.
func withBody(object any, body []byte) []byte {
	head := marshal(object)
	head = head[:len(head)-len(`""}`)]
	n, text := textLength(body)
	if !text || len(body) > smallBody && n > maxSwell*len(body) {
		const end = `","body-encoding":"base64"}`
		b := make([]byte, 0, len(head)+1+base64.StdEncoding.EncodedLen(len(body))+len(end))
		b = append(append(b, head...), '"')
		return append(base64.StdEncoding.AppendEncode(b, body), end...)
	}
	b := make([]byte, 0, len(head)+n+len(`""}`))
	b = append(append(b, head...), '"')
	return append(appendText(b, body), `"}`...)
}

// textLength returns how long a JSON string of b is, and whether b is text.
func textLength(b []byte) (n int, ok bool) {
	for _, c := range b {
		switch {
		case short(c) != 0:
			n += 2
		case c < 0x20:
			n += 6
		default:
			n++
		}
	}
	return n, utf8.Valid(b)
}

// short is the letter of the two that stand for a character, 0 when there are
// none.
func short(c byte) byte {
	switch c {
	case '"', '\\':
		return c
	case '\b':
		return 'b'
	case '\f':
		return 'f'
	case '\n':
		return 'n'
	case '\r':
		return 'r'
	case '\t':
		return 't'
	}
	return 0
}

// appendText appends what stands between the quotes of a JSON string.
func appendText(to, b []byte) []byte {
	const digits = "0123456789abcdef"
	from := 0
	for i, c := range b {
		letter := short(c)
		if c >= 0x20 && letter == 0 {
			continue
		}
		to = append(to, b[from:i]...)
		if from = i + 1; letter != 0 {
			to = append(to, '\\', letter)
		} else {
			to = append(to, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
	}
	return append(to, b[from:]...)
}
