package history

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
)

func TestStart(t *testing.T) {
	for _, forget := range []bool{false, true} {
		t.Run(fmt.Sprintf("forget=%t", forget), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "history.db")
			j := openAt(t, path, Options{})
			r := numbered(1)
			r.State = Received
			check(t, j.Begin(r, true))
			for n := 1; n <= 3; n++ {
				if forget {
					check(t, j.Close())
					j = openAt(t, path, Options{})
				}
				starts, err := j.Start(r.ID, Attempt{Number: n, Route: "deploy", Handler: "script"}, n%2 == 0)
				if err != nil || starts != n {
					t.Errorf("start %d: %d, %v", n, starts, err)
				}
				got := get(t, j, r.ID)
				if got.State != Running || got.Starts != n || got.Attempts != n {
					t.Errorf("after start %d: %+v", n, got.Delivery)
				}
				w := waiting(1)
				w.Log, w.Attempts = nil, n
				check(t, j.Finish(w))
				if got := get(t, j, r.ID); got.State != Waiting || got.Starts != n || !got.Due.Equal(w.Due) {
					t.Errorf("after attempt %d: %+v", n, got.Delivery)
				}
			}
		})
	}
}

func TestStartRefuses(t *testing.T) {
	j := openTest(t, Options{})
	add(t, j, 1, 1)
	for name, tt := range map[string]struct {
		id   string
		want error
	}{
		"one that has ended":   {testID(1), ErrEnded},
		"one that is not here": {testID(2), ErrNotFound},
	} {
		if _, err := j.Start(tt.id, Attempt{Number: 1}, true); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := get(t, j, testID(1)); got.State != Succeeded || got.Starts != 0 {
		t.Errorf("it is now %+v", got.Delivery)
	}
}

func TestReopen(t *testing.T) {
	cutBody := func(r *Record) { r.Body, r.Size = []byte("0123456789"), 10 }
	for _, tt := range []struct {
		name    string
		state   string
		change  func(r *Record)
		durable bool
		want    error
	}{
		{name: "dead", state: Dead, durable: true},
		{name: "dead that was through", state: Dead},
		{name: "rejected", state: Rejected, durable: true},
		{name: "duplicate", state: Duplicate, durable: true},
		{name: "expired", state: Expired},
		{name: "waiting", state: Waiting, durable: true},
		{name: "without a body", state: Dead, change: func(r *Record) { r.Body, r.Size = nil, 0 }},
		{name: "cut", state: Dead, durable: true, change: cutBody, want: ErrIncomplete},
		{name: "waiting and cut", state: Waiting, durable: true, change: cutBody},
		{name: "redacted", state: Dead, change: func(r *Record) { r.Head = []byte("GET / HTTP/1.1\r\nCookie: a\r\n\r\n") }, want: ErrIncomplete},
		{name: "body never came", state: Dead, change: func(r *Record) { r.Size = 100 }, want: ErrIncomplete},
		{name: "succeeded", state: Succeeded, want: ErrUnfinished},
		{name: "running", state: Running, durable: true, want: ErrUnfinished},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := openTest(t, Options{Body: 8, Redact: []string{"header.Cookie"}, Seal: testKey})
			r := numbered(1)
			r.Body, r.Size = []byte("body"), 4
			if tt.change != nil {
				tt.change(r)
			}
			check(t, j.Begin(r, tt.durable))
			check(t, j.Begin(numbered(2), true))
			_, err := j.Start(r.ID, Attempt{Number: 1}, true)
			check(t, err)
			f := done(1, tt.state)
			f.Size, f.Body, f.Reason = r.Size, nil, "it failed"
			check(t, j.Finish(f))

			if err := j.Reopen(t.Context(), r.ID); !errors.Is(err, tt.want) {
				t.Fatalf("error %v, want %v", err, tt.want)
			}
			got := get(t, j, r.ID)
			if tt.want != nil {
				if got.State != tt.state {
					t.Errorf("it is now %s", got.State)
				}
				return
			}
			if got.State != Received || got.Starts != 0 || got.Attempts != 1 || len(got.Log) != 1 || !got.Due.IsZero() || got.Reason != "" {
				t.Errorf("got %+v", got.Delivery)
			}
			if o := originalOf(t, j, r.ID); string(o.Body) != string(r.Body) || string(o.Head) != string(r.Head) {
				t.Errorf("original %q %q", o.Head, o.Body)
			}
			want := testIDs(2, 1) // last in the order of arrival
			if tt.state == Waiting {
				want = testIDs(1, 2)
			}
			diff(t, unfinishedIDs(t, j, "", 10), want)
			if n, err := j.Start(r.ID, Attempt{Number: 2}, true); err != nil || n != 1 {
				t.Errorf("start: %d, %v", n, err)
			}
			check(t, j.Finish(done(1, Succeeded)))
			diff(t, list(t, j, Query{State: Succeeded}), testIDs(1))
		})
	}
}

func TestReopenNothing(t *testing.T) {
	j := openTest(t, Options{})
	if err := j.Reopen(t.Context(), testID(1)); !errors.Is(err, ErrNotFound) {
		t.Errorf("error %v", err)
	}
}
