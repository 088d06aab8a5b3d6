package agent

import (
	"bytes"

	"homehook/agent/history"
	"homehook/http1"
	"homehook/routes"
)

// look carries a delivery whose routes look into it, and that is not written
// down before it runs. The body is read whole for that, and is there from memory
// for the handlers.
func (in *inbox) look(a *arrival) {
	a.k.boundWhole(a.x.Request)
	b, no := in.readBody(a.k, a.x, senderPace)
	if no != nil {
		b.share.end()
		in.pass(a.k, a.x, nil, no, a.d, a.n, a.began)
		return
	}
	// A copy: handlers may go on behind the end of the exchange.
	req, err := http1.ParseRequest(bytes.Clone(a.x.Request.Raw()), bytes.NewReader(b.bytes), int64(len(b.bytes)))
	if err != nil {
		b.share.end()
		in.pass(a.k, a.x, nil, &rejection{status: 400, text: "the request cannot be read", reason: err.Error()}, a.d, a.n, a.began)
		return
	}
	req.Target = bytes.Clone(a.x.Request.Target)
	a.x.Request, a.d.Request, a.d.Body = req, req, b.bytes
	c := in.choose(&question{table: a.table, claim: &a.k.claim, d: *a.d, n: a.n, now: a.began})
	switch {
	case c.no == nil && c.missing == nil && c.route.Background():
		defer b.share.end()
		in.describe(a, &b)
		in.chosen(a, &c)
		in.enter(a)
	default:
		in.passChosen(a, &c, b.share.end)
	}
}

// passChosen is pass for a delivery of which the routes have said what they do, with
// all handlers that it is owed. Those behind the first run when the sender has
// its answer and the link is free again. free gives the memory of the body back.
func (in *inbox) passChosen(a *arrival, c *decision, free func()) {
	no := c.no
	if c.missing != nil {
		no = &rejection{status: 503, text: "this address cannot check who sends just now", reason: c.missing.Error()}
	}
	if a.d.Route = ""; c.route != nil {
		a.d.Route = c.route.Name
	}
	if no == nil {
		a.d.Params = c.taken[0].Params
		no = in.overRate(c.route)
	}
	keep := in.keep.Load()
	r := in.open(a.k, a.x, a.d, a.n, a.began, keep)
	r.rec.Checked, r.rec.Trace = c.checked, c.trace
	res, no := in.dispatch(a.k, c.route, no, a.d, a.x)
	in.settle(r, res, no, a.x, a.began)
	if steps := stepsOf(c.taken, nil, 0); no == nil && len(steps) > 1 {
		settled := steps[0].settled(&r.rec)
		in.executor.workers.Go(func() {
			defer free()
			defer r.free()
			in.behind(a, r, steps, settled)
			in.finish(&r.rec, keep)
		})
		return
	}
	defer free()
	defer r.free()
	in.finish(&r.rec, keep)
}

// settled takes in what the first handler of a delivery that passes came to, and
// reports whether the others are to run: not for a request that was refused.
func (s *step) settled(rec *history.Record) bool {
	s.done, s.remark = rec.State == history.Succeeded, rec.Reason
	s.over, s.reason = !s.done, rec.Reason
	return rec.State != history.Rejected
}

// behind runs the handlers that a delivery which passes is owed beside the first
// one, once each: nobody counts on what is not written down.
func (in *inbox) behind(a *arrival, r *recorder, steps []step, run bool) {
	t := turn{steps: steps, rec: &history.Record{Head: append(bytes.Clone(a.d.Request.Raw()), "\r\n"...), Body: a.d.Body}, d: *a.d, read: true}
	j := &job{id: r.rec.ID, claim: r.rec.Claim, attempts: len(r.rec.Log), replay: true}
	for i := 1; run && i < len(steps); i++ {
		s := &steps[i]
		if s.place == 0 {
			if no := in.overRate(s.route); no != nil {
				t.drop(s.route, no.reason)
			}
		}
		if s.owed() {
			in.attempt(j, &t, s)
		}
	}
	end := t.conclusion(j)
	r.rec.State, r.rec.Reason = end.State, end.Reason
	r.rec.Log = append(r.rec.Log, end.Log...)
	r.rec.Attempts = len(r.rec.Log)
}

// drop gives the handlers of a route up.
func (t *turn) drop(route *routes.Route, why string) {
	for i := range t.steps {
		if s := &t.steps[i]; s.route == route {
			s.over, s.reason = true, why
		}
	}
}
