package expression

import (
	"encoding/base64"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"
)

var (
	textType   = reflect.TypeFor[string]()
	numberType = reflect.TypeFor[int]()
	boolType   = reflect.TypeFor[bool]()
	listType   = reflect.TypeFor[[]any]()
)

// functions are all functions that users call, but for those with predicates.
// Given nothing, they return nothing, as far as no other result makes sense.
var functions = sync.OnceValue(func() map[string]function {
	all := map[string]function{}
	for _, group := range []map[string]function{ofAnything(), ofText(), ofNumbers(), ofLists(), ofDeliveries()} {
		for name, f := range group {
			all[name] = f
		}
	}
	return all
})

func ofAnything() map[string]function {
	text := function{takes: []kind{anything}, gives: textType, run: func(s *state, a []any) (any, error) {
		return s.rendered(a[0])
	}}
	return map[string]function{
		"text": text, "string": text,
		"has": {takes: []kind{anything}, gives: boolType, quiet: true, run: func(_ *state, a []any) (any, error) {
			return a[0] != nil, nil
		}},
		"len": {takes: []kind{aText | aList | anObject}, gives: numberType, run: length},
		"toJSON": {takes: []kind{anything}, gives: textType, run: func(s *state, a []any) (any, error) {
			return s.written(a[0])
		}},
		"fromJSON": {takes: []kind{aText}, run: fromJSON},
		"get": {takes: []kind{aList | anObject, aText | aNumber}, quiet: true, run: func(s *state, a []any) (any, error) {
			return s.member(a[0], a[1])
		}},
	}
}

// rendered returns a value as a template has it.
func (s *state) rendered(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	}
	return s.written(v)
}

// written returns a value as JSON.
func (s *state) written(v any) (string, error) {
	room := maxMade - s.made
	w := writer{room: room}
	w.value(v)
	if w.room < 0 {
		return "", errMemory
	}
	// What has many parts takes time even where its text is short.
	if err := s.tick((room - w.room) / 64); err != nil {
		return "", err
	}
	return string(w.b), s.make(len(w.b))
}

func length(s *state, a []any) (any, error) {
	switch v := a[0].(type) {
	case string:
		if err := s.pass(v); err != nil {
			return nil, err
		}
		return utf8.RuneCountInString(v), nil
	case []any:
		return len(v), nil
	case object, fields:
		o, _, err := s.objectOf(v)
		return len(o.names), err
	}
	return 0, nil
}

func fromJSON(s *state, a []any) (any, error) {
	t, ok := a[0].(string)
	if !ok {
		return nil, nil
	}
	if err := s.make(2 * len(t)); err != nil {
		return nil, err
	}
	if err := s.tick(len(t) / 8); err != nil {
		return nil, err
	}
	v, err := readJSON([]byte(t))
	if isLimit(err) {
		return nil, trouble("a text is too large to be read as JSON")
	}
	if err != nil {
		s.note("a text is not JSON")
		return nil, nil
	}
	return v, nil
}

// textFunc is a function of one text.
func textFunc(f func(string) string) function {
	return function{takes: []kind{aText}, gives: textType, run: func(s *state, a []any) (any, error) {
		t, ok := a[0].(string)
		if !ok {
			return nil, nil
		}
		if err := s.tick(len(t) / 16); err != nil {
			return nil, err
		}
		t = f(t)
		return t, s.make(len(t))
	}}
}

// trimFunc is a function of a text and another text, which is spaces unless it
// is given.
func trimFunc(f func(s, cut string) string, bare func(string) string) function {
	return function{takes: []kind{aText, aText}, least: 1, gives: textType, run: func(s *state, a []any) (any, error) {
		t, ok := a[0].(string)
		if !ok {
			return nil, nil
		}
		cut := ""
		if len(a) == 2 {
			cut, _ = a[1].(string)
		}
		if err := s.tick(len(t)/16 + len(cut)/2); err != nil {
			return nil, err
		}
		if len(a) == 1 {
			return bare(t), nil
		}
		return f(t, cut), nil
	}}
}

// trim cuts the characters off both ends of a text that are in cut: in time that
// is their sum, and not their product.
func trim(t, cut string) string {
	if len(cut) <= 4 {
		return strings.Trim(t, cut)
	}
	of := make(map[rune]bool)
	for _, c := range cut {
		of[c] = true
	}
	return strings.TrimFunc(t, func(c rune) bool { return of[c] })
}

