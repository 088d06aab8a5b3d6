package agent

import (
	"bytes"
	"fmt"
	"time"

	"homehook/agent/history"
	"homehook/http1"
	"homehook/ptth"
	"homehook/routes"
)

// prepare finds the routes of a delivery and whether it may run. It returns how
// the delivery ends instead, or waits on.
func (in *inbox) prepare(j *job, t *turn) *history.Record {
	ended := j.recall(t.rec)
	if t.claim = in.claimOf(j.claim); t.claim == nil {
		return j.ends(history.Dead, fmt.Sprintf("the claim %q is not in the configuration any more", j.claim))
	}
	if err := in.parse(j, t); err != nil {
		return j.ends(history.Dead, "the delivery cannot be read: "+err.Error())
	}
	c, err := in.ask(j, t)
	if err != nil {
		return j.ends(history.Dead, err.Error())
	}
	j.checked, j.trace = c.checked, c.trace
	if c.route != nil {
		j.route = c.route.Name
	}
	if end := in.untaken(j, t, &c); end != nil {
		return end
	}
	t.steps = stepsOf(c.taken, ended, t.rec.Renewed)
	if lost := j.survived(); lost != nil {
		if t.survive(lost); lost.GivenUp {
			in.log.Error("a handler is not run again: the agent ended while it ran", "delivery", j.id, "claim", j.claim, "route", lost.Route, "handler", lost.Handler)
		}
	}
	switch {
	case j.unchecked:
		in.executor.checked(j)
		return in.firstOf(j, t, &c)
	case j.replay:
		j.remark = in.vouched(t)
	}
	return nil
}

// untaken returns how a delivery ends that no route takes, or waits on.
func (in *inbox) untaken(j *job, t *turn, c *decision) *history.Record {
	now := time.Now()
	switch {
	case c.missing != nil:
		pause, more := pauseUnchecked(now, t.rec.Received)
		if !more {
			return j.ends(history.Dead, c.missing.Error())
		}
		j.unchecked = true
		end := j.ends(history.Waiting, c.missing.Error())
		end.Due = now.Add(pause)
		return end
	case c.no != nil && c.no.answer != nil:
		return j.ends(history.Succeeded, c.no.reason)
	case c.no != nil:
		return j.ends(history.Rejected, c.no.reason)
	}
	return nil
}

// parse makes a request of a stored delivery again.
func (in *inbox) parse(j *job, t *turn) error {
	rec := t.rec
	req, err := http1.ParseRequest(rec.Head, bytes.NewReader(rec.Body), int64(len(rec.Body)))
	if err != nil {
		return err
	}
	// Only what may speak for itself is in a stored head.
	t.n = readNote(req, ptth.About{Negotiated: true})
	t.n.backlog = true // it came in time, whatever the time is now
	if path := req.Path(); string(path) != rec.Path {
		if prefix, _ := strip(req, j.claim); t.n.prefix == "" {
			t.n.prefix = prefix
		}
	}
	t.d = routes.Delivery{
		ID: j.id, Claim: j.claim, Received: rec.Received, Remote: rec.Remote, Prefix: t.n.prefix,
		Request: req, Body: rec.Body, Host: in.host,
	}
	return nil
}

// ask finds the routes that take a delivery now. A check that it has passed is
// not made again.
func (in *inbox) ask(j *job, t *turn) (decision, error) {
	table := in.table.Load()
	if j.forced {
		var err error
		if table, err = in.only(j.route, &t.d); err != nil {
			return decision{}, err
		}
		t.table = table
	}
	return in.decide(&question{
		table: table, claim: t.claim, d: t.d, n: &t.n, checked: t.rec.Checked, trusted: j.replay, now: time.Now(),
	}), nil
}

// decide is choose for a delivery of which it is not known whether there is
// anything to choose.
func (in *inbox) decide(q *question) decision {
	route, params, found := q.table.Find(q.d.Claim, q.d.Request.Method, q.d.Request.Path())
	switch {
	case !found:
		return decision{no: errNoRoute}
	case direct(route):
		return decision{route: route, taken: []routes.Taken{{Route: route, Params: params}}}
	}
	return in.choose(q)
}

// firstOf reports, as prepare does, whether a delivery that could not be checked
// when it came is the first of its sender's id. That could not be said then.
func (in *inbox) firstOf(j *job, t *turn, c *decision) *history.Record {
	if c.checked != "" {
		j.remark = "verified later: a credential was missing when it came"
	}
	same := history.Record{Delivery: t.rec.Delivery}
	same.Route = c.route.Name
	leave, twin := in.findTwin(&same, c.route)
	t.leave = leave
	if twin == nil {
		return nil
	}
	end := j.ends(history.Duplicate, repeats(twin))
	end.DuplicateOf = twin.ID
	return end
}
