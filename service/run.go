package service

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"runtime"
	"time"
)

// serviceName is the name of the service everywhere.
const serviceName = "homehook"

// Exit codes of a service, by which its manager decides what comes next.
const (
	ExitDone   = 0  // it was asked to end
	ExitFailed = 1  // it is started again
	ExitConfig = 78 // it is not started again: nothing would be different until somebody changes it
)

// stopWait is what the agent gets to end. It takes 7 s at most by itself, and
// the managers kill it after 10 s.
const stopWait = 9 * time.Second

// RunOptions say how the agent runs as a service.
type RunOptions struct {
	Paths  Paths
	Level  slog.Level // least level that is logged
	JSON   bool       // lines of the log are JSON
	Stderr io.Writer  // where the journal or a person reads
	// Supervised says that [Supervise] runs this process: its stdin ends when it
	// is to end.
	Supervised bool
}

// Run runs the agent, which is work, as the system's service manager wants it:
// it makes the folders, writes the log where the system has it, takes the
// manager's requests to end, tells it that the agent is ready and well, and
// leaves no core behind that would hold secrets. ctx ends when work is to end;
// work has nine seconds then. Run returns the exit code for this process, which
// is work's own unless there was none. A process calls it once.
func Run(ctx context.Context, o RunOptions, work func(context.Context, *Host) int) int {
	noCore()
	return manage(ctx, o, func(ctx context.Context) int { return serve(ctx, o, work) })
}

// serve runs work between the log's opening and its end.
func serve(ctx context.Context, o RunOptions, work func(context.Context, *Host) int) int {
	refused := o.Paths.Make()
	path := o.Paths.LogFile()
	if refused != nil {
		path = "" // what is wrong may be its folder
	}
	log := openLog(logOptions{level: o.Level, json: o.JSON}, path, o.Stderr)
	defer log.Close()
	if refused != nil {
		log.Error("agent cannot start", "error", refused)
		if !errors.Is(refused, ErrRefused) {
			return ExitFailed // a disk may be full, or not there yet
		}
		return forManager(ExitConfig)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	h := &Host{Log: log.Logger, records: recordsOf(o.Paths)}
	if o.Supervised {
		h.keeper = os.Getppid()
		go func() { // ends with stdin, or with the process
			_, _ = io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
	}
	h.attend(ctx)
	defer h.wait()
	code := bounded(ctx, h, stopWait, work)
	cancel()
	h.records.ended(log.Logger, code)
	return forManager(code)
}

// bounded runs work, and gives up on it when it has been asked to end for too
// long: what hangs is left to the end of the process.
func bounded(ctx context.Context, h *Host, wait time.Duration, work func(context.Context, *Host) int) int {
	ended := make(chan int, 1)
	go func() { ended <- work(ctx, h) }()
	select {
	case code := <-ended:
		return code
	case <-ctx.Done():
	}
	select {
	case code := <-ended:
		return code
	case <-time.After(wait):
		h.Log.Error("the agent has not ended in time and is left where it is", "after", wait)
		return ExitFailed
	}
}

// forManager is the exit code as this system's manager understands it: launchd
// knows no code that it would not answer with a start but 0.
func forManager(code int) int {
	if code == ExitConfig && runtime.GOOS == "darwin" {
		return ExitDone
	}
	return code
}
