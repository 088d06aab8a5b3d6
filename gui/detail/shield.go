package detail

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// badges are the signs over a delivery: its state, who has sent it, and whether that
// was a person who ran it once more.
func badges(r *control.Record) fyne.CanvasObject {
	row := []fyne.CanvasObject{part.NewBadge(look.DeliverySign(r.State))}
	if r.ReplayOf != "" {
		row = append(row, part.NewBadge(look.Sign{Icon: "replay", Colour: look.ColourMuted, Word: look.T("A replay")}))
	}
	if s := shield(r); s.Word != "" {
		row = append(row, part.NewBadge(s))
	}
	return indented(row...)
}

// shield says whether the sender was who it says to be, as it was written down at the
// time; without a word where that is not known.
func shield(r *control.Record) look.Sign {
	switch {
	case refusal(r) != "":
		return look.Sign{Icon: "unverified", Colour: theme.ColorNameError, Word: look.T("Sender refused")}
	case r.Verified == control.VerifiedNone:
		return look.Sign{Icon: "unverified", Colour: look.ColourMuted, Word: look.T("Sender not checked")}
	case r.Verified != "":
		return look.Sign{Icon: "verified", Colour: theme.ColorNameSuccess, Word: look.T("Verified ({{.Scheme}})", look.V{"Scheme": part.Visible(r.Verified)})}
	}
	return look.Sign{}
}

// refusal is why the sender of a delivery was refused; "" where it was not.
func refusal(r *control.Record) string {
	const mark = "not verified: " // that the agent's reasons begin with
	if r.State != control.Rejected {
		return ""
	}
	for i := range r.Trace {
		if t := &r.Trace[i]; t.Route == r.Route && t.Verified != "" && t.Verified != "ok" {
			return t.Verified
		}
	}
	if why, ok := strings.CutPrefix(r.Reason, mark); ok {
		return why
	}
	return ""
}

// retries says whether a delivery in a state is run anew as it came. One that was
// rejected is asked the same once more, and so is rejected again if nothing else has
// changed: that is not offered beside what helps.
func retries(state string) bool {
	switch state {
	case control.Waiting, control.Duplicate, control.Dead, control.Expired:
		return true
	}
	return false
}
