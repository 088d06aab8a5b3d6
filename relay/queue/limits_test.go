package queue

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"homehook/dbfile"
)

func TestLimits(t *testing.T) {
	one := numbered("garage", 1).bytes() + int64(len(bodyOf(1)))
	now := epoch.Add(time.Hour)
	for _, tt := range []struct {
		name   string
		l      Limits
		reason string // of the refusal of the third
		words  string
	}{
		{"defaults", Limits{}, "", ""},
		{"items", Limits{Items: 2}, Items, `the queue of claim "garage" holds as many deliveries as it may`},
		{"room for one more", Limits{Items: 3}, "", ""},
		{"no bound", Limits{Items: -1, Bytes: -1, Age: -1}, "", ""},
		{"bytes", Limits{Bytes: 3*one - 1}, Bytes, "holds as many bytes"},
		{"just enough bytes", Limits{Bytes: 3 * one}, "", ""},
		{"age", Limits{Age: time.Hour - 2*time.Second}, Age, "has waited for too long"},
		{"young enough", Limits{Age: time.Hour}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := openTest(t, Options{Now: func() time.Time { return now }})
			put(t, q, "garage", 1, 2)
			third := numbered("garage", 3)
			s := spoolOf(t, q, bodyOf(3))
			err := q.Put(t.Context(), third, s, tt.l)
			if tt.reason == "" {
				check(t, err)
				return
			}
			full := refusal(t, err)
			if full.Reason != tt.reason || full.Claim != "garage" || full.RetryAfter <= 0 || !strings.Contains(full.Error(), tt.words) {
				t.Errorf("%+v: %v", full, full)
			}
			diff(t, ids(list(t, q, "garage")), testIDs(1, 2))
			if q.Stats().Refused != 1 || q.Err() != nil {
				t.Errorf("%+v, %v", q.Stats(), q.Err())
			}
			// Another claim has a line of its own, and room comes again.
			check(t, q.Put(t.Context(), numbered("attic", 4), nil, tt.l))
			for _, it := range list(t, q, "garage") {
				check(t, q.Done(t.Context(), it))
			}
			check(t, q.Put(t.Context(), third, s, tt.l))
		})
	}
}

// Puts at once do not get past a limit together.
func TestLimitsHoldAtOnce(t *testing.T) {
	q := openTest(t, Options{})
	var taken, refused atomic.Int64
	var wg sync.WaitGroup
	for n := range 64 {
		wg.Go(func() {
			s := q.NewSpool()
			defer s.Close()
			if n%2 == 0 {
				_, _ = s.Write(large(n, inRow)) // as a file
			}
			switch err := q.Put(t.Context(), numbered("garage", n), s, Limits{Items: 10}); err {
			case nil:
				taken.Add(1)
			default:
				refused.Add(1)
			}
		})
	}
	wg.Wait()
	if taken.Load() != 10 || refused.Load() != 54 || len(list(t, q, "garage")) != 10 {
		t.Errorf("%d taken, %d refused, %d there", taken.Load(), refused.Load(), len(list(t, q, "garage")))
	}
	withFile := 0
	for _, it := range list(t, q, "garage") {
		if it.file != "" {
			withFile++
		}
	}
	if got := files(t, q); got != withFile {
		t.Errorf("%d files, want %d", got, withFile)
	}
}

// The reserve of the disk refuses Puts and large spools; what is queued drains.
func TestReserve(t *testing.T) {
	dir := t.TempDir()
	q := openAt(t, dir, Options{})
	put(t, q, "garage", 1, 3)
	check(t, q.Close())
	free, _, err := dbfile.Space(dir)
	check(t, err)
	q = openAt(t, dir, Options{Reserve: free * 2})
	err = q.Put(t.Context(), numbered("garage", 4), spoolOf(t, q, bodyOf(4)), Limits{})
	if full := refusal(t, err); full.Reason != Disk || full.Claim != "" || !strings.Contains(full.Error(), "have to stay free") {
		t.Errorf("%+v: %v", full, full)
	}
	s := q.NewSpool()
	defer s.Close()
	_, err = s.Write(large(4, inRow+1))
	if full := refusal(t, err); full.Reason != Disk {
		t.Errorf("%+v", full)
	}
	if full := refusal(t, q.Err()); full.Reason != Disk {
		t.Errorf("%+v", full)
	}
	for _, it := range list(t, q, "garage") {
		check(t, q.Done(t.Context(), it))
	}
	diff(t, q.Claims(), []string{})
}

func TestDefaultReserve(t *testing.T) {
	_, total, err := dbfile.Space(t.TempDir())
	check(t, err)
	d := disk{dir: t.TempDir()}
	_ = d.room(1)
	if want := max(256<<20, total/20); d.floor != want {
		t.Errorf("floor %d, want %d", d.floor, want)
	}
}

// Between two looks at the disk, what was taken counts.
func TestRoomIsCounted(t *testing.T) {
	d := disk{dir: t.TempDir(), reserve: 1}
	if full := d.room(1); full != nil {
		t.Skip("this disk is full:", full)
	}
	d.asked = time.Now().Add(time.Hour)
	d.free = 100
	for _, tt := range []struct {
		bytes int64
		ok    bool
	}{{60, true}, {60, false}, {40, true}, {0, false}} {
		if full := d.room(tt.bytes); (full == nil) != tt.ok {
			t.Errorf("%d bytes with %d free: %v", tt.bytes, d.free, full)
		}
	}
}
