package agent

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"homehook/agent/credentials"
)

// The configuration has no place for secrets, and people put them into it all
// the same: into an environment variable, an argument, a field, a path that only
// the sender knows. So a report shows the values of those keys alone that cannot
// hold any, and of the others that they are there.

// open are the keys whose texts are shown, after a look for what a text of that
// kind might have in it.
var openKeys = strings.Fields(`name relay claim answer hold match dialect sender scheme header hash encoding
	events while_running redact tolerance timeout per keep max_size max_body size memory cpu file_size max_age
	off unverified background continue`)

// Keys with other kinds of texts.
var (
	// credentialKeys name credentials.
	credentialKeys = strings.Fields("token secret secrets password verify_token proxy_password")
	// urlKeys hold addresses, of which is shown where they lead.
	urlKeys = strings.Fields("url to feed proxy")
	// pathKeys hold paths of files.
	pathKeys = strings.Fields("ca cert key dir root folder program")
	// closedKeys hold entries that users name and fill as they like.
	closedKeys = strings.Fields("env headers set rename files accepted respond transform")
)

// numeric is what sizes, times and numbers look like.
var numeric = regexp.MustCompile(`^-?[0-9][0-9.]*(ns|us|ms|s|m|h|d|w|[kKMGT]i?B?)?$`)

// quoted are the literals in an expression.
var quoted = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`")

// maskConfig returns a configuration without what may be secret in it, and
// without its comments. A file that is no YAML gives "".
func maskConfig(m *mask, text []byte) (masked string) {
	defer func() {
		if recover() != nil { // the parser is meant to return errors
			masked = ""
		}
	}()
	var tree yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(text, &tree, yaml.UseOrderedMap()); err != nil {
		return ""
	}
	var routes struct{ Routes []struct{ Match string } }
	if yaml.Unmarshal(text, &routes) == nil {
		for _, r := range routes.Routes {
			m.knowsPattern(r.Match)
		}
	}
	out, err := yaml.Marshal(maskTree(m, tree, "", false))
	if err != nil {
		return ""
	}
	return string(out)
}

// maskTree masks what is under a key. closed says that keys below are not ours.
func maskTree(m *mask, v any, key string, closed bool) any {
	switch v := v.(type) {
	case yaml.MapSlice:
		out := make(yaml.MapSlice, 0, len(v))
		for _, item := range v {
			name := fmt.Sprint(item.Key)
			below := closed || slices.Contains(closedKeys, name)
			if closed {
				name = m.text(name)
			}
			out = append(out, yaml.MapItem{Key: name, Value: maskTree(m, item.Value, name, below)})
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			if out[i] = maskTree(m, item, key, closed); key == "command" && i == 0 && !closed {
				out[i] = m.text(fmt.Sprint(item)) // the program; what follows are its arguments
			}
		}
		return out
	case string:
		return maskScalar(m, v, key, closed)
	case nil, bool:
		return v
	}
	if closed {
		return "(hidden)"
	}
	return v // a number
}

// maskScalar masks a text.
func maskScalar(m *mask, s, key string, closed bool) string {
	has := func(keys []string) bool { return slices.Contains(keys, key) }
	switch {
	case s == "":
		return s
	case closed:
	case has(credentialKeys):
		if credentials.CheckName(s) == nil && m.text(s) == s {
			return s
		}
	case key == "when":
		return m.text(quoted.ReplaceAllString(s, `"…"`))
	case has(openKeys), has(pathKeys):
		return m.text(s)
	case has(urlKeys) && strings.Contains(s, "://"):
		return m.text(s)
	case numeric.MatchString(s):
		return s
	}
	return "(hidden)"
}

// secretSegment is what a segment of a path looks like that nobody is to guess.
var secretSegment = regexp.MustCompile(`^[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*$`)

// knowsPattern has the parts of a route's pattern taken out that may be secret.
// Names of routes have them too.
func (m *mask) knowsPattern(pattern string) {
	for part := range strings.SplitSeq(pattern, "/") {
		if len(part) >= 10 && secretSegment.MatchString(part) {
			m.knows(part, "(hidden)")
		}
	}
}
