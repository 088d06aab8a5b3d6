package expression

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHabits has what people write who know another language, or templates.
func TestHabits(t *testing.T) {
	const (
		pattern = `write it like json.ref matches "^refs/"`
		clock   = "nothing here reads a clock; received is when the delivery came"
	)
	for _, tt := range []struct {
		text, message, remedy string
		offset                int
	}{
		{`json.ref == main`, `there is no name "main"`, `text stands in quotes: "main"`, 12},
		{`json.ref == refs/heads/main`, `there is no name "refs"`, `text stands in quotes: "refs/heads/main"`, 12},
		{`json.ref in ["a", dev]`, `there is no name "dev"`, `text stands in quotes: "dev"`, 18},
		{`header[X-GitHub-Event] == "push"`, `there is no name "X"`, `text stands in quotes: "X-GitHub-Event"`, 7},
		{`json.ref == boddy`, `there is no name "boddy"`, `text stands in quotes: "boddy"; or did you mean body?`, 12},
		{`branch == "main"`, `there is no name "branch"`, "what the body has is json.branch; text stands in quotes", 0},
		{`repo == "blog"`, `there is no name "repo"`, "write params.repo", 0},
		{`params.rep == "blog"`, `the pattern of the route has no wildcard "rep"`, "did you mean params.repo?", 7},
		{`{json.ref} == 'x'`, `"{" has no place here`, "a condition has no braces: write json.ref", 0},
		{`method == "a" && json.ref == {json.a}`, `"{" has no place here`, "a condition has no braces: write json.a", 29},
		{`{{ json.ref }} == 'x'`, `"{" has no place here`, "a condition has no braces: write json.ref", 0},
		{`${json.ref} == 'x'`, `"{" has no place here`, "a condition has no braces: write json.ref", 0},
		{`${{ json.ref }} == 'x'`, `"{" has no place here`, "a condition has no braces: write json.ref", 0},
		{`contains(json.a, "x")`, `"contains" stands between two texts`, `write json.a contains "x"`, 0},
		{`json.b && !startsWith(json.a, "x")`, `"startsWith" stands between two texts`, `write json.a startsWith "x"`, 11},
		{`endsWith(lower(json.a), "x")`, `"endsWith" stands between two texts`, `write it like json.ref endsWith "x"`, 0},
		{`startswith(json.a, "x")`, `there is no function "startswith"`, `it stands between two texts: json.ref startsWith "x"`, 0},
		{`json.a.contains("x")`, "values have no functions of their own", `it stands between two texts: json.ref contains "x"`, 7},
		{`json.a.upper() == "X"`, "values have no functions of their own", "write upper(…)", 7},
		{`json.a == 1 & json.b == 2`, `"&" has no meaning here`, "write && for and", 12},
		{`json.a == 1 | json.b == 2`, `"|" has no meaning here`, "write || for or", 12},
		{`json.a = 1`, `"=" has no meaning here`, "compare with ==", 7},
		{`json.a === 1`, `"===" has no meaning here`, "compare with ==", 7},
		{`json.a !== 1`, `"!==" has no meaning here`, "compare with !=", 7},
		{`json.a <> 1`, `"<>" has no meaning here`, "compare with !=", 7},
		{`json.a =~ "x"`, `"=~" has no meaning here`, pattern, 7},
		{`json.a ~ "x"`, `"~" has no meaning here`, pattern, 7},
		{`json.a eq "x"`, `"eq" has no place here`, "compare with ==", 7},
		{`json.a AND json.b`, `"AND" has no place here`, "write and, in small letters", 7},
		{`has json.a`, `"json" has no place here`, "write has(…)", 4},
		{`json.a == “x”`, `"“" has no meaning here`, "write straight quotes", 10},
		{`json.a == "x`, "a text is not closed", "end it with the quote that it begins with", 12},
		{`json.commits.0.a == 1`, "this is no number", "write the entries of a list in brackets: json.commits[0]", 15},
		{`now() > 5`, `there is no function "now"`, clock, 0},
		{`now > 5`, `there is no name "now"`, clock, 0},
		{`json.a == null`, `there is no name "null"`, "write nil for what is not there", 10},
		{`size(json.a) > 1`, `there is no function "size"`, "write len(…)", 0},
		{`json.b == "a" or "b"`, "or cannot stand between true or false and text", `on each side of or stands a condition of its own: json.a == "x" or json.a == "y"`, 14},
		{`method == "a" || 5`, "|| cannot stand between true or false and a number", `on each side of || stands a condition of its own: json.a == "x" || json.a == "y"`, 14},
	} {
		t.Run(tt.text, func(t *testing.T) {
			_, err := CompileCondition(tt.text, options)
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(&Error{tt.offset, tt.message, tt.remedy}, e); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, name := range []string{"event", "events"} {
		_, err := CompileCondition(name+` == "push"`, options)
		if e, ok := errors.AsType[*Error](err); !ok || e.Remedy != nameHint("event") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPlain(t *testing.T) {
	for said, want := range map[string]string{
		"string and []interface {}": "text and a list", "interface {} of map[string]interface {}": "anything of an object", "unknown": "anything",
		"printing strings": "printing strings", "builtin len takes int, float64 (bool)\nand more": "len takes a number, a number (true or false)", "nil": "nothing", "map[string]string": "an object",
	} {
		if got := plain(said); got != want {
			t.Errorf("%s: got %s, want %s", said, got, want)
		}
	}
}
