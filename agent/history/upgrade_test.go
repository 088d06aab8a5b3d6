package history

import (
	"fmt"
	"path/filepath"
	"testing"

	"homehook/dbfile"
)

// versionOne makes a file as the first version wrote it, of n deliveries.
func versionOne(t *testing.T, path string, n int) {
	t.Helper()
	steps, err := dbfile.Steps(embedded)
	check(t, err)
	c := openRaw(t, path)
	check(t, dbfile.Migrate(c, path, applicationID, steps[:1]))
	insert, err := c.Prepare(`INSERT INTO deliveries (seq, id, claim, relay, state, durable, method, path, query, remote, size, body_sha256,
route, status, duration_ms, attempts, sender_id, duplicate_of, replay_of, reason)
VALUES (?,?,?,'mine',?,?,?,?,'x=1','203.0.113.9:1',6,'ab12',?,?,1.5,1,?,NULL,NULL,?)`)
	check(t, err)
	request, err := c.Prepare(`INSERT INTO requests VALUES (?,?,?,0)`)
	check(t, err)
	attempt, err := c.Prepare(`INSERT INTO attempts VALUES (?,1,NULL,'forward',?,1.5,200,-1,?,0,NULL,NULL,NULL,0,0)`)
	check(t, err)
	check(t, c.Exec("BEGIN"))
	for i := range n {
		r := numbered(i)
		seq := seqOf(r.Received)
		state, durable, reason := Succeeded, int64(0), any(nil)
		switch i % 10 {
		case 1:
			state, reason = Dead, "it failed"
		case 2:
			state = Running
		case 3:
			state, durable = Waiting, 1
		}
		method := []any{"POST", "BREW", nil}[i%3]
		check(t, insert.Exec(seq, r.ID, r.Claim, state, durable, method, r.Path, []any{nil, "deploy"}[i%2], int64(200+i%2*300),
			[]any{nil, fmt.Sprintf("evt%d", i)}[i%2], reason))
		check(t, request.Exec(seq, r.Head, r.Body))
		check(t, attempt.Exec(seq, r.Received.UnixMicro(), []byte("it said hello")))
	}
	check(t, c.Exec("COMMIT"))
	for _, st := range []*dbfile.Stmt{insert, request, attempt} {
		check(t, st.Close())
	}
}

func TestUpgrade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	const n = 500
	versionOne(t, path, n)
	j := openAt(t, path, Options{Keep: -1})

	var dead, waiting, brew, evens int
	var want []string
	for i := n - 1; i >= 0; i-- {
		want = append(want, testID(i))
		if i%10 == 1 || i%10 == 2 { // the running ones were interrupted
			dead++
		}
		if i%10 == 3 {
			waiting++
		}
		if i%3 == 1 {
			brew++
		}
		if i%2 == 0 {
			evens++
		}
	}
	diff(t, list(t, j, Query{Limit: 77}), want)
	for _, tt := range []struct {
		q    Query
		want int
	}{
		{Query{State: Dead}, dead},
		{Query{State: Waiting}, waiting},
		{Query{Method: "BREW"}, brew},
		{Query{Status: 200}, evens},
		{Query{Route: "deploy"}, n - evens},
		{Query{Search: "hello forw"}, 0},
		{Query{Search: "said hel"}, n},
		{Query{Search: "hook/333"}, 1},
	} {
		for range 2 { // with the index and without
			if got := len(list(t, j, tt.q)); got != tt.want {
				t.Errorf("%+v: %d, want %d", tt.q, got, tt.want)
			}
			check(t, j.Index(t.Context()))
		}
	}
	if got := len(unfinishedIDs(t, j, "", 1000)); got != waiting {
		t.Errorf("%d unfinished, want %d", got, waiting)
	}
	r := originalOf(t, j, testID(3))
	if string(r.Body) != "body 3" || r.State != Waiting || r.SenderID != "evt3" {
		t.Errorf("got %+v", r)
	}
	if d, found, err := j.Find(t.Context(), testID(11)); !found || err != nil || d.State != Dead || d.SenderID != "evt11" {
		t.Errorf("found %+v, %t, %v", d, found, err)
	}
	starts, err := j.Start(testID(3), Attempt{Number: 2}, true)
	if err != nil || starts != 1 {
		t.Errorf("start: %d, %v", starts, err)
	}
	check(t, j.Finish(done(3, Succeeded)))
	if got := sqlValue(t, path+".v1", "SELECT count(*) FROM deliveries"); got != int64(n) {
		t.Errorf("the copy holds %v deliveries", got)
	}
	if got := sqlValue(t, path, "PRAGMA integrity_check"); got != "ok" {
		t.Errorf("integrity check: %v", got)
	}
}

// A crash between the change of format and what follows from it is made up for.
func TestUpgradeInterrupted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	versionOne(t, path, 100)
	steps, err := dbfile.Steps(embedded)
	check(t, err)
	c := openRaw(t, path)
	check(t, dbfile.Migrate(c, path, applicationID, steps))
	j := openAt(t, path, Options{Keep: -1})
	if got := len(list(t, j, Query{State: Waiting})); got != 10 {
		t.Errorf("%d wait", got)
	}
	if got := len(unfinishedIDs(t, j, "", 100)); got != 10 {
		t.Errorf("%d are unfinished", got)
	}
}

