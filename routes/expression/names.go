package expression

import (
	"reflect"
	"sync"

	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/types"
)

// variables are the names of a delivery's parts, with their types. A part whose
// shape depends on the sender is of any type. Like the tables below, it is made
// when the first expression is compiled: most commands compile none.
var variables = sync.OnceValue(func() map[string]types.Type {
	texts := types.TypeOf(map[string]string{}) // one text for each name
	return map[string]types.Type{
		"method": types.String, "path": types.String, "body": types.String,
		"claim": types.String, "route": types.String, "id": types.String,
		"remote": types.String, "received": types.String,
		"query": texts, "header": texts, "form": texts,
		"json": types.Any, "xml": types.Any, "payload": types.Any,
		"files": types.Map{types.Extra: types.Map{
			"name": types.String, "type": types.String, "size": types.Int, "text": types.String,
		}},
	}
})

// ofBody are the variables that are read from the body.
var ofBody = []string{"body", "json", "xml", "form", "payload", "files"}

// loops are the functions of the engine that take a predicate, by what becomes
// of its result.
var loops = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"all": opTest, "none": opTest, "any": opTest, "one": opTest, "filter": opTest, "count": opTest,
		"find": opTest, "findIndex": opTest, "findLast": opTest,
		"map": opItem, "reduce": opItem, "sum": opNum, "sortBy": opKey,
	}
})

// environment is the types of all names for a route with these wildcards.
func environment(params []string) types.Map {
	env := types.Map{}
	for name, t := range variables() {
		env[name] = t
	}
	wildcards := types.Map{}
	for _, p := range params {
		wildcards[p] = types.String
	}
	env["params"] = wildcards
	return env
}

// maxNodes is how many nodes the tree of an expression may have.
const maxNodes = 2000

// checking returns the configuration that expressions are parsed and checked
// with. The engine's own functions are off, but for those with predicates; so
// nothing reads a clock.
func checking(params []string) *conf.Config {
	c := &conf.Config{
		ShortCircuit: true, MaxNodes: maxNodes,
		Functions: known(), Builtins: conf.FunctionsTable{}, Disabled: disabled(),
		ConstFns: map[string]reflect.Value{},
	}
	c.WithEnv(environment(params))
	return c
}

var disabled = sync.OnceValue(func() map[string]bool {
	off := map[string]bool{}
	for _, name := range builtin.Names {
		off[name] = true
	}
	return off
})

// known are the functions that users call, for the checker.
var known = sync.OnceValue(func() conf.FunctionsTable {
	table := conf.FunctionsTable{}
	for name, f := range functions() {
		table[name] = &builtin.Function{Name: name, Validate: f.validate(name), Func: f.call}
	}
	return table
})

// running are all functions, those that operators become included, for the
// compiler.
var running = sync.OnceValue(func() conf.FunctionsTable {
	table := conf.FunctionsTable{}
	for name, f := range functions() {
		table[name] = &builtin.Function{Name: name, Func: f.call}
	}
	for name, run := range operators() {
		table[name] = &builtin.Function{Name: name, Func: function{run: run}.call}
	}
	return table
})
