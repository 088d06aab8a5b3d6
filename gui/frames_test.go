package gui

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"homehook/gui/stage"
)

// frameLines reads what a meter has written.
func frameLines(t *testing.T, text []byte) (all []frameLine) {
	t.Helper()
	for line := range strings.Lines(string(text)) {
		var l frameLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		all = append(all, l)
	}
	return all
}

// A wait is as long as the goroutine of the user interface was busy, and counts for
// as long as it was.
func TestFrameMeter(t *testing.T) {
	for _, c := range []struct {
		name    string
		busy    time.Duration // with the first question, and with no other
		longest float64
		p99     float64
		n       int
	}{
		{"idle", 0, 0, 0, 100},
		{"busy once", 40 * time.Millisecond, 40, 30, 100},
		{"busy half of the time", 500 * time.Millisecond, 500, 490, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				var out bytes.Buffer
				busy := c.busy
				do := func(f func()) {
					time.Sleep(busy)
					busy = 0
					f()
				}
				m := &frameMeter{do: do, out: &out, ask: 10 * time.Millisecond, pace: time.Second}
				var done sync.WaitGroup
				done.Go(func() { m.run(ctx) })
				time.Sleep(time.Second + time.Millisecond)
				stop()
				done.Wait()
				lines := frameLines(t, out.Bytes())
				if len(lines) != 1 {
					t.Fatalf("%d lines", len(lines))
				}
				l := lines[0]
				if l.LongestMS != c.longest || l.P99MS != c.p99 || l.N < c.n-2 || l.N > c.n+2 || l.HeapMB <= 0 {
					t.Errorf("%+v, want longest %v, p99 %v, n about %d", l, c.longest, c.p99, c.n)
				}
			})
		})
	}
}

// With the app's own goroutine there are lines and a profile in files.
func TestMeasureFrames(t *testing.T) {
	s := stage.Empty(t)
	path := filepath.Join(s.Home, "frames")
	run, done, err := measureFrames(path, s.Crew.Do)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var beside sync.WaitGroup
	beside.Go(func() { run(ctx) })
	var text []byte
	s.Settle(func() bool {
		text, err = os.ReadFile(path)
		return err == nil && len(text) > 0
	})
	stop()
	beside.Wait()
	if err := done(); err != nil {
		t.Fatal(err)
	}
	if l := frameLines(t, text)[0]; l.N == 0 || l.LongestMS < l.P99MS || l.Time.IsZero() {
		t.Errorf("%+v", l)
	}
	if info, err := os.Stat(path + ".pprof"); err != nil || info.Size() == 0 {
		t.Errorf("no profile: %v", err)
	}
	if _, _, err := measureFrames(filepath.Join(s.Home, "no", "folder"), s.Crew.Do); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("error %v", err)
	}
}
