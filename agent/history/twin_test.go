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
	r.SenderID, r.BodySHA256, r.Size, r.Path = sender, "ab12", 6, "/hook"
	return r
}

// like is what is asked for: a delivery of that claim, sender's id and id.
func like(claim, sender, id string) *Delivery {
	d := numbered(1).Delivery
	d.Claim, d.SenderID, d.ID, d.Path = claim, sender, id, "/hook"
	return &d
}

func TestTwin(t *testing.T) {
	j := openTest(t, Options{})
	finish := func(n int, sender, state string, change func(*Record)) {
		t.Helper()
		r := sent(n, sender, state)
		if change != nil {
			change(r)
		}
		check(t, j.Finish(r))
	}
	finish(1, "evt", Succeeded, nil)
	finish(2, "evt", Succeeded, nil)
	// Newer ones that are no twin do not hide an older one that is.
	finish(3, "evt", Duplicate, nil)
	finish(4, "evt", Dead, nil)
	finish(5, "evt", Rejected, nil)
	finish(6, "evt", Succeeded, func(r *Record) { r.Path = "/elsewhere" })
	finish(7, "evt", Succeeded, func(r *Record) { r.Route = "catch-all" })
	finish(8, "evt", Succeeded, func(r *Record) { r.Method = "PUT" })
	finish(9, "evt", Succeeded, func(r *Record) { r.Claim = "shed" })
	check(t, j.Begin(sent(10, "unchecked", Waiting), true))
	check(t, j.Begin(sent(11, "again", Received), true))
	_, err := j.Start(testID(11), Attempt{Number: 1}, true)
	check(t, err)
	check(t, j.Finish(sent(11, "again", Waiting)))
	late := numbered(12)
	late.Path = "/hook"
	check(t, j.Begin(late, true))
	check(t, j.Finish(sent(12, "late", Succeeded))) // told by Finish only
	for _, state := range []string{Received, Running} {
		n := map[string]int{Received: 13, Running: 14}[state]
		check(t, j.Begin(sent(n, state, state), true))
	}
	for _, tt := range []struct {
		name, claim, sender, except string
		want                        int // 0 = none
	}{
		{"the newest that counts", "garage", "evt", testID(99), 2},
		{"but itself", "garage", "evt", testID(2), 1},
		{"another claim", "shed", "evt", "", 9},
		{"no such claim", "attic", "evt", "", 0},
		{"no such id", "garage", "ev", "", 0},
		{"told late", "garage", "late", "", 12},
		{"not checked yet", "garage", "unchecked", "", 0},
		{"waits for its next attempt", "garage", "again", "", 11},
		{"received", "garage", Received, "", 13},
		{"running", "garage", Running, "", 14},
		{"no id", "garage", "", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, checked := range []bool{false, true} {
				d, found, err := j.Twin(t.Context(), like(tt.claim, tt.sender, tt.except), checked)
				check(t, err)
				if found != (tt.want != 0) || found && d.ID != testID(tt.want) {
					t.Errorf("checked %t: found %t, %s", checked, found, d.ID)
				}
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
		d, _, err := j.Twin(t.Context(), like("garage", "evt", ""), false)
		check(t, err)
		want := sent(1, "evt", Succeeded).Delivery
		want.Method, want.Path, want.DurationMS = "", "", 0
		diff(t, d, want)
		if _, found, _ := j.Twin(t.Context(), like("garage", "twin", ""), false); found {
			t.Error("the twin of a duplicate was found")
		}
		// Where senders are checked, the id alone says nothing of who sent it.
		same := like("garage", "evt", "")
		if _, found, _ := j.Twin(t.Context(), same, true); found {
			t.Error("remembered without its body")
		}
		same.BodySHA256 = "ab12"
		if d, found, _ := j.Twin(t.Context(), same, true); !found || d.ID != testID(1) {
			t.Error("not remembered with its body")
		}
		d, known, err := j.Find(t.Context(), testID(3))
		check(t, err)
		if !known || d.State != Dead || d.BodySHA256 != "cd34" || !j.Known(testID(2)) || j.Known(testID(4)) {
			t.Errorf("round %d: known %t, %+v", round, known, d)
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
