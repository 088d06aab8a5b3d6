package service

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func newRecords(t *testing.T) records {
	t.Helper()
	return recordsOf(Paths{State: shortDir(t)})
}

func TestRecordLife(t *testing.T) {
	r, log := newRecords(t), slog.New(slog.DiscardHandler)
	if _, err := r.read(); err == nil {
		t.Fatal("a record is there before any")
	}
	r.begun(log, 77)
	first, err := r.read()
	if err != nil || first.PID != os.Getpid() || first.Keeper != 77 || first.Ready || !first.Ended.IsZero() || first.last() != "" {
		t.Fatalf("begun: %+v, %v", first, err)
	}
	r.ready(log)
	r.endedAs(log, os.Getpid(), 1, "ended by force (signal: killed)")
	r.ended(log, ExitDone) // too late: it is known how
	ended, err := r.read()
	if err != nil || !ended.Ready || ended.Code != 1 || !strings.HasPrefix(ended.last(), "ended by force (signal: killed) (20") {
		t.Fatalf("ended: %+v, %v", ended, err)
	}
	r.begun(log, 77)
	again, err := r.read()
	if err != nil || again.last() != ended.last() || again.Again != 1 {
		t.Fatalf("begun again: %+v, %v", again, err)
	}
	r.begun(log, 78)
	last, err := r.read()
	if err != nil || last.last() != lost || last.Again != 0 {
		t.Fatalf("begun after one that said nothing: %+v, %v", last, err)
	}
	if left, err := os.ReadDir(filepath.Dir(r.path)); err != nil || len(left) != 1 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
	if info, err := os.Stat(r.path); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("mode is %v, %v", info.Mode(), err)
	}
}

// TestRecordOfAnother holds that a process does not finish the record of the one
// after it.
func TestRecordOfAnother(t *testing.T) {
	r, log := newRecords(t), slog.New(slog.DiscardHandler)
	r.write(log, record{PID: 1, Started: time.Now()})
	r.ready(log)
	if rec, err := r.read(); err != nil || rec.Ready {
		t.Errorf("the other one is ready: %+v, %v", rec, err)
	}
	r.ended(log, ExitConfig)
	if rec, err := r.read(); err != nil || rec.PID != 1 || !rec.Ended.IsZero() {
		t.Errorf("the other one has ended: %+v, %v", rec, err)
	}
}

func TestRecordDamaged(t *testing.T) {
	for name, content := range map[string]string{"cut": `{"pid":1`, "empty": "", "huge": strings.Repeat("[", 2*maxRecord)} {
		t.Run(name, func(t *testing.T) {
			r, log := newRecords(t), slog.New(slog.DiscardHandler)
			if err := os.WriteFile(r.path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := r.read(); err == nil {
				t.Error("it was read")
			}
			r.begun(log, 0)
			if rec, err := r.read(); err != nil || rec.PID != os.Getpid() {
				t.Errorf("it is not replaced: %+v, %v", rec, err)
			}
		})
	}
}

func TestRecordNotWritten(t *testing.T) {
	var b bytes.Buffer
	records{filepath.Join(shortDir(t), "none", "service.json")}.begun(slog.New(slog.NewTextHandler(&b, nil)), 0)
	if !strings.Contains(b.String(), "status of the service will be incomplete") {
		t.Errorf("the log has %q", &b)
	}
}

func TestTell(t *testing.T) {
	started, ended := time.Now().Add(-time.Hour).Round(0), time.Now().Round(0)
	at := ended.Local().Format(time.DateTime)
	tests := []struct {
		name   string
		rec    *record // nil: there is none to be read
		keeper int
		alive  bool
		want   Status
	}{
		{"nothing", nil, 0, false, Status{State: StateStopped}},
		{"not to be read", nil, 5, false, Status{State: StateRunning, PID: 5}},
		{"starting", &record{PID: 6, Started: started}, 5, true, Status{State: StateStarting, PID: 6, Started: started}},
		{"running", &record{PID: 6, Started: started, Ready: true, Again: 2, Before: "was"}, 5, true, Status{State: StateRunning, PID: 6, Started: started, Restarts: 2, LastExit: "was"}},
		{"about to start again", &record{PID: 6, Ended: ended, Code: 1, Exit: "bad"}, 5, false, Status{State: StateStarting, PID: 5, LastExit: "bad (" + at + ")"}},
		{"ended", &record{PID: 6, Ended: ended, Exit: "good"}, 0, false, Status{State: StateStopped, LastExit: "good (" + at + ")"}},
		{"failed", &record{PID: 6, Ended: ended, Code: 78, Exit: "bad"}, 0, false, Status{State: StateFailed, LastExit: "bad (" + at + ")"}},
		{"lost", &record{PID: 6, Started: started, Ready: true}, 0, false, Status{State: StateStopped, LastExit: lost}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRecords(t)
			if tt.rec != nil {
				r.write(slog.New(slog.DiscardHandler), *tt.rec)
			}
			var got Status
			r.tell(&got, tt.keeper, func(pid int) bool { return tt.alive && pid == 6 })
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("status differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAwait(t *testing.T) {
	since := time.Now()
	after, before := since.Add(time.Second), since.Add(-time.Second)
	tests := []struct {
		name    string
		rec     record
		running bool
		want    string // part of the error; empty is none
	}{
		{"ready", record{Started: after, Ready: true}, true, ""},
		{"ended", record{Started: after, Ended: after, Exit: "refused"}, false, "the service has ended: refused; see /log"},
		{"ended without a record", record{Started: before, Ready: true}, false, "the service has ended at once; see /log"},
		{"the one before was ready", record{Started: before, Ready: true}, true, "does not answer yet; see /log"},
		{"never ready", record{Started: after}, true, "does not answer yet; see /log"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRecords(t)
			r.write(slog.New(slog.DiscardHandler), tt.rec)
			ctx, cancel := context.WithTimeout(t.Context(), 2*awaitGone*awaitEvery)
			defer cancel()
			err := r.await(ctx, since, func() bool { return tt.running }, "/log")
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
