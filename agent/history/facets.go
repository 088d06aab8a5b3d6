package history

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
)

// facet is all that filters look at. Deliveries that are alike in it share a
// row of the table facets.
type facet struct {
	claim, route, state, method string
	status                      int
}

// otherMethod stands for methods that hardly anybody uses: a sender that makes
// up methods must not make up facets.
const otherMethod = "*"

func facetOf(d *Delivery) facet {
	return facet{d.Claim, d.Route, d.State, facetMethod(d.Method), d.Status}
}

func facetMethod(method string) string {
	switch method {
	case "", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return method
	}
	return otherMethod
}

// facetMethodSQL is facetMethod(d.method).
const facetMethodSQL = `CASE WHEN coalesce(d.method, '') IN ('', 'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')
THEN coalesce(d.method, '') ELSE '*' END`

// refacetSQL makes the facets of all deliveries anew.
const refacetSQL = `DELETE FROM facets;
INSERT INTO facets (claim, route, state, method, status)
SELECT DISTINCT coalesce(d.claim, ''), coalesce(d.route, ''), d.state, ` + facetMethodSQL + `, d.status FROM deliveries d;
CREATE UNIQUE INDEX facets_parts ON facets (claim, route, state, method, status);
UPDATE deliveries AS d SET facet = (SELECT f.id FROM facets f WHERE f.claim = coalesce(d.claim, '')
AND f.route = coalesce(d.route, '') AND f.state = d.state AND f.method = ` + facetMethodSQL + `
AND f.status = d.status);
DROP INDEX facets_parts;`

// facets finds the number of a facet, for the writer. A nil map is filled from
// the file.
type facets struct {
	ids  map[facet]int64
	last int64
}

// reset forgets what a transaction that failed may have added.
func (f *facets) reset() { f.ids = nil }

// of returns the number of the delivery's facet, adding it if need be.
func (f *facets) of(d *Delivery, st *statements) (int64, error) {
	if f.ids == nil {
		if err := f.load(st); err != nil {
			return 0, fmt.Errorf("read facets: %w", err)
		}
	}
	key := facetOf(d)
	id, found := f.ids[key]
	if found {
		return id, nil
	}
	id = f.last + 1
	if err := st.addFacet.Exec(id, key.claim, key.route, key.state, key.method, int64(key.status)); err != nil {
		return 0, fmt.Errorf("insert facet: %w", err)
	}
	// Strings of a delivery may be parts of larger ones.
	key.claim, key.route, key.method = strings.Clone(key.claim), strings.Clone(key.route), strings.Clone(key.method)
	f.ids[key], f.last = id, id
	return id, nil
}

func (f *facets) load(st *statements) error {
	f.ids, f.last = make(map[facet]int64), 0
	err := st.facets.Each(func(row []driver.Value) error {
		id := row[0].(int64)
		f.ids[facet{str(row[1]), str(row[2]), str(row[3]), str(row[4]), int(row[5].(int64))}] = id
		f.last = max(f.last, id)
		return nil
	})
	if err != nil {
		f.ids = nil
	}
	return err
}

// selectFacets returns the numbers of the facets that q selects. all says that
// q has no filter.
func selectFacets(ctx context.Context, tx *sql.Tx, q Query) (ids []int64, all bool, err error) {
	var terms []string
	var args []any
	and := func(column string, value any) {
		terms = append(terms, column+" = ?")
		args = append(args, value)
	}
	for _, f := range []struct{ column, value string }{
		{"claim", q.Claim}, {"route", q.Route}, {"state", q.State}, {"method", facetMethod(q.Method)},
	} {
		if f.value != "" {
			and(f.column, f.value)
		}
	}
	if q.Status != 0 {
		and("status", q.Status)
	}
	if len(terms) == 0 {
		return nil, true, nil
	}
	rows, err := tx.QueryContext(ctx, `SELECT id FROM facets WHERE `+strings.Join(terms, " AND "), args...)
	if err != nil {
		return nil, false, err
	}
	ids, err = integers(rows)
	return ids, false, err
}

// integers reads and closes rows of one integer each.
func integers(rows *sql.Rows) (all []int64, err error) {
	defer rows.Close()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, rows.Err()
}

// str is a cell of text, "" if it holds nothing.
func str(v driver.Value) string {
	s, _ := v.(string)
	return s
}
