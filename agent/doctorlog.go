package agent

import (
	"io"
	"log/slog"
	"strings"
	"sync"
)

const (
	keptLines   = 300
	longestLine = 1 << 10 // bytes; more are cut off
	cutOff      = " …"    // ends a line that was cut off
)

// lastLines keeps the last lines of a log, for a report. Each Write is a line.
// The zero value is ready, for use by several goroutines.
type lastLines struct {
	mu    sync.Mutex
	lines [keptLines]string
	next  int
}

var _ io.Writer = (*lastLines)(nil)

// Write keeps a line in place of the oldest.
func (l *lastLines) Write(line []byte) (int, error) {
	text := shortened(strings.TrimRight(string(line), "\n"))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines[l.next] = text
	l.next = (l.next + 1) % keptLines
	return len(line), nil
}

// shortened is a line that is not too long. It ends with a whole word: half of a
// secret would be known for none.
func shortened(line string) string {
	if len(line) <= longestLine {
		return line
	}
	line = line[:longestLine-len(cutOff)]
	return strings.TrimRight(line[:strings.LastIndexAny(line, " \t")+1], " \t") + cutOff
}

// all returns the lines, oldest first.
func (l *lastLines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for i := range keptLines {
		if s := l.lines[(l.next+i)%keptLines]; s != "" {
			all = append(all, s)
		}
	}
	return all
}

// with returns a logger that writes to another one and keeps lines here.
func (l *lastLines) with(log *slog.Logger) *slog.Logger {
	return slog.New(slog.NewMultiHandler(log.Handler(), slog.NewTextHandler(l, nil)))
}
