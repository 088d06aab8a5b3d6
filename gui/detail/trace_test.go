package detail

import (
	"testing"

	"homehook/agent/control"
)

// Of a delivery without a trace it is told what is known, and not more.
func TestPlainTrace(t *testing.T) {
	of := func(state string, attempts int, verified, reason, replayOf string) *control.Record {
		return &control.Record{
			Delivery: control.Delivery{Route: "r", State: state, Attempts: attempts, Reason: reason, ReplayOf: replayOf},
			Verified: verified,
		}
	}
	for _, tt := range []struct {
		name           string
		record         *control.Record
		verified, word string
		asked          string
	}{
		{"verified", of(control.Succeeded, 1, "github", "", ""), "ok", "took it", "The sender was verified: what github asks for was right."},
		{"not checked", of(control.Dead, 1, control.VerifiedNone, "it failed", ""), "", "took it", "Nothing was asked of the sender."},
		{"not known", of(control.Running, 0, "", "", ""), "", "took it", ""},
		{"a replay", of(control.Succeeded, 1, "", "replayed by hand", "x"), "", "took it", "A replay runs whoever has signed it."},
		{"refused", of(control.Rejected, 0, "", "not verified: no signature", ""), "no signature", "refused it", "The sender is refused"},
		{"too many", of(control.Rejected, 0, "github", "too many deliveries", ""), "", "refused it", ""},
		{"no credential yet", of(control.Waiting, 0, "", "no credential", ""), "", "waits", ""},
		{"never a credential", of(control.Dead, 0, "", "no credential", ""), "", "did not take it", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			said := plain(tt.record)
			if said.Verified != tt.verified {
				t.Errorf("verified %q, want %q", said.Verified, tt.verified)
			}
			if got := verdict(tt.record, &said).Word; got != tt.word {
				t.Errorf("says %q, want %q", got, tt.word)
			}
			if _, got, _ := asked(tt.record, &said); got != tt.asked {
				t.Errorf("says of the sender %q, want %q", got, tt.asked)
			}
		})
	}
}

func TestShield(t *testing.T) {
	for _, tt := range []struct {
		name   string
		record control.Record
		want   string
	}{
		{"verified", control.Record{Delivery: control.Delivery{State: control.Succeeded}, Verified: "stripe"}, "Verified (stripe)"},
		{"verified, and later refused", control.Record{Delivery: control.Delivery{State: control.Rejected, Reason: "not verified: x"}, Verified: "stripe"}, "Sender refused"},
		{"refused after another route was asked", control.Record{
			Delivery: control.Delivery{State: control.Rejected, Route: "b"},
			Trace:    []control.Trace{{Route: "a", Verified: "ok"}, {Route: "b", Verified: "no signature"}},
		}, "Sender refused"},
		{"not checked", control.Record{Verified: control.VerifiedNone}, "Sender not checked"},
		{"not known", control.Record{}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := shield(&tt.record).Word; got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
