package routes

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func rateRoute(t *testing.T, limit int, per time.Duration) (*Table, *Route) {
	t.Helper()
	table := tableOf(t, Spec{Name: "a", Rate: &RateSpec{Limit: limit, Per: Duration(per)}})
	return table, table.claims["c"][0]
}

func TestRate(t *testing.T) {
	_, r := rateRoute(t, 2, time.Minute)
	now := receivedAt
	for i, tt := range []struct {
		after time.Duration
		ok    bool
		wait  time.Duration
	}{
		{0, true, 0},
		{10 * time.Second, true, 0},
		{20 * time.Second, false, 40 * time.Second},
		{59 * time.Second, false, time.Second},
		{60 * time.Second, true, 0},
		{61 * time.Second, false, 9 * time.Second},
		{70 * time.Second, true, 0},
		{71 * time.Second, false, 49 * time.Second},
	} {
		if ok, wait := r.Take(now.Add(tt.after)); ok != tt.ok || wait != tt.wait {
			t.Errorf("%d: %v, %s", i, ok, wait)
		}
	}
	if ok, wait := r.Take(now.Add(-time.Hour)); ok || wait != time.Minute {
		t.Errorf("with the clock set back: %v, %s", ok, wait)
	}
	if ok, _ := compileOne(t, Spec{Respond: &RespondSpec{}}).Take(now); !ok {
		t.Error("a route without a rate has one")
	}
}

// TestRateInAnyWindow holds the promise for windows that begin anywhere.
func TestRateInAnyWindow(t *testing.T) {
	const limit, per = 7, 10 * time.Second
	_, r := rateRoute(t, limit, per)
	random := rand.New(rand.NewPCG(1, 2))
	now, taken := receivedAt, []time.Time{}
	for range 5000 {
		now = now.Add(time.Duration(random.IntN(2000)) * time.Millisecond)
		ok, wait := r.Take(now)
		if ok {
			taken = append(taken, now)
		} else if ok, _ := r.Take(now.Add(wait)); !ok {
			t.Fatal("no room when it was promised")
		} else {
			now = now.Add(wait)
			taken = append(taken, now)
		}
	}
	for i := limit; i < len(taken); i++ {
		if taken[i].Sub(taken[i-limit]) < per {
			t.Fatalf("%d deliveries in %s", limit+1, taken[i].Sub(taken[i-limit]))
		}
	}
	if len(taken) != 5000 {
		t.Errorf("%d taken", len(taken))
	}
}

func TestInherit(t *testing.T) {
	old, r := rateRoute(t, 2, time.Minute)
	r.Take(receivedAt)
	r.Take(receivedAt.Add(time.Second))
	same, sr := rateRoute(t, 2, time.Minute)
	same.Inherit(old)
	if ok, _ := sr.Take(receivedAt.Add(2 * time.Second)); ok {
		t.Error("the count was lost")
	}
	more, mr := rateRoute(t, 3, time.Minute)
	more.Inherit(same)
	if ok, _ := mr.Take(receivedAt.Add(2 * time.Second)); !ok {
		t.Error("the larger rate is not there")
	}
	if ok, wait := mr.Take(receivedAt.Add(3 * time.Second)); ok || wait != 57*time.Second {
		t.Errorf("the larger rate: %v, %s", ok, wait)
	}
	less, lr := rateRoute(t, 1, time.Minute)
	less.Inherit(more)
	if ok, wait := lr.Take(receivedAt.Add(3 * time.Second)); ok || wait != 59*time.Second {
		t.Errorf("the smaller rate: %v, %s", ok, wait)
	}
	less.Inherit(nil)
}

// TestRateAtOnce has many take at the same time.
func TestRateAtOnce(t *testing.T) {
	_, r := rateRoute(t, 50, time.Minute)
	var wg sync.WaitGroup
	var taken atomic.Int32
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if ok, _ := r.Take(receivedAt); ok {
					taken.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if taken.Load() != 50 {
		t.Errorf("%d taken", taken.Load())
	}
}
