package routes

import (
	"fmt"
	"slices"
	"strings"
)

// header is a field of a configured set, in the order it is written.
type header struct{ name, value string }

// reserved are fields that the connection, the relay or the agent writes. A
// configured one would break the message or forge what only they can know.
var reserved = []string{
	"connection", "content-length", "expect", "keep-alive", "proxy-connection", "te", "trailer",
	"transfer-encoding", "upgrade",
}

// checkHeaders reports bad fields of a configured set, and returns the set
// ordered by name.
func (c *compiler) checkHeaders(path string, set map[string]string) []header {
	var list []header
	for name, value := range set {
		list = append(list, header{name, value})
	}
	slices.SortFunc(list, func(a, b header) int { return strings.Compare(a.name, b.name) })
	for i, h := range list {
		at := path + "." + h.name
		lower := strings.ToLower(h.name)
		switch {
		case !isToken(h.name):
			c.report(path, fmt.Sprintf("%q is not a field name", h.name), "use letters, digits and hyphens")
		case slices.Contains(reserved, lower):
			c.report(at, fmt.Sprintf("the field %s belongs to the connection", h.name), "leave it out; it is written as needed")
		case strings.HasPrefix(lower, "homehook-") || strings.HasPrefix(lower, "ptth-"):
			c.report(at, fmt.Sprintf("the field %s is reserved", h.name), "use another name")
		case !isFieldValue(h.value):
			c.report(at, fmt.Sprintf("the value of %s has a control character or a space at an end", h.name), "write it on one line")
		case slices.ContainsFunc(list[:i], func(o header) bool { return strings.EqualFold(o.name, h.name) }):
			c.report(at, fmt.Sprintf("the field %s is there twice, in different case", h.name), "keep one")
		}
	}
	return list
}

func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

func isFieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return strings.Trim(s, " \t") == s
}
