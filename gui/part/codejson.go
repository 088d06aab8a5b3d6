package part

import (
	"unicode/utf8"

	"homehook/gui/look"
)

// maxDepth is how deep JSON may be nested to be folded. Deeper lines would not be
// told apart by their indentation in any case.
const maxDepth = 500

// SyntaxError says where text is no JSON, and why.
type SyntaxError struct {
	At   int // in bytes
	Text string
}

// Error is the reason.
func (e *SyntaxError) Error() string { return e.Text }

// JSONDoc lays JSON out in lines that can be folded. The error is a *SyntaxError,
// ErrDeep or ErrMany.
func JSONDoc(text []byte) (*Doc, error) {
	o := outliner{text: text, rows: []docRow{{}}}
	if err := o.document(); err != nil {
		return nil, err
	}
	return &Doc{bytes: text, kind: docJSON, rows: o.rows, bad: -1}, nil
}

// outliner reads JSON from its beginning to its end and notes where rows begin. It
// keeps its own stack, so that no depth ends the program.
type outliner struct {
	text []byte
	at   int
	rows []docRow
	open []opened
}

// opened is an object or array that is not closed yet.
type opened struct {
	row   int32
	items int32
	close byte
}

func (o *outliner) document() error {
	if err := o.value(); err != nil {
		return err
	}
	for len(o.open) > 0 {
		if err := o.next(); err != nil {
			return err
		}
	}
	o.blanks()
	if o.at < len(o.text) {
		return o.wrong(look.T("there is more behind the end of the value"))
	}
	return nil
}

// next goes on behind a value that is in an object or array.
func (o *outliner) next() error {
	end := o.at
	o.blanks()
	in := &o.open[len(o.open)-1]
	switch o.peek() {
	case ',':
		o.at++
		if err := o.row(o.at, false, false); err != nil {
			return err
		}
		in.items++
		return o.item(in.close)
	case in.close:
		if err := o.close(end); err != nil {
			return err
		}
		o.at++
		return nil
	}
	return o.wrong(look.T("a comma or the closing {{.Sign}} is missing", look.V{"Sign": "'" + string(in.close) + "'"}))
}

// close begins the row of a closing bracket; the blanks before it belong to that.
func (o *outliner) close(end int) error {
	in := o.open[len(o.open)-1]
	o.open = o.open[:len(o.open)-1]
	at := o.at
	o.at = end
	if err := o.row(end, false, false); err != nil {
		return err
	}
	o.at = at
	o.rows[in.row].fold, o.rows[in.row].items = int32(len(o.rows)-1), in.items
	return o.split(at, false)
}

// item reads a value of an array, or a name and its value of an object.
func (o *outliner) item(end byte) error {
	if end == ']' {
		return o.value()
	}
	if o.blanks(); o.peek() != '"' {
		return o.wrong(look.T("a name in quotation marks is missing"))
	}
	if err := o.quoted(); err != nil {
		return err
	}
	if o.blanks(); o.peek() != ':' {
		return o.wrong(look.T("a colon is missing behind the name"))
	}
	o.at++
	return o.value()
}

// value reads up to the end of a value, or into an object or array to the end of
// its first item that is none.
func (o *outliner) value() error {
	for {
		o.blanks()
		if err := o.split(o.at, false); err != nil {
			return err
		}
		c := o.peek()
		if c != '{' && c != '[' {
			return o.scalar(c)
		}
		end := c + 2 // the brackets' places in ASCII
		o.at++
		begun := o.at
		if o.blanks(); o.peek() == end {
			o.at++
			return nil
		}
		o.at = begun
		if len(o.open) == maxDepth {
			return ErrDeep
		}
		o.open = append(o.open, opened{row: int32(len(o.rows) - 1), items: 1, close: end})
		if err := o.row(o.at, false, false); err != nil {
			return err
		}
		if end == '}' {
			return o.item(end)
		}
	}
}

