package agent

import (
	"strconv"
	"strings"
	"unicode"
)

// What the configuration hides is taken out of findings and logs as well. Those
// often have only a part of it: a segment of a path, a literal of a condition.

var (
	// quoted are the literals in an expression.
	quoted = lazily("\"((?:[^\"\\\\]|\\\\.)*)\"|'((?:[^'\\\\]|\\\\.)*)'|`([^`]*)`")
	// numerals are numbers that are long enough to be secret.
	numerals = lazily(`[0-9][0-9_.]{2,}`)
	// wildcards are the names in a pattern or template.
	wildcards = lazily(`\{[^{}]*\}`)
	// webAddress is a URL with its userinfo, host and what is behind the port.
	webAddress = lazily(`(?s)^[a-zA-Z][a-zA-Z0-9+.-]*://(?:(.*)@)?(\[[^\]]*\]|[^/?#:@\s]*)(?::[0-9]{1,5})?(.*)$`)
)

// configuredPart stands for a part of a value.
const configuredPart = "(configured)"

// learn has a value of a path of keys taken out, with a mask in its place, and the
// parts of it that may be secret by themselves.
func (m *mask) learn(value, mask, path string) {
	if url := webAddress().FindStringSubmatch(value); url != nil {
		m.learnURL(url, value, mask, path)
		return
	}
	m.setting(value, mask)
	switch {
	case strings.HasSuffix(path, ".match"):
		m.learnSegments(wildcards().ReplaceAllString(value, "/"))
	case strings.HasSuffix(path, ".url"), strings.HasSuffix(path, ".to"), strings.HasSuffix(path, ".feed"), strings.HasSuffix(path, ".server"):
		m.learnSegments(value) // an address without its scheme
	case strings.HasPrefix(mask, "(path"):
		m.learnSegments(value)
	default:
		m.learnLiterals(value)
	}
}

// learnURL learns what is secret of a URL. Hosts of relays are not: findings are
// about them.
func (m *mask) learnURL(url []string, value, mask, path string) {
	relay := path == ".relays.url"
	if !relay {
		m.setting(value, mask)
	}
	if host := strings.Trim(url[2], "[]"); isPrivateName(host) && host != "" {
		m.host(host, "private host")
	} else if !relay && host != "" && m.address(host) == "" && host != "localhost" {
		m.host(host, "host")
	}
	if url[1] != "" {
		m.setting(url[1], configuredPart)
		user, password, _ := strings.Cut(url[1], ":")
		m.setting(user, configuredPart)
		m.setting(password, configuredPart)
	}
	m.learnSegments(url[3])
}

// learnSegments learns the segments of a path and the values of a query.
func (m *mask) learnSegments(s string) {
	for piece := range strings.FieldsFuncSeq(s, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("/?#&=:;,~", r) }) {
		m.setting(piece, configuredPart)
	}
}

// learnLiterals learns what is quoted in a text, its numbers, and words that have
// digits in them.
func (m *mask) learnLiterals(s string) {
	for _, q := range quoted().FindAllStringSubmatch(s, -1) {
		m.setting(q[1]+q[2]+q[3], configuredPart)
		if text, err := strconv.Unquote(q[0]); err == nil {
			m.setting(text, configuredPart)
		}
	}
	for _, n := range numerals().FindAllString(s, -1) {
		m.setting(n, configuredPart)
	}
	for _, piece := range strings.FieldsFunc(s, isBetween) {
		if len(piece) >= 6 && strings.IndexFunc(piece, unicode.IsDigit) >= 0 {
			m.setting(piece, configuredPart)
		}
	}
}

// learnPieces learns every longer word of a file that cannot be read.
func (m *mask) learnPieces(s string) {
	m.learnLiterals(s)
	for piece := range strings.FieldsFuncSeq(s, isBetween) {
		if piece = strings.Trim(piece, ":="); len(piece) >= 5 {
			m.setting(piece, configuredPart)
		}
	}
}

// learnNumbers learns how the file writes the numbers that were hidden.
func (c *configMask) learnNumbers(s string) {
	for piece := range strings.FieldsFuncSeq(s, isBetween) {
		text := strings.ReplaceAll(piece, "_", "")
		n, err := strconv.ParseInt(text, 0, 64)
		f, notFloat := strconv.ParseFloat(text, 64)
		plain, _ := strconv.ParseInt(strings.TrimLeft(text, "+0"), 10, 64)
		if err == nil && (c.numbers[strconv.FormatInt(n, 10)] || c.numbers[strconv.FormatInt(plain, 10)]) ||
			notFloat == nil && c.numbers[strconv.FormatFloat(f, 'g', -1, 64)] {
			c.setting(piece, "(number)")
		}
	}
}

// isBetween says what is between the words of a text.
func isBetween(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune("\"'`()[]{}<>,;|&=", r)
}
