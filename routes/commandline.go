package routes

import (
	"slices"
	"strings"
)

// reader reads the arguments of a program up to its first operand.
type reader struct {
	p        *syntax
	skip     int  // operands that come before it
	value    bool // the next argument is the value of an option
	data     bool // it is, and may be anything
	coded    bool // code has come in an option, or is to come from where one says
	input    bool // standard input is the code
	harmless bool // nothing runs: the version is asked for
	ended    bool // no more options, after "--"
}

// What a reader makes of an argument.
const (
	fineArgument = iota
	firstOperand // the first one
	badArgument  // a value of the delivery where code is expected
)

// next reads one argument.
func (r *reader) next(a argument) int {
	if a.template != nil {
		return r.expression(a)
	}
	arg := a.fixed
	name, _, assigns := strings.Cut(arg, "=")
	switch {
	case r.value || r.data:
		r.value, r.data = false, false
	case r.ended || arg == "-" || !strings.HasPrefix(arg, "-"):
		if r.p.assign && assigns && isVariable(name) || r.p.kind == shellText && strings.HasPrefix(arg, "+") {
			return fineArgument
		}
		if r.skip--; r.skip < 0 {
			return firstOperand
		}
	case arg == "--":
		r.ended = true
	case strings.HasPrefix(arg, "--"):
		r.word(arg[2:])
	default:
		r.letters(arg[1:])
	}
	return fineArgument
}

// expression judges an argument with a value of the delivery in it.
func (r *reader) expression(a argument) int {
	option := strings.HasPrefix(a.source, "-") && !r.ended
	name, _, assigns := strings.Cut(a.source, "=")
	switch {
	case r.data:
		r.data = false
		return fineArgument
	case r.value:
		return badArgument
	case option && len(a.source) > 1 && strings.IndexByte(r.p.data, a.source[1]) >= 0:
		return fineArgument
	case r.p.assign && assigns && isVariable(name) && !steersCode(name):
		return fineArgument
	case r.coded && !r.p.both && r.p.kind != shellText && r.p.kind != anotherProgram && !option:
		return firstOperand
	}
	return badArgument
}

// word reads a long option.
func (r *reader) word(word string) {
	name, _, with := strings.Cut(word, "=")
	switch {
	case name == "version" || name == "help":
		r.harmless = true
	case slices.Contains(r.p.words, name):
		r.coded, r.value = true, !with
	case slices.Contains(r.p.values, name):
		r.value = !with
	}
}

// letters reads options of a letter each, up to one with a value.
func (r *reader) letters(letters string) {
	for i := range len(letters) {
		l, last := letters[i], i == len(letters)-1
		has := func(list string) bool { return strings.IndexByte(list, l) >= 0 }
		switch {
		case has(r.p.code) && r.p.kind == shellText:
			r.coded = true // by the first operand
		case has(r.p.code) && !last && strings.IndexByte(r.p.code, letters[i+1]) >= 0:
			r.coded = true // node -pe
		case has(r.p.code), has(r.p.from):
			r.coded, r.value = true, last
			return
		case has(r.p.value):
			r.value = last
			return
		case has(r.p.data):
			r.data = last
			return
		case r.p.kind == shellText && l == 's':
			r.input = true
		case l == 'V' || l == 'h' || l == 'v':
			r.harmless = true
		}
	}
}
