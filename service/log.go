package service

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"golang.org/x/term"
)

// logName is the file of the log where the system keeps none.
const logName = "homehook.log"

// LogFile is the file in which a service writes its log where the system keeps
// none. Older ones have numbers added to the name.
func (p Paths) LogFile() string { return filepath.Join(p.State, logName) }

// logOptions say what is logged, and how.
type logOptions struct {
	level slog.Level
	json  bool
}

// serviceLog is the log of a service: the journal, or the system's log as far
// as it has one and a file of ours.
type serviceLog struct {
	*slog.Logger
	close []func()
}

// Close writes what waits and closes all there is. Nothing is logged after it.
func (l *serviceLog) Close() {
	for _, f := range slices.Backward(l.close) {
		f()
	}
}

// openLog opens the log of a service whose file is at path. A part of it that
// cannot be had is left out, and the others say why; an empty path has no file.
func openLog(o logOptions, path string, stderr io.Writer) *serviceLog {
	return openLogWith(o, stderr, func() (slog.Handler, func(), error) {
		if path == "" {
			return nil, nil, nil
		}
		f, err := openLogFile(path)
		if err != nil {
			return nil, nil, err
		}
		catchCrash(f.f)
		f.caught = catchCrash
		return o.handler(f, nil), func() { _ = f.Close() }, nil // nobody is left to tell
	})
}

// openLogWith opens the log of a service with a file that file opens, if it is
// wanted; file may return no handler.
func openLogWith(o logOptions, stderr io.Writer, file func() (slog.Handler, func(), error)) *serviceLog {
	l := &serviceLog{}
	if journaled() {
		l.Logger = slog.New(newLeveled(o, func(s severity) io.Writer { return &prefixed{s.priority(), stderr} }))
		return l
	}
	var handlers []slog.Handler
	if isTerminal(stderr) { // a person tries it
		handlers = append(handlers, o.handler(stderr, nil))
	}
	var missing []error
	if write, end, err := systemLog(); err != nil {
		missing = append(missing, err)
	} else if write != nil {
		quiet := o
		quiet.level = max(o.level, systemLogLevel)
		handlers = append(handlers, newLeveled(quiet, write))
		l.close = append(l.close, end)
	}
	if h, end, err := file(); err != nil {
		missing = append(missing, err)
	} else if h != nil {
		handlers = append(handlers, h)
		l.close = append(l.close, end)
	}
	l.Logger = slog.New(slog.NewMultiHandler(handlers...))
	for _, err := range missing {
		l.Warn("a part of the log is not written", "error", err)
	}
	return l
}

// handler writes lines to w as the options say.
func (o logOptions) handler(w io.Writer, replace func([]string, slog.Attr) slog.Attr) slog.Handler {
	ho := &slog.HandlerOptions{Level: o.level, ReplaceAttr: replace}
	if o.json {
		return slog.NewJSONHandler(w, ho)
	}
	return slog.NewTextHandler(w, ho)
}

// severity is a level as the systems' logs know it.
type severity int

const (
	sevError severity = iota
	sevWarn
	sevInfo
	sevDebug
	severities
)

// priority is what the journal takes before a line as its level.
func (s severity) priority() string { return [...]string{"<3>", "<4>", "<6>", "<7>"}[s] }

// severityOf is the severity of a level.
func severityOf(l slog.Level) severity {
	switch {
	case l >= slog.LevelError:
		return sevError
	case l >= slog.LevelWarn:
		return sevWarn
	case l >= slog.LevelInfo:
		return sevInfo
	default:
		return sevDebug
	}
}

// leveled hands each record to the handler of its severity. The systems' logs
// know time and level besides the text, so the lines have neither.
type leveled [severities]slog.Handler

var _ slog.Handler = (*leveled)(nil)

// newLeveled makes a handler that writes a record of each severity to the
// writer of it, one line a call.
func newLeveled(o logOptions, write func(severity) io.Writer) *leveled {
	var l leveled
	for s := range l {
		l[s] = o.handler(write(severity(s)), withoutTime)
	}
	return &l
}

// withoutTime leaves out what the system's log adds by itself.
func withoutTime(groups []string, a slog.Attr) slog.Attr {
	_, level := a.Value.Any().(slog.Level)
	if len(groups) == 0 && (a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime || a.Key == slog.LevelKey && level) {
		return slog.Attr{}
	}
	return a
}

func (l *leveled) Enabled(ctx context.Context, level slog.Level) bool {
	return l[severityOf(level)].Enabled(ctx, level)
}

func (l *leveled) Handle(ctx context.Context, r slog.Record) error {
	return l[severityOf(r.Level)].Handle(ctx, r)
}

func (l *leveled) WithAttrs(attrs []slog.Attr) slog.Handler {
	return l.each(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

func (l *leveled) WithGroup(name string) slog.Handler {
	return l.each(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (l *leveled) each(f func(slog.Handler) slog.Handler) *leveled {
	var made leveled
	for s, h := range l {
		made[s] = f(h)
	}
	return &made
}

// prefixed writes each line with something before it.
type prefixed struct {
	prefix string
	w      io.Writer
}

// Write writes one line in one piece: lines of several severities share w.
func (p *prefixed) Write(line []byte) (int, error) {
	if _, err := p.w.Write(append([]byte(p.prefix), line...)); err != nil {
		return 0, err
	}
	return len(line), nil
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// catchCrash has the runtime write the trace of a crash to f as well, since
// nobody reads the stderr of a service without a journal.
func catchCrash(f *os.File) { _ = debug.SetCrashOutput(f, debug.CrashOptions{}) }
