package config

import (
	"fmt"
	"slices"
	"strings"
)

// redactKinds are the parts of a delivery that redaction knows.
var redactKinds = []string{"header", "json", "form", "query"}

// redaction checks one rule of history.redact: a kind, a dot, and a name, of
// json a path of names. A "*" in a path stands for every entry of a list or
// object.
func (c *checker) redaction(path, rule string) {
	const remedy = "write it like header.Authorization, query.token, form.password or json.card.number"
	kind, name, _ := strings.Cut(rule, ".")
	if !slices.Contains(redactKinds, kind) {
		if near := nearest(kind, redactKinds); near != "" {
			c.report(path, fmt.Sprintf("unknown part %q of a delivery", kind), fmt.Sprintf("did you mean %q?", near+"."+name))
			return
		}
		c.report(path, fmt.Sprintf("unknown part %q of a delivery", kind), remedy)
		return
	}
	if name == "" || kind == "json" && slices.Contains(strings.Split(name, "."), "") {
		c.report(path, fmt.Sprintf("%q names nothing", rule), remedy)
		return
	}
	if kind == "header" && strings.ContainsAny(name, " \t:") {
		c.report(path, fmt.Sprintf("%q is not the name of a field", name), remedy)
	}
}
