package expression

import (
	"strings"
)

// The values that expressions work with are nil, bool, string, int, float64,
// number, []any, object and fields. None is a pointer: the engine follows those.

// number is a number as it is written in JSON, with all its digits.
type number string

// object is a JSON object, an XML element or the like, with its members in their
// order.
type object struct{ *members }

type members struct {
	names  []string
	values []any
	index  map[string]int // by name, once there are many
}

// indexed is how many members an object is searched through one by one.
const indexed = 8

func newObject() object { return object{&members{}} }

func (m *members) find(name string) (int, bool) {
	if m.index != nil {
		i, ok := m.index[name]
		return i, ok
	}
	for i, n := range m.names {
		if n == name {
			return i, true
		}
	}
	return 0, false
}

func (m *members) get(name string) any {
	if i, ok := m.find(name); ok {
		return m.values[i]
	}
	return nil
}

// set sets a member. One that is there already keeps its place.
func (m *members) set(name string, v any) {
	if i, ok := m.find(name); ok {
		m.values[i] = v
		return
	}
	m.names, m.values = append(m.names, name), append(m.values, v)
	switch {
	case m.index != nil:
		m.index[name] = len(m.names) - 1
	case len(m.names) > indexed:
		m.index = make(map[string]int, 2*len(m.names))
		for i, n := range m.names {
			m.index[n] = i
		}
	}
}

// fields are named texts of which there may be several of a name: the header,
// the query, a form.
type fields struct {
	list []Field
	fold bool // names count in any case
}

func (f fields) is(a, b string) bool { return a == b || f.fold && strings.EqualFold(a, b) }

// get returns the first of a name, or nil.
func (f fields) get(name string) any {
	for _, x := range f.list {
		if f.is(x.Name, name) {
			return x.Value
		}
	}
	return nil
}

// all returns all of a name, or nil.
func (f fields) all(name string) any {
	var found []any
	for _, x := range f.list {
		if f.is(x.Name, name) {
			found = append(found, x.Value)
		}
	}
	if found == nil {
		return nil
	}
	return found
}

// object returns the first of each name.
func (f fields) object() object {
	o := newObject()
	seen := make(map[string]bool, len(f.list))
	for _, x := range f.list {
		key := x.Name
		if f.fold {
			key = strings.ToLower(key)
		}
		if !seen[key] {
			seen[key] = true
			o.set(x.Name, x.Value)
		}
	}
	return o
}

// kindOf is what a value is, in the words of this package's messages.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case bool:
		return "true or false"
	case string:
		return "text"
	case int, float64, number:
		return "a number"
	case []any, []int:
		return "a list"
	case object, fields:
		return "an object"
	}
	return "something else"
}
