package agent

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"time"

	"homehook/agent/config"
	"homehook/agent/history"
	"homehook/faults/point"
	"homehook/http1"
	"homehook/ptth"
	"homehook/routes"
)

// turn is one run of a handler for a delivery that is written down.
type turn struct {
	claim *config.Claim
	route *routes.Route
	table *routes.Table // of the route alone, to be closed; nil for one of the configuration
	d     routes.Delivery
	n     note
	body  []byte
	leave func() // lets go others of the sender's id; nil for nobody
}

// left lets go who waits for the delivery to have begun, or not to.
func (t *turn) left() {
	if t.leave != nil {
		t.leave()
	}
}

// run carries a delivery to its handler and writes down what came of it. With
// again it has been put back into its line.
func (in *inbox) run(j *job) (again bool) {
	rec, err := in.fetch(j)
	if err != nil {
		in.unreadable(j, err)
		return false
	}
	if j.old && !in.inOrder(j, rec) {
		return true
	}
	if j.live == nil {
		in.owe(j)
	}
	var t turn
	end := in.prepare(j, rec, j.recall(rec), &t)
	if t.table != nil {
		defer t.table.Close()
	}
	if end != nil {
		in.conclude(j, end)
		t.left()
		return false
	}
	err = in.start(j, &t)
	t.left()
	if err != nil {
		in.unreadable(j, err)
		return false
	}
	point.Reach("agent.started")
	in.attempt(j, &t)
	return false
}

// start writes down that a handler begins, so that an agent after a crash knows
// of it, and of when and what. A fixed answer does nothing that anybody would
// have to know of.
func (in *inbox) start(j *job, t *turn) (err error) {
	if j.crashed {
		// One that is written down twice in a row is not run again.
		lost := j.ends(history.Waiting, "")
		if err := in.journal.Finish(lost); err != nil {
			return err
		}
		j.attempts, j.crashed = lost.Attempts, false
	}
	j.starts++
	t.d.Attempt = j.attempts + 1
	if t.route.Kind() == "respond" {
		return nil
	}
	if j.starts, err = in.journal.Start(j.id, t.d.Attempt, t.route.AtMostOnce()); err != nil {
		return err
	}
	begun := j.ends(history.Running, "")
	begun.Attempts, begun.Route = t.d.Attempt, t.route.Name
	begun.Log = []history.Attempt{{Number: t.d.Attempt, Route: t.route.Name, Handler: t.route.Kind(), Started: time.Now(), Exit: -1}}
	return in.journal.Finish(begun)
}

// owe notes what a sender got who had no answer from here: the relay, or the
// agent in its stead, said that the delivery is taken.
func (in *inbox) owe(j *job) {
	if j.status != 0 || j.replay || j.unkept {
		return
	}
	if j.status = config.DefaultAccepted; in.claimOf(j.claim) != nil {
		j.status = acceptedStatus(in.claimOf(j.claim))
	}
}

// fetch returns all of a delivery.
func (in *inbox) fetch(j *job) (*history.Record, error) {
	if j.rec != nil {
		return j.rec, nil
	}
	return in.journal.Original(in.work, j.id)
}

// unreadable has a delivery tried again soon that the journal does not give.
// Nothing can be written down of that, so nothing is.
func (in *inbox) unreadable(j *job, err error) {
	in.free(j)
	if in.work.Err() != nil {
		return // the next agent finds it as it is
	}
	in.log.Error("delivery cannot be read from the journal", "delivery", j.id, "claim", j.claim, "error", err)
	switch {
	case errors.Is(err, history.ErrIncomplete):
		in.conclude(j, j.ends(history.Dead, "what was kept of it cannot be read any more"))
	case !errors.Is(err, history.ErrNotFound) && !errors.Is(err, history.ErrEnded):
		in.executor.schedule(j, j.line.lane, time.Now().Add(pauses[0]))
	}
}

// inOrder reports whether an old delivery is not before its time.
func (in *inbox) inOrder(j *job, rec *history.Record) bool {
	before, known := in.ranBefore(rec.Head)
	return in.executor.inOrder(j, before, func() bool { return !known && !in.sequenceOf(j.claim).has(before) })
}

// ranBefore is the delivery before that of a head in the relay's queue which had
// or will have a run, and whether the journal has it. Those that ended without
// one lead on to the one before them.
func (in *inbox) ranBefore(head []byte) (id string, known bool) {
	const far = 64 // more of them in a row are not looked at
	id = predecessor(head)
	for range far {
		if id == "" {
			return "", true
		}
		d, found, err := in.journal.Find(in.work, id)
		if err != nil || !found || d.State != history.Duplicate && d.State != history.Rejected {
			return id, found || err != nil
		}
		rec, err := in.journal.Original(in.work, id)
		if err != nil {
			return "", true
		}
		id = predecessor(rec.Head)
	}
	return "", true
}

