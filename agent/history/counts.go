package history

import (
	"context"
	"fmt"
	"time"
)

// counting bounds Counts on a slow disk.
const counting = 3 * time.Second

// StateCount is how many deliveries are in a state.
type StateCount struct {
	State string
	Count int64
}

// Counts returns how many deliveries are in each state, by its name; states of
// none are left out. A million takes some tenths of a second.
func (j *Journal) Counts(ctx context.Context) ([]StateCount, error) {
	ctx, cancel := context.WithTimeout(ctx, counting)
	defer cancel()
	rows, err := j.reader.QueryContext(ctx, `SELECT f.state, sum(c.n) FROM
		(SELECT facet, count(*) AS n FROM deliveries GROUP BY facet) AS c JOIN facets AS f ON f.id = c.facet
		GROUP BY f.state ORDER BY f.state`)
	if err != nil {
		return nil, fmt.Errorf("count deliveries: %w", err)
	}
	defer rows.Close()
	var all []StateCount
	for rows.Next() {
		var c StateCount
		if err := rows.Scan(&c.State, &c.Count); err != nil {
			return nil, fmt.Errorf("count deliveries: %w", err)
		}
		all = append(all, c)
	}
	return all, rows.Err()
}
