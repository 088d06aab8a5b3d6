package routes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"time"

	"homehook/http1"
)

// order is what a program is started with, and how long it may run.
type order struct {
	argv []string
	dir  string
	env  []string
	keep [2]int // bytes that are kept of standard output and standard error

	// passes hands standard output over as it comes; keep[0] is how much at a time.
	passes bool

	timeout time.Duration
	grace   time.Duration // between the polite end and the other
	linger  time.Duration // for outputs held open behind the end

	as     *account // the user that it runs as; nil for this one
	limits *limits  // what it may use; nil for the system's
}

// run is one program that runs.
type run struct {
	order
	x    *http1.Exchange
	proc *process
	mark string // the variable that all its processes carry

	fields []header // of the answer

	in *os.File // our end of its input, nil when all is written

	// came is how the output of a program began that passes it on and failed.
	came []byte

	upload upload
	broken chan struct{} // closed when the body of the request broke
	cause  error         // why it broke, after broken
	gone   chan struct{} // closed when the script has ended
}

func (s *scripter) serve(ctx context.Context, d *Delivery, x *http1.Exchange) Result {
	body := d.Request.Body
	g, why := s.give(d)
	if why != nil {
		consume(body, consumeMax)
		return why.reply(x)
	}
	defer g.remove()
	whole, first, err := takeBody(d.Request)
	if err != nil {
		return failBody(x, err)
	}
	headers, err := writeHeaders(s.spool, d.Request.Raw(), s.as)
	if err != nil {
		return s.notStarted(err).reply(x)
	}
	defer removeFile(headers)
	r := &run{x: x, fields: g.fields, mark: headersVariable + headers}
	r.order = order{
		argv: g.command, dir: s.dir, env: variables(g.env, d, headers), keep: [2]int{s.output, maxErrors},
		timeout: s.timeout, grace: s.grace, linger: s.linger, as: s.as, limits: s.limits,
	}
	if err = s.pin.check(); err == nil {
		err = r.begin(body, first, whole)
	}
	if r.proc == nil {
		consume(body, consumeMax)
		return s.notStarted(err).reply(x)
	}
	if err != nil {
		return r.abort(ctx, bodyFault(err), r.grace)
	}
	return r.finish(ctx)
}

// begin starts the program and has it fed: with the body if it is whole, which
// is in memory then, else with first and what is still to come of it. With an
// error it has started nevertheless if r.proc is set: the body broke.
func (r *run) begin(body *http1.Body, first []byte, whole bool) error {
	if whole {
		first = body.Peek()
	}
	rest, err := r.start(first, whole)
	if err != nil {
		return err
	}
	if whole {
		err = discard(body, len(first))
	}
	if r.in != nil {
		r.feed(rest, body, whole)
	}
	return err
}

// start starts the program with what there is of the body, and returns what
// could not be written yet.
func (r *run) start(first []byte, whole bool) (rest []byte, err error) {
	var p pipes
	if rest, err = p.open(first, whole); err == nil {
		r.proc, err = startProcess(&r.order, &p)
	}
	p.closeChild()
	if err != nil {
		p.closeOurs()
		return nil, err
	}
	r.in, r.broken = p.in, make(chan struct{})
	r.gone = make(chan struct{})
	return rest, nil
}

// feed copies the body to standard input; of a whole one, what the pipe did
// not take. A body that breaks must not look
// whole to the script, so its input stays open until it has ended.
func (r *run) feed(rest []byte, b *http1.Body, whole bool) {
	r.upload.start(func(read func()) error {
		defer r.in.Close()
		if whole {
			read()
		}
		_, failed := r.in.Write(rest)
		if whole {
			return nil
		}
		if r.cause = r.copyBody(b, failed == nil); r.cause != nil {
			close(r.broken)
			<-r.gone
		}
		return nil
	}, nil)
}

