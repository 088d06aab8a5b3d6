package routes

import "strings"

// EventField is the header field in which senders that sign by a scheme name what
// a delivery is about, such as X-GitHub-Event; empty for those that name it in
// the body, and for schemes whose events are not known. What they name behind it
// in the body, such as "opened" of "issues.opened", is not in the field.
func EventField(scheme string) string {
	for _, texts := range eventTexts()[scheme] {
		if name, ok := strings.CutPrefix(texts[0], `{header["`); ok {
			return strings.TrimSuffix(name, `"]}`)
		}
	}
	return ""
}
