package routes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"homehook/http1"
	"homehook/routes/process"
)

// cgiRun is one program that runs, and the answer that it makes.
type cgiRun struct {
	run
	answer   gatewayAnswer
	deadline time.Time
	lingers  time.Time // until when its outputs may be held open once it has ended
}

// run runs the program once. It returns where in this server the request is to
// go on, if that is what the program says.
func (h *cgi) run(ctx context.Context, d *Delivery, x *http1.Exchange) (Result, string) {
	body := d.Request.Body
	whole, first, err := takeBody(d.Request)
	if err != nil {
		return failBody(x, err), ""
	}
	at, why := h.place(d)
	if why != nil {
		return why.reply(x), ""
	}
	headers, err := writeHeaders(h.spool, d.Request.Raw(), h.secret, nil)
	if err != nil {
		return notStarted("program", h.program, err).reply(x), ""
	}
	defer process.RemoveFile(headers)
	r := &cgiRun{answer: gatewayAnswer{x: x, kind: FailedScript, limit: h.output, patience: h.patience}}
	r.x, r.timeout, r.grace, r.answer.before = x, h.timeout, h.grace, r.settle
	r.order = process.Order{
		Argv: append([]string{h.program}, searchWords(d.Request)...), Dir: h.dir, Env: h.variables(d, at, headers),
		Mark: headersVariable + headers, Keep: [2]int{32 << 10, maxErrors}, Passes: true, Linger: h.linger,
		Code: h.code,
	}
	r.deadline = time.Now().Add(h.timeout)
	err = r.begin(body, first, whole)
	if r.proc == nil {
		consume(body, consumeMax)
		return notStarted("program", h.program, err).reply(x), ""
	}
	if err != nil {
		return r.end(ctx, bodyFault(err)), ""
	}
	return r.finish(ctx)
}

// finish waits for the program and passes on what it writes.
func (r *cgiRun) finish(ctx context.Context) (Result, string) {
	for {
		switch r.proc.Attend(ctx, r.until()) {
		case process.Arrived:
			if why := r.answer.write(r.proc.Take()); why != nil {
				return r.end(ctx, why), ""
			}
		case process.Ended:
			r.proc.Reap()
			return r.ended()
		case process.Stopped:
			ctx = r.stopping(ctx)
			return r.end(ctx, &fault{503, textStopped, errStopped, FailedStopped}), ""
		case process.Spoiled:
			return r.end(ctx, bodyFault(r.cause)), ""
		default:
			if why := r.late(time.Now()); why != nil {
				return r.end(ctx, why), ""
			}
		}
	}
}

// until is when something is to be done though nothing has come.
func (r *cgiRun) until() time.Time {
	until := r.deadline
	if !r.lingers.IsZero() && r.lingers.Before(until) {
		until = r.lingers
	}
	if r.proc.Over() {
		return until
	}
	if soon := time.Now().Add(r.answer.pause()); r.answer.waits() && soon.Before(until) {
		return soon
	}
	return until
}

// late sends what is there, unless the program has had its time.
func (r *cgiRun) late(now time.Time) *fault {
	switch over := r.proc.Over(); {
	case over && r.lingers.IsZero():
		r.lingers = now.Add(r.order.Linger)
	case over && !now.Before(r.lingers):
		r.grace = 0 // it has had its time
		return &fault{500, "the program left processes running", fmt.Errorf(
			"the program ended but left processes that held its output open; they were killed after %s", Duration(r.order.Linger)), FailedScript}
	case !over && !now.Before(r.deadline):
		return &fault{
			504, "the program took too long",
			fmt.Errorf("timed out after %s; the program and its children were killed", Duration(r.timeout)), FailedScript,
		}
	case !over:
		r.answer.flush()
	}
	return nil
}

// end ends a program that must not go on.
func (r *cgiRun) end(ctx context.Context, why *fault) Result {
	r.proc.Waste()
	r.came = r.answer.first
	return r.abort(ctx, why)
}

// ended answers for a program that has ended by itself.
func (r *cgiRun) ended() (Result, string) {
	r.settle()
	if to := r.answer.local(); to != "" && r.proc.Exit() == 0 {
		return r.result(Result{}), to
	}
	var why *fault
	if code := r.proc.Exit(); r.proc.Signaled() {
		why = r.answer.bad(errors.New("the program was " + r.proc.Ending()))
	} else if why = r.answer.end(); why != nil && code != 0 {
		why.err = fmt.Errorf("%w (%s)", why.err, r.proc.Ending())
	}
	if why != nil {
		r.came = r.answer.first
		return r.result(why.reply(r.x)), ""
	}
	return r.result(r.answer.result()), ""
}
