package expression

import (
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser/utils"
)

// rewriter makes a checked tree into one that calls this package wherever a
// value of a delivery is looked into, compared or calculated with. What is left
// to the engine is to decide, to loop and to call.
type rewriter struct {
	parts []string // of the delivery, that it asks for
	quiet bool     // what is missing is no news here
}

// call makes a call of one of our functions.
func call(name string, args ...ast.Node) ast.Node {
	return &ast.CallNode{
		Callee:    &ast.IdentifierNode{Value: name},
		Arguments: append([]ast.Node{&ast.IdentifierNode{Value: "$env"}}, args...),
	}
}

func constant(v any) ast.Node { return &ast.ConstantNode{Value: v} }

func (r *rewriter) node(n ast.Node) ast.Node {
	switch n := n.(type) {
	case nil:
		return constant(nil)
	case *ast.IdentifierNode:
		return r.identifier(n)
	case *ast.IntegerNode:
		return constant(n.Value)
	case *ast.FloatNode:
		return constant(n.Value)
	case *ast.UnaryNode:
		return r.unary(n)
	case *ast.BinaryNode:
		return r.binary(n)
	case *ast.ChainNode:
		return r.node(n.Node)
	case *ast.MemberNode:
		return r.member(n)
	case *ast.SliceNode:
		return call(opSlice, r.node(n.Node), r.node(n.From), r.node(n.To))
	case *ast.CallNode:
		return r.call(n)
	case *ast.BuiltinNode:
		return r.loop(n)
	case *ast.VariableDeclaratorNode:
		return &ast.VariableDeclaratorNode{Name: n.Name, Value: r.node(n.Value), Expr: r.node(n.Expr)}
	case *ast.SequenceNode:
		return &ast.SequenceNode{Nodes: r.nodes(n.Nodes)}
	case *ast.ConditionalNode:
		return &ast.ConditionalNode{Ternary: n.Ternary, Cond: r.truth(n.Cond), Exp1: r.node(n.Exp1), Exp2: r.node(n.Exp2)}
	case *ast.ArrayNode:
		return call(opItem, &ast.ArrayNode{Nodes: r.nodes(n.Nodes)})
	case *ast.MapNode:
		return r.object(n)
	}
	return n // nil, true, false, text, what a loop points at
}

func (r *rewriter) nodes(list []ast.Node) []ast.Node {
	out := make([]ast.Node, len(list))
	for i, n := range list {
		out[i] = r.node(n)
	}
	return out
}

// quietly rewrites what may be missing.
func (r *rewriter) quietly(n ast.Node) ast.Node {
	before := r.quiet
	r.quiet = true
	defer func() { r.quiet = before }()
	return r.node(n)
}

// truth rewrites what has to be true or false.
func (r *rewriter) truth(n ast.Node) ast.Node {
	if n.Type() == boolType {
		return r.node(n)
	}
	return call(opBool, r.node(n))
}

func (r *rewriter) identifier(n *ast.IdentifierNode) ast.Node {
	if _, ok := variables()[n.Value]; !ok && n.Value != "params" {
		return &ast.IdentifierNode{Value: n.Value} // a let
	}
	r.parts = append(r.parts, n.Value)
	return call(opVar, constant(n.Value))
}

func (r *rewriter) unary(n *ast.UnaryNode) ast.Node {
	switch n.Operator {
	case "-":
		return call(opNegate, r.node(n.Node))
	case "+":
		return call(opNegate, call(opNegate, r.node(n.Node)))
	}
	return &ast.UnaryNode{Operator: "!", Node: r.truth(n.Node)}
}

