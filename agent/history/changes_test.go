package history

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// witness takes down what Options.Changed is told.
type witness struct {
	mu   sync.Mutex
	told []Change
}

func (w *witness) changed(c Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, c)
}

// all returns what was told, after a look at its order.
func (w *witness) all(t *testing.T) []Change {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := 1; i < len(w.told); i++ {
		if w.told[i].Number <= w.told[i-1].Number {
			t.Errorf("change %d was told after change %d", w.told[i].Number, w.told[i-1].Number)
		}
	}
	return slices.Clone(w.told)
}

func describe(changes []Change) (text []string) {
	for _, c := range changes {
		text = append(text, fmt.Sprintf("%s %s", c.Delivery.ID[:8], c.Delivery.State))
	}
	return text
}

func TestChangesAreTold(t *testing.T) {
	var w witness
	j := openTest(t, Options{Changed: w.changed, Linger: time.Hour})
	first := j.LastChange()
	r := numbered(1)
	r.State, r.Size = Received, int64(len(r.Body))
	check(t, j.Begin(r, true))
	_, err := j.Start(r.ID, Attempt{Number: 1}, true)
	check(t, err)
	// Finish says less than Begin did: the change has all of it.
	check(t, j.Finish(&Record{Delivery: Delivery{ID: r.ID, State: Dead, Status: 500, Reason: "no"}}))
	check(t, j.Reopen(t.Context(), r.ID))
	if err := j.Begin(r, true); !errors.Is(err, ErrExists) {
		t.Fatal(err)
	}
	check(t, j.Finish(done(2, Succeeded)))
	check(t, j.Flush(t.Context()))
	told := w.all(t)
	diff(t, describe(told), []string{"00000001 received", "00000001 running", "00000001 dead", "00000001 received", "00000002 succeeded"})
	want := r.Delivery
	want.State, want.Status, want.Reason, want.Starts, want.Attempts = Dead, 500, "no", 1, 0
	diff(t, told[2].Delivery, want)
	if first >= told[0].Number || j.LastChange() != told[4].Number {
		t.Errorf("numbers %d, %d to %d, %d", first, told[0].Number, told[4].Number, j.LastChange())
	}
}

// What is told is what the file holds, to the field.
func TestChangesAgreeWithTheFile(t *testing.T) {
	for _, forget := range []bool{false, true} {
		var w witness
		path := filepath.Join(t.TempDir(), "history.db")
		o := Options{Changed: w.changed}
		j := openAt(t, path, o)
		begin, finish := full()
		begin.Answer = "store"
		check(t, j.Begin(begin, true))
		if forget {
			check(t, j.Close())
			j = openAt(t, path, o)
		}
		finish.State, finish.Due = Waiting, epoch.Add(time.Hour)
		check(t, j.Finish(finish))
		check(t, j.Flush(t.Context()))
		told := w.all(t)
		diff(t, told[len(told)-1].Delivery, get(t, j, begin.ID).Delivery)
		got, err := j.Changes(t.Context(), told[0].Number-1, 0)
		check(t, err)
		diff(t, got, told[1:]) // a delivery comes once
	}
}

func TestChangesResume(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	var w witness
	o := Options{Changed: w.changed}
	j := openAt(t, path, o)
	start := j.LastChange()
	for n := range 20 {
		check(t, j.Begin(numbered(n), true))
	}
	for n := range 10 {
		check(t, j.Finish(done(n, Succeeded)))
	}
	check(t, j.Close())
	seen := w.all(t)
	j = openAt(t, path, o)
	if j.LastChange() < seen[29].Number {
		t.Errorf("numbers fell back from %d to %d", seen[29].Number, j.LastChange())
	}
	check(t, j.Finish(done(19, Dead)))
	for _, tt := range []struct {
		name  string
		after uint64
		want  int // changes
	}{
		{"all", start, 20},
		{"from the middle", seen[24].Number, 6}, // 5 to 9, and 19
		{"nothing but the last", seen[29].Number, 1},
		{"within the begun", seen[14].Number, 15},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, limit := range []int{0, 1, 3} {
				var got []Change
				for after := tt.after; ; after = got[len(got)-1].Number {
					page, err := j.Changes(t.Context(), after, limit)
					check(t, err)
					if got = append(got, page...); len(page) == 0 {
						break
					}
				}
				if len(got) != tt.want || got[len(got)-1].Delivery.State != Dead {
					t.Errorf("limit %d: %v", limit, describe(got))
				}
			}
		})
	}
	for name, after := range map[string]uint64{"before the log": start - 1, "none": 0, "the future": j.LastChange() + 1} {
		if _, err := j.Changes(t.Context(), after, 0); !errors.Is(err, ErrGap) {
			t.Errorf("after %s: %v, want ErrGap", name, err)
		}
	}
	if list, err := j.Changes(t.Context(), j.LastChange(), 0); err != nil || len(list) != 0 {
		t.Errorf("after the last: %v, %v", list, err)
	}
}

// The log does not grow for ever, and says where it begins.
func TestChangesAreTrimmed(t *testing.T) {
	var w witness
	const kept = 1000
	j := openTest(t, Options{Changed: w.changed, changes: kept})
	const n = kept + 2*changesSlice
	for i := range n {
		check(t, j.Finish(done(i%100, Succeeded)))
	}
	check(t, j.Prune(t.Context()))
	left := sqlValue(t, j.w.path, "SELECT sum(length(seqs)) / 8 FROM changes").(int64)
	if left < kept || left > kept+changesSlice+batchItems {
		t.Errorf("%d changes are left", left)
	}
	told := w.all(t)
	if _, err := j.Changes(t.Context(), told[0].Number, 0); !errors.Is(err, ErrGap) {
		t.Errorf("error %v, want ErrGap", err)
	}
	list, err := j.Changes(t.Context(), told[n-kept].Number, 1000)
	if err != nil || len(list) != 100 {
		t.Errorf("%d changes, error %v", len(list), err)
	}
}

// A transaction that fails tells nothing.
func TestChangesOfFailures(t *testing.T) {
	var w witness
	path := filepath.Join(t.TempDir(), "history.db")
	j := openAt(t, path, Options{Changed: w.changed, retry: time.Millisecond, pragmas: []string{"busy_timeout(1)"}})
	other := openRaw(t, path)
	check(t, other.Exec("BEGIN IMMEDIATE"))
	if err := j.Begin(numbered(1), true); err == nil {
		t.Fatal("it was stored")
	}
	check(t, other.Exec("ROLLBACK"))
	if told := w.all(t); len(told) != 0 {
		t.Errorf("told %v", told)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for j.Begin(numbered(1), true) != nil { // until the outage is over
		check(t, ctx.Err())
	}
	if told := w.all(t); len(told) != 1 {
		t.Errorf("told %v", told)
	}
}
