package history

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// full is a record with every field set.
func full() (begin, finish *Record) {
	begin = &Record{
		Delivery: Delivery{
			ID: testID(1), Claim: "garage", Relay: "mine", State: Running, Method: "POST", Path: "/a b", Query: "x=1&y=%20",
			Remote: "[2001:db8::1]:443", Received: time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC), SenderID: "early",
		},
		Head: []byte("POST /a%20b?x=1 HTTP/1.1\r\nX: \xff\r\n\r\n"),
	}
	f := *begin
	f.State, f.Size, f.BodySHA256, f.Route, f.Status, f.DurationMS = Dead, 2048, "ab12", "deploy", 502, 12.75
	f.Attempts, f.SenderID, f.DuplicateOf, f.ReplayOf, f.Reason = 2, "evt_1", testID(7), testID(8), "the app is down"
	f.Body, f.BodyTruncated = []byte("a\x00b\xff"), true
	f.Log = []Attempt{
		{
			Number: 1, Route: "deploy", Handler: "script", Started: begin.Received.Add(time.Second), DurationMS: 0.25, Exit: 75,
			Output: []byte("later\n"), OutputTruncated: true, Error: "exit 75",
		},
		{
			Number: 2, Route: "deploy", Handler: "forward", Started: begin.Received.Add(time.Minute), DurationMS: 5, Status: 502, Exit: -1,
			ResponseHead: []byte("HTTP/1.1 502 Bad Gateway\r\n\r\n"), ResponseBody: []byte{0, 1, 2}, ResponseSize: 3, ResponseTruncated: true,
		},
	}
	return begin, &f
}

// What is stored must not depend on what the writer remembers of Begin.
func TestFinish(t *testing.T) {
	for _, tt := range []struct {
		name    string
		durable bool
		forget  bool
		linger  time.Duration
	}{
		{name: "through", linger: time.Hour},
		{name: "durable", durable: true, linger: time.Hour},
		{name: "begin forgotten", forget: true},
		{name: "no linger", linger: -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := openTest(t, Options{Linger: tt.linger})
			begin, finish := full()
			check(t, j.Begin(begin, tt.durable))
			if tt.forget {
				j = reopenRunning(t, j)
			}
			check(t, j.Finish(finish))
			diff(t, get(t, j, begin.ID), finish)
		})
	}
}

// reopenRunning closes the journal and opens it again, so that the writer has
// forgotten every Begin.
func reopenRunning(t *testing.T, j *Journal) *Journal {
	t.Helper()
	check(t, j.Close())
	sqlValue(t, j.w.path, "UPDATE deliveries SET durable = 1") // stays as it is
	return openAt(t, j.w.path, Options{Linger: time.Hour})
}

// A Finish that says little keeps what Begin said.
func TestFinishKeepsWhatBeginKnew(t *testing.T) {
	for _, forget := range []bool{false, true} {
		t.Run(fmt.Sprintf("forget=%t", forget), func(t *testing.T) {
			j := openTest(t, Options{Linger: time.Hour})
			_, begin := full()
			begin.State, begin.Log = Running, nil
			check(t, j.Begin(begin, false))
			if forget {
				j = reopenRunning(t, j)
			}
			check(t, j.Finish(&Record{
				Delivery: Delivery{ID: begin.ID, State: Rejected, Status: 403, Path: "/ignored", Reason: "bad signature"},
				Body:     []byte("ignored"),
			}))
			want := *begin
			want.State, want.Status, want.Reason, want.DurationMS, want.Attempts = Rejected, 403, "bad signature", 0, 0
			diff(t, get(t, j, begin.ID), &want)
		})
	}
}

func TestFinishWithoutBegin(t *testing.T) {
	j := openTest(t, Options{})
	_, finish := full()
	finish.State = ""
	check(t, j.Finish(finish))
	finish.State = Succeeded
	diff(t, get(t, j, finish.ID), finish)
}

