package relay

import (
	"fmt"
	"slices"
	"strings"

	"homehook/ptth"
)

// allDialects are those that the relay speaks, best first.
var allDialects = []string{ptth.DialectPTTH, ptth.Dialect10, ptth.Dialect09, ptth.DialectComet, ptth.DialectReverseHTTP}

var errDialect = refuse(404, "this relay does not offer that dialect")

// checkDialects refuses names that are no dialect.
func checkDialects(names []string) error {
	for _, n := range names {
		if !slices.Contains(allDialects, n) {
			return &OptionError{fmt.Sprintf("dialect %q is none of %s", n, strings.Join(allDialects, ", "))}
		}
	}
	return nil
}

// speaks reports whether agents may use a dialect.
func (r *Relay) speaks(dialect string) bool {
	return len(r.opts.Dialects) == 0 || slices.Contains(r.opts.Dialects, dialect)
}

// advertised is what an answer 426 offers in its field Upgrade.
func advertised(dialects []string) string {
	if len(dialects) == 0 {
		return ptth.Advertised
	}
	var tokens []string
	for _, d := range allDialects {
		if token := ptth.Token(d); token != "" && slices.Contains(dialects, d) {
			tokens = append(tokens, token)
		}
	}
	return strings.Join(tokens, ", ")
}
