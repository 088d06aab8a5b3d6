package routes

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"homehook/http1"
)

// changeable says what is wrong with changing a field.
func changeable(name string) error {
	lower := strings.ToLower(name)
	switch {
	case !isToken(name):
		return mistaken("use letters, digits and hyphens", "this is not a field name")
	case lower == "host":
		return mistaken("see host under forward", "the field Host says where the request goes")
	case slices.Contains(reserved, lower):
		return mistaken("leave it out; it is written as needed", "the field belongs to the connection")
	case strings.HasPrefix(lower, "homehook-") || strings.HasPrefix(lower, "ptth-"):
		return mistaken("use another name", "the field is reserved")
	}
	return nil
}

// isField reports whether a field has a name, or one that programs may take for
// it: X_Secret and X-Secret become one variable of gateways and their programs.
func isField[T string | []byte](name T, is string) bool {
	if len(name) != len(is) {
		return false
	}
	for i := range len(is) {
		a, b := name[i], is[i]
		if a != b && folded(a) != folded(b) {
			return false
		}
	}
	return true
}

// folded is a byte of a field name as variables have it.
func folded(c byte) byte {
	switch {
	case c == '-' || c == '.': // the latter in PHP
		return '_'
	case 'A' <= c && c <= 'Z':
		return c | 0x20
	}
	return c
}

// editHeader changes the fields of a name. A new value stands where the first of
// them stood.
func (x *changed) editHeader(name string, e edit) error {
	switch {
	case e.drop:
		x.dropField(name)
	case e.name != "":
		if !slices.ContainsFunc(x.head, func(f http1.Field) bool { return isField(f.Name, name) }) {
			return nil
		}
		if !isField(name, e.name) {
			x.dropField(e.name)
		}
		for i, f := range x.head {
			if isField(f.Name, name) {
				x.head[i].Name = e.name
			}
		}
	default:
		value := strings.Trim(*e.value, " \t")
		if !isFieldValue(value) {
			return fmt.Errorf("the value for the field %s has a control character", name)
		}
		if len(value) > maxFieldValue {
			return fmt.Errorf("the value for the field %s is longer than %d bytes", name, maxFieldValue)
		}
		x.setField(name, value)
	}
	return nil
}

func (x *changed) dropField(name string) {
	x.head = slices.DeleteFunc(x.head, func(f http1.Field) bool { return isField(f.Name, name) })
}

func (x *changed) setField(name, value string) {
	x.head = slices.DeleteFunc(x.head, func(f http1.Field) bool {
		return isField(f.Name, name) && !strings.EqualFold(f.Name, name)
	})
	at := slices.IndexFunc(x.head, func(f http1.Field) bool { return strings.EqualFold(f.Name, name) })
	if at < 0 {
		x.head = append(x.head, http1.Field{Name: name, Value: value})
		return
	}
	x.head[at].Value = value
	rest := slices.DeleteFunc(x.head[at+1:], func(f http1.Field) bool { return strings.EqualFold(f.Name, name) })
	x.head = x.head[:at+1+len(rest)]
}

// frame makes the head say how long the body is.
func (x *changed) frame() {
	x.dropField("Transfer-Encoding")
	x.dropField("Trailer")
	x.setField("Content-Length", strconv.Itoa(len(x.body)))
}

// contentType returns the whole field, empty when there is none.
func (x *changed) contentType() string {
	for _, f := range x.head {
		if strings.EqualFold(f.Name, "Content-Type") {
			return f.Value
		}
	}
	return ""
}
