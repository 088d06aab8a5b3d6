package gui

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"homehook/agent/control"
)

// errSecond is the error for an app that the user has already; it was told to show
// its window, if that was asked for.
var errSecond = errors.New("the app runs already")

// errStuck is the error for an app that runs and does not show its window.
var errStuck = errors.New("the app runs already and does not show its window: end its process, homehook-desktop, then start it again")

// The protocol between two starts of the app: the second one sends a line, the first
// one answers with another and closes.
const (
	lineShow = "show"
	lineDone = "done"
	// doorWait bounds either end of it.
	doorWait = 3 * time.Second
)

// door is where the app hears of a second start by its user; nobody else gets in.
type door struct{ net.Listener }

// enter opens the door at path. If another app has it, that one shows its window,
// unless quiet, and the error is errSecond.
func enter(path string, quiet bool) (*door, error) {
	l, err := control.Listen(path)
	if err == nil {
		return &door{l}, nil
	}
	if !errors.Is(err, control.ErrRunning) {
		return nil, err
	}
	if quiet {
		return nil, errSecond
	}
	err = knock(path)
	if err == nil {
		return nil, errSecond
	}
	if l, again := control.Listen(path); again == nil {
		return &door{l}, nil // the other one has just ended
	}
	return nil, fmt.Errorf("%w: %w", errStuck, err)
}

// knock asks the app that listens at path to show its window.
func knock(path string) error {
	ctx, cancel := context.WithTimeout(context.Background(), doorWait)
	defer cancel()
	c, err := control.Dial(ctx, path)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(doorWait)); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(c, lineShow); err != nil {
		return err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if strings.TrimSpace(line) == lineDone {
		return nil
	}
	return errors.Join(errors.New("it answers nothing"), err)
}

// serve calls show, on this goroutine, for each second start, until the door is
// closed.
func (d *door) serve(show func()) {
	for {
		c, err := d.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(doorWait) // too many files are open, for one; there is no hurry
			continue
		}
		d.answer(c, show)
	}
}

func (d *door) answer(c net.Conn, show func()) {
	defer c.Close()
	if c.SetDeadline(time.Now().Add(doorWait)) != nil {
		return
	}
	line, err := bufio.NewReaderSize(c, 64).ReadSlice('\n')
	if err != nil || strings.TrimSpace(string(line)) != lineShow {
		return
	}
	show()
	_, _ = fmt.Fprintln(c, lineDone) // whoever asked may be gone
}
