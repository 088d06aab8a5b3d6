package routes

import (
	"cmp"
	"fmt"
	"sync"
	"time"
)

// maxRate is the largest number of deliveries that a rate may count.
const maxRate = 10_000

// rate counts the deliveries that a route has taken. It remembers when each of
// them was, so that no time of the length per, wherever it begins, has more of
// them than the limit.
type rate struct {
	limit int
	per   time.Duration

	mu    sync.Mutex
	taken []time.Time // a ring once it has reached the limit
	next  int         // the oldest one then
}

// newRate checks the rate of a route.
func (c *compiler) newRate(path string, s *RateSpec) *rate {
	r := &rate{limit: s.Limit, per: cmp.Or(time.Duration(s.Per), time.Minute)}
	if s.Limit < 1 || s.Limit > maxRate {
		c.report(path+".limit", fmt.Sprintf("%d deliveries are no rate", s.Limit), fmt.Sprintf("use a number from 1 to %d", maxRate))
	}
	if r.per < time.Second || r.per > 24*time.Hour*31 {
		c.report(path+".per", "the time of a rate is not between 1s and 31 days", "leave it out for 1m")
	}
	return r
}

// Take counts a delivery against the route's rate. Where that is used up it
// counts nothing, and wait is how long it takes until there is room for the next
// one, more than 0. A route without a rate takes all.
func (r *Route) Take(now time.Time) (ok bool, wait time.Duration) {
	if r.rate == nil {
		return true, 0
	}
	return r.rate.take(now)
}

func (r *rate) take(now time.Time) (ok bool, wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.taken) < r.limit {
		r.taken = append(r.taken, now)
		return true, 0
	}
	// A clock that was set back must not lock the route for longer than that.
	if wait = min(r.per-now.Sub(r.taken[r.next]), r.per); wait > 0 {
		return false, wait
	}
	r.taken[r.next] = now
	r.next = (r.next + 1) % r.limit
	return true, 0
}

// Inherit carries the counts of an older table's rates over to the routes of the
// same claim and name. It is called before the table comes into force.
func (t *Table) Inherit(old *Table) {
	if old == nil {
		return
	}
	for claim, list := range t.claims {
		for _, r := range list {
			for _, o := range old.claims[claim] {
				if r.rate != nil && o.rate != nil && r.Name == o.Name {
					r.rate = o.rate.as(r.rate.limit, r.rate.per)
				}
			}
		}
	}
}

// as returns the count with another bound. With the same one it is the same
// count, which deliveries that still run by the older table count in too.
func (r *rate) as(limit int, per time.Duration) *rate {
	if r.limit == limit && r.per == per {
		return r
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	n := &rate{limit: limit, per: per}
	n.taken = append(append(n.taken, r.taken[r.next:]...), r.taken[:r.next]...)
	n.taken = n.taken[max(len(n.taken)-limit, 0):]
	return n
}
