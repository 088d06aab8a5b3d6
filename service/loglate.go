package service

import (
	"io"
	"strings"
	"sync"
	"time"
)

const (
	// lateWaits is how many lines may wait for a log of the system that takes
	// none. More are dropped: the file beside it has them.
	lateWaits = 256

	// lateLeave is what the last lines get to be taken.
	lateLeave = time.Second
)

// late hands lines on to a log of the system, which may hang, without making
// anybody wait for it.
type late struct {
	done chan struct{} // closed when all lines are handed on

	mu    sync.Mutex // guards the rest
	lines chan lateLine
	ended bool
}

// lateLine is one line on its way.
type lateLine struct {
	severity severity
	text     string
}

// newLate starts handing lines to send, which gets them without their ends. end
// stops it: what waits then has a second to be taken.
func newLate(send func(severity, string)) (write func(severity) io.Writer, end func()) {
	l := &late{lines: make(chan lateLine, lateWaits), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for line := range l.lines {
			send(line.severity, line.text)
		}
	}()
	return func(s severity) io.Writer { return lateWriter{l, s} }, l.end
}

func (l *late) end() {
	l.mu.Lock()
	if !l.ended {
		l.ended = true
		close(l.lines)
	}
	l.mu.Unlock()
	select {
	case <-l.done:
	case <-time.After(lateLeave): // it hangs, and is left to the end of the process
	}
}

// lateWriter takes the lines of one severity.
type lateWriter struct {
	late     *late
	severity severity
}

var _ io.Writer = lateWriter{}

// Write takes one line, or drops it where too many wait. It never waits.
func (w lateWriter) Write(line []byte) (int, error) {
	w.late.mu.Lock()
	defer w.late.mu.Unlock()
	if w.late.ended {
		return 0, io.ErrClosedPipe
	}
	select {
	case w.late.lines <- lateLine{w.severity, strings.TrimSuffix(string(line), "\n")}:
	default:
	}
	return len(line), nil
}
