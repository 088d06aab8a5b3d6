package expression

import (
	"math"
	"reflect"
	"strconv"
	"strings"
)

func ofNumbers() map[string]function {
	round := func(f func(float64) float64) function {
		return function{takes: []kind{aNumber}, gives: numberType, run: func(s *state, a []any) (any, error) {
			n, ok := s.native(a[0])
			if v, isFloat := n.(float64); ok && isFloat {
				return fitted(f(v)), nil
			}
			return n, nil
		}}
	}
	return map[string]function{
		"int":   {takes: []kind{aNumber | aText}, gives: numberType, run: toInt},
		"float": {takes: []kind{aNumber | aText}, gives: reflect.TypeFor[float64](), run: parseFloat},
		"round": round(math.Round), "floor": round(math.Floor), "ceil": round(math.Ceil),
		"abs": {takes: []kind{aNumber}, gives: numberType, run: func(s *state, a []any) (any, error) {
			if below, err := less(s, []any{a[0], 0, "<"}); err != nil || below != true {
				return a[0], err
			}
			return negate(s, a)
		}},
		"min": {takes: []kind{aNumber | aList}, many: true, gives: numberType, run: extreme("<")},
		"max": {takes: []kind{aNumber | aList}, many: true, gives: numberType, run: extreme(">")},
	}
}

// fitted returns a number without fraction as a whole one, if it fits.
func fitted(f float64) any {
	if math.Abs(f) < 1<<63 {
		return int(f)
	}
	return f
}

// toInt returns a whole number, of a text too; of a text that is none, nothing.
func toInt(s *state, a []any) (any, error) {
	switch v := a[0].(type) {
	case nil:
		return nil, nil
	case string:
		digits, err := s.digits(v)
		if err != nil {
			return nil, err
		}
		n, err := strconv.Atoi(digits)
		if err != nil {
			s.note("a text is not a whole number")
			return nil, nil
		}
		return n, nil
	}
	n, _ := s.native(a[0])
	if f, ok := n.(float64); ok {
		return fitted(math.Trunc(f)), nil
	}
	return n, nil
}

// digits returns what of a text is to be read as a number, empty for one that is
// longer than any number may be.
func (s *state) digits(text string) (string, error) {
	if err := s.pass(text); err != nil {
		return "", err
	}
	text = strings.TrimSpace(text)
	if len(text) > maxDigits {
		return "", nil
	}
	return text, s.tick(number(text).cost())
}

func parseFloat(s *state, a []any) (any, error) {
	switch v := a[0].(type) {
	case nil:
		return nil, nil
	case string:
		digits, err := s.digits(v)
		if err != nil {
			return nil, err
		}
		f, err := strconv.ParseFloat(digits, 64)
		if err != nil || math.IsNaN(f) {
			s.note("a text is not a number")
			return nil, nil
		}
		return f, nil
	}
	n, _ := s.native(a[0])
	return toFloat(n), nil
}

// extreme returns the smallest or largest of numbers, those in lists included.
func extreme(which string) run {
	return func(s *state, a []any) (best any, err error) {
		for _, v := range a {
			list, ok := v.([]any)
			if !ok {
				list = []any{v}
			}
			for _, x := range list {
				if x == nil {
					continue
				}
				if !isNumber(x) {
					return nil, trouble("a number is asked for, not " + kindOf(x))
				}
				better, err := less(s, []any{x, best, which})
				if err == nil {
					err = s.tick(1)
				}
				if err != nil {
					return nil, err
				}
				if best == nil || better == true {
					best = x
				}
			}
		}
		return best, nil
	}
}
