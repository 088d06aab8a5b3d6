package history

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func redactorOf(t testing.TB, rules ...string) *redactor {
	t.Helper()
	r, err := newRedactor(rules)
	check(t, err)
	return r
}

func TestRedactHead(t *testing.T) {
	const rest = "Host: a\r\nX-Other: Authorization: b\r\n\r\n"
	for _, tt := range []struct{ name, rule, in, want string }{
		{"a field", "header.authorization", "GET / HTTP/1.1\r\nAUTHORIZATION:  Bearer x\r\n" + rest, "GET / HTTP/1.1\r\nAUTHORIZATION: [redacted]\r\n" + rest},
		{"twice", "header.A", "GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\na:3\r\n\r\n", "GET / HTTP/1.1\r\nA: [redacted]\r\nB: 2\r\na: [redacted]\r\n\r\n"},
		{"goes on in the next line", "header.A", "GET / HTTP/1.1\r\nA: 1\r\n 2\r\n\t3\r\nB: 4\r\n 5\r\n\r\n", "GET / HTTP/1.1\r\nA: [redacted]\r\nB: 4\r\n 5\r\n\r\n"},
		{"space before the colon", "header.A", "GET / HTTP/1.1\r\nA : 1\r\n\r\n", "GET / HTTP/1.1\r\nA : [redacted]\r\n\r\n"},
		{"line ends of old", "header.A", "GET / HTTP/1.1\nA: 1\nB: 2\n\n", "GET / HTTP/1.1\nA: [redacted]\nB: 2\n\n"},
		{"part of a name", "header.A", "GET / HTTP/1.1\r\nAB: 1\r\n\r\n", ""},
		{"not there", "header.A", "GET /?A=1 HTTP/1.1\r\n\r\n", ""},
		{"query", "query.token", "GET /a?x=1&token=s%20e&y HTTP/1.1\r\n" + rest, "GET /a?x=1&token=%5Bredacted%5D&y HTTP/1.1\r\n" + rest},
		{"query, escaped name", "query.token", "GET /?%74oken=secret HTTP/1.1\r\n\r\n", "GET /?%74oken=%5Bredacted%5D HTTP/1.1\r\n\r\n"},
		{"query, twice", "query.a", "GET /?a=1&a=2 HTTP/1.1\r\n\r\n", "GET /?a=%5Bredacted%5D&a=%5Bredacted%5D HTTP/1.1\r\n\r\n"},
		{"query, no value", "query.a", "GET /?a&a=&b HTTP/1.1\r\n\r\n", ""},
		{"query, second question mark", "query.b", "GET /?a=?b=1&b=2 HTTP/1.1\r\n\r\n", "GET /?a=?b=1&b=%5Bredacted%5D HTTP/1.1\r\n\r\n"},
		{"no line end", "query.a", "GET /?a=1", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, changed := redactorOf(t, tt.rule).head([]byte(tt.in), nil)
			if tt.want == "" {
				tt.want = tt.in
			}
			if string(got) != tt.want || changed != (tt.want != tt.in) {
				t.Errorf("changed %t\n got %q\nwant %q", changed, got, tt.want)
			}
		})
	}
}

func TestRedactJSON(t *testing.T) {
	for _, tt := range []struct{ name, path, in, want string }{
		{"a member", "a", `{"b": 1, "a": "x", "c": [1]}`, `{"b": 1, "a": "[redacted]", "c": [1]}`},
		{"deep", "card.number", `{"card":{"number":4111,"exp":"1/30"},"number":5}`, `{"card":{"number":"[redacted]","exp":"1/30"},"number":5}`},
		{"an object", "card", `{"card" : {"number":4111} }`, `{"card" : "[redacted]" }`},
		{"a list", "cards", `{"cards":[1,{"a":2}]}`, `{"cards":"[redacted]"}`},
		{"through a list", "cards.number", `{"cards":[{"number":1},{"x":2,"number":3}]}`, `{"cards":[{"number":"[redacted]"},{"x":2,"number":"[redacted]"}]}`},
		{"through lists in lists", "a.b", `{"a":[[{"b":1}],[[{"b":2}]]]}`, `{"a":[[{"b":"[redacted]"}],[[{"b":"[redacted]"}]]]}`},
		{"every member", "a.*", `{"a":{"b":1,"c":[2]},"d":3}`, `{"a":{"b":"[redacted]","c":"[redacted]"},"d":3}`},
		{"every entry", "a.*.b", `{"a":[{"b":1},{"c":2}]}`, `{"a":[{"b":"[redacted]"},{"c":2}]}`},
		{"an entry by number", "a.1", `{"a":[1,2,3]}`, `{"a":[1,"[redacted]",3]}`},
		{"an escaped name", "token", `{"\u0074oken":"x"}`, `{"\u0074oken":"[redacted]"}`},
		{"twice in one object", "a", `{"a":1,"a":2}`, `{"a":"[redacted]","a":"[redacted]"}`},
		{"a string with quotes", "a", `{"a":"x\"y","b":"z\\"}`, `{"a":"[redacted]","b":"z\\"}`},
		{"JSON lines", "a", "{\"a\":1}\n{\"a\":2}\n", "{\"a\":\"[redacted]\"}\n{\"a\":\"[redacted]\"}\n"},
		{"not there", "x", `{"a":[1,true,null,-1.5e+3,"b"]}`, ""},
		{"case counts", "A", `{"a":1}`, ""},
		{"cut within the value", "a", `{"b":1,"a":"secr`, `{"b":1,"a":"[redacted]"`},
		{"cut within an object", "a", `{"a":{"x":"secr`, `{"a":"[redacted]"`},
		{"cut elsewhere", "a", `{"a":1,"b":"tex`, `{"a":"[redacted]","b":"tex`},
		{"cut behind", "a", `{"b":tru`, ""},
		{"no JSON behind", "a", `{"b":1} a=secret`, `{"b":1} a[redacted]`},
		{"no JSON inside", "a", `{"b":1,'a':"secret"}`, `{"b":1,[redacted]`},
		{"no comma", "a", `{"b":1 "a":2}`, `{"b":1 [redacted]`},
		{"empty", "a", ``, ""},
		{"spaces", "a", " \n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, changed, _ := scanJSON([]byte(tt.in), [][]string{strings.Split(tt.path, ".")}, nil)
			if tt.want == "" {
				tt.want = tt.in
			}
			if string(got) != tt.want || changed != (tt.want != tt.in) {
				t.Errorf("changed %t\n got %s\nwant %s", changed, got, tt.want)
			}
		})
	}
}