func (o *outliner) scalar(c byte) error {
	switch {
	case c == '"':
		return o.quoted()
	case c == 't':
		return o.word("true")
	case c == 'f':
		return o.word("false")
	case c == 'n':
		return o.word("null")
	case c == '-' || '0' <= c && c <= '9':
		return o.number()
	case o.at == len(o.text):
		return o.wrong(look.T("it ends before a value"))
	}
	return o.wrong(look.T("no value begins so"))
}

func (o *outliner) word(w string) error {
	for i := range len(w) {
		if o.peek() != w[i] {
			return o.wrong(look.T("no value begins so"))
		}
		o.at++
	}
	return nil
}

func (o *outliner) number() error {
	if o.peek() == '-' {
		o.at++
	}
	if o.peek() == '0' {
		o.at++
	} else if err := o.digits(); err != nil {
		return err
	}
	if o.peek() == '.' {
		o.at++
		if err := o.digits(); err != nil {
			return err
		}
	}
	if c := o.peek(); c == 'e' || c == 'E' {
		o.at++
		if c := o.peek(); c == '+' || c == '-' {
			o.at++
		}
		if err := o.digits(); err != nil {
			return err
		}
	}
	return o.split(o.at, false)
}

func (o *outliner) digits() error {
	from := o.at
	for c := o.peek(); '0' <= c && c <= '9'; c = o.peek() {
		o.at++
	}
	if o.at == from {
		return o.wrong(look.T("a digit is missing"))
	}
	return nil
}

// quoted reads a string.
func (o *outliner) quoted() error {
	if err := o.split(o.at+1, false); err != nil {
		return err
	}
	for o.at++; o.at < len(o.text); o.at++ {
		switch c := o.text[o.at]; {
		case c == '"':
			o.at++
			return o.split(o.at, true)
		case c < 0x20:
			return o.wrong(look.T("a control character stands in a string"))
		case c == '\\':
			if err := o.escape(); err != nil {
				return err
			}
		}
	}
	return o.wrong(look.T("it ends within a string"))
}

// escape reads what stands behind a backslash, to its last character.
func (o *outliner) escape() error {
	o.at++
	switch o.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		for range 4 {
			o.at++
			c := o.peek() | 0x20
			if !('0' <= o.peek() && o.peek() <= '9' || 'a' <= c && c <= 'f') {
				return o.wrong(look.T("four hex digits are missing behind \\u"))
			}
		}
		return nil
	}
	return o.wrong(look.T("no character is written so"))
}

// blanks skips what means nothing.
func (o *outliner) blanks() {
	for o.at < len(o.text) && blank(o.text[o.at]) {
		o.at++
	}
}

// peek is the next byte, 0 at the end.
func (o *outliner) peek() byte {
	if o.at < len(o.text) {
		return o.text[o.at]
	}
	return 0
}

// row begins one.
func (o *outliner) row(at int, more, quoted bool) error {
	if len(o.rows) == maxRows {
		return ErrMany
	}
	o.rows = append(o.rows, docRow{at: at, depth: uint16(len(o.open)), more: more, quoted: quoted})
	return nil
}

// split begins rows until that with a place is not too long any more; quoted says
// that up to there is a string.
func (o *outliner) split(to int, quoted bool) error {
	for {
		at := o.rows[len(o.rows)-1].at
		if to-at <= maxRow {
			return nil
		}
		if err := o.row(runeStart(o.text, at+maxRow), true, quoted); err != nil {
			return err
		}
	}
}

// wrong says what is, and with which character.
func (o *outliner) wrong(text string) error {
	if r, n := utf8.DecodeRune(o.text[o.at:]); n > 1 || n == 1 && r != utf8.RuneError {
		text = look.T("{{.Problem}}, at {{.Sign}}", look.V{"Problem": text, "Sign": "'" + Visible(string(r)) + "'"})
	}
	return &SyntaxError{At: o.at, Text: text}
}
