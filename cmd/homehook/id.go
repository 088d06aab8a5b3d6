package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"homehook/agent/control"
)

const (
	// minID and maxID are how long the id of a delivery may be as it is given.
	minID = 8
	maxID = 36

	// maxLikely is how many ids are shown that begin as the given one.
	maxLikely = 5

	// clockSlack is how far the time in an id may be from that of its delivery.
	clockSlack = time.Minute
)

// checkID checks an id of a delivery, or the beginning of one, and gives it
// as it stands in the history.
func checkID(given string) (string, error) {
	id := strings.ToLower(given)
	ok := len(id) >= minID && len(id) <= maxID
	for i := 0; ok && i < len(id); i++ {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := '0' <= id[i] && id[i] <= '9' || 'a' <= id[i] && id[i] <= 'f'
		ok = dash && id[i] == '-' || !dash && hex
	}
	if !ok {
		return "", &failure{
			error: misused("%q is no id of a delivery, nor 8 characters or more of its beginning", given),
			next:  "ids look like 0198c0de-7a1b-7c3d-8e4f-5a6b7c8d9e0f; see: homehook history",
			code:  exitUsage,
		}
	}
	return id, nil
}

// likely lists deliveries whose ids begin with prefix, as the next step for one
// who gave too little.
func likely(ctx context.Context, c *control.Client, prefix string) string {
	from, until := span(prefix)
	found, err := deliveries(ctx, c, control.Query{Since: from.Add(-clockSlack), Until: until.Add(clockSlack)}, remembered)
	if err != nil {
		return "see: homehook history"
	}
	var ids []string
	for i := range found {
		if !strings.HasPrefix(found[i].ID, prefix) {
			continue
		}
		if len(ids) == maxLikely {
			ids = append(ids, "and more; see: homehook history")
			break
		}
		ids = append(ids, found[i].ID)
	}
	if len(ids) == 0 {
		return "see: homehook history"
	}
	return "it may be one of:\n    " + strings.Join(ids, "\n    ")
}

// span is the time in which ids with a prefix are made: their first 12 digits
// are a number of milliseconds since 1970.
func span(prefix string) (from, until time.Time) {
	digits := strings.ReplaceAll(prefix, "-", "")
	digits = digits[:min(len(digits), 12)]
	missing := 4 * (12 - len(digits)) // bits
	n, err := strconv.ParseInt(digits, 16, 64)
	if err != nil {
		return time.Time{}, time.Time{} // checkID lets only digits through
	}
	first := n << missing
	return time.UnixMilli(first), time.UnixMilli(first + 1<<missing - 1)
}
