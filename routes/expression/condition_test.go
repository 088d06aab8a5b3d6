package expression

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// delivery is a delivery with a JSON body.
func delivery(body string) Delivery {
	return Delivery{
		ID: "d1", Claim: "garage", Route: "deploy", Method: "POST", Path: "/github/b%6Cog", Query: "dry=1&tag=a&tag=b+c&x=%zz",
		Remote: "10.1.2.3:4711", Params: []Param{{"repo", "blog"}},
		Header: []Field{{"Content-Type", "application/json"}, {"X-GitHub-Event", "push"}, {"x-tag", "one"}, {"X-Tag", "two"}},
		Body:   []byte(body),
	}
}

const sample = `{"ref":"refs/heads/main","id":12345678901234567890,"v":1.10,"zero":0,"yes":true,"no":false,"null":null,
	"list":[1,2.5,3],"texts":["b","a","ü"],"deep":{"a":{"b":"c"}},"a.b":"dot","commits":[{"by":"ann","n":2,"ok":true},{"by":"bob","n":5}]}`

var options = Options{Params: []string{"repo"}}

func mustCompile(t testing.TB, text string) *Condition {
	t.Helper()
	c, err := CompileCondition(text, options)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return c
}

// TestConditions has what holds of the sample, by subject.
func TestConditions(t *testing.T) {
	for subject, list := range map[string][]string{
		"variables": {
			`method == "POST"`, `path == "/github/b%6Cog"`, `query.dry == "1"`, `query.tag == "a"`, `queryAll("tag") == ["a", "b c"]`,
			`query.x == "%zz"`, `header["x-github-event"] == "push"`, `headerAll("X-TAG") == ["one", "two"]`, `claim == "garage"`,
			`route == "deploy" and id == "d1"`, `params.repo == "blog"`, `remote startsWith "10."`, `received == "0001-01-01T00:00:00Z"`,
			`body startsWith "{"`, `payload.ref == json.ref`, `"repo" in params`, `"X-Tag" in header`, `len(query) == 3`, `query.none == nil`,
		},
		"what is missing": {
			`json.a == nil`, `json.a.b.c == nil`, `json.ref.x == nil`, `json.list.x == nil`, `json.list[7] == nil`, `json.null == nil`,
			`!has(json.a.b)`, `has(json.no)`, `!(json.a > 5)`, `!(json.a < 5)`, `json.a != "x"`, `!(json.a contains "x")`, `!json.a`,
			`len(json.a) == 0`, `upper(json.a) == nil`, `filter(json.a, true) == []`, `sum(json.a) == 0`, `(json.a ?? "x") == "x"`,
			`form == nil || form.a == nil`, `xml.a.b == nil`, `files.a.name == nil`, `(json?.a?.b ?? 1) == 1`, `json[json.a] == nil`, `json.list[json.a] == nil`,
		},
		"numbers": {
			`json.v == 1.1`, `json.v < 2`, `json.id > 12345678901234567`, `json.id > 1.2e19`, `json.zero == -0`,
			`json.list[1] == 2.5`, `json.list[-1] == 3`, `1 in json.list`, `3 in json.list`, `!("3" in json.list)`, `json.v + 1 == 2.1`,
			`json.list[0] + json.list[2] == 4`, `7 % 3 == 1`, `2 ** 10 == 1024`, `-json.list[0] == -1`, `+json.v == 1.1`, `10 / 4 == 2.5`,
			`9223372036854775807 + 1 > 9223372036854775807`, `text(json.id) == "12345678901234567890"`, `int("5") == 5`, `int("x") == nil`,
			`float("1.5") == 1.5`, `int(2.9) == 2`, `round(2.5) == 3`, `floor(-1.5) == -2`, `ceil(json.v) == 2`, `abs(-3) == 3`,
			`min(3, json.v, 2) == 1.1`, `max(json.list) == 3`, `sum(json.list) == 6.5`, `sum(json.commits, .n) == 7`, `json.zero == 0.0`,
		},
		"text": {
			`json.ref[11:] == "main"`, `json.ref[-4:] == "main"`, `json.texts[2][0:1] == "ü"`, `json.ref matches "^refs/(heads|tags)/"`,
			`json.ref endsWith "main"`, `json.ref not contains "dev"`, `"a" + "b" == "ab"`, `"a" < "b"`, `upper("aé") == "AÉ"`, `trim(" a ") == "a"`,
			`trim("/a/", "/") == "a"`, `trimPrefix(json.ref, "refs/heads/") == "main"`, `trimSuffix("a.txt", ".txt") == "a"`,
			`split("a,b,c", ",") == ["a","b","c"]`, `split("a,b,c", ",", 2) == ["a","b,c"]`, `join(json.texts, "-") == "b-a-ü"`, `join(json.list) == "12.53"`,
			`replace("aXbX", "X", "--") == "a--b--"`, `repeat("ab", 3) == "ababab"`, `indexOf("üa", "a") == 1`, `lastIndexOf("aba", "a") == 2`,
			`indexOf("a", "b") == -1`, `hasPrefix("ab", "a")`, `hasSuffix("ab", "b")`, `len("üa") == 2`, `toBase64("hi") == "aGk="`, `fromBase64("aGk=") == "hi"`,
			`fromBase64("*") == nil`, `urlEncode("a b&") == "a+b%26"`, `lower("A") == 'a'`, "`a\\n` == \"a\\\\n\"",
		},
		"lists and objects": {
			`any(json.commits, .ok)`, `!all(json.commits, .ok)`, `one(json.commits, .by == "bob")`, `none(json.commits, .n > 9)`,
			`count(json.commits, .n > 1) == 2`, `filter(json.commits, .n > 3)[0].by == "bob"`, `map(json.commits, .by) == ["ann","bob"]`,
			`map(json.list, #index) == [0,1,2]`, `find(json.commits, .by == "bob").n == 5`, `find(json.commits, .by == "x") == nil`,
			`findIndex(json.commits, .by == "bob") == 1`, `findLast(json.commits, .n > 0).by == "bob"`, `[1, findLast(json.list, # < 3), 2][1] == 2.5`,
			`sortBy(json.commits, .n, "desc")[0].by == "bob"`, `reduce(json.list, #acc + #, 0) == 6.5`, `sort(json.texts) == ["a","b","ü"]`,
			`sort([3, 1, 2.5]) == [1, 2.5, 3]`, `reverse(json.list) == [3,2.5,1]`, `first(json.list) == 1 && last(json.list) == 3`,
			`uniq([1, 1.0, "1"]) == [1, "1"]`, `concat(json.list, ["x"])[3] == "x"`, `1..3 == [1,2,3]`, `3..1 == []`, `keys(json.deep) == ["a"]`,
			`values(json.deep.a) == ["c"]`, `get(json, "a.b") == "dot"`, `json["a.b"] == "dot"`, `"a" in json.deep`, `json.texts contains "a"`,
			`json.deep == {"a": {"b": "c"}}`, `json.list == [1.0, 2.5, 3]`, `{a: 1}.a == 1`, `json.list[1:] == [2.5, 3]`, `json.list[:1] == [1]`,
			`len(json.deep) == 1`, `toJSON(json.deep) == "{\"a\":{\"b\":\"c\"}}"`, `fromJSON("[1]")[0] == 1`, `fromJSON("[") == nil`,
			`any(1..3, any(1..3, # == 2))`,
		},
		"logic": {
			`json.yes`, `not json.no`, `json.yes ? true : false`, `if json.yes { true } else { false }`, `json.no || json.yes`, `(json.yes and not json.no) or json.a`,
			`let a = json.ref; let b = a; b == a`, `true`, `json.yes == true`, `true && (json.a ?? true)`,
		},
		"addresses": {
			`inRange(remote, "10.0.0.0/8")`, `inRange("10.1.2.3", "192.0.2.1, 10.1.2.3")`, `inRange("::ffff:10.1.2.3", "10.0.0.0/8")`,
			`inRange("[2001:db8::1]:80", "2001:db8::/32")`, `!inRange(remote, "192.0.2.0/24")`, `!inRange(json.a, "10.0.0.0/8")`, `!inRange("x", "10.0.0.0/8")`,
			`inRange("fe80::1%eth0", "fe80::/10")`,
		},
	} {
		t.Run(subject, func(t *testing.T) {
			in := NewInput(delivery(sample))
			for _, text := range list {
				if met, parts := mustCompile(t, text).Eval(in); !met {
					t.Errorf("%s: %+v", text, parts)
				}
			}
		})
	}
}

