package expression

import (
	"strings"
	"testing"
	"time"
)

// TestCostByLength holds that each function and operator counts what it touches:
// in a loop over a body with long texts and numbers, none runs past its time.
func TestCostByLength(t *testing.T) {
	const n = 20_000
	body := `{"list":[` + strings.Repeat("1,", n) + `1],"items":[` + strings.Repeat(`{"price":1},`, n) + `{"price":1}],` +
		`"digits":1` + strings.Repeat("0", 900) + `e-900,"whole":1` + strings.Repeat("0", 390) + `,"wholes":[` + strings.Repeat("1"+strings.Repeat("0", 390)+",", 1000) + `1],` +
		`"cut":"` + strings.Repeat("é", 256<<10) + `","spaces":"` + strings.Repeat(" ", 512<<10) + `x","text":"` + strings.Repeat("a", 1<<20) + `",` +
		`"bad64":"` + strings.Repeat("AAAA", 128<<10) + `!","decimal":"` + strings.Repeat("1", 512<<10) + `"}`
	in := NewInput(Delivery{
		Header: []Field{{"Content-Type", "application/json"}}, Body: []byte(body), Query: strings.Repeat("b&", 50_000) + strings.Repeat("n", 256<<10),
	})
	for _, part := range []string{"json", "body", "query"} {
		in.part(part)
	}
	for _, each := range []string{
		`# > json.digits`, `# == json.digits`, `json.digits == json.digits`, `json.whole == json.whole`, `json.whole in json.wholes`,
		`int(json.digits) == 2`, `float(json.digits) == 2`, `round(json.digits) == 2`, `abs(json.digits) == 2`, `-json.digits == 2`,
		`max(json.wholes) == 2`, `min(json.digits, json.digits) == 2`, `json.digits * json.digits == 2`, `json.digits % json.whole == 2`, `json.digits + 1 == 2`,
		`sum(json.wholes) == 2`, `len(sort(json.wholes)) == 2`, `len(uniq(json.wholes)) == 2`, `json.list[json.digits] == 2`, `json.list[json.digits:] == 2`,
		`get(json.list, json.digits) == 2`, `repeat("a", json.digits) == ""`, `len(1..json.digits) == 2`, `toJSON(json.wholes) == ""`,
		`int(json.decimal) == 2`, `float(json.decimal) == 2`, `int(json.spaces) == 2`, `inRange(json.text, "10.0.0.0/8")`, `inRange(json.spaces, "10.0.0.0/8")`,
		`trim(json.spaces) == ""`, `trim(json.text, json.cut) == ""`, `trim(json.cut, json.cut) == "x"`, `trimPrefix(json.text, json.text + "") == "x"`, `trimSuffix(json.text, json.text) == "x"`,
		`hasPrefix(json.text, json.text)`, `hasSuffix(json.text, "y")`, `indexOf(json.text, "y") == 1`, `lastIndexOf(json.text, "y") == 1`, `indexOf(json.text, "aaaaaaaay") == 1`,
		`upper(json.text) == ""`, `lower(json.text) == ""`, `urlEncode(json.text) == ""`, `toBase64(json.text) == ""`, `fromBase64(json.bad64) == ""`, `fromJSON(json.text) == 1`,
		`replace(json.text, "y", "z") == ""`, `replace(json.text, "aaaaay", "z") == ""`, `len(split(json.text, "y")) == 2`, `split(json.text, "aa", 1) == []`,
		`len(json.text) == 2`, `json.text contains "aaaaay"`, `json.text startsWith json.text + "a"`, `json.text endsWith "y"`, `json.text matches "^(a|b)*y"`, `json.text[3:5] == "y"`, `json.text < json.text`,
		`has(json[json.text])`, `has(query[json.text])`, `get(query, json.text) == ""`, `json.text in query`, `json.text in json`, `len(queryAll(json.text)) == 2`, `len(queryAll("b")) == 2`, `len(filesAll(json.text)) == 2`, `len(headerAll(json.text)) == 2`,
		`len(query) == 1`, `len(keys(query)) == 1`, `len(values(query)) == 1`, `query == json`, `query == query && false`, `toJSON(query) == ""`, `toJSON(query) == toJSON(query) && false`, `toJSON(map(1..100, query)) == ""`,
		`1 == 2 || {(json.text): 1} == {(json.text): 2}`, `1 == 2 || {(json.text): 1} == {(json.text): 1, "a": 1}`, `len(json.list) == 0`, `len(reverse(json.list)) == 0`, `len(concat(json.list, json.list)) == 0`, `join(json.list) == ""`, `first(json.list) == 0`,
		`json == json && false`, `len(sortBy(json.list, json.text)) == 0`, `len(sortBy(json.list, json.digits)) == 0`, `text(json.text) == ""`, `text(json.digits) == ""`,
	} {
		in.own = budget{}
		text := `any(json.list, ` + each + `)`
		c := mustCompile(t, text)
		start := time.Now()
		_, parts := c.Eval(in)
		if took := time.Since(start); took > 100*maxTime {
			t.Errorf("%s took %v: %q", text, took, parts[0].Note)
		}
	}
}

