package relay

import (
	"context"

	"homehook/ptth"
)

// wellKnown answers a request for a link of the dialect ptth.
func (v *visitor) wellKnown(context.Context) *refusal {
	if !v.relay.speaks(ptth.DialectPTTH) {
		return errDialect
	}
	return errDialect
}
