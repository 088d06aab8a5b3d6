package relay

import (
	"context"

	"homehook/ptth"
)

// reverseHTTP answers what comes to /reversehttp and below.
func (v *visitor) reverseHTTP(context.Context) *refusal {
	if !v.relay.speaks(ptth.DialectReverseHTTP) {
		return errDialect
	}
	return errDialect
}
