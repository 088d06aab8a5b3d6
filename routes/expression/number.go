package expression

import (
	"cmp"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// isNumber reports whether v is a number at all.
func isNumber(v any) bool { return kindOfValue(v) == aNumber }

// native returns a number as the engine has them, int or float64, and whether v
// is a number at all. Reading the digits counts: the clock is looked at by the
// next step.
func (s *state) native(v any) (any, bool) {
	switch v := v.(type) {
	case int, float64:
		return v, true
	case number:
		s.steps += v.cost()
		if v.whole() {
			if i, err := strconv.Atoi(string(v)); err == nil {
				return i, true
			}
		}
		f, _ := strconv.ParseFloat(string(v), 64) // an infinity when it is too large
		return f, true
	}
	return nil, false
}

// cost is how many steps it takes to read the number. The few digits that
// numbers mostly have are part of the step that asks for them.
func (n number) cost() int { return len(n) / 8 }

// whole reports whether the number is written without fraction and exponent.
func (n number) whole() bool { return !strings.ContainsAny(string(n), ".eE") }

func toFloat(v any) float64 {
	switch v := v.(type) {
	case int:
		return float64(v)
	case float64:
		return v
	}
	return math.NaN()
}

// longest is how many digits of a number are compared exactly.
const longest = 400

// exact returns a whole number exactly, or nil for others.
func (s *state) exact(v any) *big.Int {
	switch v := v.(type) {
	case int:
		return big.NewInt(int64(v))
	case number:
		if v.whole() && len(v) <= longest {
			s.steps += v.cost()
			if i, ok := new(big.Int).SetString(string(v), 10); ok {
				return i
			}
		}
	case float64:
		if v == math.Trunc(v) && !math.IsInf(v, 0) {
			i, _ := big.NewFloat(v).Int(nil)
			return i
		}
	}
	return nil
}

// compareNumbers compares two numbers. There is no order when one of them came
// out of a division by nothing.
func (s *state) compareNumbers(a, b any) (order int, ok bool) {
	x, okX := a.(int)
	y, okY := b.(int)
	if okX && okY {
		return cmp.Compare(x, y), true
	}
	if x, y := s.exact(a), s.exact(b); x != nil && y != nil {
		return x.Cmp(y), true
	}
	na, _ := s.native(a)
	nb, _ := s.native(b)
	f, g := toFloat(na), toFloat(nb)
	return cmp.Compare(f, g), !math.IsNaN(f) && !math.IsNaN(g)
}
