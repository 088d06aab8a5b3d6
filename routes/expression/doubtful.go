package expression

import (
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
)

// Doubtful looks in a template for what reads like an expression in the spelling
// of other languages: {{json.a}}, { json.a }, ${json.a} and ${{ json.a }}. It
// returns the first one as it stands there, and what to do; both are empty for
// none. All of these are good templates, which mean something else.
func Doubtful(text string, o Options) (found, write string) {
	for i := 0; i < len(text); i++ {
		if text[i] != '{' {
			continue
		}
		begin, dollar := i, i > 0 && text[i-1] == '$'
		if dollar {
			begin--
		}
		double := strings.HasPrefix(text[i:], "{{")
		open, end := "{", "}"
		if double {
			open, end = "{{", "}}"
		}
		inner, _, closed := strings.Cut(text[i+len(open):min(len(text), i+maxText)], end) // an expression is no longer
		if !closed {
			continue
		}
		found = text[begin : i+len(open)+len(inner)+len(end)]
		clean := strings.TrimLeft(strings.TrimSpace(inner), ".$")
		switch {
		case double && dollar && !isMeant(clean, o):
			return found, "write it like {json.name}"
		case (double || strings.HasPrefix(inner, " ")) && isMeant(clean, o):
			return found, "write {" + clean + "}"
		case dollar && isMeant(inner, o):
			return found, "write {" + inner + "}; where the dollar sign is meant, {\"$\"}{" + inner + "}"
		}
		i += len(open) - 1
	}
	return "", ""
}

// isMeant reports whether a text would be an expression about a delivery.
func isMeant(text string, o Options) bool {
	end := strings.IndexFunc(text, func(r rune) bool { return r > 0x7f || !isWord(byte(r)) })
	if end < 0 {
		end = len(text)
	}
	name := text[:end]
	_, isVariable := variables()[name]
	_, isFunction := functions()[name]
	if !isVariable && !isFunction && name != "params" {
		return false
	}
	_, err := compileValue(text, o)
	return err == nil
}

// Constant is a text that stands in quotes in a condition.
type Constant struct {
	Text   string
	Member string // the last name of what it is compared with: token for query.token
}

// Constants returns the texts of a condition, none for one that cannot be read.
func Constants(condition string) (list []Constant) {
	if tooLong(condition) != nil || condition == "" {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			list = nil
		}
	}()
	tree, err := parser.ParseWithConfig(condition, checking(nil))
	if err != nil || allowed(condition, tree.Node) != nil {
		return nil
	}
	var walk func(n ast.Node, member string)
	walk = func(n ast.Node, member string) {
		switch n := n.(type) {
		case *ast.StringNode:
			list = append(list, Constant{n.Value, member})
		case *ast.ArrayNode: // the entries of … in ["a", "b"]
			for _, c := range n.Nodes {
				walk(c, member)
			}
		case *ast.MemberNode: // its name is none of the texts
			walk(n.Node, "")
		case *ast.BinaryNode:
			walk(n.Left, lastMember(n.Right))
			walk(n.Right, lastMember(n.Left))
		default:
			for _, c := range children(n) {
				if c != nil {
					walk(c, "")
				}
			}
		}
	}
	walk(tree.Node, "")
	return list
}

// lastMember is the last name of a path, as a function around it may have it.
func lastMember(n ast.Node) string {
	switch n := n.(type) {
	case *ast.MemberNode:
		if s, ok := n.Property.(*ast.StringNode); ok {
			return s.Value
		}
	case *ast.ChainNode:
		return lastMember(n.Node)
	case *ast.CallNode: // lower(query.token), headerAll("X-Token")
		if len(n.Arguments) > 0 {
			if s, ok := n.Arguments[0].(*ast.StringNode); ok {
				return s.Value
			}
			return lastMember(n.Arguments[0])
		}
	}
	return ""
}
