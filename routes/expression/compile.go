package expression

import (
	"fmt"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// Options are what a text may refer to besides what every delivery has.
type Options struct {
	Params []string // names of the wildcards
}

// maxText is how long a condition or a template may be, in bytes.
const maxText = 4 << 10

// checked parses and checks an expression; within is whether a template is around
// it.
func checked(text string, o Options, within bool) (node ast.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Error{Message: "this cannot be read"}
		}
	}()
	c, at := checking(o.Params), place{text: text, params: o.Params, within: within}
	tree, err := parser.ParseWithConfig(text, c)
	if err != nil {
		return nil, at.mistake(err)
	}
	if err := allowed(text, tree.Node); err != nil {
		return nil, err
	}
	if _, err := checker.Check(tree, c); err != nil {
		return nil, at.mistake(err)
	}
	return tree.Node, nil
}

// program is an expression that is ready to run.
type program struct {
	code  *vm.Program
	parts []string // of the delivery, that it asks for
}

// compile compiles a checked tree; truth says that it has to be true or false.
func compile(node ast.Node, truth bool) (p *program, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &Error{Message: "this cannot be compiled"}
		}
	}()
	r := &rewriter{}
	var tree parser.Tree
	if truth {
		tree.Node = r.truth(node)
	} else {
		tree.Node = r.node(node)
	}
	tree.Source = file.NewSource("")
	code, err := compiler.Compile(&tree, &conf.Config{ShortCircuit: true, Functions: running()})
	if err != nil {
		return nil, &Error{Message: "this cannot be compiled"}
	}
	return &program{code, r.parts}, nil
}

// needsBody reports whether the program looks into the body.
func (p *program) needsBody() bool {
	return slices.ContainsFunc(p.parts, func(part string) bool { return slices.Contains(ofBody, part) })
}

// memory is how many entries of lists the engine may make in an evaluation.
const memory = 1_000_000

// run evaluates the program. A fault of the engine is an error like others.
func (p *program) run(s *state) (v any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			v, err = nil, trouble("the expression cannot be evaluated")
		}
	}()
	m := vm.VM{MemoryBudget: memory}
	v, err = m.Run(p.code, s)
	if err != nil {
		return nil, reason(err)
	}
	return v, nil
}

// tooLong is the error for a text over the limit.
func tooLong(text string) error {
	if len(text) <= maxText {
		return nil
	}
	return &Error{
		Message: fmt.Sprintf("this has %d bytes; %d are the most", len(text), maxText),
		Remedy:  "have a script do what is that long",
	}
}
