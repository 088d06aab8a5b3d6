package gui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"runtime/metrics"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"time"
)

// frameLine says how long the goroutine of the user interface, which paints the
// frames too, kept others waiting in the time since the line before.
type frameLine struct {
	Time      time.Time `json:"time"`
	LongestMS float64   `json:"longest_ms"`
	P99MS     float64   `json:"p99_ms"` // of all moments, those of a long wait among them
	// CPUMS is the most that it worked itself between two questions: a wait may be
	// longer where other programs have the processors.
	CPUMS  float64 `json:"cpu_ms,omitempty"`
	N      int     `json:"n"`
	HeapMB float64 `json:"heap_mb"`
	RSSMB  float64 `json:"rss_mb,omitempty"` // where the system tells it in a file
}

const (
	// frameAsk is the time between two questions to the goroutine of the user
	// interface, and so what a wait may be longer than it is measured.
	frameAsk = 5 * time.Millisecond
	// framePace is the time between two lines.
	framePace = time.Second
)

// frameMeter measures how long whoever has something for the goroutine of the user
// interface waits for it. It is for developers.
type frameMeter struct {
	do   func(func()) // on that goroutine, later
	out  io.Writer
	ask  time.Duration
	pace time.Duration
}

// answer is when a question came to the goroutine of the user interface, and how
// long that had worked until then.
type answer struct {
	at     time.Time
	worked time.Duration
}

// run writes a line at each pace until ctx ends.
func (m *frameMeter) run(ctx context.Context) {
	var waits []time.Duration
	var worked, most time.Duration
	last := time.Now()
	tick := time.NewTicker(m.ask)
	defer tick.Stop()
	for {
		asked, came := time.Now(), make(chan answer, 1)
		m.do(func() { came <- answer{time.Now(), threadTime()} })
		select {
		case a := <-came:
			waits = noteWait(waits, a.at.Sub(asked), m.ask)
			most, worked = max(most, a.worked-worked), a.worked
		case <-ctx.Done():
			return
		}
		if now := time.Now(); now.Sub(last) >= m.pace {
			m.write(now, waits, most)
			waits, most, last = waits[:0], 0, now
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// noteWait adds a wait, and those that whoever asked in the middle of it would have
// had: otherwise one long wait would count as little as a short one.
func noteWait(waits []time.Duration, wait, ask time.Duration) []time.Duration {
	waits = append(waits, wait)
	for wait -= ask; wait > 0; wait -= ask {
		waits = append(waits, wait)
	}
	return waits
}

// write writes a line. There is always a wait in it.
func (m *frameMeter) write(now time.Time, waits []time.Duration, most time.Duration) {
	slices.Sort(waits)
	line, err := json.Marshal(frameLine{
		Time: now, N: len(waits), HeapMB: heapMB(), RSSMB: residentMB(),
		LongestMS: inMS(waits[len(waits)-1]), CPUMS: inMS(most),
		P99MS: inMS(waits[int(math.Ceil(0.99*float64(len(waits))))-1]),
	})
	if err == nil {
		_, _ = m.out.Write(append(line, '\n')) // who reads the file sees that it ends
	}
}

func inMS(d time.Duration) float64 { return math.Round(float64(d.Microseconds())/10) / 100 }

func inMB(bytes uint64) float64 { return math.Round(float64(bytes)/(1<<20)*10) / 10 }

// heapMB is the memory of what Go's heap holds. Asking for it stops nothing.
func heapMB() float64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return inMB(sample[0].Value.Uint64())
}

// residentMB is the memory of the whole process, 0 if the system has no file of it.
func residentMB() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return inMB(pages * uint64(os.Getpagesize()))
}

// newFile makes a file of the user's alone. What has its name is removed before: a link
// is never followed.
func newFile(path string) (*os.File, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// measureFrames begins to write lines to a new file, and a profile of the processor to
// another beside it. run ends with its context; close after it.
func measureFrames(path string, do func(func())) (run func(context.Context), done func() error, err error) {
	lines, err := newFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("measure frames: %w", err)
	}
	profile, err := newFile(path + ".pprof")
	if err == nil {
		err = pprof.StartCPUProfile(profile)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("measure frames: %w", err), lines.Close())
	}
	m := &frameMeter{do: do, out: lines, ask: frameAsk, pace: framePace}
	return m.run, func() error {
		pprof.StopCPUProfile()
		return errors.Join(profile.Close(), lines.Close())
	}, nil
}
