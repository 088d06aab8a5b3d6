package service

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestSeverity(t *testing.T) {
	tests := map[slog.Level]severity{
		slog.LevelError: sevError, slog.LevelError + 4: sevError, slog.LevelWarn: sevWarn,
		slog.LevelInfo: sevInfo, slog.LevelInfo + 1: sevInfo, slog.LevelDebug: sevDebug, slog.LevelDebug - 4: sevDebug,
	}
	for level, want := range tests {
		if got := severityOf(level); got != want {
			t.Errorf("%v is of severity %d, want %d", level, got, want)
		}
	}
}

// TestLeveled holds what the journal gets: a priority before each line, no time
// and no level, all else as everywhere.
func TestLeveled(t *testing.T) {
	var b bytes.Buffer
	journal := func(s severity) io.Writer { return &prefixed{s.priority(), &b} }
	log := slog.New(newLeveled(logOptions{level: slog.LevelInfo}, journal))
	log.Debug("not shown")
	log.Info("one", "time", "mine", "text", "a\nb")
	log.With("a", 1).WithGroup("g").Warn("two", "level", "high")
	log.Error("three")
	want := `<6>msg=one time=mine text="a\nb"
<4>msg=two a=1 g.level=high
<3>msg=three
`
	if got := b.String(); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	b.Reset()
	slog.New(newLeveled(logOptions{level: slog.LevelDebug, json: true}, journal)).Debug("four", "n", 4)
	if got, want := b.String(), `<7>{"msg":"four","n":4}`+"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOpenLog(t *testing.T) {
	t.Setenv("JOURNAL_STREAM", "")
	t.Cleanup(func() { _ = debug.SetCrashOutput(nil, debug.CrashOptions{}) })
	path := filepath.Join(shortDir(t), logName)
	var stderr bytes.Buffer
	l := openLog(logOptions{level: slog.LevelInfo}, path, &stderr)
	l.Info("kept", "n", 1)
	l.Debug("left out")
	l.Close()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(data); !strings.Contains(got, "level=INFO msg=kept n=1\n") || strings.Contains(got, "left out") {
		t.Errorf("the file has %q", got)
	}
	if stderr.Len() > 0 {
		t.Errorf("stderr, which is no terminal, has %q", &stderr)
	}
}

// TestOpenLogWithout holds that a log of which nothing can be opened harms
// nobody.
func TestOpenLogWithout(t *testing.T) {
	t.Setenv("JOURNAL_STREAM", "")
	for _, path := range []string{"", shortDir(t), filepath.Join(shortDir(t), "none", logName)} {
		l := openLog(logOptions{}, path, io.Discard)
		l.Info("nobody reads this")
		l.Close()
	}
}

// TestLateDrops holds that a log of the system that hangs makes nobody wait, and
// that lines it has no place for are dropped.
func TestLateDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		var got []string
		write, end := newLate(func(_ severity, line string) {
			<-free
			got = append(got, line)
		})
		began := time.Now()
		w := write(sevInfo)
		for range 2 * lateWaits {
			if _, err := w.Write([]byte("line\n")); err != nil {
				t.Fatal(err)
			}
		}
		end()
		if took := time.Since(began); took != lateLeave {
			t.Errorf("a log that hangs has held up its end for %v, want %v", took, lateLeave)
		}
		if _, err := w.Write([]byte("line\n")); err == nil {
			t.Error("a line is taken after the end")
		}
		end() // once more does no harm
		close(free)
		synctest.Wait()
		if len(got) < lateWaits || len(got) > lateWaits+1 || got[0] != "line" {
			t.Errorf("%d lines came, want %d that waited", len(got), lateWaits)
		}
	})
}

func TestLateTakesAll(t *testing.T) {
	var got []string
	write, end := newLate(func(s severity, line string) { got = append(got, s.priority()+line) })
	for _, s := range []severity{sevError, sevWarn, sevInfo, sevDebug} {
		if _, err := write(s).Write([]byte("x\n")); err != nil {
			t.Fatal(err)
		}
	}
	end()
	if want := "<3>x <4>x <6>x <7>x"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