// TestLongValues holds that no number takes long to be read, and no text to be
// compared again and again.
func TestLongValues(t *testing.T) {
	for _, tt := range []struct{ name, text, body, note string }{
		{"as long as may be", `json == 1`, strings.Repeat("9", maxDigits), ""},
		{"too long", `json == 1`, strings.Repeat("9", maxDigits+1), "the body has a number that is too long to look into"},
		{"a long fraction", `json == 1`, "1." + strings.Repeat("0", maxDigits), "the body has a number that is too long to look into"},
		{"millions", `any(json.items, .price > json.limit)`, `{"limit":1` + strings.Repeat("0", 6<<20) + `,"items":[` + strings.Repeat(`{"price":1},`, 12_000) + `1]}`, "the body has a number that is too long to look into"},
		{"in a text", `fromJSON(json.a) == 1`, `{"a":"` + strings.Repeat("1", maxDigits+1) + `"}`, "a text is too large to be read as JSON"},
		{"to sort by", `len(sortBy(json, .a)) == 1`, `[{"a":"` + strings.Repeat("x", maxKey+1) + `"}]`, "there is a text that is too long to sort by"},
		{"a text", `int(json.a) == 1 || float(json.a) == 1`, `{"a":"` + strings.Repeat("1", maxDigits+1) + `"}`, "a text is not a whole number"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := mustCompile(t, tt.text)
			start := time.Now()
			met, parts := c.Eval(typed("", tt.body))
			if took := time.Since(start); met || took > 100*maxTime || !strings.Contains(parts[0].Note, tt.note) || tt.note == "" && parts[0].Note != "" {
				t.Errorf("%v %q after %v", met, parts[0].Note, took)
			}
		})
	}
}

// TestTimeOfDelivery holds that all evaluations for a delivery have one limit of
// time, whichever route they are for, and that small ones go on without it.
func TestTimeOfDelivery(t *testing.T) {
	in := typed("", "["+strings.TrimSuffix(strings.Repeat("1,", 50_000), ",")+"]")
	in.part("json")
	slow, small := mustCompile(t, `all(json, all(json, # == 1))`), mustCompile(t, `len(json) == 50000`)
	x := mustTemplate(t, `a{all(json, all(json, # == 1))}`)
	start := time.Now()
	for range 50 {
		in = in.For("another", nil)
		if met, parts := slow.Eval(in); met || parts[0].Note != string(errSlow) {
			t.Fatalf("%v %+v", met, parts)
		}
		if _, _, err := x.Text(in); err == nil {
			t.Fatal("the template was filled in")
		}
		if _, err := x.Parts(in); err == nil {
			t.Fatal("the template was filled in")
		}
		if _, _, err := x.JSON(in); err == nil {
			t.Fatal("the template was filled in")
		}
	}
	if took := time.Since(start); took > 40*maxTotal {
		t.Errorf("it took %v", took)
	}
	if met, parts := small.Eval(in); !met {
		t.Errorf("%+v", parts)
	}
}
