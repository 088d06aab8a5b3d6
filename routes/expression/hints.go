package expression

import (
	"fmt"
	"slices"
	"strings"

	"homehook/spelling"
)

// infix are the operators that are words, which people write like functions.
func infix(name string) string {
	for _, op := range [...]string{"contains", "startsWith", "endsWith", "matches"} {
		if strings.EqualFold(op, name) {
			return op
		}
	}
	return ""
}

const (
	remedyClock   = "nothing here reads a clock; received is when the delivery came"
	remedyPattern = `write it like json.ref matches "^refs/"`
	remedyEqual   = "compare with =="
	remedyUnequal = "compare with !="
)

// nameHint is what to write for a name that other languages, or other parts of
// the configuration, have.
func nameHint(name string) string {
	switch strings.ToLower(name) {
	case "event", "events":
		return `a route has events: for that; in a condition it is where the sender puts it, such as header["X-GitHub-Event"] or json.type`
	case "now", "time", "date", "timestamp":
		return remedyClock
	case "null", "none", "undefined":
		return "write nil for what is not there"
	case "true", "false", "and", "or", "not":
		return "write " + strings.ToLower(name) + ", in small letters"
	case "env":
		return "nothing here reads the environment; name the environment's values in the configuration"
	case "ip", "ipaddress", "sender":
		return "the sender's address is remote"
	case "url", "uri":
		return "write path, or query.NAME"
	case "host":
		return `write header["Host"]`
	}
	return ""
}

// functionHint is nameHint for functions.
func functionHint(name string) string {
	if op := infix(name); op != "" {
		return fmt.Sprintf(`it stands between two texts: json.ref %s "x"`, op)
	}
	switch strings.ToLower(name) {
	case "now", "date", "time", "duration":
		return remedyClock
	case "and", "or":
		return fmt.Sprintf("it stands between two conditions: a %s b", strings.ToLower(name))
	case "not":
		return "write not (…)"
	case "regex", "regexp", "match", "test":
		return remedyPattern
	case "size", "length", "strlen":
		return "write len(…)"
	case "exists", "defined", "isset", "present":
		return "write has(…)"
	case "empty", "isempty":
		return "write !has(…), or len(…) == 0"
	case "number", "tonumber", "toint", "parseint":
		return "write int(…)"
	case "str", "tostring":
		return "write text(…)"
	case "substring", "substr", "slice":
		return "write json.ref[0:5] for its first five characters"
	}
	return meantOf(name, functionNames())
}

// unknownName says what may have been meant with a name that does not exist.
func (p *place) unknownName(name string) string {
	before := p.before()
	hint := nameHint(name)
	near := meantOf(strings.TrimLeft(name, "$"), variableNames())
	switch {
	case strings.HasSuffix(before, "-") && !strings.HasSuffix(before, " -"):
		return `write names with hyphens in brackets: header["X-Name"]`
	case slices.Contains(p.params, name):
		return "write params." + name
	case hint != "":
		return hint
	case near != "" && strings.ContainsAny(p.text[p.at+len(name):min(p.at+len(name)+1, len(p.text))], ".["):
		return near
	case p.compared() && near != "":
		return fmt.Sprintf("text stands in quotes: %q; or %s", p.word(), near)
	case p.compared():
		return fmt.Sprintf("text stands in quotes: %q", p.word())
	case near != "":
		return near
	case strings.HasPrefix(name, "$") || len(name) == 1:
		return ""
	case p.within:
		return fmt.Sprintf("what the body has is json.%s; write {{ and }} for braces that stand for themselves", name)
	}
	return fmt.Sprintf("what the body has is json.%s; text stands in quotes", name)
}

// compared reports whether something is compared with what stands here, or it is
// an entry of a list.
func (p *place) compared() bool {
	before := p.before()
	for _, op := range [...]string{"==", "!=", "<", ">", "=", "[", " in", " contains", " startsWith", " endsWith", " matches"} {
		if strings.HasSuffix(before, op) {
			return true
		}
	}
	return strings.HasSuffix(before, ",") && strings.LastIndexByte(before, '[') > strings.LastIndexByte(before, '(')
}

// word is what stands here up to the next space, bracket or operator: the text
// that somebody has left without quotes.
func (p *place) word() string {
	rest := p.text[p.at:]
	if end := strings.IndexAny(rest, " \t\n()[]{}&|,;\"'"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// unknownMember says what may have been meant with a member that does not exist.
func (p *place) unknownMember(name string) (message, remedy string) {
	if !strings.HasSuffix(strings.TrimRight(p.text[:p.at], `["'. `), "params") {
		return fmt.Sprintf("there is no member %q", name), "a file has name, type, size and text"
	}
	remedy = "put {" + name + "} into match"
	if near := nearestOf(name, p.params); near != "" {
		remedy = "did you mean params." + near + "?"
	}
	return fmt.Sprintf("the pattern of the route has no wildcard %q", name), remedy
}

// variableNames are the names of values that an expression may use, for finding
// what was meant.
func variableNames() []string {
	all := []string{"params"}
	for n := range variables() {
		all = append(all, n)
	}
	slices.Sort(all)
	return all
}

// functionNames are those of functions.
func functionNames() (all []string) {
	for n := range functions() {
		all = append(all, n)
	}
	for n := range loops() {
		all = append(all, n)
	}
	slices.Sort(all)
	return all
}

// meantOf asks for the nearest one of some names.
func meantOf(name string, names []string) string {
	if best := nearestOf(name, names); best != "" {
		return "did you mean " + best + "?"
	}
	return ""
}

// nearestOf is the name that may have been meant, empty when none is near.
func nearestOf(name string, names []string) (best string) {
	least := min(3, len(name)/2+1)
	for _, n := range names {
		if d := spelling.Distance(strings.ToLower(name), strings.ToLower(n)); d < least && d < len(n)-1 {
			best, least = n, d
		}
	}
	return best
}
