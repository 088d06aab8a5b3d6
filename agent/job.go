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
	crashed   bool            // the agent ended while it ran
	unchecked bool            // whether the sender is who it should be is still to be seen
	remark    string          // to be written down if it succeeds
	cut       history.Attempt // what is known of the one that crashed
	admitted  string          // the route whose rate it was counted against when it came
	slot      bool            // has been given a time by the rate of a route

	// To be written down with what comes next.
	pending []history.Attempt
	checked string // keys of checks that it has passed in this turn
	trace   []byte // what the routes said then

	// due is when handlers are to run again that have failed, of several.
	due map[dueKey]time.Time

	// Under the executor's lock.
	line    *line
	counted string        // the route under which the line counts it
	element *list.Element // in the line, nil while it runs or waits for its time
	ready   bool          // is written down
	hurried bool          // is to run now, whatever is not due yet
	old     bool          // is from before this agent started
	timer   *time.Timer   // of its next attempt
	at      time.Time     // when that is, by the calendar
}

// dueKey names a handler of a delivery.
type dueKey struct {
	route string
	place int
}

// restored makes a job of what the journal has. checked says that it is known
// whether the sender is who it should be.
func restored(d *history.Delivery, checked bool) *job {
	j := &job{
		id: d.ID, claim: d.Claim, route: d.Route, replay: d.ReplayOf != "",
		forced: d.ReplayOf != "" && d.Route != "", status: d.Status, waited: d.DurationMS,
		unkept:   d.Answer == answerThrough,
		attempts: d.Attempts, crashed: d.State == history.Running,
		// A delivery that waits, was never tried and is not checked waits for a
		// credential.
		unchecked: d.State == history.Waiting && d.Attempts == 0 && d.Starts == 0 && !checked,
		ready:     true, old: true,
	}
	if d.State == history.Received {
		j.remark = d.Reason // what was to be said of it when it came
	}
	if j.crashed {
		j.attempts = max(j.attempts-1, 0)
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

// ends is the record of a job that ends, waits or goes on, with all that is to
// be written down by then.
func (j *job) ends(state, reason string) *history.Record {
	r := &history.Record{Delivery: history.Delivery{
		ID: j.id, Claim: j.claim, Route: j.route, State: state, Reason: reason, Status: j.status, Attempts: j.attempts,
		DurationMS: j.waited,
	}, Log: j.pending, Checked: j.checked, Trace: j.trace}
	j.pending = nil
	if j.live != nil {
		r.DurationMS = milliseconds(j.live.waited())
	}
	if j.crashed {
		r.Log = append(r.Log, j.lost())
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
// that crashed is there as it began; if there is none, the agent ended between
// two handlers.
func (j *job) recall(rec *history.Record) (ended []history.Attempt) {
	ended = rec.Log
	n := len(ended)
	if j.crashed = j.crashed && n > 0 && ended[n-1].Status == 0 && ended[n-1].Error == ""; j.crashed {
		ended, j.cut = ended[:n-1], ended[n-1]
	}
	j.attempts = 0
	if n := len(ended); n > 0 {
		j.attempts = ended[n-1].Number
	}
	return ended
}

// survived makes the run that the agent did not survive one that has ended, to
// be written down with what comes next. It returns nil if there is none.
func (j *job) survived() *history.Attempt {
	if !j.crashed {
		return nil
	}
	j.pending = append(j.pending, j.lost())
	j.crashed = false
	j.attempts++
	return &j.pending[len(j.pending)-1]
}

// refused reports whether the sender was told that the delivery failed, or
// nothing at all. It runs because the user wants it.
func (j *job) refused() bool { return j.status >= 300 || j.status == 0 && j.unkept }