// findFunc is a function of two texts.
func findFunc(gives reflect.Type, f func(s, part string) any) function {
	return function{takes: []kind{aText, aText}, gives: gives, run: func(s *state, a []any) (any, error) {
		t, ok := a[0].(string)
		part, okPart := a[1].(string)
		if !ok || !okPart {
			if gives == boolType {
				return false, nil
			}
			return nil, nil
		}
		if err := s.tick((len(t) + len(part)) / 32); err != nil {
			return nil, err
		}
		return f(t, part), nil
	}}
}

func ofText() map[string]function {
	noPrefix := func(s string) string { return strings.TrimPrefix(s, " ") }
	noSuffix := func(s string) string { return strings.TrimSuffix(s, " ") }
	return map[string]function{
		"upper": textFunc(strings.ToUpper), "lower": textFunc(strings.ToLower),
		"urlEncode":   textFunc(url.QueryEscape),
		"toBase64":    textFunc(func(t string) string { return base64.StdEncoding.EncodeToString([]byte(t)) }),
		"fromBase64":  {takes: []kind{aText}, gives: textType, run: fromBase64},
		"trim":        trimFunc(trim, strings.TrimSpace),
		"trimPrefix":  trimFunc(strings.TrimPrefix, noPrefix),
		"trimSuffix":  trimFunc(strings.TrimSuffix, noSuffix),
		"hasPrefix":   findFunc(boolType, func(s, p string) any { return strings.HasPrefix(s, p) }),
		"hasSuffix":   findFunc(boolType, func(s, p string) any { return strings.HasSuffix(s, p) }),
		"indexOf":     findFunc(numberType, func(s, p string) any { return characters(s, strings.Index(s, p)) }),
		"lastIndexOf": findFunc(numberType, func(s, p string) any { return characters(s, strings.LastIndex(s, p)) }),
		"replace":     {takes: []kind{aText, aText, aText}, gives: textType, run: replace},
		"repeat":      {takes: []kind{aText, aNumber}, gives: textType, run: repeat},
		"split":       {takes: []kind{aText, aText, aNumber}, least: 2, gives: listType, run: split},
	}
}

// characters is how many characters are in the first n bytes.
func characters(s string, n int) int {
	if n < 0 {
		return n
	}
	return utf8.RuneCountInString(s[:n])
}

func fromBase64(s *state, a []any) (any, error) {
	t, ok := a[0].(string)
	if !ok {
		return nil, nil
	}
	if err := s.make(len(t)); err != nil {
		return nil, err
	}
	b, err := base64.StdEncoding.DecodeString(t)
	if err != nil {
		s.note("a text is not base64")
		return nil, nil
	}
	return string(b), nil
}

func replace(s *state, a []any) (any, error) {
	t, ok := a[0].(string)
	if !ok {
		return nil, nil
	}
	old, okOld := a[1].(string)
	by, _ := a[2].(string)
	if !okOld || old == "" {
		return t, nil
	}
	if err := s.tick((len(t) + len(old)) / 16); err != nil {
		return nil, err
	}
	if err := s.make(len(t) + strings.Count(t, old)*max(0, len(by)-len(old))); err != nil {
		return nil, err
	}
	return strings.ReplaceAll(t, old, by), nil
}

func repeat(s *state, a []any) (any, error) {
	t, ok := a[0].(string)
	if !ok {
		return nil, nil
	}
	n, _ := s.native(a[1])
	times, ok := n.(int)
	if !ok || times < 0 {
		return nil, trouble("repeat takes how often, a whole number")
	}
	if t == "" {
		return "", nil
	}
	if times > maxMade/len(t) {
		return nil, errMemory
	}
	if err := s.make(len(t) * times); err != nil {
		return nil, err
	}
	return strings.Repeat(t, times), nil
}

func split(s *state, a []any) (any, error) {
	t, ok := a[0].(string)
	if !ok {
		return nil, nil
	}
	sep, _ := a[1].(string)
	n := -1
	if len(a) == 3 {
		v, _ := s.native(a[2])
		if n, ok = v.(int); !ok {
			return nil, trouble("split takes how many parts, a whole number")
		}
	}
	if sep == "" {
		return nil, trouble("split takes what stands between the parts")
	}
	if err := s.tick((len(t) + len(sep)) / 16); err != nil {
		return nil, err
	}
	parts := strings.Count(t, sep) + 1
	if n >= 0 {
		parts = min(parts, n)
	}
	if err := s.make(len(t) + 32*parts); err != nil {
		return nil, err
	}
	list := make([]any, 0, parts)
	for _, p := range strings.SplitN(t, sep, n) {
		list = append(list, p)
	}
	return list, nil
}
