package expression

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustTemplate(t testing.TB, text string) *Template {
	t.Helper()
	x, err := CompileTemplate(text, options)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return x
}

func TestTemplates(t *testing.T) {
	in := NewInput(delivery(sample))
	for _, tt := range []struct {
		text, want string
		missing    bool
	}{
		{"", "", false},
		{"plain $1 {} {1} { a } }} }", "plain $1 {} {1} { a } }} }", false},
		{"{json.id}", "12345678901234567890", false},
		{"{json.v}/{json.zero}", "1.10/0", false},
		{"{json.none}", "", true},
		{"{json.null}", "", true},
		{"a{json.none}", "a", false},
		{"{json.none}{json.none}", "", false},
		{`{json.none ?? "x"}`, "x", false},
		{"{json.yes} {json.no} {json.null}", "true false ", false},
		{"{json.list} {json.deep}", `[1,2.5,3] {"a":{"b":"c"}}`, false},
		{"{json.list[0] + 1} {json.v * 2} {2 ** 70}", "2 2.2 {2 ** 70}", false},
		{"{float(2 ** 70)} {float(0.0000001)}", "1.1805916207174113e+21 1e-07", false},
		{`{"a": {"b": {toJSON(json.ref)}}}`, `{"a": {"b": "refs/heads/main"}}`, false},
		{`{text("}")}{lower("{A")}`, "}{a", false},
		{`{text({"a": {"b": 1}}.a)}`, `{"b":1}`, false},
		{"{{a}} {{{params.repo}}} {{", "{a} {blog} {", false},
		{"{query} {header[\"x-tag\"]}", `{"dry":"1","tag":"a","x":"%zz"} one`, false},
		{"{map(json.commits, {.by + \"!\"})}", `["ann!","bob!"]`, false},
		{"{toJSON(json.texts[2])}{toJSON(\"<\\u0001\\\"\")}{toJSON(nil)}", `"ü""<\u0001\""null`, false},
		{"{reduce(json.texts, #acc + #)}", "baü", false},
		{"{params.repo}", "blog", false},
		{"{text({b: 1, a: [true, nil]})}", `{"b":1,"a":[true,null]}`, false},
	} {
		t.Run(tt.text, func(t *testing.T) {
			text, missing, err := mustTemplate(t, tt.text).Text(in)
			if text != tt.want || missing != tt.missing || err != nil {
				t.Errorf("%q, %v, %v, want %q", text, missing, err, tt.want)
			}
		})
	}
}

func TestTemplatePieces(t *testing.T) {
	in := NewInput(delivery(sample))
	x := mustTemplate(t, "a{{ {params.repo}{json.none}-{json.v}")
	pieces, err := x.Parts(in)
	want := []Piece{{"a{ ", false}, {"blog", true}, {"", true}, {"-", false}, {"1.10", true}}
	if diff := cmp.Diff(want, pieces); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, ok := x.Literal(); ok || x.BeginsWithValue() || !x.NeedsBody() {
		t.Error("it is taken for something else")
	}
	if x := mustTemplate(t, "{params.repo} {{x}}"); !x.BeginsWithValue() || x.NeedsBody() {
		t.Error("a value at the beginning is not seen, or a body that it does not need")
	}
	if text, ok := mustTemplate(t, "x {{y}}").Literal(); !ok || text != "x {y}" {
		t.Errorf("literal %q, %v", text, ok)
	}
	if text, ok := mustTemplate(t, "").Literal(); !ok || text != "" {
		t.Errorf("nothing is %q, %v", text, ok)
	}
}

func TestTemplateJSON(t *testing.T) {
	in := NewInput(delivery(sample))
	for text, want := range map[string]string{
		"{json.id}": "12345678901234567890", "{true}": "true", "true": `"true"`, "{json.list}": "[1,2.5,3]", "n {json.v}": `"n 1.10"`,
		"{params.repo}": `"blog"`, "": `""`, "{json.none}": "null",
	} {
		got, missing, err := mustTemplate(t, text).JSON(in)
		if string(got) != want || err != nil || missing != (text == "{json.none}") {
			t.Errorf("%s: %s, %v, %v", text, got, missing, err)
		}
	}
	if _, _, err := mustTemplate(t, "{json.ref + 1}").JSON(in); err == nil {
		t.Error("an error is lost")
	}
}

func TestTemplateErrors(t *testing.T) {
	in := NewInput(delivery(sample))
	for text, want := range map[string]string{
		"{json.ref + 1}":         "+ stands between two texts or two numbers, not between text and a number",
		"{json.ref + json.none}": "+ stands between two texts or two numbers, not between text and nothing",
		"a{json.ref - 1}":        "- stands between two numbers, not between text and a number",
		"{upper(json.v)}":        "a function takes text, not a number",
		"{repeat(body, 100000)}": "this needs too much memory",
	} {
		x := mustTemplate(t, text)
		if got, _, err := x.Text(in); err == nil || err.Error() != want || got != "" {
			t.Errorf("%s: %q, %v", text, got, err)
		}
		if _, err := x.Parts(in); err == nil || err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestTemplateMistakes(t *testing.T) {
	const braces = "write {{ and }} for braces that stand for themselves"
	for _, tt := range []struct {
		text string
		want Error
	}{
		{"awk {print $1}", Error{11, `"$1" has no place here`, braces}},
		{"é {json.a} {jsn.a}", Error{13, `there is no name "jsn"`, "did you mean json?"}},
		{"x {json.a", Error{2, "the expression is not closed", "end it with }, or write {{ for a brace that stands for itself"}},
		{`{json.a + "}`, Error{0, "the expression is not closed", "end it with }, or write {{ for a brace that stands for itself"}},
		{"{repo}", Error{1, `there is no name "repo"`, "write params.repo"}},
		{"{margin}", Error{1, `there is no name "margin"`, "what the body has is json.margin; " + braces}},
		{"{a;}", Error{1, `there is no name "a"`, braces}},
		{strings.Repeat("{id}", 201), Error{0, "there are 201 expressions; 200 are the most", "have a script do what is that long"}},
		{"{id}" + strings.Repeat("x", 64<<10), Error{0, "a text with expressions has 65536 bytes at most, this one has 65540", "have a script do what is that long"}},
	} {
		_, err := CompileTemplate(tt.text, options)
		e, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%.40s: %v", tt.text, err)
			continue
		}
		if diff := cmp.Diff(&tt.want, e); diff != "" {
			t.Errorf("%.40s: %s", tt.text, diff)
		}
	}
	if x := mustTemplate(t, strings.Repeat("{ x", 64<<10)); x.NeedsBody() {
		t.Error("a long text without expressions needs the body")
	}
}
