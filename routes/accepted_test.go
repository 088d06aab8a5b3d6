package routes

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"homehook/http1"
)

func TestAccepted(t *testing.T) {
	table := tableOf(t,
		Spec{Name: "own", Match: "/own/{p}", Accepted: &RespondSpec{Headers: map[string]string{"X-Id": "{id}", "X-None": "{query.none}"}, Body: "got {params.p}: {json.a}"}},
		Spec{Name: "fixed", Match: "/fixed", Accepted: &RespondSpec{Status: 204}},
		Spec{Name: "odd", Match: "/odd", Accepted: &RespondSpec{Headers: map[string]string{"X-A": "{json.a}"}}},
		Spec{Name: "none", Match: "/none"},
	)
	for path, want := range map[string]*Answer{
		"/own/x": {Status: 202, Why: "accepted", Body: []byte("got x: a\nb"), Fields: []http1.Field{
			{Name: "X-Id", Value: "7"}, {Name: "Content-Type", Value: "text/plain; charset=utf-8"}, {Name: noSniff, Value: "nosniff"},
		}},
		"/fixed": {Status: 204, Why: "accepted", Body: []byte{}},
		"/odd":   nil, // a value with a line break is no field
		"/none":  nil,
	} {
		d := sent{target: path, body: `{"a":"a\nb"}`}.delivery(t)
		c := table.Choose(d, options())
		d.Params = c.Taken[0].Params
		if diff := cmp.Diff(want, c.Taken[0].Route.Accepted(d)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}
