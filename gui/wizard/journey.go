package wizard

import (
	"net/http"
	"slices"
	"time"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// Stages of a webhook's way, in order.
const (
	stageSent = iota
	stageRelay
	stageHome
	stageChecked
	stageHandled
	stageAnswered
	stageCount
)

// States of a stage.
const (
	stageIdle = iota
	stageRuns
	stageGood
	stageOpen // it was passed without a check
	stageBad
)

// station is what is known of one stage.
type station struct {
	state int
	text  string
	took  string
}

// journey is what is known of a test on its way.
type journey struct {
	begun time.Time
	// sent is what the sender got, err why nothing was sent; both nil until then.
	sent *control.TestSent
	err  error
	rec  *control.Record // nil until it is at home
	// checked says that a signature is wanted, foreign that only the sender itself
	// can send a good one.
	checked, foreign bool
	// late says that it was waited for long enough.
	late bool
}

// stages says how far it has come. remedy is the step that mends what went wrong.
func (j *journey) stages() (all [stageCount]station, remedy int, over bool) {
	if j.begun.IsZero() {
		return all, 0, false
	}
	if j.foreign && j.rec == nil {
		all[stageSent] = station{state: stageRuns, text: look.T("Waiting for it")}
		return all, 0, false
	}
	all[stageSent] = station{state: stageRuns}
	if j.err != nil {
		all[stageSent] = station{state: stageBad, text: part.Visible(j.err.Error())}
		return all, atAddress, true
	}
	if j.rec == nil && j.sent == nil {
		return all, 0, false
	}
	all[stageSent] = station{state: stageGood, took: look.Clock(j.begun, j.begun)}
	if j.rec == nil {
		return j.onTheWay(all)
	}
	home := time.Time{}
	if a := j.rec.LastAnswer(); a != nil {
		home = a.Started
	}
	relay := j.rec.Received
	if !home.IsZero() && relay.After(home) {
		relay = home // by a clock that is ahead of ours
	}
	all[stageRelay] = station{state: stageGood, took: j.since(relay)}
	all[stageHome] = station{state: stageGood, took: j.since(home)}
	return j.atHome(all)
}

// since is the time from its begin to a moment, which may be one of the relay's
// clock; empty where either is not known.
func (j *journey) since(t time.Time) string {
	begun := j.begun
	if j.sent != nil {
		begun = j.sent.Sent
	}
	if t.IsZero() || j.foreign {
		return ""
	}
	return "+" + look.Milliseconds(max(0.1, float64(t.Sub(begun))/float64(time.Millisecond)))
}

// onTheWay judges one that is not at home, by what its sender was told.
func (j *journey) onTheWay(all [stageCount]station) ([stageCount]station, int, bool) {
	status := j.sent.Status
	switch {
	case status == http.StatusNotFound:
		all[stageRelay] = station{state: stageBad, text: look.T("The relay knows no such address ({{.Status}}).", look.V{"Status": status})}
		return all, atAddress, true
	case status == http.StatusServiceUnavailable || status == http.StatusBadGateway || status == http.StatusGatewayTimeout:
		all[stageRelay].state = stageGood
		all[stageHome] = station{state: stageBad, text: look.T("The relay could not reach this computer ({{.Status}}).", look.V{"Status": status})}
		return all, atAddress, true
	case status >= http.StatusBadRequest:
		all[stageRelay] = station{state: stageBad, text: look.T("The relay turned it away ({{.Status}}).", look.V{"Status": status})}
		return all, atRelay, true
	}
	all[stageRelay] = station{state: stageGood, took: "+" + look.Milliseconds(j.sent.DurationMS)}
	all[stageHome] = station{state: stageRuns}
	if j.late {
		all[stageHome] = station{state: stageBad, text: look.T("The relay keeps it, but it has not come home. It comes as soon as the link is up.")}
		return all, atAddress, true
	}
	return all, 0, false
}

// atHome judges one that is at home.
func (j *journey) atHome(all [stageCount]station) ([stageCount]station, int, bool) {
	rec := j.rec
	if why := j.refused(); why != "" {
		all[stageChecked] = station{state: stageBad, text: why}
		return all, atSecret, true
	}
	all[stageChecked] = station{state: stageGood, took: all[stageHome].took}
	if !j.checked {
		all[stageChecked] = station{state: stageOpen, text: look.T("not checked")}
	}
	remedy, over := 0, false
	switch rec.State {
	case control.Succeeded, control.Duplicate:
		all[stageHandled] = station{state: stageGood, text: j.handler(), took: j.ran()}
		over = true
	case control.Rejected:
		all[stageHandled] = station{state: stageBad, text: or(part.Visible(rec.Reason), look.T("No route takes it."))}
		return all, atAction, true
	case control.Dead, control.Expired:
		all[stageHandled] = station{state: stageBad, text: or(part.Visible(j.trouble()), part.Visible(rec.Reason)), took: j.ran()}
		remedy, over = atAction, true
	case control.Waiting:
		all[stageHandled] = station{state: stageBad, text: look.T("It failed and is tried again at {{.Time}}: {{.Why}}", look.V{"Time": look.Clock(rec.Due, time.Now()), "Why": part.Visible(j.trouble())})}
		remedy, over = atAction, true
	default:
		all[stageHandled] = station{state: stageRuns, text: j.handler()}
	}
	all[stageAnswered], over = j.answered(over)
	return all, remedy, over
}

// answered judges what the sender got.
func (j *journey) answered(over bool) (station, bool) {
	status, took := j.rec.Status, ""
	if j.sent != nil {
		status, took = j.sent.Status, "+"+look.Milliseconds(j.sent.DurationMS)
	}
	switch {
	case j.sent == nil && !j.foreign:
		return station{state: stageRuns}, false
	case status == 0:
		return station{}, over
	case status/100 == 2:
		return station{state: stageGood, text: look.T("The sender got {{.Status}}", look.V{"Status": statusWords(status)}), took: took}, over
	}
	return station{state: stageBad, text: look.T("The sender got {{.Status}}", look.V{"Status": statusWords(status)}), took: took}, over
}

// refused says why the sender was not believed; empty if it was.
func (j *journey) refused() string {
	if j.rec.State != control.Rejected {
		return ""
	}
	for _, t := range j.rec.Trace {
		if t.Verified != "" && t.Verified != "ok" {
			return part.Visible(t.Verified)
		}
	}
	if j.checked && (j.rec.Status == http.StatusUnauthorized || j.rec.Status == http.StatusForbidden) {
		return part.Visible(j.rec.Reason)
	}
	return ""
}

// handler names what ran, by its route.
func (j *journey) handler() string { return part.Visible(j.rec.Route) }

// ran is when the handler was done.
func (j *journey) ran() string {
	if a := j.rec.LastAnswer(); a != nil {
		ended := a.Started.Add(time.Duration(a.DurationMS * float64(time.Millisecond)))
		if s := j.sent; s != nil && s.Status != http.StatusAccepted {
			// What follows the answer, such as writing it down, is not part of the way.
			if back := s.Sent.Add(time.Duration(s.DurationMS * float64(time.Millisecond))); back.Before(ended) {
				ended = back
			}
		}
		return j.since(ended)
	}
	return ""
}

// trouble is why the handler failed.
func (j *journey) trouble() string {
	for _, a := range slices.Backward(j.rec.Log) {
		if a.Error != "" {
			return a.Error
		}
	}
	return j.rec.Reason
}

// good says whether it has come all the way.
func good(all *[stageCount]station) bool {
	for i := range all {
		if s := all[i].state; s == stageBad || s == stageIdle || s == stageRuns {
			return false
		}
	}
	return true
}
