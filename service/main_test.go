package service

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// childVariable names the part that a test has this program play as a child.
const childVariable = "HOMEHOOK_TEST_CHILD"

// children are those parts. Each returns its exit code.
var children = map[string]func() int{
	"obedient": func() int {
		_, _ = io.Copy(io.Discard, os.Stdin)
		return ExitDone
	},
	"deaf": func() int {
		signal.Ignore(syscall.SIGTERM)
		time.Sleep(time.Minute) // that it does not end is what it is for
		return ExitDone
	},
	"refused": func() int { return ExitConfig },
	"count":   countedChild,
	"service": serviceChild,
	"crash": func() int {
		p, err := UserPaths()
		if err != nil {
			return 99
		}
		return Run(context.Background(), RunOptions{Paths: p, Stderr: os.Stderr}, func(_ context.Context, h *Host) int {
			h.Begin()
			panic("planted")
		})
	},
}

func TestMain(m *testing.M) {
	if play := children[os.Getenv(childVariable)]; play != nil {
		os.Exit(play())
	}
	os.Exit(m.Run())
}

// countedChild fails until it is run for the third time, and writes down each.
func countedChild() int {
	path := os.Getenv("HOMEHOOK_TEST_COUNT")
	data, _ := os.ReadFile(path) // not there at first
	n, _ := strconv.Atoi(string(data))
	if err := os.WriteFile(path, []byte(strconv.Itoa(n+1)), 0o600); err != nil || n+1 < 3 {
		return 5
	}
	return ExitDone
}

// serviceChild is an agent that does nothing, run by a supervisor. It says on
// stderr what may be seen of it.
func serviceChild() int {
	p, err := UserPaths()
	if err != nil {
		return 99
	}
	return Run(context.Background(), RunOptions{Paths: p, Level: slog.LevelInfo, Stderr: io.Discard, Supervised: true}, func(ctx context.Context, h *Host) int {
		h.Begin()
		h.Ready(func(context.Context) error { return nil })
		fmt.Fprintln(os.Stderr, "ready")
		<-ctx.Done()
		h.Log.Info("told to end")
		return ExitDone
	})
}
