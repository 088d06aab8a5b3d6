package history

import (
	"errors"
	"path/filepath"
	"testing"
)

func TestBegunIsBounded(t *testing.T) {
	var b begun
	const n = 5 * begunLimit
	for i := range n {
		b.add(begunRow{Delivery: Delivery{ID: testID(i)}, seq: int64(i)})
		if size := len(b.young) + len(b.old); size > 2*begunLimit {
			t.Fatalf("remembers %d rows", size)
		}
	}
	for _, tt := range []struct {
		name string
		id   int
		want bool
	}{
		{"the newest", n - 1, true},
		{"the newest again", n - 1, false},
		{"as many back as promised", n - begunLimit, true},
		{"of the old ones, again", n - begunLimit, false},
		{"the oldest", 0, false},
		{"one that never was", n, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			row, found := b.take(testID(tt.id))
			if found != tt.want || found && row.seq != int64(tt.id) {
				t.Errorf("got %+v, %t", row, found)
			}
		})
	}
}

// What a failed transaction began is not in the file, so that its Finish has to
// be stored whole.
func TestBegunForgetsFailures(t *testing.T) {
	j := openTest(t, Options{})
	check(t, j.Close())
	c, err := connectWriter(t.Context(), j.w.path, nil)
	check(t, err)
	w, err := newWriter(j.w.path, j.opts, c, j.w.blobs)
	check(t, err)
	check(t, w.c.Exec("CREATE TRIGGER fail BEFORE INSERT ON requests BEGIN SELECT RAISE(ABORT, 'no room'); END"))
	it := queued(opBegin, 1)
	w.commit([]*item{it})
	if err := <-it.done; err == nil {
		t.Fatal("the transaction went through")
	}
	if n := len(w.begun.young); n != 0 {
		t.Errorf("remembers %d rows that were rolled back", n)
	}
	check(t, w.open())
	check(t, w.c.Exec("DROP TRIGGER fail"))
	w.outage.rested()
	w.commit([]*item{queued(opFinish, 1)})
	w.closeConn()
	if got := sqlValue(t, w.path, "SELECT count(*) FROM requests"); got != int64(1) {
		t.Errorf("%v requests are there, want the one of Finish", got)
	}
}

// A delivery that begins in a final state may be pruned before its Finish.
func TestBegunLeavesFinalStatesOut(t *testing.T) {
	j := openAt(t, filepath.Join(t.TempDir(), "history.db"), Options{Keep: 1, since: flying()})
	r := numbered(1)
	r.State = Rejected
	check(t, j.Begin(r, false))
	check(t, j.Prune(t.Context()))
	if _, err := j.Get(t.Context(), r.ID); !errors.Is(err, ErrNotFound) {
		t.Fatalf("error %v, want that it is pruned", err)
	}
	j.SetRetention(-1, -1)
	check(t, j.Finish(done(1, Rejected)))
	if got := get(t, j, r.ID); got.State != Rejected || len(got.Log) != 1 {
		t.Errorf("got %+v", got)
	}
}
