package agent

import (
	"container/list"
	"time"

	"homehook/agent/history"
)

// job is a delivery that is written down and has to be run. What it knows of
// the delivery is enough to give it its turn; the rest is in the journal.
//
// A job is changed by the goroutine that takes the delivery in until it is
// ready, by the one that runs it from then on, and by the executor, under its
// lock, where the fields below say so.
type job struct {
	id, claim string
	route     string // that takes the delivery; "" for one found at its turn
	forced    bool   // the user named the route

	rec  *history.Record // nil when it has to be read back
	held int64           // bytes of the budget that rec takes
	live *live           // the sender who may wait for the answer, nil for nobody

	replay bool          // the user runs it, and sees what comes of it
	ended  chan struct{} // closed when the turn of a replay has ended

	status    int    // that the sender got
	attempts  int    // that are written down
	starts    int    // of handlers since it came or since the user had it retried
	crashed   bool   // the agent ended while it ran
	unchecked bool   // whether the sender is who it should be is still to be seen
	remark    string // to be written down if it succeeds

	// Under the executor's lock.
	line    *line
	counted string        // the route under which the line counts it
	element *list.Element // in the line, nil while it runs or waits for its time
	ready   bool          // is written down
	old     bool          // is from before this agent started
	timer   *time.Timer   // of its next attempt
}

// restored makes a job of what the journal has.
func restored(d *history.Delivery) *job {
	j := &job{
		id: d.ID, claim: d.Claim, route: d.Route, replay: d.ReplayOf != "",
		forced: d.ReplayOf != "" && d.Route != "", status: d.Status,
		starts: d.Starts, crashed: d.State == history.Running,
		// A delivery that waits and was never tried waits for a credential.
		unchecked: d.State == history.Waiting && d.Attempts == 0 && d.Starts == 0,
		ready:     true, old: true,
	}
	if d.State == history.Received {
		j.remark = d.Reason // what was to be said of it when it came
	}
	return j
}

// isSafe reports whether a method changes nothing, so that its place among
// other requests does not matter.
func isSafe(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS":
		return true
	}
	return false
}

// ends is the record of a job that ends, or waits, without a run in this turn.
func (j *job) ends(state, reason string) *history.Record {
	r := &history.Record{Delivery: history.Delivery{
		ID: j.id, Claim: j.claim, Route: j.route, State: state, Reason: reason, Status: j.status, Attempts: j.attempts,
	}}
	if j.crashed {
		r.Log = []history.Attempt{j.lost()}
		r.Attempts++
	}
	return r
}

// lost is the attempt that the agent did not survive.
func (j *job) lost() history.Attempt {
	return history.Attempt{Number: j.attempts + 1, Route: j.route, Exit: -1, Error: history.Interrupted}
}
