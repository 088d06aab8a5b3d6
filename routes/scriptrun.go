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
	"homehook/routes/process"
)

// run is one program that runs.
type run struct {
	order   process.Order
	timeout time.Duration
	grace   time.Duration // between the polite end and the other

	x      *http1.Exchange
	proc   *process.Process
	fields []header // of the answer

	// came is how the output of a program began that passes it on and failed.
	came []byte

	upload upload
	cause  error // why the body of the request broke, once the program's input is spoiled
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
	headers, err := writeHeaders(s.spool, d.Request.Raw(), s.secret, s.as)
	if err != nil {
		return notStarted("script", s.command[0], err).reply(x)
	}
	defer process.RemoveFile(headers)
	r := &run{x: x, fields: g.fields, timeout: s.timeout, grace: s.grace}
	r.order = process.Order{
		Argv: g.command, Dir: s.dir, Env: variables(g.env, d, headers), Mark: headersVariable + headers,
		Keep: [2]int{s.output, maxErrors}, Linger: s.linger, Account: s.as, Limits: s.limits, Pin: s.pin, Code: s.code,
	}
	err = r.begin(body, first, whole)
	if r.proc == nil {
		consume(body, consumeMax)
		return notStarted("script", s.command[0], unapproved(err, d.Route)).reply(x)
	}
	if err != nil {
		return r.abort(ctx, bodyFault(err))
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
	var rest []byte
	var err error
	if r.proc, rest, err = process.Start(&r.order, first, whole); err != nil {
		return folderCause(r.order.Dir, err)
	}
	if whole {
		err = discard(body, len(first))
	}
	if r.proc.Input() != nil {
		r.feed(rest, body, whole)
	}
	return err
}

// feed copies the body to standard input; of a whole one, what the pipe did not
// take. A body that breaks must not look whole to the script.
func (r *run) feed(rest []byte, b *http1.Body, whole bool) {
	r.upload.start(func(read func()) error {
		in := r.proc.Input()
		defer in.Close()
		if whole {
			read()
		}
		_, failed := in.Write(rest)
		if whole {
			return nil
		}
		if r.cause = r.copyBody(b, failed == nil); r.cause != nil {
			r.proc.Spoil()
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
			_, failed := r.proc.Input().Write(buf[:n])
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

// folderCause says why a program did not start, where its working folder is to
// blame. Systems report that one as if the program were not there.
func folderCause(dir string, err error) error {
	info, folder := os.Stat(dir)
	switch {
	case dir == "":
		return err
	case folder != nil:
		return fmt.Errorf("the working folder %s cannot be used: %w; write dir: with one that is there", dir, pathCause(folder))
	case !info.IsDir():
		return fmt.Errorf("the working folder %s is not a folder; write dir: with one", dir)
	}
	return err
}

// notStarted says why a script, or whatever else it is called, did not run.
func notStarted(what, path string, err error) *fault {
	return &fault{500, "the " + what + " could not be started", fmt.Errorf("start %s: %w", path, pathCause(err)), FailedScript}
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
	switch r.proc.Attend(ctx, time.Now().Add(r.timeout)) {
	case process.Ended:
		r.proc.Reap()
		return r.result(r.answer())
	case process.Held:
		r.proc.Kill()
		r.settle()
		f := &fault{500, "the script left processes running", fmt.Errorf(
			"the script ended (%s) but left processes that held its output open; they were killed after %s", r.proc.Ending(), Duration(r.order.Linger)), FailedScript}
		return r.result(f.reply(r.x))
	case process.Stopped:
		ctx = r.stopping(ctx)
		return r.abort(ctx, &fault{503, textStopped, errStopped, FailedStopped})
	case process.Spoiled:
		return r.abort(ctx, bodyFault(r.cause))
	}
	return r.abort(ctx, &fault{
		504, "the script took too long",
		fmt.Errorf("timed out after %s; the script and its children were killed", Duration(r.timeout)),
		FailedScript,
	})
}

// stopping returns the context in which a script ends whose agent stops, as ctx
// says: it has a grace, unless all is to end at once.
func (r *run) stopping(ctx context.Context) context.Context {
	if errors.Is(context.Cause(ctx), ErrAtOnce) {
		r.grace = 0
		return ctx
	}
	r.grace = min(r.grace, stopGrace)
	return context.WithoutCancel(ctx)
}

// abort ends a script that must not go on. The sender has its answer at once;
// the script has the grace to end by itself, unless ctx ends before.
func (r *run) abort(ctx context.Context, f *fault) Result {
	r.proc.Terminate()
	late := time.Now().Add(r.grace)
	r.settle()
	r.x.CloseAfter() // no other delivery is to wait behind the grace
	f.reply(r.x)
	r.proc.End(ctx, late)
	return r.result(f.result())
}

// settle makes sure that an answer can be written.
func (r *run) settle() { r.upload.settleFor(r.x) }

// answer answers for a script that ended by itself, and returns what came of
// it.
func (r *run) answer() Result {
	r.settle()
	x, exit := r.x, r.proc.Exit()
	switch exit {
	case 0:
		body, _ := r.proc.Output()
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
		return Result{Err: fmt.Errorf("the script asks to try again later (%s)", r.proc.Ending()), Failure: FailedScript, Retry: true}
	}
	Refuse(x, http.StatusInternalServerError, fmt.Sprintf("the script failed (%s)", r.proc.Ending()))
	return Result{Err: fmt.Errorf("the script failed (%s)", r.proc.Ending()), Failure: FailedScript}
}

// exitTryLater is EX_TEMPFAIL of sysexits.h.
const exitTryLater = 75

// result completes what the run came to, once everything of it has ended.
func (r *run) result(res Result) Result {
	if r.upload.running() {
		// Nobody is left to take what the upload would write.
		r.proc.Input().Close()
		r.upload.join(r.x.Conn())
	}
	answer, cut := r.proc.Output()
	said, more := r.proc.Errors()
	res.Exit = r.proc.Exit()
	return res.withOutput(append(answer, r.came...), said, cut || more)
}
