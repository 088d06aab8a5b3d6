package relay

import (
	"context"

	"homehook/ptth"
)

// comet answers an agent's poll at /comet/{name}.
func (v *visitor) comet(context.Context) *refusal {
	if !v.relay.speaks(ptth.DialectComet) {
		return errDialect
	}
	return errDialect
}
