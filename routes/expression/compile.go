package expression

// Options are what a text may refer to besides what every delivery has.
type Options struct {
	Params []string // names of the wildcards
}

// Error is what is wrong with a text. It is made when the text is compiled.
type Error struct {
	Offset          int // in bytes, where in the text
	Message, Remedy string
}

var _ error = (*Error)(nil)

func (e *Error) Error() string { return e.Message }

// Condition is a compiled condition, safe for concurrent use.
type Condition struct{}

// Part is one of the conditions that a condition joins with && and ||, as it is
// written, and what it came to.
type Part struct {
	Text string `json:"text"`
	// Value is "true", "false", or "not needed" where another part had decided.
	Value string `json:"value"`
	// Note says what was missing, or what went wrong; empty for nothing.
	Note string `json:"note,omitempty"`
}

// CompileCondition compiles a condition. The error is an [*Error].
func CompileCondition(text string, o Options) (*Condition, error) { return &Condition{}, nil }

// Eval reports whether a delivery meets the condition, and why. One that cannot
// be judged (text is compared with a number, it takes too long) is not met.
func (c *Condition) Eval(in *Input) (met bool, parts []Part) { return true, nil }

// NeedsBody reports whether the condition looks into the body.
func (c *Condition) NeedsBody() bool { return true }

// Template is a text with expressions in it, safe for concurrent use.
type Template struct{ text string }

// CompileTemplate compiles a template. A brace that a letter follows begins an
// expression; {{ and }} stand for braces. The error is an [*Error].
func CompileTemplate(text string, o Options) (*Template, error) { return &Template{text}, nil }

// Literal returns the text if there is no expression in it.
func (t *Template) Literal() (string, bool) { return t.text, true }

// BeginsWithValue reports whether an expression stands at the beginning.
func (t *Template) BeginsWithValue() bool { return false }

// NeedsBody reports whether an expression looks into the body.
func (t *Template) NeedsBody() bool { return false }

// Text fills the template in. missing says that it is one expression and nothing
// else, and that this came to nothing: what it asks for is not there, and the
// text is empty. The error says why it cannot be filled in.
func (t *Template) Text(in *Input) (text string, missing bool, err error) { return t.text, false, nil }

// Parts returns the pieces of the template, filled in: those of its own text and
// those that a value stands for.
func (t *Template) Parts(in *Input) ([]Piece, error) { return []Piece{{t.text, false}}, nil }

// Piece is a piece of a filled-in template.
type Piece struct {
	Text  string
	Value bool // it came out of an expression
}
