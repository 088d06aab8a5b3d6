package routes

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// withTransform is a route that transforms.
func withTransform(s TransformSpec) Spec {
	return Spec{Claim: "garage", Match: "/{a}", Unverified: true, Transform: &s, Respond: &RespondSpec{}}
}

func TestTransformJSON(t *testing.T) {
	for _, tt := range []struct {
		name string
		spec TransformSpec
		in   string
		want string
	}{
		{"order and spaces", TransformSpec{Drop: []string{"json.b"}}, ` { "a" : 1.0 , "b" : [ 1 ] , "c" : {} } `, ` { "a" : 1.0 , "c" : {} } `},
		{"the first", TransformSpec{Drop: []string{"json.a"}}, `{"a":1, "b":2}`, `{"b":2}`},
		{"the last", TransformSpec{Drop: []string{"json.b"}}, `{"a":1, "b":2}`, `{"a":1}`},
		{"the only one", TransformSpec{Drop: []string{"json.a"}}, `{ "a":1 }`, `{  }`},
		{"all of a name", TransformSpec{Drop: []string{"json.a"}}, `{"a":1,"b":2,"\u0061":3,"a":4}`, `{"b":2}`},
		{"below all of a name", TransformSpec{Drop: []string{"json.a.b"}}, `{"a":{"b":1},"c":{"b":2},"a":{"x":1,"b":3}}`, `{"a":{},"c":{"b":2},"a":{"x":1}}`},
		{"entries", TransformSpec{Drop: []string{"json[0]", "json[-1].a"}}, `[1, 2, {"a": 3}]`, `[2, {}]`},
		{"no entry", TransformSpec{Drop: []string{"json[9]", "json.a.b.c", "json[0].x"}}, `[1]`, `[1]`},
		{"set all of a name", TransformSpec{Set: map[string]string{"json.a": "x"}}, `{"a":1,"a":[2]}`, `{"a":"x","a":"x"}`},
		{"set a kind", TransformSpec{Set: map[string]string{"json.a": "{json.b}", "json.b": "{json.b}!", "json.c": "{nil ?? true}"}}, `{"b":1.50}`, `{"b":"1.50!","a":1.50,"c":true}`},
		{"set in nothing", TransformSpec{Set: map[string]string{"json.a.b.c": "x"}}, `{}`, `{"a":{"b":{"c":"x"}}}`},
		{"set with its spaces", TransformSpec{Set: map[string]string{"json.c": "x"}}, "{\n\t\"a\": 1,\n\t\"b\": 2\n}", "{\n\t\"a\": 1,\n\t\"b\": 2,\n\t\"c\": \"x\"\n}"},
		{"set what is not there", TransformSpec{Set: map[string]string{"json.a": "{json.none}"}}, `{"a":1}`, `{"a":1}`},
		{"set from what came", TransformSpec{Drop: []string{"json.a"}, Set: map[string]string{"json.b": "{json.a}"}}, `{"a":1}`, `{"b":1}`},
		{"names", TransformSpec{Rename: map[string]string{"json.a": "json.b", `json["x y"]`: `json["\"<"]`}}, `{"a":1,"c":2,"b":3,"x y":4}`, `{"b":1,"c":2,"\"<":4}`},
		{"the same name", TransformSpec{Rename: map[string]string{"json.a": "json.a"}}, `{"a":1}`, `{"a":1}`},
		{"hard texts", TransformSpec{Drop: []string{"json.b"}}, `{"a":"\\\"}","b":"]\\","c":"{"}`, `{"a":"\\\"}","c":"{"}`},
		{"a mark", TransformSpec{Set: map[string]string{"json.a": `{int("2")}`}}, "\xef\xbb\xbf{}", "\xef\xbb\xbf{\"a\":2}"},
		{"no json", TransformSpec{Drop: []string{"json.a"}, Rename: map[string]string{"json.b": "json.c"}}, `{"a":1`, `{"a":1`},
		{"no json to set", TransformSpec{Set: map[string]string{"json.a": "x"}}, ``, "error: json.a cannot be set: the body is not JSON"},
		{"no object", TransformSpec{Set: map[string]string{"json.a.b": "x"}}, `{"a":[]}`, "error: json.a.b cannot be set: there is no object to put it into"},
		{"no list", TransformSpec{Set: map[string]string{"json.a[0]": "x"}}, `{}`, "error: json.a[0] cannot be set: there is no list to put it into"},
		{"no entry to set", TransformSpec{Set: map[string]string{"json[1]": "x"}}, `[1]`, "error: json[1] cannot be set: the list has no entry 1"},
		{"no value", TransformSpec{Set: map[string]string{"json.b": "{json.a + 1}"}}, `{"a":"s3cret"}`, "error: json.b cannot be filled in: + stands between two texts or two numbers, not between text and a number"},
		{"body", TransformSpec{Body: "a{json.a}"}, `{"a":"x"}`, "ax"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := transformedDelivery(t, withTransform(tt.spec), "POST /x HTTP/1.1\nHost: a\nContent-Length: 0\n\n"+tt.in+"\n")
			got := "error: "
			if err != nil {
				got += err.Error()
			} else {
				got = string(d.Body)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTransformHead(t *testing.T) {
	for _, tt := range []struct {
		name       string
		spec       TransformSpec
		head, want string
	}{
		{
			"fields",
			TransformSpec{Rename: map[string]string{"header.X-A": "header.X-B"}, Drop: []string{"header.x-c"}, Set: map[string]string{"header.X-D": " {params.a} ", "header.Accept": "a/b"}},
			"GET /x HTTP/1.1\nHost: a\nX-B: 0\nx-a: 1\nAccept: 2\nX-C: 3\nX-A: 4\naccept: 5", "GET /x HTTP/1.1\nHost: a\nX-B: 1\nAccept: a/b\nX-B: 4\nX-D: \n\n",
		},
		{"a query that goes", TransformSpec{Drop: []string{"query.a"}}, "GET /x?a=1&%61=2 HTTP/1.1\nHost: a", "GET /x HTTP/1.1\nHost: a\n\n"},
		{"a query that comes", TransformSpec{Set: map[string]string{"query.a b": "ü&{method}"}}, "GET /x HTTP/1.1\nHost: a", "GET /x?a+b=%C3%BC%26GET HTTP/1.1\nHost: a\n\n"},
		{"the rest of a query", TransformSpec{Set: map[string]string{"query.b": "1"}, Rename: map[string]string{"query.a": "query.c"}}, "GET /x?&a&&b=%zz&b=2&c=3& HTTP/1.1\nHost: a", "GET /x?&c&&b=1& HTTP/1.1\nHost: a\n\n"},
		{"an empty query", TransformSpec{Drop: []string{"header.x"}}, "GET /x? HTTP/1.1\nHost: a", "GET /x? HTTP/1.1\nHost: a\n\n"},
		{"absolute form", TransformSpec{Set: map[string]string{"query.a": "1"}}, "GET http://a/x HTTP/1.1\nHost: a", "GET http://a/x?a=1 HTTP/1.1\nHost: a\n\n"},
		{"type", TransformSpec{Type: "text/x"}, "GET /x HTTP/1.1\nHost: a\ncontent-type: a\nContent-Type: b", "GET /x HTTP/1.1\nHost: a\ncontent-type: text/x\n\n"},
		{"a body for nothing", TransformSpec{Body: "hi"}, "GET /x HTTP/1.1\nHost: a", "GET /x HTTP/1.1\nHost: a\nContent-Length: 2\n\nhi"},
		{"line break", TransformSpec{Set: map[string]string{"header.X-A": "{lower(\"A\\r\\nX-Forged: 1\")}"}}, "GET /x HTTP/1.1\nHost: a", "error: the value for the field X-A has a control character"},
		{"no form", TransformSpec{Set: map[string]string{"form.a": "1"}}, "GET /x HTTP/1.1\nHost: a", "error: form.a cannot be set: the body is not a form"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := transformedDelivery(t, withTransform(tt.spec), tt.head+"\n\n")
			got := ""
			if err != nil {
				got = "error: " + err.Error()
			} else {
				got = strings.ReplaceAll(string(d.Request.Raw()), "\r\n", "\n") + "\n" + string(d.Body)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTransformMistakes(t *testing.T) {
	for _, tt := range []struct {
		name string
		spec TransformSpec
		want string
	}{
		{"nothing", TransformSpec{}, "[0].transform: the transform changes nothing"},
		{"no part", TransformSpec{Drop: []string{"json"}}, `[0].transform.drop[0]: "json": this names no part of a delivery`},
		{"another part", TransformSpec{Drop: []string{"xml.a"}}, `[0].transform.drop[0]: "xml.a": "xml" is no part of a delivery that can be changed`},
		{"no name", TransformSpec{Drop: []string{"header."}}, `[0].transform.drop[0]: "header.": the name is missing`},
		{"no member", TransformSpec{Drop: []string{"json.a..b"}}, `[0].transform.drop[0]: "json.a..b": a name is missing`},
		{"brackets", TransformSpec{Drop: []string{"json[a]"}}, `[0].transform.drop[0]: "json[a]": what is in brackets is a number, or a name in quotes`},
		{"open brackets", TransformSpec{Drop: []string{`json["a]`}}, "[0].transform.drop[0]: `json[\"a]`: a name in brackets is not closed"},
		{"below a field", TransformSpec{Drop: []string{`query["a"].b`}}, "[0].transform.drop[0]: `query[\"a\"].b`: query has names and nothing below them"},
		{"length", TransformSpec{Drop: []string{"header.content-length"}}, `[0].transform.drop[0]: "header.content-length": the field belongs to the connection`},
		{"host", TransformSpec{Set: map[string]string{"header.Host": "x"}}, `[0].transform.set.header.Host: "header.Host": the field Host says where the request goes`},
		{"ours", TransformSpec{Set: map[string]string{"header.Homehook-X": "x"}}, `[0].transform.set.header.Homehook-X: "header.Homehook-X": the field is reserved`},
		{"malformed field", TransformSpec{Set: map[string]string{"header.a b": "x"}}, `[0].transform.set.header.a b: "header.a b": this is not a field name`},
		{"template", TransformSpec{Set: map[string]string{"json.a": "{jsn.a}"}}, `[0].transform.set.json.a: "{jsn.a}": there is no name "jsn"`},
		{"another place", TransformSpec{Rename: map[string]string{"json.a.b": "json.c"}}, `[0].transform.rename.json.a.b: json.a.b cannot become json.c: a rename keeps the place`},
		{"another kind", TransformSpec{Rename: map[string]string{"query.a": "form.a"}}, `[0].transform.rename.query.a: query.a cannot become form.a: a rename keeps the place`},
		{"an entry", TransformSpec{Rename: map[string]string{"json[0]": "json[1]"}}, `[0].transform.rename.json[0]: an entry of a list has no name`},
		{"one after the other", TransformSpec{Rename: map[string]string{"query.a": "query.b", "query.b": "query.c"}}, `[0].transform.rename.query.a: query.b is renamed itself, and which comes first is open`},
		{"lost", TransformSpec{Drop: []string{"json.a"}, Body: "x"}, "[0].transform.body: the body is replaced whole, so a change to json is lost"},
		{"type", TransformSpec{Type: "a\nb"}, "[0].transform.type: \"a\\nb\" is not a content type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := Compile([]Spec{withTransform(tt.spec)})
			if len(problems) != 1 {
				t.Fatalf("problems %v", problems)
			}
			if got := problems[0].Path + ": " + problems[0].Message; got != tt.want {
				t.Errorf("%s", got)
			}
		})
	}
}

// TestTransformLeavesDelivery holds that the caller's delivery stays as it is.
func TestTransformLeavesDelivery(t *testing.T) {
	table, problems := Compile([]Spec{withTransform(TransformSpec{Set: map[string]string{"json.a": "x", "header.X": "y"}})})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	defer table.Close()
	r := table.claims["garage"][0]
	d, err := transformedDelivery(t, withTransform(TransformSpec{Type: "a/b"}), "POST /x HTTP/1.1\nHost: a\nContent-Length: 0\n\n{\"a\":1}")
	if err != nil {
		t.Fatal(err)
	}
	d.Input = nil
	body, head := bytes.Clone(d.Body), bytes.Clone(d.Request.Raw())
	own, err := r.ready(d)
	if err != nil || string(own.Body) != `{"a":"x"}` {
		t.Errorf("%s, %v", own.Body, err)
	}
	if !bytes.Equal(body, d.Body) || !bytes.Equal(head, d.Request.Raw()) {
		t.Error("the delivery has changed")
	}
}

// FuzzTransformJSON holds that a changed text is JSON, with the change made and
// nothing else, and that a change takes time and makes bytes in proportion: also
// where the text is there many times, as an entry and below one name.
func FuzzTransformJSON(f *testing.F) {
	for _, in := range []string{`{"a":{"b":1},"c":[1,{"b":2}]}`, `[{"a":1},2]`, ` {"a" : "\"}" , "a":2} `, `"x"`, `{}`, `[]`, `{"a":[[],{}],"b":-1e5}`} {
		f.Add([]byte(in), "a", "b", 0)
	}
	f.Fuzz(func(t *testing.T, in []byte, first, second string, index int) {
		if !json.Valid(in) || !utf8.ValidString(first) || !utf8.ValidString(second) {
			return // no name in the configuration is that
		}
		boundedChanges(t, in, first, second)
		for _, path := range [][]step{{{name: first}}, {{name: first}, {name: second}}, {{index: index, list: true}}, {{name: first}, {index: index, list: true}, {name: second}}} {
			value := "[1.50]"
			for _, e := range []edit{{drop: true}, {name: second}, {value: &value}} {
				if e.value == nil && !e.drop && path[len(path)-1].list {
					continue // which the configuration refuses
				}
				x := &changed{body: bytes.Clone(in)}
				if err := x.editJSON(spot{of: partJSON, path: path}, e); err != nil {
					continue
				}
				if !json.Valid(x.body) {
					t.Fatalf("%+v of %q is %q", e, in, x.body)
				}
				again := &jsonText{in: x.body}
				found := leadsTo(again, again.skipSpace(0), path)
				if e.drop && found && !path[len(path)-1].list || e.value != nil && !found {
					t.Fatalf("%v: %+v of %q is %q", path, e, in, x.body)
				}
			}
		}
	})
}

// boundedChanges makes changes to a text that is repeated.
func boundedChanges(t *testing.T, in []byte, first, second string) {
	value := `"` + strings.Repeat("x", 8<<10) + `"`
	member := quoted(first) + ":" + string(in) + ","
	large := []byte("{" + strings.Repeat(member, min(maxChanged+1, 32<<10/len(member))) + `"":0}`)
	for _, path := range [][]step{{{name: first}}, {{name: first}, {name: second}}, {{name: first}, {list: true}}} {
		for _, e := range []edit{{drop: true}, {name: second}, {value: &value}} {
			if e.value == nil && !e.drop && path[len(path)-1].list {
				continue
			}
			x, start := &changed{body: large}, time.Now()
			err := x.editJSON(spot{of: partJSON, path: path}, e)
			if took := time.Since(start); took > time.Minute {
				t.Fatalf("%v: %+v of %d times %q took %v", path, e, len(large)/len(member), in, took)
			}
			if len(x.body)-len(large) > maxGrown || err == nil && x.grown != len(x.body)-len(large) {
				t.Fatalf("%d bytes became %d, which counts as %d", len(large), len(x.body), x.grown)
			}
		}
	}
}

// leadsTo reports whether a path leads somewhere.
func leadsTo(t *jsonText, at int, path []step) bool {
	list, ok := t.entries(at, path[0])
	if !ok {
		return false
	}
	for _, i := range t.find(list, path[0]) {
		if len(path) == 1 || leadsTo(t, list[i].value, path[1:]) {
			return true
		}
	}
	return false
}