// versionTwo makes a file as the second version left it after a crash: of
// deliveries that are owed an end, and one that has ended.
func versionTwo(t *testing.T, path string) {
	t.Helper()
	steps, err := dbfile.Steps(embedded)
	check(t, err)
	c := openRaw(t, path)
	check(t, dbfile.Migrate(c, path, applicationID, steps[:2]))
	insert, err := c.Prepare(`INSERT INTO deliveries (seq, id, claim, state, durable, method, path, size, route, status, duration_ms, attempts, starts, answer, arrival, facet)
VALUES (?,?,'garage',?,1,'POST','/x',6,'deploy',0,0,?,?,'store',?,1)`)
	check(t, err)
	request, err := c.Prepare(`INSERT INTO requests VALUES (?,?,?,0)`)
	check(t, err)
	attempt, err := c.Prepare(`INSERT INTO attempts VALUES (?,?,'deploy','script',?,1.5,?,-1,NULL,0,?,NULL,NULL,0,0)`)
	check(t, err)
	check(t, c.Exec("BEGIN; INSERT INTO facets VALUES (1, 'garage', 'deploy', 'running', 'POST', 0)"))
	add := func(i int, state string, attempts, starts int64, log ...any) {
		r := numbered(i)
		seq, arrival := seqOf(r.Received), any(nil)
		if unfinished(state) {
			arrival = int64(i)
		}
		check(t, insert.Exec(seq, r.ID, state, attempts, starts, arrival))
		check(t, request.Exec(seq, r.Head, r.Body))
		for n, failure := range log {
			status := int64(0)
			if failure == "answered" {
				status, failure = 503, nil
			}
			check(t, attempt.Exec(seq, int64(n+1), r.Received.UnixMicro(), status, failure))
		}
	}
	add(1, Received, 0, 0)
	add(2, Waiting, 3, 2, "answered", "answered", "answered") // retried by hand behind the first
	add(3, Running, 1, 1, nil)                                // with its attempt
	add(4, Running, 2, 2, "answered")                         // crashed before that was written down
	add(5, Dead, 1, 1, "answered")
	check(t, c.Exec("COMMIT"))
	for _, st := range []*dbfile.Stmt{insert, request, attempt} {
		check(t, st.Close())
	}
}

// What the second version has left goes on: nothing of it is lost, and what ran
// is known to have run.
func TestUpgradeFromTwo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	versionTwo(t, path)
	j := openAt(t, path, Options{Keep: -1})
	diff(t, unfinishedIDs(t, j, "", 10), testIDs(1, 2, 3, 4))
	for _, tt := range []struct {
		n, renewed, attempts int
		open                 bool // the last one runs
	}{
		{1, 0, 0, false},
		{2, 1, 3, false},
		{3, 0, 1, true},
		{4, 0, 2, true},
		{5, 0, 1, false},
	} {
		r := originalOf(t, j, testID(tt.n))
		if r.Renewed != tt.renewed || len(r.Log) != tt.attempts || r.Checked != "" || r.Trace != nil {
			t.Errorf("%d: %+v", tt.n, r)
			continue
		}
		for i, a := range r.Log {
			if open := a.Status == 0 && a.Error == ""; open != (tt.open && i == tt.attempts-1) || a.Number != i+1 || a.Place != 0 || a.GivenUp || a.Route != "deploy" {
				t.Errorf("%d: attempt %+v", tt.n, a)
			}
		}
	}
	// What is new is stored beside it.
	r := numbered(6)
	r.State, r.Checked, r.Trace = Received, "github:a\n", []byte(`[{"route":"deploy"}]`)
	r.Size = int64(len(r.Body))
	check(t, j.Begin(r, true))
	_, err := j.Start(r.ID, Attempt{Number: 1, Route: "deploy", Handler: "save", Place: 1}, true)
	check(t, err)
	check(t, j.Finish(&Record{
		Delivery: Delivery{ID: r.ID, State: Dead}, Trace: []byte(`[]`),
		Log: []Attempt{{Number: 1, Route: "deploy", Handler: "save", Place: 1, Error: "no", GivenUp: true}},
	}))
	got := get(t, j, r.ID)
	if got.Checked != r.Checked || string(got.Trace) != "[]" || len(got.Log) != 1 || got.Log[0].Place != 1 || !got.Log[0].GivenUp {
		t.Errorf("%+v", got)
	}
	check(t, j.Reopen(t.Context(), r.ID))
	if got := get(t, j, r.ID); got.Renewed != 1 || got.Starts != 0 {
		t.Errorf("%+v", got)
	}
	if got := sqlValue(t, path+".v2", "SELECT count(*) FROM deliveries"); got != int64(5) {
		t.Errorf("the copy holds %v deliveries", got)
	}
	if got := sqlValue(t, path, "PRAGMA integrity_check"); got != "ok" {
		t.Errorf("integrity check: %v", got)
	}
}
