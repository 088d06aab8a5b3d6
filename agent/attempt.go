package agent

import (
	"bytes"
	"fmt"
	"time"

	"homehook/agent/history"
	"homehook/faults/point"
	"homehook/http1"
	"homehook/routes"
)

// attempt runs a handler once.
func (in *inbox) attempt(j *job, t *turn, s *step) {
	out := &passing{live: j.live, id: j.id, whose: func(status int) bool { return s.first && in.forSender(j, s.route, status) }}
	d := t.delivery(s)
	x := http1.NewSinkExchange(d.Request, out)
	tap := &answerTap{limit: int(max(in.keep.Load(), 0))}
	x.SetTap(tap)
	began := time.Now()
	res := s.route.ServeAt(in.work, s.place, d, x)
	point.Reach("agent.ran")
	ran := time.Since(began)
	if s.first {
		in.settleAnswer(j, out.on && j.live.inTime(out.at), x.Status, tap.last, ran)
	}
	// The sender has what it gets of this run; the journal takes its time.
	j.live.end()
	j.live = nil

	j.attempts++
	a := history.Attempt{
		Number: j.attempts, Route: s.route.Name, Handler: res.Handler, Place: s.place, Started: began, DurationMS: milliseconds(ran),
		Exit: res.Exit, Output: res.Output, OutputTruncated: res.OutputTruncated,
	}
	if res.Err != nil {
		a.Error = res.Err.Error()
	}
	tap.fill(&a, x.Status)
	s.runs++
	s.tries++
	in.judge(j, s, &res, x, out.on || j.replay)
	a.GivenUp = s.over
	j.pending = append(j.pending, a)
}

// delivery is what a handler gets. Each reads the body anew.
func (t *turn) delivery(s *step) *routes.Delivery {
	d := t.d
	d.Route, d.Params, d.Attempt = s.route.Name, s.params, s.runs+1
	if !t.read {
		t.read = true
		return &d
	}
	if req, err := http1.ParseRequest(t.rec.Head, bytes.NewReader(t.rec.Body), int64(len(t.rec.Body))); err == nil {
		req.Target = t.d.Request.Target
		d.Request = req
	}
	return &d
}

// settleAnswer notes what the sender got and how long that took. told says that
// it is the answer of this run, of which the last piece went out at a time. A run
// that the user wanted is the user's: of one for which no sender has been told
// that it is taken, what came of it counts.
func (in *inbox) settleAnswer(j *job, told bool, status int, last time.Time, ran time.Duration) {
	switch {
	case told:
		j.status, j.waited = status, milliseconds(last.Sub(j.live.came))
	case j.replay || j.refused():
		j.status, j.waited = status, milliseconds(ran)
	default:
		if j.live != nil {
			j.waited = milliseconds(j.live.waited())
		}
		in.owe(j)
	}
}

// forSender reports whether the sender who waits is to have an answer of that
// status. One that tells of a failure which may be over the next time it gets
// only while it has no other answer for sure: there is no next time then.
func (in *inbox) forSender(j *job, route *routes.Route, status int) bool {
	switch {
	case j.live == nil || in.work.Err() != nil && status >= 500:
		return false
	case status < 400 || !mayPassBy(route, status):
		return true
	}
	return j.live.fresh()
}

// judge decides what becomes of a handler behind a run. told says that somebody
// saw the answer.
func (in *inbox) judge(j *job, s *step, res *routes.Result, x *http1.Exchange, told bool) {
	switch {
	case res.Err != nil:
		s.reason = res.Err.Error()
	case x.Status >= 400:
		s.reason = fmt.Sprintf("the handler answered %d", x.Status)
	default:
		s.done, s.remark = true, remark(*res, x, time.Now())
		return
	}
	s.over = true
	switch {
	case in.work.Err() != nil && res.Failure == routes.FailedStopped:
		if s.reason = history.Interrupted; !s.route.AtMostOnce() && !j.replay {
			s.over, s.due = false, time.Now()
		}
	case !told && mayPass(s.route, res):
		pause, more := pauseAfter(s.tries, res.RetryAfter)
		if more {
			s.over, s.due = false, time.Now().Add(pause)
		} else {
			s.reason = fmt.Sprintf("given up after %d attempts: %s", s.runs, s.reason)
		}
	}
}

// conclude ends a job's turn: it writes down the state that the delivery is in,
// and has it wait for its next attempt if it is to have one. Behind that the job
// may have its next turn.
func (in *inbox) conclude(j *job, end *history.Record) {
	if end.Status == 0 {
		in.owe(j)
		end.Status = j.status
	}
	if err := in.journal.Finish(end); err != nil {
		in.log.Error("delivery's end is not in the history", "delivery", end.ID, "error", err)
	}
	in.log.Debug("delivery", "delivery", end.ID, "claim", end.Claim, "route", end.Route, "state", end.State,
		"status", end.Status, "ms", end.DurationMS, "attempt", end.Attempts)
	in.free(j)
	if end.State == history.Waiting && in.work.Err() == nil {
		j.attempts = end.Attempts
		in.executor.schedule(j, j.line.lane, end.Due)
	}
}
