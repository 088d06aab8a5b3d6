package routes

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// The parts of a delivery that can be changed.
const (
	partHeader = "header"
	partQuery  = "query"
	partForm   = "form"
	partJSON   = "json"
)

// spot is a part of a delivery, as a transform names it.
type spot struct {
	written string
	of      string // which part; empty for a malformed place
	name    string // in header, query and form, and the last one of path
	path    []step // in json
}

// step is one step into a JSON text: to a member, or to an entry of a list.
type step struct {
	name  string
	index int // negative ones count from the end
	list  bool
}

func (p *spot) last() step {
	if len(p.path) == 0 {
		return step{}
	}
	return p.path[len(p.path)-1]
}

// parent is the path without its last step.
func (p *spot) parent() []step {
	if len(p.path) == 0 {
		return nil
	}
	return p.path[:len(p.path)-1]
}

// spot reads where a change is to be made.
func (c *compiler) spot(at, text string) spot {
	p, err := parsePlace(text)
	if err == nil && p.of == partHeader {
		err = changeable(p.name)
	}
	if err != nil {
		c.report(at, asWritten(text)+": "+err.Error(), remedyOf(err))
		return spot{}
	}
	return p
}

const placeRemedy = `write it like header.X-Name, query.name, form.name, json.a.b or json.list[0]["a b"]`

func parsePlace(text string) (spot, error) {
	p := spot{written: text}
	i := strings.IndexAny(text, ".[")
	if i < 0 {
		return p, mistaken(placeRemedy, "this names no part of a delivery")
	}
	p.of = text[:i]
	if !slices.Contains([]string{partHeader, partQuery, partForm, partJSON}, p.of) {
		return p, mistaken(placeRemedy, "%q is no part of a delivery that can be changed", p.of)
	}
	if p.of != partJSON && text[i] == '.' {
		p.name = text[i+1:] // whatever it is: X-Name has a hyphen
		if p.name == "" {
			return p, mistaken(placeRemedy, "the name is missing")
		}
		return p, nil
	}
	path, err := parseSteps(text[i:])
	if err != nil {
		return p, mistaken(placeRemedy, "%s", err)
	}
	p.path, p.name = path, path[len(path)-1].name
	if p.of != partJSON {
		if len(path) > 1 || path[0].list {
			return p, mistaken(placeRemedy, "%s has names and nothing below them", p.of)
		}
		p.path = nil
	}
	return p, nil
}

// parseSteps reads .name, [0] and ["name"], one behind the other.
func parseSteps(text string) (path []step, err error) {
	for text != "" {
		var s step
		switch {
		case text[0] == '.':
			end := strings.IndexAny(text[1:], ".[")
			if end < 0 {
				end = len(text) - 1
			}
			s.name, text = text[1:1+end], text[1+end:]
			if s.name == "" {
				return nil, errors.New("a name is missing")
			}
		case strings.HasPrefix(text, `["`):
			quoted, err := strconv.QuotedPrefix(text[1:])
			if err != nil || !strings.HasPrefix(text[1+len(quoted):], "]") {
				return nil, errors.New("a name in brackets is not closed")
			}
			s.name, _ = strconv.Unquote(quoted)
			text = text[1+len(quoted)+1:]
		case text[0] == '[':
			number, rest, ok := strings.Cut(text[1:], "]")
			s.index, err = strconv.Atoi(number)
			if !ok || err != nil {
				return nil, errors.New("what is in brackets is a number, or a name in quotes")
			}
			s.list, text = true, rest
		default:
			return nil, errors.New("a dot is missing")
		}
		path = append(path, s)
	}
	return path, nil
}
