package expression

import (
	"fmt"

	"github.com/expr-lang/expr/ast"
)

// maxLoops is how deep loops may stand in each other.
const maxLoops = 3

// gate finds what the engine's language has and this one has not.
type gate struct {
	text string
	seen map[ast.Node]bool
	err  error
}

// allowed reports what of a tree is not allowed, before anything else walks it.
func allowed(text string, node ast.Node) error {
	g := &gate{text: text, seen: map[ast.Node]bool{}}
	g.walk(node, 0)
	return g.err
}

func (g *gate) refuse(n ast.Node, remedy, message string, args ...any) {
	if g.err == nil {
		g.err = &Error{Offset: offset(g.text, n.Location().From), Message: fmt.Sprintf(message, args...), Remedy: remedy}
	}
}

// walk visits a node and what is below it, within so many loops. The parser has
// a < b < c share b, which makes those who walk the tree walk it twice, and four
// times for the next such comparison inside: so it is refused.
func (g *gate) walk(n ast.Node, loops int) {
	if n == nil || g.err != nil {
		return
	}
	if g.seen[n] {
		g.refuse(n, "write a < b && b < c", "two comparisons cannot follow each other")
		return
	}
	g.seen[n] = true
	switch n := n.(type) {
	case *ast.IdentifierNode:
		if n.Value == "$env" {
			g.refuse(n, "", "there is no name %q", n.Value)
		}
	case *ast.BytesNode:
		g.refuse(n, "leave the b out", "there are no bytes, only text")
	case *ast.BinaryNode:
		g.binary(n)
	case *ast.CallNode:
		g.call(n)
	case *ast.BuiltinNode:
		if loops++; loops > maxLoops {
			g.refuse(n, "have a script do this", "loops stand in each other %d deep; %d is the most", loops, maxLoops)
		}
		g.loop(n)
	}
	for _, c := range children(n) {
		g.walk(c, loops)
	}
}

func (g *gate) binary(n *ast.BinaryNode) {
	if n.Operator != "matches" {
		return
	}
	s, ok := n.Right.(*ast.StringNode)
	if !ok {
		g.refuse(n, `write it like path matches "^/a"`, "what matches compares with is a text in quotes")
		return
	}
	if _, err := compileMatch(s.Value); err != nil {
		g.refuse(s, "see https://github.com/google/re2/wiki/Syntax", "the pattern is malformed: %s", regexpMessage(err))
	}
}

func (g *gate) call(n *ast.CallNode) {
	name, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		g.refuse(n, ownFunction(n.Callee), "values have no functions of their own")
		return
	}
	f, ok := functions()[name.Value]
	switch {
	case !ok:
		g.refuse(name, functionHint(name.Value), "there is no function %q", name.Value)
	case f.static > 0 && f.static <= len(n.Arguments):
		g.ranges(n.Arguments[f.static-1], name.Value)
	}
}

// ownFunction is what to write for json.ref.startsWith("x") and its like.
func ownFunction(callee ast.Node) string {
	name := "name"
	if m, ok := callee.(*ast.MemberNode); ok {
		if s, ok := m.Property.(*ast.StringNode); ok {
			name = s.Value
		}
	}
	if infix(name) != "" {
		return functionHint(name)
	}
	if _, known := functions()[name]; !known {
		name = "name"
	}
	return "write " + name + "(…)"
}

// ranges checks an argument that holds ranges of addresses.
func (g *gate) ranges(n ast.Node, name string) {
	const remedy = `write it like inRange(remote, "10.0.0.0/8 192.0.2.1")`
	s, ok := n.(*ast.StringNode)
	if !ok {
		g.refuse(n, remedy, "the ranges of %s are a text in quotes", name)
		return
	}
	if list, err := parseRanges(s.Value); err != nil || len(list.list) == 0 {
		g.refuse(n, remedy, "%q is no list of address ranges", s.Value)
	}
}

func (g *gate) loop(n *ast.BuiltinNode) {
	if _, ok := loops()[n.Name]; !ok {
		g.refuse(n, functionHint(n.Name), "there is no function %q", n.Name)
		return
	}
	if n.Name == "count" && len(n.Arguments) == 1 {
		g.refuse(n, "write len(…) for how many there are", "count has no condition")
	}
	if n.Name == "sortBy" && len(n.Arguments) == 3 {
		if s, ok := n.Arguments[2].(*ast.StringNode); !ok || s.Value != "asc" && s.Value != "desc" {
			g.refuse(n.Arguments[2], "", `the order of sortBy is "asc" or "desc"`)
		}
	}
}

// children are the nodes right below one.
func children(n ast.Node) []ast.Node {
	switch n := n.(type) {
	case *ast.UnaryNode:
		return []ast.Node{n.Node}
	case *ast.BinaryNode:
		return []ast.Node{n.Left, n.Right}
	case *ast.ChainNode:
		return []ast.Node{n.Node}
	case *ast.MemberNode:
		return []ast.Node{n.Node, n.Property}
	case *ast.SliceNode:
		return []ast.Node{n.Node, n.From, n.To}
	case *ast.CallNode:
		return n.Arguments
	case *ast.BuiltinNode:
		return n.Arguments
	case *ast.PredicateNode:
		return []ast.Node{n.Node}
	case *ast.VariableDeclaratorNode:
		return []ast.Node{n.Value, n.Expr}
	case *ast.SequenceNode:
		return n.Nodes
	case *ast.ConditionalNode:
		return []ast.Node{n.Cond, n.Exp1, n.Exp2}
	case *ast.ArrayNode:
		return n.Nodes
	case *ast.MapNode:
		return n.Pairs
	case *ast.PairNode:
		return []ast.Node{n.Key, n.Value}
	}
	return nil
}
