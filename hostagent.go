package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"homehook/agent/control"
)

const (
	// startWait is how long an agent may take until it answers.
	startWait = 20 * time.Second
	// startLook is the time between two looks whether it does, and startAsk how long
	// each may take: one that came too early may get no answer at all.
	startLook = 100 * time.Millisecond
	startAsk  = 2 * time.Second
	// maxTold bounds what is told of the log of an agent that has ended, in bytes.
	maxTold = 600
)

// StartAgent starts an agent of its own, which goes on when this app ends, and
// returns when it answers. Its log is the file agent.log in the folder of state.
func (h *host) StartAgent(ctx context.Context) error {
	program, err := h.program()
	if err != nil {
		return err
	}
	if err := h.paths.Make(); err != nil {
		return err
	}
	log := filepath.Join(h.paths.State, "agent.log")
	if err := h.unstuck(ctx); err != nil {
		return err
	}
	out, err := openLog(log)
	if err != nil {
		return fmt.Errorf("open the agent's log: %w", err)
	}
	defer out.Close()
	cmd := exec.Command(program, "run")
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = out, out, detached()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the agent: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return h.answers(ctx, ended, log)
}

// unstuck says that an agent runs which does not answer: another one could only tell
// the same.
func (h *host) unstuck(ctx context.Context) error {
	client := control.NewClient(h.paths.Socket())
	defer client.Close()
	if _, err := client.Status(ctx); errors.Is(err, control.ErrHung) {
		return err
	}
	return nil
}

// mostLog is how long a log may be before a new one is begun; the one before is kept.
const mostLog = 1 << 20

// openLog opens the log to write on at its end: an agent that runs may write to it, too.
func openLog(path string) (*os.File, error) {
	if info, err := os.Lstat(path); err == nil && info.Size() > mostLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
}

// answers waits until the agent does, or has ended.
func (h *host) answers(ctx context.Context, ended <-chan error, log string) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	client := control.NewClient(h.paths.Socket())
	defer client.Close()
	look := time.NewTicker(startLook)
	defer look.Stop()
	for {
		if answersNow(ctx, client) {
			return nil
		}
		select {
		case <-look.C:
		case <-ended:
			return fmt.Errorf("the agent ended at once; its log is %s%s", log, lastWords(log))
		case <-ctx.Done():
			return fmt.Errorf("the agent was started and has not answered for %s; its log is %s", startWait, log)
		}
	}
}

func answersNow(ctx context.Context, client *control.Client) bool {
	ctx, cancel := context.WithTimeout(ctx, startAsk)
	defer cancel()
	_, err := client.Status(ctx)
	return err == nil
}

// lastWords are the end of a log, from the beginning of a line.
func lastWords(log string) string {
	text, err := os.ReadFile(log)
	if err != nil || len(text) == 0 {
		return ""
	}
	if len(text) > maxTold {
		text = text[len(text)-maxTold:]
		if _, rest, ok := strings.Cut(string(text), "\n"); ok {
			text = []byte(rest)
		}
	}
	return ":\n" + strings.TrimSpace(string(text))
}
