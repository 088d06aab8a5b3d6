package control

import (
	"errors"
	"testing"
)

func TestOutline(t *testing.T) {
	b := newFakeBackend()
	c := startServer(t, b, nil).client
	for _, tt := range []struct {
		q    Query
		want Query
	}{
		{Query{}, Query{Limit: DefaultLimit}},
		{Query{Claim: "garage", State: Dead, Limit: 20}, Query{Claim: "garage", State: Dead, Limit: 20}},
	} {
		got, err := c.Outline(t.Context(), tt.q)
		check(t, "outline", got, &Outline{Count: 12, Cursors: []string{}}, err)
		check(t, "query", b.query, tt.want, nil)
	}
	for _, q := range []Query{{Search: "a"}, {Cursor: "a"}, {Limit: 1001}, {State: "odd"}} {
		if _, err := c.Outline(t.Context(), q); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v, want ErrInvalid", q, err)
		}
	}
}