// copyBody writes the body while the script takes it. A script that reads
// less does no wrong; some of the rest is read then for the history's sake.
// Only an error of the body is returned.
func (r *run) copyBody(b *http1.Body, writing bool) error {
	buf := make([]byte, 32<<10)
	for spilled := 0; spilled < consumeMax; {
		n, err := b.Read(buf)
		if writing && n > 0 {
			_, failed := r.in.Write(buf[:n])
			writing = failed == nil
		}
		if !writing {
			spilled += n
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// notStarted says why a script did not run.
func (s *scripter) notStarted(err error) *fault {
	return &fault{500, "the script could not be started", fmt.Errorf("start %s: %w", s.command[0], pathCause(err)), FailedScript}
}

// pathCause peels off the operation and the path that the text around an
// error says already.
func pathCause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return cause(err)
}

// finish waits for the script and answers.
func (r *run) finish(ctx context.Context) Result {
	switch r.proc.attend(ctx, time.Now().Add(r.timeout), r.linger, r.broken) {
	case ended:
		r.reap()
		return r.result(r.answer())
	case held:
		r.proc.kill(r.mark)
		r.reap()
		r.settle()
		f := &fault{500, "the script left processes running", fmt.Errorf(
			"the script ended (%s) but left processes that held its output open; they were killed after %s", r.proc.ending(), Duration(r.linger)), FailedScript}
		return r.result(f.reply(r.x))
	case stopped:
		if errors.Is(context.Cause(ctx), ErrAtOnce) {
			return r.abort(ctx, &fault{503, textStopped, errStopped, FailedStopped}, 0)
		}
		return r.abort(context.WithoutCancel(ctx), &fault{503, textStopped, errStopped, FailedStopped}, r.grace)
	case spoiled:
		return r.abort(ctx, bodyFault(r.cause), r.grace)
	}
	return r.abort(ctx, &fault{
		504, "the script took too long",
		fmt.Errorf("timed out after %s; the script and its children were killed", Duration(r.timeout)),
		FailedScript,
	}, r.grace)
}

// abort ends a script that must not go on. The sender has its answer at once;
// the script has the grace to end by itself, unless ctx ends before.
func (r *run) abort(ctx context.Context, f *fault, grace time.Duration) Result {
	r.proc.terminate()
	late := time.Now().Add(grace)
	r.settle()
	r.x.CloseAfter() // no other delivery is to wait behind the grace
	f.reply(r.x)
	r.proc.attend(ctx, late, grace, nil)
	r.proc.kill(r.mark)
	// What is killed closes its outputs; one that somebody out of reach holds
	// is given up.
	r.proc.attend(context.Background(), time.Now().Add(time.Second), time.Second, nil)
	r.reap()
	return r.result(f.result())
}

// reap waits for the end of the script and frees what belongs to it.
func (r *run) reap() {
	r.proc.reap()
	close(r.gone)
}

// settle makes sure that an answer can be written: the upload has read the
// body, or else the connection ends behind the answer.
func (r *run) settle() {
	if r.upload.running() && !r.upload.settle(uploadGrace) {
		r.x.CloseAfter()
	}
}

// answer answers for a script that ended by itself, and returns what came of
// it.
func (r *run) answer() Result {
	r.settle()
	x, exit := r.x, r.proc.exit()
	switch exit {
	case 0:
		body := r.proc.kept[0].kept
		x.Start(http.StatusOK, nil)
		for _, h := range r.fields {
			x.Field(h.name, h.value)
		}
		if len(body) > 0 && !hasContentType(r.fields) {
			x.Field("Content-Type", contentType(body))
		}
		x.EndLength(int64(len(body)))
		x.Write(body)
		if err := x.Finish(); err != nil {
			return Result{Err: fmt.Errorf("the script has done its work, but the sender did not take the answer: %w", cause(err)), Failure: FailedAnswer}
		}
		return Result{}
	case exitTryLater:
		Refuse(x, http.StatusServiceUnavailable, "the script asks to try again later", http1.Field{Name: "Retry-After", Value: "60"})
		return Result{Err: fmt.Errorf("the script asks to try again later (%s)", r.proc.ending()), Failure: FailedScript, Retry: true}
	}
	Refuse(x, http.StatusInternalServerError, fmt.Sprintf("the script failed (%s)", r.proc.ending()))
	return Result{Err: fmt.Errorf("the script failed (%s)", r.proc.ending()), Failure: FailedScript}
}

// exitTryLater is EX_TEMPFAIL of sysexits.h.
const exitTryLater = 75

// result completes what the run came to, once everything of it has ended.
func (r *run) result(res Result) Result {
	if r.upload.running() {
		// Nobody is left to take what the upload would write.
		r.in.Close()
		r.upload.join(r.x.Conn())
	}
	answer, said := &r.proc.kept[0], &r.proc.kept[1]
	res.Exit, res.Output = r.proc.exit(), said.kept
	res.OutputTruncated = answer.cut || said.cut
	if res.Err != nil && res.Failure != FailedAnswer {
		var cut bool
		res.Output, cut = together(append(answer.kept, r.came...), said.kept)
		res.OutputTruncated = res.OutputTruncated || cut
	}
	return res
}
