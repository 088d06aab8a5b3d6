package signature

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// reader reads a structured field.
type reader struct{ rest string }

// maxMembers is how many members of a dictionary, and items of a list, are read.
const maxMembers = 64

// readDictionary reads a field that is a dictionary. Of members with one name
// the last counts.
func readDictionary(text string) (list []dictMember, err error) {
	r := &reader{strings.Trim(text, " ")}
	for r.rest != "" {
		m, err := r.member()
		if err != nil || len(list) >= maxMembers {
			return nil, errStructured
		}
		for i := range list {
			if list[i].name == m.name {
				list = append(list[:i], list[i+1:]...)
				break
			}
		}
		list = append(list, m)
		r.rest = strings.TrimLeft(r.rest, " \t")
		if r.rest == "" {
			break
		}
		after, ok := strings.CutPrefix(r.rest, ",")
		if r.rest = strings.TrimLeft(after, " \t"); !ok || r.rest == "" {
			return nil, errStructured
		}
	}
	return list, nil
}

func (r *reader) member() (m dictMember, err error) {
	if m.name, err = r.key(); err != nil {
		return m, err
	}
	switch {
	case !r.take('='):
		m.item.bare = bare{'?', "1"}
	case r.take('('):
		m.isList = true
		if m.list, err = r.innerList(); err != nil {
			return m, err
		}
	default:
		if m.item.bare, err = r.bare(); err != nil {
			return m, err
		}
	}
	m.item.params, err = r.params()
	return m, err
}

// innerList reads what stands behind an opening parenthesis.
func (r *reader) innerList() (list []item, err error) {
	for {
		r.rest = strings.TrimLeft(r.rest, " ")
		if r.take(')') {
			return list, nil
		}
		var i item
		if i.bare, err = r.bare(); err != nil {
			return nil, err
		}
		if i.params, err = r.params(); err != nil {
			return nil, err
		}
		if list = append(list, i); len(list) > maxMembers || r.rest == "" || r.rest[0] != ' ' && r.rest[0] != ')' {
			return nil, errStructured
		}
	}
}

func (r *reader) params() (list params, err error) {
	for r.take(';') {
		r.rest = strings.TrimLeft(r.rest, " ")
		one := param{value: bare{'?', "1"}}
		if one.name, err = r.key(); err != nil {
			return nil, err
		}
		if r.take('=') {
			if one.value, err = r.bare(); err != nil {
				return nil, err
			}
		}
		if _, twice := list.has(one.name); twice || len(list) >= maxMembers {
			return nil, errStructured
		}
		list = append(list, one)
	}
	return list, nil
}

func (p params) has(name string) (bare, bool) {
	for _, one := range p {
		if one.name == name {
			return one.value, true
		}
	}
	return bare{}, false
}

func (r *reader) take(c byte) bool {
	if r.rest == "" || r.rest[0] != c {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

// while cuts off the bytes for which keep says yes.
func (r *reader) while(keep func(c byte) bool) string {
	n := 0
	for n < len(r.rest) && keep(r.rest[n]) {
		n++
	}
	text := r.rest[:n]
	r.rest = r.rest[n:]
	return text
}

func isLower(c byte) bool { return c >= 'a' && c <= 'z' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (r *reader) key() (string, error) {
	if r.rest == "" || !isLower(r.rest[0]) && r.rest[0] != '*' {
		return "", errStructured
	}
	return r.while(func(c byte) bool { return isLower(c) || isDigit(c) || strings.IndexByte("_-.*", c) >= 0 }), nil
}

func (r *reader) bare() (bare, error) {
	if r.rest == "" {
		return bare{}, errStructured
	}
	switch c := r.rest[0]; {
	case c == '"':
		return r.text()
	case c == ':':
		encoded, after, ok := strings.Cut(r.rest[1:], ":")
		b, err := base64.StdEncoding.DecodeString(encoded)
		r.rest = after
		if !ok || err != nil {
			return bare{}, errStructured
		}
		return bare{'b', string(b)}, nil
	case c == '?':
		if len(r.rest) < 2 || r.rest[1] != '0' && r.rest[1] != '1' {
			return bare{}, errStructured
		}
		b := bare{'?', r.rest[1:2]}
		r.rest = r.rest[2:]
		return b, nil
	case c == '-' || isDigit(c):
		return r.number()
	case c == '*' || isLower(c|0x20):
		return bare{'t', r.while(func(c byte) bool { return c == ':' || c == '/' || isToken(string(c)) })}, nil
	}
	return bare{}, errStructured
}

func (r *reader) text() (bare, error) {
	var b strings.Builder
	for i := 1; i < len(r.rest); i++ {
		switch c := r.rest[i]; {
		case c == '"':
			r.rest = r.rest[i+1:]
			return bare{'s', b.String()}, nil
		case c == '\\':
			if i++; i >= len(r.rest) || r.rest[i] != '"' && r.rest[i] != '\\' {
				return bare{}, errStructured
			}
			b.WriteByte(r.rest[i])
		case c < ' ' || c > '~':
			return bare{}, errStructured
		default:
			b.WriteByte(c)
		}
	}
	return bare{}, errStructured
}

// number reads an integer of at most 15 digits, or a decimal.
func (r *reader) number() (bare, error) {
	text := r.while(func(c byte) bool { return isDigit(c) || c == '-' || c == '.' })
	whole, fraction, decimal := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	digits := strings.TrimPrefix(whole, "-")
	switch {
	case err != nil || len(digits) > 15 || decimal && (len(digits) > 12 || len(fraction) == 0 || len(fraction) > 3 || strings.Trim(fraction, "0123456789") != ""):
		return bare{}, errStructured
	case !decimal:
		return bare{'i', strconv.FormatInt(n, 10)}, nil
	}
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, n = "-", -n
	}
	fraction = fraction[:1] + strings.TrimRight(fraction[1:], "0")
	return bare{'i', sign + strconv.FormatInt(n, 10) + "." + fraction}, nil
}