// predecessor is the delivery that the relay's queue had before that of a head.
func predecessor(head []byte) string {
	r, err := http1.ParseRequest(head, nil, 0)
	if err != nil {
		return ""
	}
	if id, _ := r.Get("Homehook-After"); isUUID(id) {
		return string(id)
	}
	return ""
}

// prepare finds the route of a delivery and whether it may run. It returns how
// the delivery ends instead, or waits on.
func (in *inbox) prepare(j *job, rec *history.Record, ended []history.Attempt, t *turn) *history.Record {
	t.claim = in.claimOf(j.claim)
	unread := in.parse(j, rec, t)
	found, err := false, error(nil)
	if unread == nil {
		found, err = in.routeOf(j, t)
	}
	if found {
		j.cut.Handler = cmp.Or(j.cut.Handler, t.route.Kind())
	}
	n := len(ended)
	switch {
	case j.crashed && n > 0 && ended[n-1].Error == history.Interrupted:
		in.log.Error("delivery is quarantined: the agent died twice while it ran", "delivery", j.id, "claim", j.claim)
		return j.ends(history.Dead, "quarantined: the agent died twice while it ran; retry it to run it once more")
	case t.claim == nil:
		return j.ends(history.Dead, fmt.Sprintf("the claim %q is not in the configuration any more", j.claim))
	case unread != nil:
		return j.ends(history.Dead, "the delivery cannot be read: "+unread.Error())
	case err != nil:
		return j.ends(history.Dead, err.Error())
	case !found:
		return j.ends(history.Rejected, errNoRoute.reason)
	case j.crashed && t.route.AtMostOnce():
		return j.ends(history.Dead, "interrupted: the agent stopped while it ran, and the route runs a delivery at most once")
	case j.unchecked:
		return in.recheck(j, rec, t)
	case j.replay:
		j.remark = in.vouched(rec, t)
	}
	return nil
}

// parse makes a request of a stored delivery again.
func (in *inbox) parse(j *job, rec *history.Record, t *turn) error {
	req, err := http1.ParseRequest(rec.Head, bytes.NewReader(rec.Body), int64(len(rec.Body)))
	if err != nil {
		return err
	}
	// Only what may speak for itself is in a stored head.
	t.n, t.body = readNote(req, ptth.About{Negotiated: true}), rec.Body
	if path := req.Path(); string(path) != rec.Path {
		if prefix, _ := strip(req, j.claim); t.n.prefix == "" {
			t.n.prefix = prefix
		}
	}
	t.d = routes.Delivery{
		ID: j.id, Claim: j.claim, Received: rec.Received,
		Remote: rec.Remote, Prefix: t.n.prefix, Request: req,
	}
	return nil
}

// routeOf finds the route that takes a delivery now.
func (in *inbox) routeOf(j *job, t *turn) (found bool, err error) {
	table := in.table.Load()
	if j.forced {
		if table, err = in.only(j.route, j.claim); err != nil {
			return false, err
		}
		t.table = table
	}
	t.route, t.d.Params, found = table.Find(j.claim, t.d.Request.Method, t.d.Request.Path())
	if found {
		t.d.Route, j.route = t.route.Name, t.route.Name
	}
	return found, nil
}

// recheck checks the sender of a delivery that could not be checked when it
// came.
func (in *inbox) recheck(j *job, rec *history.Record, t *turn) *history.Record {
	now := time.Now()
	t.n.backlog = true // it came in time, whatever the time is now
	v := in.verify(t.route, t.d, &t.n, t.body, now)
	switch {
	case v.missing != nil:
		pause, more := pauseUnchecked(now, rec.Received)
		if !more {
			return j.ends(history.Dead, v.missing.Error())
		}
		end := j.ends(history.Waiting, v.missing.Error())
		end.Due = now.Add(pause)
		return end
	case v.no != nil:
		return j.ends(history.Rejected, v.no.reason)
	}
	in.executor.checked(j)
	j.remark = "verified later: a credential was missing when it came"
	return in.firstOf(j, rec, t)
}

// firstOf reports, as prepare does, whether a delivery is the first of its
// sender's id. That could not be said when it came.
func (in *inbox) firstOf(j *job, rec *history.Record, t *turn) *history.Record {
	same := history.Record{Delivery: rec.Delivery}
	same.Route = t.route.Name
	leave, twin := in.findTwin(&same, t.route)
	t.leave = leave
	if twin == nil {
		return nil
	}
	end := j.ends(history.Duplicate, repeats(twin))
	end.DuplicateOf = twin.ID
	return end
}

// free gives back what a job holds besides its place, and lets go who waits
// for it.
func (in *inbox) free(j *job) {
	in.kept.give(j.held)
	j.held, j.rec = 0, nil
	j.live.end()
	j.live = nil
	if j.ended != nil {
		close(j.ended)
		j.ended = nil
	}
}
