package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// violation is one breach of the ledger law.
type violation struct {
	Kind   string `json:"kind"`
	Key    string `json:"key"`
	Detail string `json:"detail"`
}

// verdict counts what became of the requests.
type verdict struct {
	Sent       int `json:"sent"`
	Accepted   int `json:"accepted"`   // requests that got a 2xx
	Deliveries int `json:"deliveries"` // in the history
	Succeeded  int `json:"succeeded"`
	Duplicate  int `json:"duplicate"`
	Dead       int `json:"dead"`
	Unfinished int `json:"unfinished"` // at home
	Queued     int `json:"queued"`     // at the relay
	Lost       int `json:"lost"`
	Unasked    int `json:"unasked"` // delivered though the sender saw no 2xx
	Runs       int `json:"runs"`
	RunTwice   int `json:"run_twice"`
	Cut        int `json:"runs_cut"`
	// Overtaken counts runs that came after one that the same sender has sent
	// later.
	Overtaken int `json:"runs_overtaken"`

	violations []violation
}

func (v *verdict) breach(kind, key, format string, args ...any) {
	v.violations = append(v.violations, violation{kind, key, fmt.Sprintf(format, args...)})
}

// check holds the evidence to the ledger law: whatever got a 2xx has exactly
// one fate that a person can see, with the bytes that were sent, and no script
// ran more than twice for it.
func check(e *evidence) *verdict {
	v := &verdict{Sent: len(e.sent), Deliveries: len(e.home), Queued: len(e.queue), Runs: len(e.runs) + len(e.also)}
	v.violations = slices.Clone(e.faults)
	byKey := make(map[key][]delivery)
	byID := make(map[string]delivery)
	for _, d := range e.home {
		if _, twice := byID[d.ID]; twice {
			v.breach("id twice", d.Key.String(), "%s is in the history twice", d.ID)
		}
		byID[d.ID] = d
		byKey[d.Key] = append(byKey[d.Key], d)
		v.checkHome(e, d)
	}
	waiting := v.checkQueue(e)
	for _, d := range e.home {
		if _, ok := byID[d.DuplicateOf]; d.State == "duplicate" && !ok {
			v.breach("duplicate", d.Key.String(), "%s is called a duplicate of %q, which is not in the history", d.ID, d.DuplicateOf)
		}
	}
	for k, s := range e.sent {
		v.checkFate(k, s, byKey[k], waiting[k])
	}
	v.checkRuns(e, byID, e.runs, e.scripted)
	v.checkRuns(e, byID, e.also, e.doubled)
	v.checkOrder(e)
	slices.SortStableFunc(v.violations, func(a, b violation) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
	})
	return v
}

// checkHome looks at one line of the history by itself.
func (v *verdict) checkHome(e *evidence, d delivery) {
	s := e.sent[d.Key]
	switch {
	case s == nil:
		v.breach("stranger", d.Key.String(), "%s was never sent", d.ID)
	case d.Digest != s.Digest:
		v.breach("digest", d.Key.String(), "%s has body %.12s at home, sent was %.12s", d.ID, d.Digest, s.Digest)
	}
	switch d.State {
	case "succeeded":
		v.Succeeded++
	case "duplicate":
		v.Duplicate++
	case "dead":
		v.Dead++
		if !e.lenient || !strings.Contains(d.Reason, "quarantined") && !strings.Contains(d.Reason, "interrupted") {
			v.breach("dead", d.Key.String(), "%s died after %d attempts: %s", d.ID, d.Attempts, d.Reason)
		}
	case "received", "running", "waiting":
		v.Unfinished++
		if !e.backlog && !(d.State == "waiting" && e.patient[d.Key.Claim]) {
			v.breach("stuck", d.Key.String(), "%s is still %s after %d attempts: %s", d.ID, d.State, d.Attempts, d.Reason)
		}
	default:
		v.breach("end", d.Key.String(), "%s ended as %s: %s", d.ID, d.State, d.Reason)
	}
}