func (r *rewriter) binary(n *ast.BinaryNode) ast.Node {
	two := func(name string, more ...ast.Node) ast.Node {
		return call(name, append([]ast.Node{r.node(n.Left), r.node(n.Right)}, more...)...)
	}
	switch op := n.Operator; op {
	case "&&", "and":
		return &ast.BinaryNode{Operator: "&&", Left: r.truth(n.Left), Right: r.truth(n.Right)}
	case "||", "or":
		return &ast.BinaryNode{Operator: "||", Left: r.truth(n.Left), Right: r.truth(n.Right)}
	case "??":
		return &ast.BinaryNode{Operator: "??", Left: r.quietly(n.Left), Right: r.node(n.Right)}
	case "==", "!=":
		same := r.equal(n)
		if op == "!=" {
			return &ast.UnaryNode{Operator: "!", Node: same}
		}
		return same
	case "<", "<=", ">", ">=":
		return two(opLess, constant(op))
	case "+":
		return two(opAdd)
	case "^":
		return two(opMath, constant("**"))
	case "in":
		return two(opIn)
	case "..":
		return two(opRange)
	case "contains", "startsWith", "endsWith":
		return two(opContains, constant(op))
	case "matches":
		m, _ := compileMatch(n.Right.(*ast.StringNode).Value) // which is checked
		return call(opMatches, r.node(n.Left), constant(m))
	default:
		return two(opMath, constant(op))
	}
}

func (r *rewriter) equal(n *ast.BinaryNode) ast.Node {
	_, left := n.Left.(*ast.NilNode)
	_, right := n.Right.(*ast.NilNode)
	if left || right {
		return call(opEqual, r.quietly(n.Left), r.quietly(n.Right))
	}
	return call(opEqual, r.node(n.Left), r.node(n.Right))
}

func (r *rewriter) member(n *ast.MemberNode) ast.Node {
	how := ""
	if !r.quiet {
		how = written(n)
	}
	return call(opGet, r.node(n.Node), r.node(n.Property), constant(how))
}

func (r *rewriter) call(n *ast.CallNode) ast.Node {
	name := n.Callee.(*ast.IdentifierNode).Value
	f := functions()[name]
	args := make([]ast.Node, len(n.Arguments))
	for i, a := range n.Arguments {
		switch {
		case i+1 == f.static:
			list, _ := parseRanges(a.(*ast.StringNode).Value) // which is checked
			args[i] = constant(list)
		case f.quiet:
			args[i] = r.quietly(a)
		default:
			args[i] = r.node(a)
		}
	}
	if part, ok := map[string]string{"formAll": "form", "filesAll": "files"}[name]; ok {
		r.parts = append(r.parts, part)
	}
	return call(name, args...)
}

// loop rewrites a function with a predicate.
func (r *rewriter) loop(n *ast.BuiltinNode) ast.Node {
	list, name := opList, n.Name
	switch {
	case name == "sum" && len(n.Arguments) == 1:
		list = opNums
	case name == "findLast":
		// The engine's own leaves something on its stack for each entry.
		list, name = opBackwards, "find"
	}
	args := []ast.Node{call(list, r.node(n.Arguments[0]))}
	if len(n.Arguments) > 1 {
		body := n.Arguments[1].(*ast.PredicateNode).Node
		args = append(args, &ast.PredicateNode{Node: call(loops()[n.Name], r.node(body))})
	}
	for _, a := range n.Arguments[len(args):] {
		args = append(args, r.node(a))
	}
	return &ast.BuiltinNode{Name: name, Arguments: args}
}

func (r *rewriter) object(n *ast.MapNode) ast.Node {
	var args []ast.Node
	for _, p := range n.Pairs {
		pair := p.(*ast.PairNode)
		args = append(args, r.node(pair.Key), r.node(pair.Value))
	}
	return call(opObject, args...)
}

// maxWritten is how many steps of a member a note has. Each member of a long
// chain has a note of its own.
const maxWritten = 20

// written is how a user writes a member, as far as that tells no value.
func written(n ast.Node) string {
	var steps []string
	for len(steps) < maxWritten {
		switch m := n.(type) {
		case *ast.ChainNode:
			n = m.Node
			continue
		case *ast.MemberNode:
			steps = append(steps, writtenStep(m.Property))
			n = m.Node
			continue
		case *ast.IdentifierNode:
			steps = append(steps, m.Value)
		case *ast.PointerNode: // the entry of a loop: .name
		default:
			steps = append(steps, "…")
		}
		break
	}
	slices.Reverse(steps)
	return strings.Join(steps, "")
}

// writtenStep is the last step to a member.
func writtenStep(property ast.Node) string {
	switch p := property.(type) {
	case *ast.StringNode:
		if utils.IsValidIdentifier(p.Value) {
			return "." + p.Value
		}
		return "[" + strconv.Quote(p.Value) + "]"
	case *ast.IntegerNode:
		return "[" + strconv.Itoa(p.Value) + "]"
	}
	return "[…]"
}
