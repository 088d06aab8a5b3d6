package routes

import (
	"fmt"
	"slices"
	"strings"

	"homehook/routes/expression"
)

// header is a field of a configured set, in the order it is written.
type header struct {
	name, value string
	template    *expression.Template // nil where the value is fixed
}

// reserved are fields that the connection, the relay or the agent writes. A
// configured one would break the message or forge what only they can know.
var reserved = []string{
	"connection", "content-length", "expect", "keep-alive", "proxy-connection", "te", "trailer",
	"transfer-encoding", "upgrade",
}

// checkHeaders reports bad fields of a configured set, and returns the set
// ordered by name.
func (c *compiler) checkHeaders(path string, set map[string]string, r *Route) []header {
	var list []header
	for name, value := range set {
		x := c.text(path+"."+name, value, r)
		list = append(list, header{name, x.fixed, x.template})
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
		case h.template == nil && !isFieldValue(h.value):
			c.report(at, fmt.Sprintf("the value of %s has a control character or a space at an end", h.name), "write it on one line")
		case slices.ContainsFunc(list[:i], func(o header) bool { return strings.EqualFold(o.name, h.name) }):
			c.report(at, fmt.Sprintf("the field %s is there twice, in different case", h.name), "keep one")
		}
	}
	return list
}

// fillHeaders returns a set with its templates filled in. A field whose value is
// one expression that comes to nothing is left out. Space at the ends of a value
// does not belong to it; a line break in it would begin a field of the sender's
// own making, and is refused as all control characters are.
func fillHeaders(set []header, d *Delivery) ([]header, *fault) {
	if !slices.ContainsFunc(set, func(h header) bool { return h.template != nil }) {
		return set, nil
	}
	list := make([]header, 0, len(set))
	for _, h := range set {
		if h.template != nil {
			value, missing, err := h.template.Text(d.Input)
			if err != nil {
				return nil, unfit("the field %s cannot be filled in: %w", h.name, err)
			} else if missing {
				continue
			}
			if h.value = strings.Trim(value, " \t"); !isFieldValue(h.value) {
				return nil, unfit("the value for the field %s has a control character", h.name)
			} else if len(h.value) > maxFieldValue {
				return nil, unfit("the value for the field %s is longer than %d bytes", h.name, maxFieldValue)
			}
		}
		list = append(list, h)
	}
	return list, nil
}

// maxFieldValue is how long a field may become: most servers take heads of 8 KiB
// and more.
const maxFieldValue = 8 << 10

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
