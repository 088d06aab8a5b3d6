package agent

import (
	"strings"

	"homehook/agent/control"
	"homehook/agent/history"
)

// verifiedBy says which check the sender of a delivery has passed, as it was
// written down at the time: routes may have changed since. Where nothing is
// written down, a delivery that a route took was asked for nothing, but for a
// replay, which runs whoever has signed it.
func verifiedBy(r *history.Record) string {
	for key := range strings.Lines(r.Checked) {
		if scheme, _, ok := strings.Cut(key, ":"); ok {
			return scheme
		}
	}
	switch {
	case r.ReplayOf != "":
		return ""
	case r.Checked != "", r.State == history.Duplicate:
		return control.VerifiedNone
	case r.Attempts > 0 && r.State != history.Running:
		// A check that had to wait for a credential is written down when the run ends.
		return control.VerifiedNone
	}
	return ""
}
