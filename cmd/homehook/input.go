package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// maxInput is how many bytes are read from stdin.
const maxInput = 64 << 20

// readInput reads stdin to its end. A signal ends the wait for it.
func (a *app) readInput(ctx context.Context) ([]byte, error) {
	return await(ctx, func() ([]byte, error) {
		data, err := io.ReadAll(io.LimitReader(a.in, maxInput+1))
		if err != nil {
			return nil, fmt.Errorf("read stdin: %w", err)
		}
		if len(data) > maxInput {
			return nil, fmt.Errorf("stdin has more than %s", size(maxInput))
		}
		return data, nil
	})
}

// secretInput reads a secret: from stdin, without the line end behind it, or
// from a terminal that does not show it.
func (a *app) secretInput(ctx context.Context, prompt string) (string, error) {
	read := a.readInput
	if f, ok := a.in.(*os.File); ok && isTerminal(f) {
		// On stderr: stdout may go to a program.
		fmt.Fprint(a.err, prompt)
		read = func(ctx context.Context) ([]byte, error) { return hidden(ctx, f) }
		defer fmt.Fprintln(a.err)
	}
	data, err := read(ctx)
	if err != nil {
		return "", err
	}
	secret := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if secret == "" {
		return "", withNext(errors.New("no value on stdin"), "pass it there, or type it at the prompt of a terminal")
	}
	return secret, nil
}

// isTerminal reports whether a reader or a writer is a terminal.
func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// hidden reads a line from a terminal without echo, which comes back however
// the reading ends.
func hidden(ctx context.Context, f *os.File) ([]byte, error) {
	state, err := term.GetState(int(f.Fd()))
	if err != nil {
		return nil, fmt.Errorf("read terminal: %w", err)
	}
	defer term.Restore(int(f.Fd()), state)
	return await(ctx, func() ([]byte, error) {
		line, err := term.ReadPassword(int(f.Fd()))
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read terminal: %w", err)
		}
		return line, nil
	})
}

// await runs read, which nothing can interrupt, until ctx ends. Then the
// process is about to end, and the goroutine with it.
func await[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		data T
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := read()
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		return r.data, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
