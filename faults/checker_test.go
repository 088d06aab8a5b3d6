package main

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// good is evidence without a fault, of two requests: "a" that a script handled,
// and "b" that the sender repeated.
func good() *evidence {
	a, b := key{"c", "/a"}, key{"c", "/b"}
	return &evidence{
		sent: map[key]*sent{a: {Digest: "aa", Accepted: 1}, b: {Digest: "bb", Accepted: 2}},
		home: []delivery{
			{ID: "1", Key: a, State: "succeeded", Digest: "aa", Attempts: 1},
			{ID: "2", Key: b, State: "succeeded", Digest: "bb", Attempts: 2},
			{ID: "3", Key: b, State: "duplicate", Digest: "bb", DuplicateOf: "2"},
		},
		runs:     []ran{{ID: "1", Key: a, Digest: "aa"}, {ID: "2", Key: b, Digest: "bb"}, {ID: "2", Key: b, Digest: "bb"}},
		scripted: map[string]bool{"c": true},
	}
}

func TestGoodEvidence(t *testing.T) {
	v := check(good())
	want := &verdict{Sent: 2, Accepted: 2, Deliveries: 3, Succeeded: 2, Duplicate: 1, Runs: 3, RunTwice: 1}
	got := *v
	got.violations = nil
	if diff := cmp.Diff(*want, got, cmp.AllowUnexported(verdict{})); diff != "" {
		t.Error(diff)
	}
	if len(v.violations) > 0 {
		t.Errorf("violations: %v", v.violations)
	}
}

