package service

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// record is what a service has written down of itself, for managers that do
// not know it.
type record struct {
	PID     int       `json:"pid"`
	Keeper  int       `json:"keeper"` // process that supervises it, 0 for none
	Started time.Time `json:"started"`
	Ready   bool      `json:"ready"`          // the agent answers, or has
	Ended   time.Time `json:"ended,omitzero"` // zero while it runs, or when nobody saw it end
	Code    int       `json:"code"`           // exit code, if it has ended
	Exit    string    `json:"exit"`           // the same in words
	Before  string    `json:"before"`         // how the process before it has ended
	Again   int       `json:"again"`          // how often its keeper had to start it again
}

// lost is how a process has ended that could not say so itself.
const lost = "ended without a word, as when it is killed or the machine loses power"

// last says how the service has ended last; empty when it never has.
func (r record) last() string {
	if r.Ended.IsZero() {
		return r.Before
	}
	return fmt.Sprintf("%s (%s)", r.Exit, r.Ended.Local().Format(time.DateTime))
}

// records keeps the record in a file.
type records struct{ path string }

// recordsOf is where the service with these paths writes down how it does.
func recordsOf(p Paths) records { return records{filepath.Join(p.State, "service.json")} }

// maxRecord bounds what is read of a record.
const maxRecord = 16 << 10

// read gives the last record; the error is that of the file.
func (r records) read() (record, error) {
	var rec record
	f, err := OpenLog(r.path)
	if err != nil {
		return rec, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxRecord))
	if err != nil {
		return rec, err
	}
	if err := json.Unmarshal(data, &rec); err != nil {
		return rec, fmt.Errorf("read %s: %w", r.path, err)
	}
	return rec, nil
}

// write puts a record in place of the last one, whole. It need not outlive a
// loss of power: nothing runs then that it would tell of.
func (r records) write(log *slog.Logger, rec record) {
	data, err := json.Marshal(rec)
	if err == nil {
		err = r.replace(append(data, '\n'))
	}
	if err != nil {
		log.Warn("status of the service will be incomplete", "error", fmt.Errorf("write record: %w", err))
	}
}

func (r records) replace(data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(r.path), filepath.Base(r.path)+".*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = renamePatiently(f.Name(), r.path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error says more
	}
	return err
}

// renamePatiently puts a file in the place of another, which Windows refuses
// for as long as somebody reads that.
func renamePatiently(from, to string) error {
	for tries := 20; ; tries-- {
		err := os.Rename(from, to)
		if err == nil || tries == 0 || runtime.GOOS != "windows" {
			return err
		}
		time.Sleep(awaitEvery)
	}
}

// begun notes that this process runs, and which one supervises it.
func (r records) begun(log *slog.Logger, keeper int) {
	rec := record{PID: os.Getpid(), Keeper: keeper, Started: time.Now()}
	if before, err := r.read(); err == nil {
		if rec.Before = lost; !before.Ended.IsZero() {
			rec.Before = before.last()
		}
		if keeper != 0 && before.Keeper == keeper {
			rec.Again = before.Again + 1
		}
	}
	r.write(log, rec)
}

// ready notes that this process is ready.
func (r records) ready(log *slog.Logger) {
	if rec, err := r.read(); err == nil && rec.PID == os.Getpid() {
		rec.Ready = true
		r.write(log, rec)
	}
}

// ended notes how this process ends, if it has begun.
func (r records) ended(log *slog.Logger, code int) { r.endedAs(log, os.Getpid(), code, exitText(code)) }

// endedAs notes how a process has ended, unless it has done so itself, or the
// record is another one's.
func (r records) endedAs(log *slog.Logger, pid, code int, text string) {
	rec, err := r.read()
	if err != nil || rec.PID != pid || !rec.Ended.IsZero() {
		return
	}
	rec.Ended, rec.Code, rec.Exit = time.Now(), code, text
	r.write(log, rec)
}

// exitText says in words what an exit code of the agent means.
func exitText(code int) string {
	switch code {
	case ExitDone:
		return "ended when it was asked to"
	case ExitConfig:
		return "its configuration or its folders were refused (exit code 78)"
	default:
		return fmt.Sprintf("exit code %d", code)
	}
}

const (
	// awaitEvery is how often a starting service is looked at.
	awaitEvery = 50 * time.Millisecond

	// awaitGone is how often nothing of it may be found before it counts as
	// ended: what starts it may be about to become it.
	awaitGone = 10
)

// await returns when the service that was started at a time answers. The error
// says how it has ended instead, and where its log is; running says whether
// anything of it is left.
func (r records) await(ctx context.Context, since time.Time, running func() bool, log string) error {
	for gone := 0; ; {
		if gone++; running() { // before the record: it may end between the two
			gone = 0
		}
		rec, err := r.read()
		fresh := err == nil && !rec.Started.Before(since)
		switch {
		case fresh && rec.Ready && rec.Ended.IsZero():
			return nil
		case gone < awaitGone:
		case fresh && !rec.Ended.IsZero():
			return fmt.Errorf("the service has ended: %s; see %s", rec.Exit, log)
		default:
			return fmt.Errorf("the service has ended at once; see %s", log)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the service was started and does not answer yet; see %s", log)
		case <-time.After(awaitEvery):
		}
	}
}

// tell adds to st how the service does. keeper is the process that starts it
// again when it has crashed, 0 if none runs; alive says whether a process is one
// of the service. A record that may not be read leaves out what only it knows.
func (r records) tell(st *Status, keeper int, alive func(pid int) bool) {
	rec, err := r.read()
	st.State = StateStopped
	switch {
	case err != nil && keeper != 0:
		st.State, st.PID = StateRunning, keeper
	case err != nil:
	case rec.Ended.IsZero() && alive(rec.PID):
		st.State, st.PID, st.Started = StateStarting, rec.PID, rec.Started
		if rec.Ready {
			st.State = StateRunning
		}
	case keeper != 0:
		st.State, st.PID = StateStarting, keeper // again
	case rec.Ended.IsZero():
		rec.Before = lost
	case rec.Code != ExitDone:
		st.State = StateFailed
	}
	if err == nil {
		st.LastExit, st.Restarts = rec.last(), rec.Again
	}
}
