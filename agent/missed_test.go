package agent

import (
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"homehook/dbfile"
)

// refusing makes the journal take no delivery of an id until the end is called.
func (h *home) refusing(t *testing.T, id string) (end func()) {
	t.Helper()
	name, err := dbfile.DSN(h.history(), "mode=rw", "_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	run := func(statement string) {
		t.Helper()
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	run(fmt.Sprintf("CREATE TRIGGER refusing BEFORE INSERT ON deliveries WHEN NEW.id = '%s' BEGIN SELECT RAISE(ABORT, 'refused'); END", id))
	return func() { run("DROP TRIGGER refusing") }
}

// insist sends a delivery until it is taken, as a relay does.
func (r *testRelay) insist(t *testing.T, s sent) {
	t.Helper()
	eventually(t, "it is taken", func() bool { return r.must(t, s).accepted == s.id })
}

// TestMissedComesFirst: a delivery that the journal does not take comes again,
// and what is behind it in the relay's queue runs after it, whether that came
// before the failure or behind it.
func TestMissedComesFirst(t *testing.T) {
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", a.route("app", "")))
	first, missed, beside, behind := newID(), newID(), newID(), newID()
	r.must(t, sent{id: first, line: "POST /app", body: "first", after: "none"})
	h.record(t, first, "succeeded")

	// As takeIn does: it has its place, and those behind it are let in beside it.
	j := &job{id: missed, claim: "garage", route: "app"}
	h.inbox.executor.place(j, lane{claim: "garage"}, false)
	seq := h.inbox.sequenceOf("garage")
	seq.came(missed)
	if g := r.must(t, sent{id: beside, line: "POST /app", body: "beside", after: missed}); g.accepted != beside {
		t.Fatalf("%+v", g)
	}
	h.inbox.missed(&arrival{placed: j})
	eventually(t, "what came beside it waits for it", func() bool {
		h.inbox.executor.mu.Lock()
		defer h.inbox.executor.mu.Unlock()
		l := h.inbox.executor.lines[lane{claim: "garage"}]
		return l.gap != nil && l.gap.id == missed
	})

	// The journal does not take it once more.
	end := h.refusing(t, missed)
	again := sent{id: missed, line: "POST /app", body: "missed", after: first}
	if g := r.must(t, again); g.status != 503 || g.accepted != "" {
		t.Fatalf("%+v", g)
	}
	r.insist(t, sent{id: behind, line: "POST /app", body: "behind", after: beside})
	if seen := a.bodies(); !slices.Equal(seen, []string{"first"}) {
		t.Fatalf("the app saw %v", seen)
	}
	end()
	r.insist(t, again)
	h.record(t, behind, "succeeded")
	if seen := a.bodies(); !slices.Equal(seen, []string{"first", "missed", "beside", "behind"}) {
		t.Errorf("the app saw %v", seen)
	}
}

// TestNothingPassesWhatIsMissed: who comes behind a delivery that the journal did
// not take waits until that comes again.
func TestNothingPassesWhatIsMissed(t *testing.T) {
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", a.route("app", "")))
	missed := sent{id: newID(), line: "POST /app", body: "missed", after: "none"}
	end := h.refusing(t, missed.id)
	behind := sent{id: newID(), line: "POST /app", body: "behind", after: missed.id}
	if g := r.must(t, missed); g.status != 503 || g.accepted != "" {
		t.Fatalf("%+v", g)
	}
	come := make(chan got)
	go func() {
		g, _ := r.deliver(behind)
		come <- g
	}()
	eventually(t, "it waits", func() bool {
		s := h.inbox.sequenceOf("garage")
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.await[missed.id] != nil
	})
	end()
	r.insist(t, missed)
	if g := <-come; g.accepted != behind.id {
		r.insist(t, behind) // it came while the journal took nothing
	}
	h.record(t, behind.id, "succeeded")
	if seen := a.bodies(); !slices.Equal(seen, []string{"missed", "behind"}) {
		t.Errorf("the app saw %v", seen)
	}
}
