package control

import (
	"context"
	"net/http"
	"strconv"
)

// Outline says how many deliveries a query chooses and where each page of them
// begins, so that a list of all can be shown by reading only what is seen.
type Outline struct {
	Count int64 `json:"count"`
	// Cursors are those of every page but the first, which has none.
	Cursors []string `json:"cursors"`
}

// Outline returns that of all q chooses, for pages of q.Limit deliveries. Its
// Search and Cursor have to be empty: what a search chooses is only known by
// reading. It takes some tenths of a second for a million, and is refused for more
// than a hundred thousand pages.
func (c *Client) Outline(ctx context.Context, q Query) (*Outline, error) {
	values := q.Values()
	if q.Limit == 0 {
		values.Set("limit", strconv.Itoa(DefaultLimit))
	}
	return get[Outline](ctx, c, "/v1/deliveries/outline", values)
}

// outlineParameters are the parameters of GET /v1/deliveries/outline. The others of
// a query are read too, so that they are refused for what they are.
var outlineParameters = [...]string{"claim", "route", "state", "method", "status", "since", "until", "limit"}

func (s *Server) outline(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	o, err := s.backend.Outline(r.Context(), q)
	if err != nil {
		return err
	}
	o.Cursors = orEmpty(o.Cursors)
	return writeJSON(w, o)
}