// checkQueue looks at the relay's queue and returns how often each key is in it.
func (v *verdict) checkQueue(e *evidence) map[key]int {
	waiting := make(map[key]int)
	ids := make(map[string]bool)
	for _, q := range e.queue {
		waiting[q.Key]++
		if ids[q.ID] {
			v.breach("id twice", q.Key.String(), "%s is in the queue twice", q.ID)
		}
		ids[q.ID] = true
		if s := e.sent[q.Key]; s == nil {
			v.breach("stranger", q.Key.String(), "%s was never sent", q.ID)
		} else if q.Digest != s.Digest {
			v.breach("digest", q.Key.String(), "%s has body %.12s in the queue, sent was %.12s", q.ID, q.Digest, s.Digest)
		}
		if !e.backlog {
			v.breach("stuck", q.Key.String(), "%s is still in the relay's queue", q.ID)
		}
	}
	return waiting
}

// checkFate looks for what became of one request.
func (v *verdict) checkFate(k key, s *sent, fates []delivery, waiting int) {
	if s.Accepted > 0 {
		v.Accepted++
	} else if len(fates) > 0 {
		v.Unasked++
	}
	if s.Accepted > 0 && len(fates)+waiting == 0 {
		v.Lost++
		v.breach("lost", k.String(), "it got a 2xx, and is neither in the history nor in the queue")
	}
	var counted []string
	for _, d := range fates {
		if d.State == "succeeded" {
			counted = append(counted, d.ID)
		}
	}
	if len(counted) > 1 {
		v.breach("counted twice", k.String(), "succeeded as %s", strings.Join(counted, " and "))
	}
	if s.Accepted > 0 && waiting == 0 && len(fates) > 0 && !slices.ContainsFunc(fates, func(d delivery) bool { return d.State != "duplicate" }) {
		v.breach("lost", k.String(), "all %d of its deliveries are duplicates", len(fates))
	}
}

// checkRuns holds a script's own notes beside the history. It has to have run for
// deliveries of the claims in scripted.
func (v *verdict) checkRuns(e *evidence, byID map[string]delivery, runs []ran, scripted map[string]bool) {
	whole, starts := make(map[string]int), make(map[string]int)
	for _, r := range runs {
		starts[r.ID]++
		d, known := byID[r.ID]
		switch {
		case r.Cut:
			v.Cut++
			if !e.lenient {
				v.breach("run", r.Key.String(), "the script got a part of the body of %s", r.ID)
			}
			continue
		case !known:
			v.breach("run", r.Key.String(), "the script ran for %s, which is not in the history", r.ID)
		case d.State == "duplicate" || d.State == "rejected":
			v.breach("run", r.Key.String(), "the script ran for %s, which is %s", r.ID, d.State)
		}
		whole[r.ID]++
		if s := e.sent[r.Key]; s == nil || s.Digest != r.Digest {
			v.breach("digest", r.Key.String(), "the script got another body for %s", r.ID)
		}
	}
	for id, n := range starts {
		if n == 2 {
			v.RunTwice++
		}
		if n > 2 {
			v.breach("run", byID[id].Key.String(), "the script ran %d times for %s", n, id)
		}
	}
	for _, d := range e.home {
		if d.State == "succeeded" && scripted[d.Key.Claim] && whole[d.ID] == 0 {
			v.breach("run", d.Key.String(), "%s is said to have succeeded, and no script ran for it", d.ID)
		}
	}
}

// checkOrder holds the order in which the script ran to that in which each
// sender had its requests accepted.
func (v *verdict) checkOrder(e *evidence) {
	type latest struct {
		n  int
		id string
	}
	seen := make(map[key]bool)
	last := make(map[key]latest)
	for _, r := range e.runs {
		s := e.sent[r.Key]
		at := strings.LastIndexByte(r.Key.Path, '/')
		n, err := strconv.Atoi(r.Key.Path[at+1:])
		if seen[r.Key] || s == nil || s.Accepted == 0 || err != nil {
			continue
		}
		seen[r.Key] = true
		sender := key{r.Key.Claim, r.Key.Path[:max(at, 0)]}
		if before, ok := last[sender]; ok && before.n > n {
			v.Overtaken++
			if e.ordered {
				v.breach("order", r.Key.String(), "%s ran after %s, which was sent as number %d", r.ID, before.id, before.n)
			}
			continue
		}
		last[sender] = latest{n, r.ID}
	}
}
