package expression

import (
	"fmt"
	"reflect"
	"strings"
)

// run is what a function does. Its arguments are any values.
type run func(s *state, args []any) (any, error)

// function is a function that expressions call.
type function struct {
	takes  []kind // of its parameters
	least  int    // how many of them must be given; 0 for all
	many   bool   // the last one may be given any number of times
	gives  reflect.Type
	quiet  bool // what is missing is no news to it
	static int  // the place, counted from 1, of an argument that is a text in quotes
	run    run
}

// kind is a set of types that a parameter may have.
type kind int

const (
	aText kind = 1 << iota
	aNumber
	aList
	anObject
	aBool
	anything = aText | aNumber | aList | anObject | aBool
)

// kindNames are what messages call kinds.
var kindNames = []struct {
	kind kind
	name string
}{{aText, "text"}, {aNumber, "a number"}, {aList, "a list"}, {anObject, "an object"}, {aBool, "true or false"}}

func (k kind) String() string {
	var list []string
	for _, n := range kindNames {
		if k&n.kind != 0 {
			list = append(list, n.name)
		}
	}
	return strings.Join(list, " or ")
}

// kindOfType is the kind of values of a type, anything for a type that is known
// only when a delivery comes.
func kindOfType(t reflect.Type) kind {
	if t == nil {
		return anything
	}
	switch t.Kind() {
	case reflect.String:
		return aText
	case reflect.Int, reflect.Float64:
		return aNumber
	case reflect.Bool:
		return aBool
	case reflect.Slice:
		return aList
	case reflect.Map:
		return anObject
	}
	return anything
}

// kindOfValue is the kind of a value.
func kindOfValue(v any) kind {
	switch v.(type) {
	case string:
		return aText
	case int, float64, number:
		return aNumber
	case bool:
		return aBool
	case []any:
		return aList
	case object, fields:
		return anObject
	}
	return anything
}

// parameter returns the kind of the argument at place i.
func (f function) parameter(i int) kind { return f.takes[min(i, len(f.takes)-1)] }

// validate checks the types of arguments.
func (f function) validate(name string) func([]reflect.Type) (reflect.Type, error) {
	return func(args []reflect.Type) (reflect.Type, error) {
		least := f.least
		if least == 0 {
			least = len(f.takes)
		}
		switch {
		case len(args) < least:
			return nil, fmt.Errorf("%s needs %s", name, arguments(least))
		case len(args) > len(f.takes) && !f.many:
			return nil, fmt.Errorf("%s takes %s, no more", name, arguments(len(f.takes)))
		}
		for i, a := range args {
			if k := kindOfType(a); k&f.parameter(i) == 0 {
				return nil, fmt.Errorf("%s takes %s, not %s", name, f.parameter(i), k)
			}
		}
		if f.gives == nil {
			return reflect.TypeFor[any](), nil
		}
		return f.gives, nil
	}
}

func arguments(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

// call is the function as the engine calls it, with the evaluation before the
// arguments.
func (f function) call(args ...any) (any, error) {
	s := args[0].(*state)
	if err := s.tick(1); err != nil {
		return nil, err
	}
	args = args[1:]
	for i, a := range args {
		if f.takes == nil || a == nil {
			continue
		}
		if k := kindOfValue(a); k != anything && k&f.parameter(i) == 0 {
			return nil, trouble(fmt.Sprintf("a function takes %s, not %s", f.parameter(i), k))
		}
	}
	return f.run(s, args)
}