// TestTrace has which part decided, and why.
func TestTrace(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		met        bool
		want       []Part
	}{
		{"and", `method == "POST" && json.ref == "x" && json.yes`, false, []Part{
			{`method == "POST"`, "true", ""}, {`json.ref == "x"`, "false", ""}, {`json.yes`, "not needed", ""},
		}},
		{"or", `json.yes or json.a`, true, []Part{{`json.yes`, "true", ""}, {`json.a`, "not needed", ""}}},
		{"parentheses", `( (json.a == 1) || json.no ) && ((method) == "GET")`, false, []Part{
			{`json.a == 1`, "false", "json.a is not there"}, {`json.no`, "false", ""}, {`(method) == "GET"`, "not needed", ""},
		}},
		{"not", `not (json.a || !(json.no))`, false, []Part{{`json.a`, "false", "json.a is not there"}, {`json.no`, "false", ""}}},
		{"several missing", `json.x.y == header["X-None"]`, true, []Part{{`json.x.y == header["X-None"]`, "true", `json.x is not there; header["X-None"] is not there`}}},
		{"missing on purpose", `json.x == nil && !has(json.y.z) && (json.q ?? 1) == 1`, true, []Part{
			{`json.x == nil`, "true", ""}, {`has(json.y.z)`, "false", ""}, {`(json.q ?? 1) == 1`, "true", ""},
		}},
		{"error", `json.ref > 5 || true`, false, []Part{{`json.ref > 5`, "false", "text is compared with a number"}, {`true`, "not needed", ""}}},
		{"error under not", `!(json.ref > 5)`, false, []Part{{`json.ref > 5`, "false", "text is compared with a number"}}},
		{"kinds", `json.ref == json.v`, false, []Part{{`json.ref == json.v`, "false", "text is compared with a number"}}},
		{"no truth", `json.ref && true`, false, []Part{{`json.ref`, "false", "text stands where true or false is asked for"}, {`true`, "not needed", ""}}},
		{"quotes", `"a && b" == method || "(" == ')' && "ü" == 'é'`, false, []Part{{`"a && b" == method`, "false", ""}, {`"(" == ')'`, "false", ""}, {`"ü" == 'é'`, "not needed", ""}}},
		{"let is one", `let a = json.no; a && json.yes`, false, []Part{{`let a = json.no; a && json.yes`, "false", ""}}},
		{"a choice is one", `json.yes ? json.no && true : json.yes`, false, []Part{{`json.yes ? json.no && true : json.yes`, "false", ""}}},
		{"not in", `"x" not in json.texts && json.ref not matches "^x"`, true, []Part{{`"x" not in json.texts`, "true", ""}, {`json.ref not matches "^x"`, "true", ""}}},
		{"places", `json.commits[9].by == json.commits[json.zero].by`, false, []Part{{`json.commits[9].by == json.commits[json.zero].by`, "false", "json.commits[9] is not there"}}},
		{"division", `1 / json.zero > 1`, false, []Part{{`1 / json.zero > 1`, "false", "a number is divided by 0"}}},
		{"comment", "json.yes // && json.no\n && json.no", false, []Part{{"json.yes", "true", ""}, {"json.no", "false", ""}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			met, parts := mustCompile(t, tt.text).Eval(NewInput(delivery(sample)))
			if met != tt.met {
				t.Errorf("met: %v", met)
			}
			if diff := cmp.Diff(tt.want, parts); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTraceTellsNoValue holds that what may be secret stays out of the trace.
func TestTraceTellsNoValue(t *testing.T) {
	in := NewInput(delivery(`{"key":"s3cret","map":{"s3cret":1},"n":73}`))
	for _, text := range []string{
		`json.key > 5`, `json.map[json.key] == "x"`, `json[json.key] == 1`, `json.key && true`, `json.n contains "x"`, `json.n + json.key == 1`, `json.key in json.n`,
		`upper(json.n) == "x"`, `any(json.key, true)`, `sortBy([json.map], #) == []`, `int(json.key) == 1`, `fromJSON(json.key) == 1`, `json.key[json.key:] == "x"`,
		`repeat("x", json.n - 100) == ""`, `json.key matches "x{2}"`, `1..json.key == []`, `reduce([], #acc) == json.key`,
	} {
		_, parts := mustCompile(t, text).Eval(in)
		for _, p := range parts {
			if strings.Contains(p.Note, "s3cret") || strings.Contains(p.Note, "73") || strings.Contains(p.Note, "interface") {
				t.Errorf("%s: %s", text, p.Note)
			}
		}
	}
}

func TestConditionMistakes(t *testing.T) {
	for _, tt := range []struct {
		text, message, remedy string
		offset                int
	}{
		{``, "the condition is empty", "leave it out, or write true", 0},
		{`headers["X"] == "a"`, `there is no name "headers"`, "did you mean header?", 0},
		{`"é" == jsn.a`, `there is no name "jsn"`, "did you mean json?", 8},
		{`header.X-GitHub-Event == "push"`, `there is no name "GitHub"`, `write names with hyphens in brackets: header["X-Name"]`, 9},
		{`params.org == "a"`, `the pattern of the route has no wildcard "org"`, "put {org} into match", 7},
		{`files.a.nme == "a"`, `there is no member "nme"`, "a file has name, type, size and text", 8},
		{`method == 5`, "== cannot stand between text and a number", `text stands in quotes; int("5") makes a number of a text`, 7},
		{`query.n > 5`, "> cannot stand between text and a number", `text stands in quotes; int("5") makes a number of a text`, 8},
		{`method = "GET"`, `"=" has no meaning here`, "compare with ==", 7},
		{`method ==`, "this ends too early", "write what is missing, or close the bracket that is open", 8},
		{`method "GET"`, `"GET" has no place here`, "an operator is missing before it, such as == or &&", 7},
		{`method`, "a condition is true or false, and this is text", `compare it with something: == "…", or ask has(…)`, 0},
		{`nil`, "a condition is true or false, and this is nothing", `compare it with something: == "…", or ask has(…)`, 0},
		{`[true]`, "a condition is true or false, and this is a list", `compare it with something: == "…", or ask has(…)`, 0},
		{`uper(method) == "A"`, `there is no function "uper"`, "did you mean upper?", 0},
		{`now() == 1`, `there is no function "now"`, "nothing here reads a clock; received is when the delivery came", 0},
		{`groupBy(json, #) == 1`, `there is no function "groupBy"`, "", 0},
		{`len(5) == 1`, "len takes text or a list or an object, not a number", "", 0},
		{`upper() == "A"`, "upper needs 1 argument", "", 0},
		{`upper("a", "b") == "A"`, "upper takes 1 argument, no more", "", 0},
		{`path matches "("`, "the pattern is malformed: missing closing ): `(`", "see https://github.com/google/re2/wiki/Syntax", 13},
		{`path matches json.a`, "what matches compares with is a text in quotes", `write it like path matches "^/a"`, 5},
		{`path matches "(((a{30}){30}){30})"`, "the pattern is malformed: invalid repeat count: `{30}`", "see https://github.com/google/re2/wiki/Syntax", 13},
		{`path matches "((abcdefgh){100}){10}"`, "the pattern is malformed: it is too large", "see https://github.com/google/re2/wiki/Syntax", 13},
		{`inRange(remote, "10.0.0.0/99")`, `"10.0.0.0/99" is no list of address ranges`, `write it like inRange(remote, "10.0.0.0/8 192.0.2.1")`, 16},
		{`inRange(remote, json.a)`, "the ranges of inRange are a text in quotes", `write it like inRange(remote, "10.0.0.0/8 192.0.2.1")`, 21},
		{`1 < json.a < 3`, "two comparisons cannot follow each other", "write a < b && b < c", 9},
		{`json.a ?? 1 == 1`, "it is not clear how far ?? reaches", "put parentheses around a ?? b", 12},
		{`$env.json`, `there is no name "$env"`, "", 0},
		{`json.foo()`, "values have no functions of their own", "write name(…)", 5},
		{`b"a" == body`, "there are no bytes, only text", "leave the b out", 0},
		{`count(json) == 1`, "count has no condition", "write len(…) for how many there are", 0},
		{`sortBy(json, #, "up") == []`, `the order of sortBy is "asc" or "desc"`, "", 16},
		{`any(1..2, any(1..2, any(1..2, any(1..2, true))))`, "loops stand in each other 4 deep; 3 is the most", "have a script do this", 30},
		{strings.Repeat("a", 5000), "this has 5000 bytes; 4096 are the most", "have a script do what is that long", 0},
		{strings.Repeat("1+", 1500) + "1 == 1", "this has too many parts", "have a script do what is that long", 2001},
	} {
		t.Run(tt.text[:min(len(tt.text), 40)], func(t *testing.T) {
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
}

func TestNeedsBody(t *testing.T) {
	for text, want := range map[string]bool{
		`method == "GET"`: false, `header.a == query.b && params.repo == "x"`: false, `method == "GET" || !(json.a == 1)`: true, `body == ""`: true,
		`any(formAll("a"), true)`: true, `len(filesAll("a")) > 0`: true, `xml.a == 1`: true, `payload.a == 1`: true, `form.a == "1"`: true, `files.a.size > 1`: true,
		`queryAll("a") == headerAll("b")`: false,
	} {
		if got := mustCompile(t, text).NeedsBody(); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// TestAtOnce holds that conditions and templates are compiled and evaluated by
// several at once.
func TestAtOnce(t *testing.T) {
	shared := mustCompile(t, `any(json.commits, upper(.by) == "BOB") && json.ref matches "main$"`)
	template := mustTemplate(t, `{join(map(json.commits, lower(.by)), ",")}`)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				in := NewInput(delivery(sample))
				own, err := CompileCondition(`sum(json.commits, int(.n)) == 7 && len(upper(lower(method))) == 4`, options)
				if err != nil {
					t.Error(err)
					return
				}
				met, _ := own.Eval(in)
				also, _ := shared.Eval(in)
				if text, _, err := template.Text(in); !met || !also || err != nil || text != "ann,bob" {
					t.Errorf("%v, %v, %q, %v", met, also, text, err)
				}
			}
		})
	}
	group.Wait()
}
