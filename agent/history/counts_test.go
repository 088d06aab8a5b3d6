package history

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCounts(t *testing.T) {
	j, err := Open(t.Context(), filepath.Join(t.TempDir(), "history.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if got, err := j.Counts(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	for i, state := range []string{Succeeded, Dead, Succeeded, Rejected, Succeeded} {
		r := &Record{Delivery: Delivery{ID: "0198c0de-7a1b-7c3d-8e4f-5a6b7c8d9e0" + string(rune('0'+i)), State: state, Claim: "garage", Route: state, Status: 200 + i, Received: time.Now()}}
		if err := j.Begin(r, true); err != nil {
			t.Fatal(err)
		}
	}
	got, err := j.Counts(t.Context())
	if diff := cmp.Diff([]StateCount{{Dead, 1}, {Rejected, 1}, {Succeeded, 3}}, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := j.Counts(ctx); err == nil {
		t.Errorf("%v although nobody waits", got)
	}
}
