package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"time"
)

const (
	// againAfter is how long an agent that crashed is left before it is started
	// again. It doubles up to againMost, and begins anew after an agent that ran
	// for againMost.
	againAfter = 2 * time.Second
	againMost  = time.Minute

	// killAfter is when an agent is killed that was asked to end.
	killAfter = 10 * time.Second
)

// Supervise runs program with args, which is to call [Run] with Supervised, and
// starts it again when it ends in error, for managers that would not. It ends
// with ctx or when the program has, in order or with [ExitConfig], and returns
// the program's last exit code. The program ends too if this process is killed.
func Supervise(ctx context.Context, o RunOptions, program string, args []string) int {
	noCore()
	ctx, release := heedStop(ctx, o.Paths)
	defer release()
	log := openSupervisorLog(o)
	defer log.Close()
	s := supervisor{
		log: log.Logger, records: recordsOf(o.Paths), program: program, args: args,
		pause: againAfter, most: againMost, kill: killAfter,
	}
	return s.run(ctx)
}

// openSupervisorLog opens the log that the agent writes as well: only the agent
// turns its file.
func openSupervisorLog(o RunOptions) *serviceLog {
	l := logOptions{level: o.Level, json: o.JSON}
	return openLogWith(l, o.Stderr, func() (slog.Handler, func(), error) {
		return l.handler(appended(o.Paths.LogFile()), nil), func() {}, nil
	})
}

// appended is the path of a file that others write and move: it is opened for
// each line.
type appended string

// Write adds a line to the file.
func (a appended) Write(line []byte) (int, error) {
	f, err := openPlain(string(a), os.O_WRONLY|os.O_APPEND|os.O_CREATE)
	if err != nil {
		return 0, err
	}
	n, err := f.Write(line)
	return n, errors.Join(err, f.Close())
}

// supervisor runs one program, again and again.
type supervisor struct {
	log         *slog.Logger
	records     records
	program     string
	args        []string
	pause, most time.Duration // before the next start, and the longest one
	kill        time.Duration // what the program gets to end
}

// run runs the program until it has ended for good, or until ctx has and it too.
func (s *supervisor) run(ctx context.Context) int {
	for pause := s.pause; ; pause = min(2*pause, s.most) {
		began := time.Now()
		code := s.once(ctx)
		if ctx.Err() != nil || code == ExitDone || code == ExitConfig {
			return code
		}
		if time.Since(began) >= s.most {
			pause = s.pause
		}
		s.log.Error("agent is started again", "in", pause, "exit", code)
		select {
		case <-ctx.Done():
			return ExitDone
		case <-time.After(pause):
		}
	}
}

// once runs the program until it has ended, or until ctx has and it too.
func (s *supervisor) once(ctx context.Context) int {
	cmd := exec.Command(s.program, s.args...)
	cmd.Stderr, cmd.SysProcAttr = os.Stderr, unseen()
	// The end of its stdin asks it to end: by itself if this process is gone.
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.log.Error("agent cannot be started", "error", err)
		return ExitFailed
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err = <-ended:
	case <-ctx.Done():
		_ = stdin.Close() // it may have ended just now
		err = s.await(cmd, ended)
	}
	code, text := outcome(cmd, err)
	s.records.endedAs(s.log, cmd.Process.Pid, code, text)
	return code
}

// await waits for a program that was asked to end, and kills it in the end.
func (s *supervisor) await(cmd *exec.Cmd, ended <-chan error) error {
	select {
	case err := <-ended:
		return err
	case <-time.After(s.kill):
		s.log.Error("agent is killed: it has not ended in time", "after", s.kill)
		_ = cmd.Process.Kill() // it may have ended just now
		return <-ended
	}
}

// outcome is the exit code of a program that has ended, and the same in words.
// A program that was killed has none: it counts as failed.
func outcome(cmd *exec.Cmd, err error) (int, string) {
	if err == nil {
		return ExitDone, exitText(ExitDone)
	}
	if code := cmd.ProcessState.ExitCode(); code >= 0 {
		return code, exitText(code)
	}
	return ExitFailed, fmt.Sprintf("ended by force (%s)", cmd.ProcessState)
}
