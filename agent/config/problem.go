package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Problem is one thing wrong with the file.
type Problem struct {
	// File is the path as it was given to Load or Parse.
	File string
	// Line and Column count from 1, a column in characters. Both are 0 when
	// the file as a whole is meant.
	Line, Column int
	// Part, Name and Field say what it is about: Part is one of [PartRelay] and so
	// on, Name that of the entry, and Field the path of keys in it such as
	// "forward.to". Empty where that is not known.
	Part, Name, Field string
	// Message says what is wrong, and Remedy what to do.
	Message, Remedy string
	// Passing says that a file or folder that the configuration names is not as
	// it has to be, and not the configuration.
	Passing bool
}

// Error gives the problem on one line, as in
// `config.yaml:12:9: unknown key "macth" in a route; did you mean "match"?`.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		b.WriteString(":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column))
	}
	b.WriteString(": " + p.Message)
	if p.Remedy != "" {
		b.WriteString("; " + p.Remedy)
	}
	return b.String()
}

// Problems is everything wrong with a file, in the order of its lines.
type Problems []Problem

var (
	_ error = Problem{}
	_ error = Problems{}
)

// Error gives each problem on a line of its own.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find each Problem.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// maxProblems is how many problems are told of; nobody reads more.
const maxProblems = 100

// sorted puts the problems in the order of the file and drops repetitions:
// a value that two aliases share is checked twice.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	seen := make(map[Problem]bool, len(ps))
	ps = slices.DeleteFunc(ps, func(p Problem) bool {
		p.Part, p.Name, p.Field = "", "", ""
		defer func() { seen[p] = true }()
		return seen[p]
	})
	if more := len(ps) - maxProblems; more > 0 {
		ps = append(ps[:maxProblems], Problem{File: ps[0].File, Message: fmt.Sprintf("%d more problems are not shown", more), Remedy: "mend these first"})
	}
	return ps
}
