package agent

import (
	"cmp"
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

	status    int             // that the sender got
	waited    float64         // how long the sender waited for that, in milliseconds
	unkept    bool            // came in the mode through, in which nobody is told 202
	attempts  int             // that have ended
	starts    int             // of handlers since it came or since the user had it retried
	crashed   bool            // the agent ended while it ran
	unchecked bool            // whether the sender is who it should be is still to be seen
	remark    string          // to be written down if it succeeds
	cut       history.Attempt // what is known of the one that crashed

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
		forced: d.ReplayOf != "" && d.Route != "", status: d.Status, waited: d.DurationMS,
		unkept: d.Answer == answerThrough,
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
		DurationMS: j.waited,
	}}
	if j.live != nil {
		r.DurationMS = milliseconds(j.live.waited())
	}
	if j.crashed {
		r.Log = []history.Attempt{j.lost()}
		r.Attempts++
	}
	return r
}

// lost is the attempt that the agent did not survive.
func (j *job) lost() history.Attempt {
	a := j.cut
	a.Number, a.Exit, a.Error = j.attempts+1, -1, history.Interrupted
	a.Route = cmp.Or(a.Route, j.route)
	return a
}

// recall takes in which attempts are written down. The last one of a delivery
// that crashed is there as it began, unless the crash was too early for that:
// it began after the delivery was received then.
func (j *job) recall(rec *history.Record) (ended []history.Attempt) {
	j.attempts, j.cut = 0, history.Attempt{Started: rec.Received}
	ended = rec.Log
	if n := len(ended); j.crashed && n > 0 && ended[n-1].Status == 0 && ended[n-1].Error == "" {
		ended, j.cut = ended[:n-1], ended[n-1]
	}
	if n := len(ended); n > 0 {
		j.attempts = ended[n-1].Number
	}
	return ended
}

// refused reports whether the sender was told that the delivery failed, or
// nothing at all. It runs because the user wants it.
func (j *job) refused() bool { return j.status >= 300 || j.status == 0 && j.unkept }
