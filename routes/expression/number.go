package expression

import (
	"cmp"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// native returns a number as the engine has them, int or float64, and whether v
// is a number at all.
func native(v any) (any, bool) {
	switch v := v.(type) {
	case int, float64:
		return v, true
	case number:
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
func exact(v any) *big.Int {
	switch v := v.(type) {
	case int:
		return big.NewInt(int64(v))
	case number:
		if v.whole() && len(v) <= longest {
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
func compareNumbers(a, b any) (order int, ok bool) {
	x, okX := a.(int)
	y, okY := b.(int)
	if okX && okY {
		return cmp.Compare(x, y), true
	}
	if x, y := exact(a), exact(b); x != nil && y != nil {
		return x.Cmp(y), true
	}
	na, _ := native(a)
	nb, _ := native(b)
	f, g := toFloat(na), toFloat(nb)
	return cmp.Compare(f, g), !math.IsNaN(f) && !math.IsNaN(g)
}
