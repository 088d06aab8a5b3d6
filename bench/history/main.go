// Command history builds a history of many deliveries and measures how long the
// agent's journal takes to list, filter, search and page it. It fails if any
// answer takes longer than it may.
//
//	go run ./bench/history -rows 1000000
//	go run ./bench/history -dir FOLDER -runs 0   # only builds it
//
// What it builds is random but the same every time. It is for developers: no
// program of Homehook uses it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"homehook/agent/history"
)

func main() {
	rows := flag.Int("rows", 1_000_000, "how many deliveries the history holds")
	dir := flag.String("dir", "", "folder for the history, which is kept; a history that is there is used as it is (default: a temporary one)")
	runs := flag.Int("runs", 7, "how often each question is asked; with 0 the history is only built")
	limit := flag.Duration("limit", 100*time.Millisecond, "how long an answer may take")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *dir, *rows, *runs, *limit); err != nil {
		fmt.Fprintln(os.Stderr, "history:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, dir string, rows, runs int, limit time.Duration) (err error) {
	if dir == "" {
		if dir, err = os.MkdirTemp("", "homehook-history-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	j, err := history.Open(ctx, filepath.Join(dir, "history.db"), history.Options{
		Keep: -1, MaxSize: -1, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	defer func() {
		if closed := j.Close(); err == nil {
			err = closed
		}
	}()
	if err := build(ctx, out, j, rows); err != nil {
		return err
	}
	fi, err := os.Stat(filepath.Join(dir, "history.db"))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "the file has %d MB\n\n", fi.Size()>>20)
	if runs == 0 {
		return nil
	}
	if err := measure(ctx, out, j, rows, runs, limit); err != nil {
		return err
	}
	return measureOutlines(ctx, out, j, runs, 10*limit)
}

// build fills the history unless there is one.
func build(ctx context.Context, out io.Writer, j *history.Journal, rows int) error {
	page, _, err := j.List(ctx, history.Query{Limit: 1})
	if err != nil {
		return err
	}
	if len(page) == 0 {
		began := time.Now()
		m := newMaker(rows)
		for n := range rows {
			if err := j.Finish(m.record(n)); err != nil {
				return err
			}
			if n%10_000 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
		}
		if err := j.Flush(ctx); err != nil {
			return err
		}
		tell(out, "stored", rows, began)
	}
	began := time.Now()
	if err := j.Index(ctx); err != nil {
		return err
	}
	tell(out, "indexed", rows, began)
	return nil
}

func tell(out io.Writer, what string, rows int, began time.Time) {
	took := time.Since(began)
	fmt.Fprintf(out, "%s %d deliveries in %.1f s, %.1f µs each\n", what, rows, took.Seconds(), float64(took.Microseconds())/float64(rows))
}
