package expression

import (
	"math"
	"slices"
	"strings"
)

// The names of what the engine's own operators are replaced by. No user can
// write them.
const (
	opVar       = "·var"
	opGet       = "·get"
	opSlice     = "·slice"
	opBool      = "·bool"
	opEqual     = "·equal"
	opLess      = "·less"
	opAdd       = "·add"
	opMath      = "·math"
	opNegate    = "·negate"
	opIn        = "·in"
	opContains  = "·contains"
	opMatches   = "·matches"
	opRange     = "·range"
	opObject    = "·object"
	opList      = "·list"
	opNums      = "·nums"
	opBackwards = "·backwards"
	opTest      = "·test"
	opItem      = "·item"
	opNum       = "·num"
	opKey       = "·key"
)

func operators() map[string]run {
	return map[string]run{
		opVar: variable, opGet: getMember, opSlice: slice, opBool: toBool, opTest: toBool,
		opEqual: equal, opLess: less, opAdd: add, opMath: arithmetic, opNegate: negate,
		opIn: in, opContains: contains, opMatches: matches, opRange: span, opObject: makeObject,
		opList: toList, opBackwards: backwards, opNums: toNumbers, opItem: item, opNum: toNumber, opKey: toKey,
	}
}

// variable returns a part of the delivery: name.
func variable(s *state, a []any) (any, error) {
	r := s.in.part(a[0].(string))
	s.note(r.note)
	if r.unfit != nil {
		s.unfit = r.unfit
	}
	return r.value, nil
}

// toBool returns a truth. What is missing is not true.
func toBool(_ *state, a []any) (any, error) {
	switch v := a[0].(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	}
	return nil, trouble(kindOf(a[0]) + " stands where true or false is asked for")
}

// in reports whether a value is in a list, or the name of a member.
func in(s *state, a []any) (any, error) {
	switch of := a[1].(type) {
	case nil:
		return false, nil
	case []any:
		for _, x := range of {
			same, err := s.same(a[0], x)
			if same || err != nil {
				return same, err
			}
		}
		return false, nil
	case object:
		name, ok := a[0].(string)
		if ok {
			_, ok = of.find(name)
		}
		return ok, s.searched(of, name)
	case fields:
		name, ok := a[0].(string)
		if err := s.searched(of, name); err != nil {
			return nil, err
		}
		return ok && of.get(name) != nil, nil
	}
	return nil, trouble("in looks into a list or an object, not into " + kindOf(a[1]))
}

// contains is the operator of that name, startsWith or endsWith: a, b, which. A
// list contains its entries.
func contains(s *state, a []any) (any, error) {
	if a[0] == nil || a[1] == nil {
		return false, nil
	}
	which := a[2].(string)
	if list, ok := a[0].([]any); ok && which == "contains" {
		return in(s, []any{a[1], list})
	}
	x, okX := a[0].(string)
	y, okY := a[1].(string)
	if !okX || !okY {
		wrong := a[0]
		if okX {
			wrong = a[1]
		}
		return nil, trouble(which + " takes text, not " + kindOf(wrong))
	}
	if err := s.tick((len(x) + len(y)) / 32); err != nil {
		return nil, err
	}
	switch which {
	case "startsWith":
		return strings.HasPrefix(x, y), nil
	case "endsWith":
		return strings.HasSuffix(x, y), nil
	}
	return strings.Contains(x, y), nil
}

// maxSpan is how many numbers a..b may be.
const maxSpan = 10_000

// span returns the whole numbers from a to b.
func span(s *state, a []any) (any, error) {
	na, _ := s.native(a[0])
	nb, _ := s.native(a[1])
	from, okA := na.(int)
	to, okB := nb.(int)
	switch {
	case !okA || !okB:
		return nil, trouble(".. stands between whole numbers")
	case to < from:
		return []any{}, nil
	case uint(to)-uint(from) >= maxSpan:
		return nil, errMemory
	}
	if err := s.make(16 * (to - from + 1)); err != nil {
		return nil, err
	}
	list := make([]any, 0, to-from+1)
	for i := from; ; i++ {
		list = append(list, i)
		if i == to {
			return list, nil
		}
	}
}

// makeObject makes an object of names and values.
func makeObject(s *state, a []any) (any, error) {
	o := newObject()
	for pair := range slices.Chunk(a, 2) {
		name, ok := pair[0].(string)
		if !ok {
			return nil, trouble("the name of a member is text, not " + kindOf(pair[0]))
		}
		if err := s.pass(name); err != nil {
			return nil, err
		}
		o.set(name, pair[1])
	}
	return o, s.make(48 * len(a))
}

// toList returns what a loop goes through. What is missing has no entries.
func toList(s *state, a []any) (any, error) {
	switch v := a[0].(type) {
	case nil:
		return []any{}, nil
	case []any:
		return v, s.make(perLoop)
	}
	return nil, trouble("a list is asked for, not " + kindOf(a[0]))
}

// perLoop is what the engine needs for a loop and keeps to the end, in bytes.
const perLoop = 256

// backwards returns what a loop goes through from the end.
func backwards(s *state, a []any) (any, error) {
	list, err := toList(s, a)
	if err != nil {
		return nil, err
	}
	return reverse(s, []any{list})
}

// item counts a round of a loop.
func item(s *state, a []any) (any, error) { return a[0], s.make(16) }

// toNumber returns a number as the engine adds it up. What is missing adds
// nothing.
func toNumber(s *state, a []any) (any, error) {
	if a[0] == nil {
		return 0, nil
	}
	if n, ok := s.native(a[0]); ok {
		return n, s.tick(1)
	}
	return nil, trouble("a number is asked for, not " + kindOf(a[0]))
}

// toNumbers does that with all of a list.
func toNumbers(s *state, a []any) (any, error) {
	list, err := toList(s, a)
	if err != nil {
		return nil, err
	}
	from := list.([]any)
	numbers := make([]any, len(from))
	for i, v := range from {
		if numbers[i], err = toNumber(s, []any{v}); err != nil {
			return nil, err
		}
	}
	return numbers, s.make(16 * len(numbers))
}

// toKey returns what entries are sorted by.
func toKey(s *state, a []any) (any, error) {
	if n, ok := s.native(a[0]); ok {
		if f := toFloat(n); math.IsNaN(f) {
			return 0.0, nil
		}
		return n, nil
	}
	if t, ok := a[0].(string); ok {
		if len(t) > maxKey {
			return nil, trouble("there is a text that is too long to sort by")
		}
		if err := s.pass(t); err != nil { // for the comparisons
			return nil, err
		}
		return t, s.make(16)
	}
	return nil, trouble("entries are sorted by text or numbers, not by " + kindOf(a[0]))
}

// maxKey is the longest text in bytes that entries are sorted by. The engine
// compares them without looking at the clock.
const maxKey = 1000
