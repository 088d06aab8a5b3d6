package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"
)

// syncing makes the system calls fail with which programs write to the disk.
type syncing struct {
	d time.Duration
}

func fsyncFlags(fs *flag.FlagSet) func(context.Context, *session) error {
	y := new(syncing)
	fs.DurationVar(&y.d, "d", 3*time.Second, "how long each call fails")
	return y.run
}

// failure is one way in which a disk fails.
type failure struct {
	program, calls, errno string
}

func failures() []failure {
	return []failure{
		{"relay", "fsync,fdatasync", "EIO"},
		{"relay", "pwrite64", "EIO"},
		{"relay", "pwrite64", "ENOSPC"},
		{"relay", "openat", "EMFILE"},
		{"agent", "fsync,fdatasync", "EIO"},
		{"agent", "pwrite64", "EIO"},
		{"agent", "pwrite64", "ENOSPC"},
	}
}

func (f failure) String() string { return f.program + " " + f.calls + " " + f.errno }

// run lets one call after another fail for a while. While the relay cannot
// write, nothing that has to be written may be accepted; afterwards it has to
// recover by itself, and so has the agent.
func (y *syncing) run(ctx context.Context, s *session) error {
	if _, err := findStrace(); err != nil {
		return err
	}
	l, err := startLab(ctx, s, "faults", []claim{
		{name: "store", answer: "store", settings: "    queue: {max_items: 1000000}\n"},
		{name: "stored", answer: "store", handler: "respond: {body: done}", settings: "    queue: {max_items: 1000000}\n"},
	})
	if err != nil {
		return err
	}
	defer l.kill()
	back := make(map[string]float64)
	s.Figures["accepts_again_after_s"] = back
	for i, f := range failures() {
		if err := y.fail(ctx, s, l, i, f, back); err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
		if err := l.alive(); err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
	}
	return l.finish(ctx, s, 3*time.Minute, nil)
}

// fail lets one call fail and waits until requests are accepted again.
func (y *syncing) fail(ctx context.Context, s *session, l *lab, number int, f failure, back map[string]float64) error {
	crowd := send(ctx, y.senders(s, l, 100*number)...)
	if err := sleep(ctx, time.Second); err != nil {
		return errors.Join(err, crowd.stop())
	}
	if err := crowd.stop(); err != nil {
		return err
	}
	tracer, err := attach(ctx, l, l.victim(f.program).pid(), "-o", "/dev/null", "-e", "trace="+f.calls, "-e", "inject="+f.calls+":error="+f.errno)
	if err != nil {
		return err
	}
	// From here on the disk is broken: these senders began after that.
	before := l.tally
	l.tally = newTally()
	crowd = send(ctx, y.senders(s, l, 100*number+50)...)
	slept := sleep(ctx, y.d)
	err = crowd.stop()
	during := l.tally
	if f.program == "relay" && f.calls != "openat" && during.count(2) > 0 {
		s.breach("accepted", f.String(), "%d requests got a 2xx that could not be written", during.count(2))
	}
	if during.impatient > 0 {
		s.breach("retry", f.String(), "%d refusals without a Retry-After", during.impatient)
	}
	tracer.detach()
	healed := time.Now()
	s.say("%-28s %v %v", f, during.answers(), during.refusals)
	before.merge(during)
	l.tally = before
	if err := errors.Join(slept, err); err != nil {
		return err
	}
	if err := y.again(ctx, s, l, 100*number+90); err != nil {
		return err
	}
	back[f.String()] = round(time.Since(healed).Seconds(), 2)
	return nil
}

// senders are a few for each claim.
func (y *syncing) senders(s *session, l *lab, number int) []*sender {
	return l.newSenders(s, number, 2, 20*time.Millisecond, 100*time.Millisecond)
}

// again waits until a request is accepted, without any help from outside.
func (y *syncing) again(ctx context.Context, s *session, l *lab, number int) error {
	one := l.newSender(s, number, l.claims[len(l.claims)-1].name)
	one.pause = 100 * time.Millisecond
	was := l.tally.count(2)
	crowd := send(ctx, one)
	err := until(ctx, 90*time.Second, "requests are accepted again", func() bool { return l.tally.count(2) > was || l.alive() != nil })
	return errors.Join(err, l.alive(), crowd.stop())
}
