package queue

import (
	"cmp"
	"slices"
	"time"
)

// line is what memory knows about the items of one claim. It is part of the map
// only while there are any.
type line struct {
	items  int       // in the file
	bytes  int64     // of those
	oldest time.Time // receipt of the first of those; zero if there is none

	comingItems int // Puts under way
	comingBytes int64
}

func (l *line) empty() bool { return l.items == 0 && l.comingItems == 0 }

func (l Limits) withDefaults() Limits {
	l.Items = cmp.Or(l.Items, 10_000)
	l.Bytes = cmp.Or(l.Bytes, 1<<30)
	l.Age = cmp.Or(l.Age, 7*24*time.Hour)
	return l
}

// When it is worth another try after a refusal: a line empties at the pace of
// home, which the queue does not know.
const (
	retryItems  = 30 * time.Second
	retryBytes  = 60 * time.Second
	retryAge    = 5 * time.Minute
	retryDisk   = 60 * time.Second
	retryBroken = 5 * time.Second
)

// reserveLocked makes room in the line for one Put, or says why there is none.
func (q *Queue) reserveLocked(claim string, bytes int64, l Limits) *FullError {
	l = l.withDefaults()
	n := q.lines[claim]
	if n == nil {
		n = &line{}
	}
	refuse := func(reason string, after time.Duration) *FullError {
		return &FullError{Reason: reason, Claim: claim, RetryAfter: after}
	}
	switch {
	case l.Items >= 0 && n.items+n.comingItems >= l.Items:
		return refuse(Items, retryItems)
	case l.Bytes >= 0 && n.bytes+n.comingBytes+bytes > l.Bytes:
		return refuse(Bytes, retryBytes)
	case l.Age >= 0 && !n.oldest.IsZero() && q.opts.Now().Sub(n.oldest) > l.Age:
		return refuse(Age, retryAge)
	}
	n.comingItems++
	n.comingBytes += bytes
	q.lines[claim] = n
	return nil
}

// releaseLocked takes a reservation back.
func (q *Queue) releaseLocked(claim string, bytes int64) {
	n := q.lines[claim]
	n.comingItems--
	n.comingBytes -= bytes
	q.tidyLocked(claim, n)
}

// arrivedLocked turns a reservation into an item of the file.
func (q *Queue) arrivedLocked(claim string, bytes int64, received time.Time) {
	n := q.lines[claim]
	n.comingItems--
	n.comingBytes -= bytes
	n.items++
	n.bytes += bytes
	if n.oldest.IsZero() {
		n.oldest = received
	}
}

// leftLocked takes items off the line. oldest is the receipt of the first one
// that is left in the file, or zero.
func (q *Queue) leftLocked(claim string, items int, bytes int64, oldest time.Time) {
	n := q.lines[claim]
	if n == nil {
		return
	}
	n.items = max(n.items-items, 0)
	n.bytes = max(n.bytes-bytes, 0)
	n.oldest = oldest
	q.tidyLocked(claim, n)
}

func (q *Queue) tidyLocked(claim string, n *line) {
	if n.empty() {
		delete(q.lines, claim)
	}
}

// reloadLocked replaces what memory knows about the file. Puts under way stay
// reserved.
func (q *Queue) reloadLocked(stored map[string]*line) {
	for claim, n := range q.lines {
		if s := stored[claim]; s != nil {
			s.comingItems, s.comingBytes = n.comingItems, n.comingBytes
		} else if n.comingItems > 0 {
			stored[claim] = &line{comingItems: n.comingItems, comingBytes: n.comingBytes}
		}
	}
	q.lines = stored
}

// Count is how many items a claim's line holds, how many bytes they are and
// when the first one was received (zero if nothing of the line is on the disk
// yet). Puts under way count. It asks memory only.
func (q *Queue) Count(claim string) (items int, bytes int64, oldest time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.lines[claim]
	if n == nil {
		return 0, 0, time.Time{}
	}
	return n.items + n.comingItems, n.bytes + n.comingBytes, n.oldest
}

// Claims are the names of the claims whose lines hold items, sorted.
func (q *Queue) Claims() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	names := make([]string, 0, len(q.lines))
	for name := range q.lines {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
