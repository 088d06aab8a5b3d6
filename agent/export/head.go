package export

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"homehook/agent/control"
)

// head is a stored head, read as far as an export needs it. What it cannot
// read it leaves out: the agent has checked the message when it came.
type head struct {
	start  []string // the words of the first line
	fields []field
}

type field struct{ name, value string }

// parseHead reads a head with any line ends, with or without its blank line.
func parseHead(raw []byte) *head {
	h := &head{}
	for i, line := range bytes.Split(raw, []byte("\n")) {
		line = bytes.TrimSuffix(line, []byte("\r"))
		if i == 0 {
			h.start = strings.Fields(string(line))
			continue
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if ok && isToken(name) {
			h.fields = append(h.fields, field{string(name), strings.Trim(string(value), " \t\r")})
		}
	}
	return h
}

// word returns a word of the first line, "" where it has fewer.
func (h *head) word(i int) string {
	if i < len(h.start) {
		return h.start[i]
	}
	return ""
}

// get returns the first value of a field, "" where there is none.
func (h *head) get(name string) string {
	for _, f := range h.fields {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

func (h *head) has(name string) bool {
	for _, f := range h.fields {
		if strings.EqualFold(f.name, name) {
			return true
		}
	}
	return false
}

// isToken reports whether b can be the name of a field.
func isToken(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return len(b) > 0
}

// target is the target of the request as its sender sent it, raw.
func target(r *control.Record, h *head) string {
	t := h.word(1)
	if t == "" {
		if t = r.Path; r.Query != "" {
			t += "?" + r.Query
		}
	}
	if strings.HasPrefix(t, "/") {
		t = prefix(h) + t // the relay took it off
	}
	return t
}

// prefix is what the relay took off the path.
func prefix(h *head) string {
	if p := h.get("X-Forwarded-Prefix"); strings.HasPrefix(p, "/") {
		return strings.TrimRight(p, "/")
	}
	return ""
}

// origin is the scheme and host that the sender used, as far as the relay
// tells. A host that is none must not turn into another part of a URL.
func origin(h *head) string {
	host := h.get("Host")
	if strings.Trim(host, hostChars) != "" || host == "" {
		host = "localhost"
	}
	if strings.EqualFold(h.get("X-Forwarded-Proto"), "http") {
		return "http://" + host
	}
	return "https://" + host
}

const hostChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]"

// text makes a string for JSON of bytes, which in fields may be anything: what
// is not UTF-8 is read as Latin-1.
func text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}
