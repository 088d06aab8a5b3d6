package expression

import (
	"math"
	"strings"
)

// equal reports whether two values are the same: numbers by what they are,
// lists and objects by all that is in them.
func equal(s *state, a []any) (any, error) {
	same, err := s.same(a[0], a[1])
	if err == nil && !same && a[0] != nil && a[1] != nil && kindOf(a[0]) != kindOf(a[1]) {
		s.note(kindOf(a[0]) + " is compared with " + kindOf(a[1]))
	}
	return same, err
}

func (s *state) same(a, b any) (bool, error) {
	if err := s.tick(1); err != nil {
		return false, err
	}
	switch x := a.(type) {
	case nil:
		return b == nil, nil
	case bool:
		y, ok := b.(bool)
		return ok && x == y, nil
	case string:
		y, ok := b.(string)
		if !ok || len(x) != len(y) {
			return false, nil
		}
		if err := s.pass(x); err != nil {
			return false, err
		}
		return x == y, nil
	case []any:
		y, ok := b.([]any)
		return s.sameLists(x, y, ok)
	case fields:
		o, _, err := s.objectOf(x)
		if err != nil {
			return false, err
		}
		return s.same(o, b)
	case object:
		y, ok, err := s.objectOf(b)
		if err != nil {
			return false, err
		}
		return s.sameObjects(x, y, ok)
	}
	if !isNumber(b) {
		return false, nil
	}
	order, ok := s.compareNumbers(a, b)
	return ok && order == 0, nil
}

func (s *state) sameLists(x, y []any, ok bool) (bool, error) {
	if !ok || len(x) != len(y) {
		return false, nil
	}
	for i := range x {
		if same, err := s.same(x[i], y[i]); !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (s *state) sameObjects(x, y object, ok bool) (bool, error) {
	if !ok || len(x.names) != len(y.names) {
		return false, nil
	}
	for i, name := range x.names {
		if err := s.pass(name); err != nil {
			return false, err
		}
		at, ok := y.find(name)
		if !ok {
			return false, nil
		}
		if same, err := s.same(x.values[i], y.values[at]); !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

// less is <, <=, > or >=: a, b, which. What is missing is neither less nor more.
func less(s *state, a []any) (any, error) {
	if a[0] == nil || a[1] == nil {
		return false, nil
	}
	order, ok, err := s.compare(a[0], a[1])
	if err != nil || !ok {
		return false, err
	}
	switch a[2].(string) {
	case "<":
		return order < 0, nil
	case "<=":
		return order <= 0, nil
	case ">":
		return order > 0, nil
	}
	return order >= 0, nil
}

// compare compares two numbers or two texts. There may be no order.
func (s *state) compare(a, b any) (order int, ok bool, err error) {
	x, okX := a.(string)
	y, okY := b.(string)
	if okX && okY {
		if err := s.tick(min(len(x), len(y)) / 64); err != nil {
			return 0, false, err
		}
		return strings.Compare(x, y), true, nil
	}
	if kindOf(a) != kindOf(b) {
		return 0, false, trouble(kindOf(a) + " is compared with " + kindOf(b))
	}
	if !isNumber(a) {
		return 0, false, trouble(kindOf(a) + " has no order")
	}
	order, ok = s.compareNumbers(a, b)
	return order, ok, nil
}

// add adds numbers, or puts texts one behind the other.
func add(s *state, a []any) (any, error) {
	x, okX := a[0].(string)
	y, okY := a[1].(string)
	if okX && okY {
		if err := s.make(len(x) + len(y)); err != nil {
			return nil, err
		}
		return x + y, nil
	}
	if okX || okY {
		return nil, trouble("+ stands between two texts or two numbers, not between " + kindOf(a[0]) + " and " + kindOf(a[1]))
	}
	return arithmetic(s, []any{a[0], a[1], "+"})
}

// arithmetic calculates: a, b, the operator.
func arithmetic(s *state, a []any) (any, error) {
	op := a[2].(string)
	x, okX := s.native(a[0])
	y, okY := s.native(a[1])
	if !okX || !okY {
		return nil, trouble(op + " stands between two numbers, not between " + kindOf(a[0]) + " and " + kindOf(a[1]))
	}
	i, okI := x.(int)
	j, okJ := y.(int)
	if okI && okJ {
		if v, ok := whole(op, i, j); ok {
			return v, nil
		}
	}
	f, g := toFloat(x), toFloat(y)
	if g == 0 && (op == "/" || op == "%") {
		return nil, trouble("a number is divided by 0")
	}
	switch op {
	case "+":
		return f + g, nil
	case "-":
		return f - g, nil
	case "*":
		return f * g, nil
	case "/":
		return f / g, nil
	case "%":
		s.steps += perMod
		return math.Mod(f, g), nil
	}
	return math.Pow(f, g), nil
}

// perMod is what the rest of a division takes at most: it goes through all
// exponents between the two numbers.
const perMod = 256

// whole calculates with whole numbers, where the result is one that fits.
func whole(op string, i, j int) (int, bool) {
	switch op {
	case "+":
		v := i + j
		return v, (v > i) == (j > 0)
	case "-":
		v := i - j
		return v, (v < i) == (j > 0)
	case "*":
		if i == 0 || j == 0 {
			return 0, true
		}
		v := i * j
		return v, v/j == i && !(i == -1 && j == math.MinInt) && !(j == -1 && i == math.MinInt)
	case "%":
		if j == 0 {
			return 0, false
		}
		return i % j, true
	}
	return 0, false
}

func negate(s *state, a []any) (any, error) {
	switch n, _ := s.native(a[0]); n := n.(type) {
	case int:
		if n == math.MinInt {
			return -float64(n), nil
		}
		return -n, nil
	case float64:
		return -n, nil
	}
	return nil, trouble("only a number can be negative, not " + kindOf(a[0]))
}
