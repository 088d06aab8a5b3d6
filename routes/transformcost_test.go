package routes

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestTransformCost holds that a transform takes time in proportion to what came,
// and that what it makes is bounded.
func TestTransformCost(t *testing.T) {
	const many = 90_000
	jsonHead := "POST /x HTTP/1.1\nHost: a\nContent-Length: 0\n\n"
	formHead := "POST /x HTTP/1.1\nHost: a\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 0\n\n"
	set := func(name, value string) TransformSpec { return TransformSpec{Set: map[string]string{name: value}} }
	amount := `{"amount":"` + strings.Repeat("a", 1<<20) + `"`
	values := map[string]string{}
	for i := range 40 {
		values[fmt.Sprintf("json.total%d", i)] = "{json.amount}"
	}
	const (
		over  = "this would make the delivery more than 16 MiB larger"
		parts = "the body has too many parts to change"
	)
	for _, tt := range []struct {
		name    string
		spec    TransformSpec
		request string
		want    string // in the error; empty for none
	}{
		{"drop", TransformSpec{Drop: []string{"json.card.number"}}, jsonHead + `{"card":{"number":1` + strings.Repeat(`,"number":1`, many) + `}}`, ""},
		{"drop every other one", TransformSpec{Drop: []string{"json.number"}}, jsonHead + `{"number":1` + strings.Repeat(`,"a":1,"number":1`, many/2) + `}`, ""},
		{"drop of too many", TransformSpec{Drop: []string{"json.number"}}, jsonHead + `{"number":1` + strings.Repeat(`,"number":1`, 400_000) + `}`, parts},
		{"drop in too many", TransformSpec{Drop: []string{"json.a.b"}}, jsonHead + `{"a":1` + strings.Repeat(`,"a":{"b":1,"b":2}`, 60_000) + `}`, parts},
		{"rename", TransformSpec{Rename: map[string]string{"json.number": "json.other"}}, jsonHead + `{"number":1` + strings.Repeat(`,"number":1,"other":2`, many/2) + `}`, ""},
		{"rename to a long name", TransformSpec{Rename: map[string]string{"json.n": "json." + strings.Repeat("n", 2000)}}, jsonHead + `{"n":1` + strings.Repeat(`,"n":1`, many) + `}`, over},
		{"set all of a name", set("json.total", "{json.amount}"), jsonHead + amount + strings.Repeat(`,"total":1`, 20_000) + "}", over},
		{"set below all of a name", set("json.a.total", "{json.amount}"), jsonHead + amount + strings.Repeat(`,"a":{}`, 20_000) + "}", over},
		{"set in many places", TransformSpec{Set: values}, jsonHead + amount + "}", over},
		{"a form's drop", TransformSpec{Drop: []string{"form.a"}}, formHead + strings.Repeat("a&", many), ""},
		{"too large a form", TransformSpec{Drop: []string{"form.a"}}, formHead + strings.Repeat("&", 2_000_000), "the form has too many fields"},
		{"a form's long name", TransformSpec{Rename: map[string]string{"form.a": "form." + strings.Repeat("n", 2000)}}, formHead + strings.Repeat("a&", many), over},
		{"a form's value", set("form.a", "{repeat(body, 5)}"), formHead + "a=" + strings.Repeat("%", 2<<20), over},
		{"a query's value", set("query.a", "{repeat(body, 3)}"), jsonHead + strings.Repeat("%", 4<<20), over},
	} {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Now()
			d, err := transformedDelivery(t, withTransform(tt.spec), tt.request)
			// What grows with the square would take minutes.
			if took := time.Since(start); took > time.Minute {
				t.Errorf("it took %v", took)
			}
			if text := fmt.Sprint(err); tt.want == "" && err != nil || tt.want != "" && !strings.Contains(text, tt.want) {
				t.Errorf("%.300s", text)
			}
			if err == nil && len(d.Body) > len(tt.request)+maxGrown {
				t.Errorf("%d bytes became %d", len(tt.request), len(d.Body))
			}
		})
	}
}

// TestChooseTime holds that many routes with slow conditions have one limit of
// time.
func TestChooseTime(t *testing.T) {
	var specs []Spec
	for i := range 40 {
		specs = append(specs, Spec{
			Name: fmt.Sprintf("r%d", i), Claim: "garage", Match: "/{a}", Unverified: true, When: `all(json, all(json, # == 1))`, Respond: &RespondSpec{},
		})
	}
	specs = append(specs, Spec{Name: "last", Claim: "garage", Match: "/{a}", Unverified: true, When: `json[0] == 1`, Respond: &RespondSpec{}})
	table, problems := Compile(specs)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	defer table.Close()
	body := "[" + strings.TrimSuffix(strings.Repeat("1,", 50_000), ",") + "]"
	d, err := transformedDelivery(t, withTransform(TransformSpec{Type: "a/b"}), "POST /x HTTP/1.1\nHost: a\nContent-Length: 0\n\n"+body)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	c := table.Choose(d, ChooseOptions{})
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	if len(c.Taken) != 1 || c.Taken[0].Route.Name != "last" {
		t.Errorf("%+v", c.Taken)
	}
}

// TestVariantsOfFields holds that a field which gateways and scripts take for
// another one, as X_Secret and X-Secret are one variable there, goes with it.
func TestVariantsOfFields(t *testing.T) {
	for _, tt := range []struct {
		name       string
		spec       TransformSpec
		head, want string
	}{
		{"drop", TransformSpec{Drop: []string{"header.X-Secret"}}, "X_Secret: 1\nx-secret: 2\nX-Other: 3", "X-Other: 3\n"},
		{"set", TransformSpec{Set: map[string]string{"header.X-Secret": "s"}}, "X_Secret: 1\nX-Secret: 2\nx_secret: 3", "X-Secret: s\n"},
		{"set what has only a variant", TransformSpec{Set: map[string]string{"header.X-Secret": "s"}}, "X_Secret: 1", "X-Secret: s\n"},
		{"rename onto", TransformSpec{Rename: map[string]string{"header.X-A": "header.X-Secret"}}, "X_Secret: 1\nX-A: 2", "X-Secret: 2\n"},
		{"rename a variant", TransformSpec{Rename: map[string]string{"header.X_Secret": "header.X-Secret"}}, "X_Secret: 1", "X-Secret: 1\n"},
		{"type", TransformSpec{Type: "a/b"}, "Content_Type: c/d\nContent-Type: e/f", "Content-Type: a/b\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			const first = "GET /x HTTP/1.1\nHost: a\n"
			d, err := transformedDelivery(t, withTransform(tt.spec), first+tt.head+"\n\n")
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.ReplaceAll(string(d.Request.Raw()), "\r\n", "\n"); got != first+tt.want {
				t.Errorf("%q", got)
			}
		})
	}
}
