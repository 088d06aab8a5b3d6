package expression

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// expressionSeeds are texts from all corners of the language.
var expressionSeeds = []string{
	`method == "POST" && json.ref == 'x' || !(header["a"] in ["b"])`, `any(json.commits, .a == #) and count(json, true) > 1`, "let a = json; a[1:-1] ?? `x`",
	`reduce(json, #acc + #, 0) ** 2 % 3 == -1`, `path matches "^(a|b)+$" ? 1 : {a: 1, "b": [2]}`, `sortBy(json, .a, "desc") | map({.b}) | filter(# > 1)`,
	`1..5`, `if json.a { 1 } else { 2 }; true`, `json?.a?.["b"]?.c`, `inRange(remote, "::1/128")`, `findLast(json, true)`, `toJSON(fromJSON(body))`, `0x1F + 1_000 + 1e3 + .5`,
	`a ?? b == c`, `1 < 2 < 3`, `not (a) not in b`, `"\u{1F600}" + "\x41" /* c */ // d`, `$env`, `::len(json)`, `b'a'`, `first(json)[last(json)]`, `sum(json.list[1:])`,
	`"a" + 1`, `repeat(body, json)`, `split(body, "")`, `min()`, `get(json, json)`, `json[json][json]`, `-json`, `+"a"`, `[...]`, `((((`, `#`, `.a`,
}

// FuzzCondition holds that compiling and evaluating never breaks, ends in time
// whatever is repeated in the body, notes little, and that the parts of a
// condition are words of it.
func FuzzCondition(f *testing.F) {
	for _, s := range expressionSeeds {
		f.Add(s, `{"a":[1,"x",null,{"b":1.5}],"commits":[{"a":true}],"list":[3,1,2]}`)
	}
	f.Fuzz(func(t *testing.T, text, body string) {
		start := time.Now()
		c, err := CompileCondition(text, options)
		if took := time.Since(start); took > 30*time.Second {
			t.Fatalf("compiling took %v", took)
		}
		if err != nil {
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Message == "" || e.Offset < 0 || e.Offset > len(text) {
				t.Fatalf("error %#v", err)
			}
			return
		}
		large := "[" + strings.Repeat(body+",", 16<<10/(len(body)+1)) + body + "]"
		for _, body := range []string{large, `{"a":` + large + `,"list":` + large + `,"commits":` + large + "}", `{"a":"` + strings.Repeat("é", 8<<10) + `"}`} {
			in := NewInput(delivery(body))
			in.part("payload")
			start = time.Now()
			for range 4 {
				c.Eval(in)
			}
			if took := time.Since(start); took > 30*time.Second {
				t.Fatalf("evaluating took %v, for %.200q", took, body)
			}
		}
		met, parts := c.Eval(NewInput(delivery(body)))
		for _, p := range parts {
			if p.Text == "" || !strings.Contains(text, p.Text) {
				t.Fatalf("part %q", p.Text)
			}
			if len(p.Note) > maxNotes*(maxText+200) {
				t.Fatalf("a note of %d bytes", len(p.Note))
			}
			if p.Note == "the expression cannot be evaluated" && met {
				t.Fatal("it is met although it cannot be evaluated")
			}
		}
	})
}

// FuzzTemplate holds that compiling and filling in never breaks, and that what
// is put around values is what the text has.
func FuzzTemplate(f *testing.F) {
	for _, s := range expressionSeeds {
		f.Add("a{{ {"+s+"} }}", `{"a":[1,"x",null,{"b":1.5}],"b":{"c":"d"}}`)
	}
	f.Add(`{json.a}{"x": {toJSON(json.b)}}`, `{}`)
	f.Add("{json", "{")
	f.Fuzz(func(t *testing.T, text, body string) {
		x, err := CompileTemplate(text, options)
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.Message == "" || e.Offset < 0 || e.Offset > len(text) {
				t.Fatalf("error %#v", err)
			}
			return
		}
		whole, missing, err := x.Text(NewInput(delivery(body)))
		if len(whole) > maxMade {
			t.Fatalf("%d bytes were made", len(whole))
		}
		pieces, errPieces := x.Parts(NewInput(delivery(body)))
		if err != nil || errPieces != nil {
			return // the clock may have stopped one of them
		}
		joined := ""
		for _, p := range pieces {
			joined += p.Text
		}
		if joined != whole || missing && whole != "" {
			t.Fatalf("%q is not %q, or not missing", joined, whole)
		}
		if literal, ok := x.Literal(); ok && !strings.Contains(text, "{{") && literal != text {
			t.Fatalf("%q became %q", text, literal)
		}
	})
}

// FuzzReadJSON compares with encoding/json.
func FuzzReadJSON(f *testing.F) {
	for _, s := range jsonSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) { sameAsStandard(t, in) })
}

// FuzzBodies holds that no body breaks its reader, and that what is read can be
// written.
func FuzzBodies(f *testing.F) {
	f.Add("multipart/form-data; boundary=b", []byte(multipartBody))
	f.Add(typeForm, []byte("a=1&b+c=%41%zz&&=&d"))
	f.Add("text/xml", []byte(`<?xml version="1.0"?><a b="c"><d/>x<d e="f">&lt;</d></a>`))
	f.Add("", []byte(`{"a":[1,2,{"b":null}]}`))
	f.Fuzz(func(t *testing.T, media string, body []byte) {
		in := typed(media, string(body))
		for _, name := range ofBody {
			r := in.part(name)
			w := writer{room: 1 << 30}
			w.value(r.value)
			if !utf8.Valid(w.b) {
				t.Fatalf("%s is written as %q", name, w.b)
			}
			if _, err := readJSON(w.b); err != nil && !isLimit(err) {
				t.Fatalf("%s is written as %q, which is no JSON", name, w.b)
			}
		}
		in.formOf()
	})
}
