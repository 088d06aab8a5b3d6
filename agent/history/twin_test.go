package history

import (
	"errors"
	"path/filepath"
	"testing"
	"time"
)

// sent is delivery n with the sender's own id.
func sent(n int, sender, state string) *Record {
	r := done(n, state)
	r.SenderID, r.BodySHA256, r.Size = sender, "ab12", 6
	return r
}

func TestTwin(t *testing.T) {
	j := openTest(t, Options{})
	check(t, j.Finish(sent(1, "evt", Succeeded)))
	check(t, j.Finish(sent(2, "evt", Dead)))
	check(t, j.Finish(sent(3, "evt", Duplicate)))
	other := sent(4, "evt", Succeeded)
	other.Claim = "shed"
	check(t, j.Finish(other))
	late := numbered(5)
	check(t, j.Begin(late, true))
	f := sent(5, "late", Succeeded) // told by Finish only
	check(t, j.Finish(f))
	for _, tt := range []struct {
		name, claim, sender, except string
		want                        int // 0 = none
	}{
		{"the newest that is no duplicate", "garage", "evt", testID(9), 2},
		{"but itself", "garage", "evt", testID(2), 1},
		{"another claim", "shed", "evt", "", 4},
		{"no such claim", "attic", "evt", "", 0},
		{"no such id", "garage", "ev", "", 0},
		{"told late", "garage", "late", "", 5},
		{"no id", "garage", "", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, found, err := j.Twin(t.Context(), tt.claim, tt.sender, tt.except)
			check(t, err)
			if found != (tt.want != 0) || found && d.ID != testID(tt.want) {
				t.Errorf("found %t, %s", found, d.ID)
			}
		})
	}
}

func TestFind(t *testing.T) {
	j := openTest(t, Options{})
	check(t, j.Begin(numbered(1), true))
	want := numbered(1).Delivery
	got, found, err := j.Find(t.Context(), testID(1))
	check(t, err)
	diff(t, got, want)
	if !found || !j.Known(testID(1)) {
		t.Error("it is not there")
	}
	for _, id := range []string{"", testID(1)[:20], testID(1) + "0", testID(2)} {
		if _, found, err := j.Find(t.Context(), id); found || err != nil || j.Known(id) {
			t.Errorf("%q: found %t, error %v, known %t", id, found, err, j.Known(id))
		}
	}
}

// Ids outlive their deliveries, whatever retention says.
func TestRemembered(t *testing.T) {
	c := &clocks{wall: epoch.Add(time.Hour)}
	path := filepath.Join(t.TempDir(), "history.db")
	o := c.options(time.Minute)
	j := openAt(t, path, o)
	check(t, j.Finish(sent(1, "evt", Succeeded)))
	check(t, j.Finish(sent(2, "twin", Duplicate)))
	durable := numbered(3)
	durable.BodySHA256 = "cd34"
	check(t, j.Begin(durable, true))
	check(t, j.Finish(done(3, Dead)))
	check(t, j.Finish(done(4, Succeeded))) // neither durable nor with an id

	pass := func(d time.Duration) {
		t.Helper()
		check(t, j.Flush(t.Context()))
		check(t, j.Close())
		c.pass(d)
		j = openAt(t, path, o)
		c.pass(d)
		check(t, j.Prune(t.Context()))
	}
	pass(time.Hour)
	if ids := list(t, j, Query{}); len(ids) != 0 {
		t.Fatalf("not pruned: %v", ids)
	}
	for round := range 2 { // before and after a restart
		d, found, err := j.Twin(t.Context(), "garage", "evt", "")
		check(t, err)
		want := sent(1, "evt", Succeeded).Delivery
		want.Method, want.Path, want.DurationMS = "", "", 0
		diff(t, d, want)
		if _, found, _ := j.Twin(t.Context(), "garage", "twin", ""); found {
			t.Error("the twin of a duplicate was found")
		}
		d, known, err := j.Find(t.Context(), testID(3))
		check(t, err)
		if !found || !known || d.State != Dead || d.BodySHA256 != "cd34" || !j.Known(testID(2)) || j.Known(testID(4)) {
			t.Errorf("round %d: found %t, known %t, %+v", round, found, known, d)
		}
		for _, n := range []int{1, 2, 3} {
			if err := j.Begin(numbered(n), true); !errors.Is(err, ErrExists) {
				t.Errorf("round %d: delivery %d begins again: %v", round, n, err)
			}
		}
		check(t, j.Close())
		j = openAt(t, path, o)
	}
	pass(6 * 24 * time.Hour) // 12 days in all
	if !j.Known(testID(1)) {
		t.Error("forgotten before its time")
	}
	pass(9 * 24 * time.Hour) // half of which no journal was open
	if j.Known(testID(1)) || j.Known(testID(3)) {
		t.Error("never forgotten")
	}
}
