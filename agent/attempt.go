package agent

import (
	"fmt"
	"time"

	"homehook/agent/history"
	"homehook/faults/point"
	"homehook/http1"
	"homehook/routes"
)

// attempt runs the handler once.
func (in *inbox) attempt(j *job, t *turn) {
	out := &passing{live: j.live, id: j.id, whose: func(status int) bool { return in.forSender(j, t.route, status) }}
	x := http1.NewSinkExchange(t.d.Request, out)
	tap := &answerTap{limit: int(max(in.keep.Load(), 0))}
	x.SetTap(tap)
	began := time.Now()
	res := t.route.Serve(in.work, &t.d, x)
	point.Reach("agent.ran")
	ran := time.Since(began)
	in.settleAnswer(j, out.on && j.live.inTime(out.at), x.Status, tap.last, ran)
	// The sender has what it gets of this run; the journal takes its time.
	j.live.end()
	j.live = nil

	end := j.ends("", "")
	end.Route, end.Attempts = t.route.Name, t.d.Attempt
	a := history.Attempt{
		Number: t.d.Attempt, Route: t.route.Name, Handler: res.Handler, Started: began, DurationMS: milliseconds(ran),
		Exit: res.Exit, Output: res.Output, OutputTruncated: res.OutputTruncated,
	}
	if res.Err != nil {
		a.Error = res.Err.Error()
	}
	tap.fill(&a, x.Status)
	end.Log = []history.Attempt{a}
	in.judge(j, t, &res, x, out.on || j.replay, end)
	if j.replay && j.remark != "" && end.Reason != j.remark {
		end.Reason += "; " + j.remark
	}
	in.conclude(j, end)
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

// judge decides what state a delivery is in behind a run. told says that
// somebody saw the answer.
func (in *inbox) judge(j *job, t *turn, res *routes.Result, x *http1.Exchange, told bool, end *history.Record) {
	switch {
	case res.Err != nil:
		end.Reason = res.Err.Error()
	case x.Status >= 400:
		end.Reason = fmt.Sprintf("the handler answered %d", x.Status)
	default:
		end.State = history.Succeeded
		end.Reason = remark(*res, x, time.Now())
		if end.Reason == "" && end.Attempts > 1 {
			end.Reason = fmt.Sprintf("succeeded at attempt %d", end.Attempts)
		} else if end.Reason == "" {
			end.Reason = j.remark
		}
		return
	}
	end.State = history.Dead
	switch {
	case in.work.Err() != nil && res.Failure == routes.FailedStopped:
		if end.Reason = history.Interrupted; !t.route.AtMostOnce() && !j.replay {
			end.State, end.Due = history.Waiting, time.Now()
		}
	case !told && mayPass(t.route, res):
		pause, more := pauseAfter(j.starts, res.RetryAfter)
		if more {
			end.State, end.Due = history.Waiting, time.Now().Add(pause)
		} else {
			end.Reason = fmt.Sprintf("given up after %d attempts: %s", end.Attempts, end.Reason)
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