func TestFinishAgain(t *testing.T) {
	for _, flush := range []bool{false, true} {
		t.Run(fmt.Sprintf("flush=%t", flush), func(t *testing.T) {
			j := openTest(t, Options{Linger: time.Hour})
			check(t, j.Begin(numbered(1), false))
			for n := 1; n <= 3; n++ {
				r := done(1, Waiting)
				r.Log[0].Number = n
				r.Attempts = n
				check(t, j.Finish(r))
				if flush {
					check(t, j.Flush(t.Context()))
				}
			}
			last := done(1, Succeeded) // attempt 1 again, with an error this time
			last.Log[0].Error = "replaced"
			last.Attempts = 3
			check(t, j.Finish(last))

			got := get(t, j, testID(1))
			if got.State != Succeeded || got.Attempts != 3 || len(got.Log) != 3 || got.Log[0].Error != "replaced" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestConcurrentPairs(t *testing.T) {
	const callers, each = 50, 20
	j := openTest(t, Options{QueueItems: 64, Linger: time.Millisecond})
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				n := c*each + i
				r := numbered(n)
				if err := j.Begin(r, n%3 == 0); err != nil {
					t.Error(err)
				}
				if n%7 == 0 { // readers in between
					if _, err := j.Get(context.Background(), r.ID); err != nil {
						t.Error(err)
					}
				}
				if err := j.Finish(done(n, Succeeded)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := len(list(t, j, Query{State: Succeeded, Limit: 300})); got != callers*each {
		t.Fatalf("%d deliveries succeeded, want %d", got, callers*each)
	}
	for n := range callers * each {
		want := done(n, Succeeded)
		want.Attempts = 1
		diff(t, get(t, j, testID(n)), want)
	}
	if j.Lost() != 0 || j.Err() != nil {
		t.Errorf("lost %d, err %v", j.Lost(), j.Err())
	}
}

// Callers reuse their buffers the moment Begin and Finish return.
func TestRecordIsCopied(t *testing.T) {
	j := openTest(t, Options{Linger: time.Hour})
	begin, finish := full()
	_, want := full()
	check(t, j.Begin(begin, false))
	clear(begin.Head)
	check(t, j.Finish(finish))
	clear(finish.Body)
	for i := range finish.Log {
		clear(finish.Log[i].Output)
		clear(finish.Log[i].ResponseHead)
		clear(finish.Log[i].ResponseBody)
	}
	clear(finish.Log)
	diff(t, get(t, j, want.ID), want)
}

func TestBodiesAreCut(t *testing.T) {
	j := openTest(t, Options{Body: 4})
	_, r := full()
	r.Body, r.BodyTruncated = []byte("12345"), false
	r.Log = []Attempt{{Number: 1, Output: []byte("1234"), ResponseBody: []byte("12345"), ResponseSize: 5}}
	check(t, j.Finish(r))
	got := get(t, j, r.ID)
	a := got.Log[0]
	if string(got.Body) != "1234" || !got.BodyTruncated || got.Size != 2048 {
		t.Errorf("body %q, truncated %t, size %d", got.Body, got.BodyTruncated, got.Size)
	}
	if string(a.Output) != "1234" || a.OutputTruncated || string(a.ResponseBody) != "1234" || !a.ResponseTruncated || a.ResponseSize != 5 {
		t.Errorf("attempt %+v", a)
	}
}

func TestLargeBody(t *testing.T) {
	j := openTest(t, Options{QueueBytes: 1 << 20})
	for n := range 8 {
		r := numbered(n)
		r.Body = bytes.Repeat([]byte{byte(n)}, 1<<20)
		check(t, j.Begin(r, n%2 == 0))
	}
	for n := range 8 {
		if got := get(t, j, testID(n)).Body; !bytes.Equal(got, bytes.Repeat([]byte{byte(n)}, 1<<20)) {
			t.Errorf("delivery %d: body of %d bytes differs", n, len(got))
		}
	}
}

// An empty body is none: Finish may still bring one.
func TestEmptyBody(t *testing.T) {
	for _, durable := range []bool{false, true} {
		j := openTest(t, Options{Linger: time.Hour})
		for n, body := range [][]byte{nil, {}} {
			r := numbered(n)
			r.Head, r.Body = nil, body
			check(t, j.Begin(r, durable))
			if n == 0 {
				check(t, j.Flush(t.Context()))
				if got := get(t, j, r.ID).Body; got != nil {
					t.Errorf("body %#v came back as %#v", body, got)
				}
			}
			r.Body = []byte("late")
			check(t, j.Finish(r))
			if got := get(t, j, r.ID).Body; string(got) != "late" {
				t.Errorf("body %q, want the one that Finish brought", got)
			}
		}
	}
}

func TestSameID(t *testing.T) {
	j := openTest(t, Options{Linger: time.Hour})
	check(t, j.Begin(numbered(1), false))
	for _, durable := range []bool{false, true} {
		if err := j.Begin(numbered(1), durable); !errors.Is(err, ErrExists) {
			t.Errorf("durable %t: %v, want ErrExists", durable, err)
		}
	}
	if j.Lost() != 0 || j.Err() != nil {
		t.Errorf("lost %d, err %v", j.Lost(), j.Err())
	}
	check(t, j.Begin(numbered(2), false))
	diff(t, list(t, j, Query{}), testIDs(2, 1))
}

// Deliveries of one microsecond keep their order, however many they are.
func TestSameMicrosecond(t *testing.T) {
	j := openTest(t, Options{})
	const n = 2500
	var want []string
	for i := range n {
		r := numbered(i)
		r.Received = epoch
		check(t, j.Begin(r, false))
		if i%100 == 0 { // makes the writer lose its place
			other := numbered(n + i)
			other.Received = epoch.Add(-time.Hour)
			check(t, j.Begin(other, false))
		}
		want = append([]string{r.ID}, want...)
	}
	diff(t, list(t, j, Query{Since: epoch, Limit: 1000}), want)
	if got := get(t, j, testID(0)).Received; !got.Equal(epoch) {
		t.Errorf("received %s, want %s", got, epoch)
	}
}

func TestReceived(t *testing.T) {
	j := openTest(t, Options{Now: func() time.Time { return epoch }})
	for i, tt := range []struct{ in, want time.Time }{
		{time.Time{}, epoch},
		{epoch.Add(1999 * time.Nanosecond).In(time.FixedZone("", 3600)), epoch.Add(time.Microsecond)},
		{time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(0, 0).UTC()},
		{time.Date(2400, 1, 1, 0, 0, 0, 0, time.UTC), timeOf(seqOf(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)))},
	} {
		r := numbered(i)
		r.Received = tt.in
		check(t, j.Begin(r, false))
		if got := get(t, j, r.ID).Received; got != tt.want {
			t.Errorf("%s came back as %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestGetByPrefix(t *testing.T) {
	j := openTest(t, Options{})
	for _, id := range []string{"0189aaaa-1111", "0189aaaa-1111-2222", "0189aaaa-3333", "0189bbbb-0000"} {
		r := numbered(0)
		r.ID = id
		check(t, j.Begin(r, false))
	}
	for _, tt := range []struct {
		id, want string
		err      error
	}{
		{id: "0189bbbb", want: "0189bbbb-0000"},
		{id: "0189bbbb-0000", want: "0189bbbb-0000"},
		{id: "0189aaaa-1111", want: "0189aaaa-1111"}, // exact, though another continues it
		{id: "0189aaaa-1111-", want: "0189aaaa-1111-2222"},
		{id: "0189aaaa", err: ErrAmbiguous},
		{id: "0189bbb", err: ErrShortID},
		{id: "", err: ErrShortID},
		{id: "0189cccc", err: ErrNotFound},
		{id: "0189bbbb-00000", err: ErrNotFound},
		{id: "0189bbb%", err: ErrNotFound},
		{id: strings.Repeat("z", 500), err: ErrNotFound},
	} {
		t.Run(tt.id, func(t *testing.T) {
			r, err := j.Get(t.Context(), tt.id)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err == nil && r.ID != tt.want {
				t.Errorf("got %s, want %s", r.ID, tt.want)
			}
		})
	}
}

func TestClosed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	j := openAt(t, path, Options{Linger: time.Hour})
	add := numbered(1)
	check(t, j.Begin(add, false))
	check(t, j.Finish(done(1, Succeeded)))
	check(t, j.Close())
	check(t, j.Close())

	ctx := t.Context()
	_, _, listErr := j.List(ctx, Query{})
	_, getErr := j.Get(ctx, add.ID)
	for name, err := range map[string]error{
		"Begin": j.Begin(numbered(2), false), "durable Begin": j.Begin(numbered(2), true), "Finish": j.Finish(numbered(2)),
		"Flush": j.Flush(ctx), "Prune": j.Prune(ctx), "List": listErr, "Get": getErr,
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", name, err)
		}
	}
	again := openAt(t, path, Options{})
	diff(t, list(t, again, Query{State: Succeeded}), testIDs(1))
}

func TestNoID(t *testing.T) {
	j := openTest(t, Options{})
	if j.Begin(&Record{}, false) == nil || j.Finish(&Record{}) == nil {
		t.Error("a delivery without id was taken")
	}
}

func TestCanceled(t *testing.T) {
	j := openTest(t, Options{})
	check(t, j.Begin(numbered(1), false))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := j.List(ctx, Query{}); !errors.Is(err, context.Canceled) {
		t.Errorf("List: %v", err)
	}
	if _, err := j.Get(ctx, testID(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Get: %v", err)
	}
	if _, err := Open(ctx, filepath.Join(t.TempDir(), "history.db"), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v", err)
	}
}
