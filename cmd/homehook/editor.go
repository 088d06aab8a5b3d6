package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// editText lets the user change a text in their editor and returns what is
// there when that has ended. The file is the user's own and is gone then.
func (a *app) editText(ctx context.Context, name string, text []byte) ([]byte, error) {
	dir, err := os.MkdirTemp("", "homehook-edit-") // 0700: a delivery may hold secrets
	if err != nil {
		return nil, fmt.Errorf("make temporary folder: %w", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return nil, fmt.Errorf("write text to edit: %w", err)
	}
	command, err := editorCommand(os.Getenv, exec.LookPath)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(command[0], append(command[1:], path)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.in, a.screen(), a.err
	// Ctrl-C is for the editor to understand; this program waits for its end.
	if err := cmd.Run(); err != nil {
		return nil, withNext(fmt.Errorf("edit with %s: %w", command[0], err), "nothing was sent")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	edited, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read edited text: %w", err)
	}
	return edited, nil
}

// screen is where an editor draws: stdout, unless that goes to a program.
func (a *app) screen() io.Writer {
	if !isTerminal(a.out) && isTerminal(a.err) {
		return a.err
	}
	return a.out
}

// editorCommand is what $VISUAL or $EDITOR names: a program, or one with
// arguments. Without either it is what the system has.
func editorCommand(getenv func(string) string, look func(string) (string, error)) ([]string, error) {
	for _, name := range []string{"VISUAL", "EDITOR"} {
		value := strings.TrimSpace(getenv(name))
		if value == "" {
			continue
		}
		// The path of a program may have blanks in it.
		if _, err := look(value); err == nil {
			return []string{value}, nil
		}
		command := strings.Fields(value)
		if _, err := look(command[0]); err != nil {
			return nil, withNext(fmt.Errorf("no editor: $%s is %q, and there is no such program", name, value), "name an editor in $%s", name)
		}
		return command, nil
	}
	usual := []string{"editor", "vi", "nano"}
	if runtime.GOOS == "windows" {
		usual = []string{"notepad"}
	}
	for _, name := range usual {
		if _, err := look(name); err == nil {
			return []string{name}, nil
		}
	}
	return nil, withNext(errors.New("no editor was found"), "name one in the environment: EDITOR=nano")
}

// confirmed asks a question that the user answers at a terminal. Without one
// there is nobody to ask, and the answer is no.
func (a *app) confirmed(ctx context.Context, question string) (bool, error) {
	if !isTerminal(a.in) {
		return false, nil
	}
	// On stderr: stdout may go to a program.
	fmt.Fprintf(a.err, "%s [y/N] ", visible(question))
	line, err := await(ctx, func() ([]byte, error) { return readLine(a.in) })
	if err != nil {
		return false, err
	}
	switch strings.ToLower(strings.TrimSpace(string(line))) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}

// readLine reads to the end of a line and not beyond it: an editor may read
// what comes after.
func readLine(r io.Reader) (line []byte, err error) {
	var one [1]byte
	for len(line) < 4<<10 {
		n, err := r.Read(one[:])
		if n == 1 {
			if one[0] == '\n' {
				return line, nil
			}
			line = append(line, one[0])
		}
		if errors.Is(err, io.EOF) {
			return line, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read answer: %w", err)
		}
	}
	return line, nil
}
