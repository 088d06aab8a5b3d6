package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// accessLog is where the lines of the access log go: a file that whoever
// rotates logs may move away, or a stream.
type accessLog struct {
	name string // of the file; "" for a stream

	mu     sync.Mutex // guards what follows
	to     io.Writer
	file   *os.File // nil for a stream
	failed bool     // the last line was not written
	log    *slog.Logger
}

// openAccessLog opens what --combined-log names; nil when it names nothing.
func openAccessLog(name string, out io.Writer) (*accessLog, error) {
	switch name {
	case "":
		return nil, nil
	case "-":
		return &accessLog{to: out}, nil
	}
	a := &accessLog{name: name}
	if err := a.reopen(); err != nil {
		return nil, err
	}
	return a, nil
}

// reopen opens the file of that name, which may be a new one, and closes the
// one in use.
func (a *accessLog) reopen() error {
	if a.name == "" {
		return nil
	}
	// The lines tell who has visited what.
	f, err := os.OpenFile(a.name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open access log: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.file != nil {
		a.file.Close()
	}
	a.file, a.to = f, f
	return nil
}

// Write writes one line. The first one that fails is told in the log, and the
// requests go on.
func (a *accessLog) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n, err := a.to.Write(p)
	if err != nil && !a.failed && a.log != nil {
		a.log.Error("write access log", "error", err)
	}
	a.failed = err != nil
	return n, err
}

// watch opens the file anew at each SIGHUP. The function that it returns ends
// that and closes the file.
func (a *accessLog) watch(ctx context.Context, log *slog.Logger) (stop func()) {
	a.mu.Lock()
	a.log = log
	a.mu.Unlock()
	hup := make(chan os.Signal, 1) // one that waits says all
	if a.name != "" {
		signal.Notify(hup, syscall.SIGHUP)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hup:
				if err := a.reopen(); err != nil {
					log.Error("the old access log stays in use", "error", err)
				}
			}
		}
	})
	return func() {
		signal.Stop(hup)
		cancel()
		wg.Wait()
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.file != nil {
			a.file.Close()
		}
	}
}