// Depth must cost neither the stack nor much time.
func TestRedactDeepJSON(t *testing.T) {
	for _, open := range []string{"[", `{"a":`} {
		in := []byte(strings.Repeat(open, 100_000) + `"secret"`)
		got, changed, _ := scanJSON(in, [][]string{strings.Split("*.*.*.*.a.*.b", "."), {"a", "*", "a", "b"}}, nil)
		if !changed || bytes.Contains(got, []byte("secret")) {
			t.Errorf("%s: changed %t, %d bytes", open, changed, len(got))
		}
	}
}

// What is taken out must be nowhere in the history, in no column of it.
func TestRedactRecord(t *testing.T) {
	j := openTest(t, Options{Seal: testKey, Redact: []string{"header.Authorization", "query.token", "json.card.number", "header.Set-Cookie"}})
	const head = "POST /x?token=S3CRET&a=1 HTTP/1.1\r\nAuthorization: S3CRET\r\n\r\n"
	for n, begin := range []bool{true, false} {
		r := numbered(n)
		r.Query, r.Head, r.Body = "token=S3CRET&a=1", []byte(head), nil
		if begin {
			check(t, j.Begin(r, false))
		}
		f := done(n, Succeeded)
		f.Query, f.Head, f.Body = r.Query, r.Head, []byte(`{"card":{"number":"S3CRET"}}`)
		f.Log[0].ResponseHead = []byte("HTTP/1.1 200 OK\r\nSet-Cookie: S3CRET\r\n\r\n")
		f.Log[0].ResponseBody = []byte(`{"card":{"number":"S3CRET"},"ok":true}`)
		f.Log[0].Output = []byte(`{"card":{"number":"S3CRET"}}`)
		before, err := json.Marshal(f)
		check(t, err)
		check(t, j.Finish(f))
		after, err := json.Marshal(f)
		check(t, err)
		if !bytes.Equal(before, after) {
			t.Error("the caller's record was changed")
		}
		got := get(t, j, r.ID)
		text, err := json.Marshal(map[string]any{
			"d": got.Delivery, "h": string(got.Head), "b": string(got.Body), "rh": string(got.Log[0].ResponseHead),
			"rb": string(got.Log[0].ResponseBody), "o": string(got.Log[0].Output),
		})
		check(t, err)
		if strings.Contains(string(text), "S3CRET") || !got.Redacted || strings.Count(string(text), "edacted") != 7 {
			t.Errorf("got %s", text)
		}
	}
	check(t, j.Index(t.Context()))
	diff(t, list(t, j, Query{Search: "s3cret"}), []string(nil))
	checkSealed(t, j.w.path, "S3CRET")
}

func FuzzRedactJSON(f *testing.F) {
	for _, s := range []string{`{"a":{"b":"x"}}`, `[1,{"a":[2]}]`, `{"a":"\u0000","b":null}`, `{"a`, "\ufeff{}", `{"a":1}{"a":2}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		out, changed, _ := scanJSON([]byte(in), [][]string{{"a"}, {"b", "*", "c"}}, &taken{})
		if !changed && string(out) != in {
			t.Fatalf("%q became %q without a change", in, out)
		}
		if !json.Valid([]byte(in)) {
			return
		}
		if !json.Valid(out) {
			t.Fatalf("%q became %q, which is no JSON", in, out)
		}
		var v map[string]any
		if json.Unmarshal(out, &v) == nil {
			if a, there := v["a"]; there && a != redacted {
				t.Fatalf("%q became %q", in, out)
			}
		}
		again, _, _ := scanJSON(out, [][]string{{"a"}, {"b", "*", "c"}}, nil)
		if !bytes.Equal(again, out) {
			t.Fatalf("%q became %q, then %q", in, out, again)
		}
	})
}

func FuzzRedactHead(f *testing.F) {
	f.Add("GET /?a=1 HTTP/1.1\r\nA: secret\r\n b\r\n\r\n")
	f.Add("HTTP/1.1 200 OK\nA:\n\n")
	f.Fuzz(func(t *testing.T, in string) {
		r := redactorOf(t, "header.a", "query.a")
		out, changed := r.head([]byte(in), &taken{})
		if changed == (string(out) == in) && changed && !strings.Contains(in, redacted) && !strings.Contains(in, "%5Bredacted%5D") {
			t.Fatalf("%q became %q, changed %t", in, out, changed)
		}
		eachField(out, func(name, value []byte) {
			if bytes.EqualFold(name, []byte("a")) && len(value) > 0 && string(value) != redacted {
				t.Fatalf("%q keeps %q", in, value)
			}
		})
	})
}