// TestEachViolation breaks the law in one way at a time.
func TestEachViolation(t *testing.T) {
	a, b := key{"c", "/a"}, key{"c", "/b"}
	tests := []struct {
		name  string
		spoil func(e *evidence)
		want  []string // kinds; none for what is allowed
	}{
		{"accepted and nowhere", func(e *evidence) { e.sent[key{"c", "/x"}] = &sent{Digest: "xx", Accepted: 1} }, []string{"lost"}},
		{"never accepted and nowhere", func(e *evidence) { e.sent[key{"c", "/x"}] = &sent{Digest: "xx"} }, nil},
		{"never accepted and there", func(e *evidence) { e.sent[a].Accepted = 0 }, nil},
		{"another body at home", func(e *evidence) { e.home[0].Digest = "ax" }, []string{"digest"}},
		{"another body in the script", func(e *evidence) { e.runs[0].Digest = "ax" }, []string{"digest"}},
		{"an id twice", func(e *evidence) { e.home[1].ID, e.home[2].DuplicateOf, e.runs = "1", "1", e.runs[:1] }, []string{"id twice"}},
		{"handled twice", func(e *evidence) {
			e.home = append(e.home, delivery{ID: "4", Key: a, State: "succeeded", Digest: "aa"})
			e.runs = append(e.runs, ran{ID: "4", Key: a, Digest: "aa"})
		}, []string{"counted twice"}},
		{"the twin of a dead one", func(e *evidence) {
			e.lenient = true
			e.home[0].State, e.home[0].Reason = "dead", "quarantined: the agent died twice"
			e.home = append(e.home, delivery{ID: "4", Key: a, State: "succeeded", Digest: "aa"})
			e.runs = append(e.runs, ran{ID: "4", Key: a, Digest: "aa"})
		}, nil},
		{"duplicates only", func(e *evidence) { e.home[0].State, e.home[0].DuplicateOf, e.runs = "duplicate", "2", e.runs[1:] }, []string{"lost"}},
		{"a duplicate of nothing", func(e *evidence) { e.home[2].DuplicateOf = "9" }, []string{"duplicate"}},
		{"a duplicate that ran", func(e *evidence) { e.runs = append(e.runs, ran{ID: "3", Key: b, Digest: "bb"}) }, []string{"run"}},
		{"dead without a reason to", func(e *evidence) { e.home[0].State = "dead" }, []string{"dead"}},
		{"dead in peace", func(e *evidence) { e.home[0].State, e.home[0].Reason = "dead", "interrupted" }, []string{"dead"}},
		{"dead by a kill", func(e *evidence) { e.home[0].State, e.home[0].Reason, e.lenient = "dead", "interrupted", true }, nil},
		{"dead by a script", func(e *evidence) { e.home[0].State, e.home[0].Reason, e.lenient = "dead", "exit 1", true }, []string{"dead"}},
		{"rejected", func(e *evidence) { e.home[0].State, e.runs = "rejected", e.runs[1:] }, []string{"end"}},
		{"still running", func(e *evidence) { e.home[0].State = "running" }, []string{"stuck"}},
		{"still running, in time", func(e *evidence) { e.home[0].State, e.backlog = "running", true }, nil},
		{"waiting for its next attempt", func(e *evidence) { e.home[0].State = "waiting" }, []string{"stuck"}},
		{"waiting, as it may", func(e *evidence) { e.home[0].State, e.patient = "waiting", map[string]bool{"c": true} }, nil},
		{"never sent", func(e *evidence) {
			e.home = append(e.home, delivery{ID: "4", Key: key{"c", "/x"}, State: "succeeded"})
			e.runs = append(e.runs, ran{ID: "4", Key: a, Digest: "aa"})
		}, []string{"stranger"}},
		{"three runs", func(e *evidence) { e.runs = append(e.runs, e.runs[1]) }, []string{"run"}},
		{"no run", func(e *evidence) { e.runs = e.runs[1:] }, []string{"run"}},
		{"no run wanted", func(e *evidence) { e.runs, e.scripted = nil, nil }, nil},
		{"a part of a body", func(e *evidence) { e.runs[1].Cut, e.runs[1].Digest = true, "b" }, []string{"run"}},
		{"a part of a body by a kill", func(e *evidence) { e.runs[1].Cut, e.runs[1].Digest, e.lenient = true, "b", true }, nil},
		{"a run of nothing", func(e *evidence) { e.runs = append(e.runs, ran{ID: "9", Key: a, Digest: "aa"}) }, []string{"run"}},
		{"no run of the second script", func(e *evidence) { e.doubled, e.also = e.scripted, e.runs[1:] }, []string{"run"}},
		{"three runs of the second script", func(e *evidence) { e.doubled, e.also = e.scripted, append(e.runs, e.runs[1]) }, []string{"run"}},
		{"runs of both scripts", func(e *evidence) { e.doubled, e.also = e.scripted, e.runs }, nil},
		{"damage", func(e *evidence) { e.fault("integrity", "queue.db", "torn page") }, []string{"integrity"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { spoiled(t, tt.spoil, tt.want) })
	}
}

// TestEachViolationOfTheQueue does the same with what waits at the relay.
func TestEachViolationOfTheQueue(t *testing.T) {
	a := key{"c", "/a"}
	away := func(e *evidence, items ...queued) { // request a is at the relay
		e.home, e.runs, e.queue, e.backlog = e.home[1:], e.runs[1:], items, true
	}
	tests := []struct {
		name  string
		spoil func(e *evidence)
		want  []string
	}{
		{"waits", func(e *evidence) { away(e, queued{"1", a, "aa"}) }, nil},
		{"waits for ever", func(e *evidence) { away(e, queued{"1", a, "aa"}); e.backlog = false }, []string{"stuck"}},
		{"waits with another body", func(e *evidence) { away(e, queued{"1", a, "ax"}) }, []string{"digest"}},
		{"waits twice", func(e *evidence) { away(e, queued{"1", a, "aa"}, queued{"1", a, "aa"}) }, []string{"id twice"}},
		{"waits and was never sent", func(e *evidence) { e.queue, e.backlog = []queued{{"9", key{"c", "/x"}, ""}}, true }, []string{"stranger"}},
		{"waits and is at home", func(e *evidence) { e.queue, e.backlog = []queued{{"1", a, "aa"}}, true }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { spoiled(t, tt.spoil, tt.want) })
	}
}

func spoiled(t *testing.T, spoil func(*evidence), want []string) {
	t.Helper()
	e := good()
	spoil(e)
	var kinds []string
	for _, x := range check(e).violations {
		kinds = append(kinds, x.Kind)
	}
	if !slices.Equal(kinds, want) {
		t.Errorf("got %q, want %q: %v", kinds, want, check(e).violations)
	}
}

func TestComplaint(t *testing.T) {
	tests := []struct{ name, log, want string }{
		{"quiet", "level=INFO msg=listening\nlevel=WARN msg=\"home is away\"\n", ""},
		{"panic", "level=INFO\npanic: index out of range\n\ngoroutine 1 [running]:\n", "panic: index out of range"},
		{"race", "WARNING: DATA RACE\n", "WARNING: DATA RACE"},
	}
	for _, tt := range tests {
		if got := complaint(tt.log); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestOrder holds what counts as overtaken.
func TestOrder(t *testing.T) {
	k := func(path string) key { return key{"c", path} }
	tests := []struct {
		name string
		runs []string // paths, in order
		want int
	}{
		{"in order", []string{"/s/0", "/s/1", "/s/2", "/s/10"}, 0},
		{"two senders", []string{"/s/1", "/r/0", "/s/2", "/r/1"}, 0},
		{"one overtaken", []string{"/s/0", "/s/2", "/s/1", "/s/10"}, 1},
		{"all overtaken", []string{"/s/10", "/s/0", "/s/1", "/s/2"}, 3},
		{"run again", []string{"/s/0", "/s/1", "/s/0", "/s/2"}, 0},
		{"never accepted", []string{"/s/2", "/x/0", "/s/10"}, 0},
		{"no number", []string{"/a", "/b"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := &evidence{sent: make(map[key]*sent), ordered: true}
			for _, path := range tt.runs {
				e.sent[k(path)] = &sent{Accepted: 1}
				e.runs = append(e.runs, ran{ID: path, Key: k(path)})
			}
			e.sent[k("/x/0")] = &sent{}
			v := &verdict{}
			v.checkOrder(e)
			if v.Overtaken != tt.want || len(v.violations) != tt.want {
				t.Errorf("%d overtaken, want %d: %v", v.Overtaken, tt.want, v.violations)
			}
		})
	}
}
