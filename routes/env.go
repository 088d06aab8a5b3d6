package routes

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"homehook/routes/process"
)

// environment checks the configured variables, and returns them with the few
// that a script gets from the agent. All others stay here: they may hold
// secrets, or steer what is loaded.
func (c *compiler) environment(path string, set map[string]string) []string {
	var env []string
	names := slices.Sorted(maps.Keys(set))
	for _, name := range inheritedNames {
		v, ok := os.LookupEnv(name)
		if name == "PATH" {
			v = searchable(v)
		}
		if ok && !slices.ContainsFunc(names, func(n string) bool { return sameVariable(n, name) }) {
			env = append(env, name+"="+v)
		}
	}
	for _, name := range names {
		if c.variable(path, name, "script") && strings.IndexByte(set[name], 0) >= 0 {
			c.report(path+"."+name, fmt.Sprintf("the value of %s has a NUL byte", name), "leave the byte out")
		}
		env = append(env, name+"="+set[name])
	}
	return env
}

// variable checks the name of a variable that is set at path, and reports whether
// it may be: those that are set for each script, or request, may not.
func (c *compiler) variable(path, name, each string) bool {
	switch {
	case !isVariable(name):
		c.report(path, fmt.Sprintf("%q is not the name of a variable", name), "use letters, digits and _")
	case strings.HasPrefix(strings.ToUpper(name), "HOMEHOOK_"):
		c.report(path+"."+name, fmt.Sprintf("%s is set for every %s", name, each), "use another name")
	default:
		return true
	}
	return false
}

func isVariable(s string) bool {
	for i, c := range []byte(s) {
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// variables returns the environment of one run, which begins with set. No field
// of the request is in it: a name chosen by a stranger must not become a
// variable's.
func variables(set []string, d *Delivery, headers string) []string {
	path, query := d.Request.PathQuery()
	env := make([]string, 0, len(set)+9)
	return append(append(env, set...),
		deliveryVariable+d.ID,
		"HOMEHOOK_CLAIM="+d.Claim,
		"HOMEHOOK_ROUTE="+d.Route,
		"HOMEHOOK_METHOD="+string(d.Request.Method),
		"HOMEHOOK_PATH="+string(path),
		"HOMEHOOK_QUERY="+string(query),
		"HOMEHOOK_REMOTE="+d.Remote,
		"HOMEHOOK_ATTEMPT="+strconv.Itoa(max(d.Attempt, 1)),
		headersVariable+headers,
	)
}

// deliveryVariable is the mark of a delivery's processes, by which an agent
// finds those that an agent before it has left behind.
const deliveryVariable = "HOMEHOOK_DELIVERY="

// SweepDelivery kills what scripts for the deliveries of some ids have left
// behind when their agent was killed, waits up to two seconds until it is gone,
// and returns how many processes that were. What this process has started itself
// is spared. [process.SweepLeft] says what it finds on which system.
func SweepDelivery(ids ...string) int { return process.SweepLeft(deliveryVariable, ids...) }

// headersVariable names the file with the header lines. Its value is another
// for each run, which makes it the mark of a run's processes.
const headersVariable = "HOMEHOOK_HEADERS_FILE="

// writeHeaders puts the header lines as they came into a new file in dir that
// only its user can read, and returns its path. The caller removes it. Lines of
// fields in without are left out.
func writeHeaders(dir string, raw []byte, without []string, as *process.Account) (string, error) {
	lines := raw[bytes.IndexByte(raw, '\n')+1:]
	if len(without) > 0 {
		lines = withoutFields(lines, without)
	}
	path, err := process.WriteFile(dir, headersPrefix, lines, as)
	if err != nil {
		return "", fmt.Errorf("write headers file: %w", err)
	}
	return path, nil
}

// withoutFields returns the lines of a head but those of some fields.
func withoutFields(lines []byte, names []string) []byte {
	kept := make([]byte, 0, len(lines))
	for line := range bytes.Lines(lines) {
		name, _, _ := bytes.Cut(line, []byte(":"))
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, string(name)) }) {
			kept = append(kept, line...)
		}
	}
	return kept
}

// headersPrefix begins the name of each headers file; the number of the agent
// that wrote it follows.
const headersPrefix = "homehook-headers-"

// removeLeft removes files of agents that were killed before they could: there
// may be secrets in them.
func removeLeft(dir string) { process.RemoveLeft(dir, headersPrefix, valuePrefix) }
