package expression

import (
	"slices"
	"strings"
	"testing"
)

func TestDoubtful(t *testing.T) {
	for text, want := range map[string][2]string{
		"":                             {},
		"plain {json.a} {params.repo}": {},
		`{"a": {"id": {toJSON(id)}}}`:  {},
		"{{x}} { x } {{ } ${HOME} $1":  {},
		"awk '{ print $1 }' {{}} { ":   {},
		"é {{json.a}}":                 {"{{json.a}}", "write {json.a}"},
		"a {{ .json.a[0].b }} b":       {"{{ .json.a[0].b }}", "write {json.a[0].b}"},
		"{{ $json.a }}":                {"{{ $json.a }}", "write {json.a}"},
		"{{lower(json.a)}}":            {"{{lower(json.a)}}", "write {lower(json.a)}"},
		"{ json.a }":                   {"{ json.a }", "write {json.a}"},
		"x ${json.a}":                  {"${json.a}", `write {json.a}; where the dollar sign is meant, {"$"}{json.a}`},
		"${{ json.a }}":                {"${{ json.a }}", "write {json.a}"},
		"${{ github.event.ref }}":      {"${{ github.event.ref }}", "write it like {json.name}"},
		"{x} {{body}}":                 {"{{body}}", "write {body}"},
	} {
		if found, write := Doubtful(text, options); found != want[0] || write != want[1] {
			t.Errorf("%s: %q, %q", text, found, write)
		}
	}
}

func TestConstants(t *testing.T) {
	for text, want := range map[string][]Constant{
		``:                            nil,
		`json.a == `:                  nil,
		`b"x" == body`:                nil,
		`json["a b"] == 1`:            nil,
		`json.a == "x" || "y" != b.c`: {{"x", "a"}, {"y", "c"}},
		`!(lower(header["X-Key"]) in ["a", "b"])`:     {{"a", "X-Key"}, {"b", "X-Key"}},
		`headerAll("X-Key") contains "a"`:             {{"X-Key", ""}, {"a", "X-Key"}},
		`json?.a?.b == "x" ? true : "y" == json[1:2]`: {{"x", "b"}, {"y", ""}},
		`any(json.list, .token == "x")`:               {{"x", "token"}},
		`let a = "x"; a == json.b`:                    {{"x", ""}},
	} {
		if got := Constants(text); !slices.Equal(got, want) {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

// FuzzDoubtful holds that what is found is there, and that looking breaks nothing.
func FuzzDoubtful(f *testing.F) {
	for _, s := range expressionSeeds {
		f.Add(s)
		f.Add("{{ ." + s + " }} ${" + s + "}")
	}
	f.Fuzz(func(t *testing.T, text string) {
		if found, write := Doubtful(text, options); !strings.Contains(text, found) || (found == "") != (write == "") {
			t.Errorf("found %q, %q", found, write)
		}
		for _, c := range Constants(text) {
			if len(c.Text) > 4*len(text) { // with its escapes
				t.Errorf("%q", c.Text)
			}
		}
	})
}
