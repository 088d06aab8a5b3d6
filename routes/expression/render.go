package expression

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// writer writes values as compact JSON, in UTF-8 whatever they are in: numbers
// with the digits that they came with, members in their order. It stops when
// there is no more room, which is less than 0 then: what an expression makes of
// a small body may be endless.
type writer struct {
	b    []byte
	room int
}

// perValue is what a value costs besides its text.
const perValue = 8

func (w *writer) value(v any) {
	if w.room -= perValue; w.room < 0 {
		return
	}
	before := len(w.b)
	switch v := v.(type) {
	case bool:
		w.b = strconv.AppendBool(w.b, v)
	case string:
		w.b = appendText(w.b, v)
	case number:
		w.b = append(w.b, v...)
	case int:
		w.b = strconv.AppendInt(w.b, int64(v), 10)
	case float64:
		w.b = appendFloat(w.b, v)
	case []any:
		w.list(v)
		return
	case fields:
		for _, x := range v.list { // of a name that is there often, only the first is written
			w.room -= perValue + len(x.Name)
		}
		if w.room < 0 {
			return
		}
		w.object(v.object())
		return
	case object:
		w.object(v)
		return
	default:
		w.b = append(w.b, "null"...)
	}
	w.room -= len(w.b) - before
}

func (w *writer) list(list []any) {
	w.b = append(w.b, '[')
	for i, x := range list {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		if w.value(x); w.room < 0 {
			return
		}
	}
	w.b = append(w.b, ']')
}

func (w *writer) object(o object) {
	w.b = append(w.b, '{')
	for i, name := range o.names {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.room -= len(name)
		w.b = append(appendText(w.b, name), ':')
		if w.value(o.values[i]); w.room < 0 {
			return
		}
	}
	w.b = append(w.b, '}')
}

// appendFloat writes a number as JSON does, which has none without end.
func appendFloat(b []byte, f float64) []byte {
	switch a := math.Abs(f); {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return append(b, "null"...)
	case a != 0 && (a < 1e-6 || a >= 1e21):
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

const hex = "0123456789abcdef"

// appendText writes a text.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[from:i]...), "\ufffd"...)
				from = i + 1
			}
			i += n
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' && c != 0x7f {
			i++
			continue
		}
		b = appendEscape(append(b, s[from:i]...), c)
		i++
		from = i
	}
	return append(append(b, s[from:]...), '"')
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
