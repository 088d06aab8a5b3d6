package signature

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/url"
	"strings"
	"unicode/utf8"
)

// changes are what programs on the way do to a body without meaning harm. undo
// returns nil where the body cannot have come so.
var changes = []struct {
	what string
	undo func(body []byte) []byte
}{
	{"a newline was added at its end", func(b []byte) []byte { return cutEnd(b, "\n") }},
	{"a newline was added at its end", func(b []byte) []byte { return cutEnd(b, "\r\n") }},
	{"the newline at its end was taken off", func(b []byte) []byte { return join(b, "\n") }},
	{"the newline at its end was taken off", func(b []byte) []byte { return join(b, "\r\n") }},
	{"white space around it was taken off or added", func(b []byte) []byte { return bytes.TrimSpace(b) }},
	{"a byte order mark was put before it", func(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\ufeff")) }},
	{"the byte order mark before it was taken off", func(b []byte) []byte { return join([]byte("\ufeff"), string(b)) }},
	{"its line ends were turned into CR LF", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) }},
	{"its line ends were turned from CR LF into LF", func(b []byte) []byte {
		return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	}},
	{"it was unpacked, or packed, on the way", unzip},
	{"its characters were taken for Latin-1 and turned into UTF-8", latin},
	{"its characters were turned from UTF-8 into Latin-1", fromLatin},
	{"it was taken out of the field payload of a form", func(b []byte) []byte { return []byte("payload=" + url.QueryEscape(string(b))) }},
	{"it was put into the field payload of a form", payload},
	{"the form in it was decoded", func(b []byte) []byte { return encodeForm(b, url.QueryEscape) }},
	{"the form in it was decoded", func(b []byte) []byte { return encodeForm(b, url.PathEscape) }},
	{"its percent signs were decoded", func(b []byte) []byte { return []byte(url.QueryEscape(string(b))) }},
	{"it was encoded as a form", unescape},
	{"it was signed as an empty one", func([]byte) []byte { return []byte{} }},
}

// wrongBody looks for a body that was changed on the way.
func wrongBody(t *trial) string {
	if !t.signs("{body}") && !t.signs("{content}") && t.s.name != "rfc9421" {
		return ""
	}
	for _, c := range changes {
		if t.over() {
			return ""
		}
		if was := c.undo(t.m.Body); was != nil && !bytes.Equal(was, t.m.Body) && t.body(was) {
			return "body changed on the way: " + c.what
		}
	}
	return ""
}

func join(b []byte, end string) []byte { return append(bytes.Clone(b), end...) }

func cutEnd(b []byte, end string) []byte {
	cut, _ := bytes.CutSuffix(b, []byte(end))
	return cut
}

// maxUnpacked is the longest body that a packed one is tried as.
const maxUnpacked = 1 << 20

func unzip(b []byte) []byte {
	if !bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		return nil
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxUnpacked))
	if err != nil {
		return nil
	}
	return plain
}

// latin turns the characters of a text into a byte each.
func latin(b []byte) []byte {
	if isASCII(b) || !utf8.Valid(b) {
		return nil
	}
	plain := make([]byte, 0, len(b))
	for _, r := range string(b) {
		if r > 0xff {
			return nil
		}
		plain = append(plain, byte(r))
	}
	return plain
}

func fromLatin(b []byte) []byte {
	if isASCII(b) {
		return nil
	}
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return []byte(s.String())
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// payload is the field of that name of a form.
func payload(b []byte) []byte {
	if !bytes.HasPrefix(b, []byte("payload=")) {
		return nil
	}
	value, _, _ := bytes.Cut(b[len("payload="):], []byte("&"))
	return unescape(value)
}

func unescape(b []byte) []byte {
	if !bytes.ContainsAny(b, "%+") {
		return nil
	}
	plain, err := url.QueryUnescape(string(b))
	if err != nil {
		return nil
	}
	return []byte(plain)
}

// encodeForm encodes the names and values of what looks like a form.
func encodeForm(b []byte, escape func(string) string) []byte {
	if !bytes.Contains(b, []byte("=")) || len(b) > maxUnpacked || bytes.HasPrefix(b, []byte("{")) {
		return nil
	}
	pairs := strings.Split(string(b), "&")
	for i, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if pairs[i] = escape(name); ok {
			pairs[i] += "=" + escape(value)
		}
	}
	return []byte(strings.Join(pairs, "&"))
}
