package expression

import (
	"strings"

	"github.com/expr-lang/expr/ast"
)

// Condition is a compiled condition, safe for concurrent use.
type Condition struct{ root *branch }

// branch is a condition as && and || and not make it of others.
type branch struct {
	op          string // "&&", "||", "!", empty for a part
	left, right *branch
	part        int // its place among the parts
	text        string
	*program
}

// Part is one of the conditions that a condition joins with && and ||, as it is
// written, and what it came to.
type Part struct {
	Text string `json:"text"`
	// Value is "true", "false", or "not needed" where another part had decided.
	Value string `json:"value"`
	// Note says what was missing, or what went wrong; empty for nothing.
	Note string `json:"note,omitempty"`
}

const notNeeded = "not needed"

// CompileCondition compiles a condition. The error is an [*Error].
func CompileCondition(text string, o Options) (*Condition, error) {
	if err := tooLong(text); err != nil {
		return nil, err
	}
	if strings.TrimSpace(text) == "" {
		return nil, &Error{Message: "the condition is empty", Remedy: "leave it out, or write true"}
	}
	node, err := checked(text, o, false)
	if err != nil {
		return nil, err
	}
	if k := resultOf(node); k != "" {
		return nil, &Error{
			Message: "a condition is true or false, and this is " + k,
			Remedy:  "compare it with something: == \"…\", or ask has(…)",
		}
	}
	s, err := newSplitter(text)
	if err != nil {
		return nil, err
	}
	root, err := s.split(node, 0, len(s.tokens))
	if err != nil {
		return nil, err
	}
	return &Condition{root}, nil
}

// NeedsBody reports whether the condition looks into the body.
func (c *Condition) NeedsBody() bool { return c.root.looksIntoBody() }

func (b *branch) looksIntoBody() bool {
	switch {
	case b == nil:
		return false
	case b.op == "":
		return b.needsBody()
	}
	return b.left.looksIntoBody() || b.right.looksIntoBody()
}

// Eval reports whether a delivery meets the condition, and why. One that cannot
// be judged (text is compared with a number, it takes too long) is not met.
func (c *Condition) Eval(in *Input) (met bool, parts []Part) {
	e := &evaluation{state: newState(in)}
	defer e.done()
	c.root.list(&e.parts)
	met = e.eval(c.root)
	return met && !e.failed, e.parts
}

// list lists the parts of a condition, none of them needed so far.
func (b *branch) list(parts *[]Part) {
	switch {
	case b == nil:
	case b.op == "":
		*parts = append(*parts, Part{Text: b.text, Value: notNeeded})
	default:
		b.left.list(parts)
		b.right.list(parts)
	}
}

// evaluation is one evaluation of a condition.
type evaluation struct {
	*state
	parts  []Part
	failed bool // the condition cannot be judged: nothing else counts
}

func (e *evaluation) eval(b *branch) bool {
	switch {
	case e.failed:
		return false
	case b.op == "!":
		return !e.eval(b.left)
	case b.op == "&&":
		return e.eval(b.left) && e.eval(b.right)
	case b.op == "||":
		return e.eval(b.left) || e.eval(b.right)
	}
	e.notes = e.notes[:0]
	v, err := b.run(e.state)
	part := &e.parts[b.part]
	met, _ := v.(bool)
	part.Value = "false"
	if met {
		part.Value = "true"
	}
	if err != nil {
		e.failed = true
		e.notes = append(e.notes, err.Error())
	}
	part.Note = strings.Join(e.notes, "; ")
	return met
}

// resultOf is what an expression is that is neither true nor false; empty for
// one that is, or may be when a delivery comes.
func resultOf(n ast.Node) string {
	if _, ok := n.(*ast.NilNode); ok {
		return "nothing"
	}
	if k := kindOfType(n.Type()); k&aBool == 0 {
		return k.String()
	}
	return ""
}
