package imports

import (
	"encoding/json"
	"strings"
	"testing"

	"homehook/routes"
)

// waysOf has a rule, as JSON, turned into the routes of a hook, and returns
// what stands in each: the check, a bar, and the condition.
func waysOf(t *testing.T, text string) string {
	t.Helper()
	var r rule
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	v := newValues(&Item{}, &hook{})
	ways, err := v.ways(&r)
	if err != nil {
		return "error: " + err.Error()
	}
	var out []string
	for _, w := range ways {
		check := strings.Join(w.from, " ")
		if w.check != nil {
			s := w.check.spec
			check = strings.Join(strings.Fields(strings.Join([]string{s.Scheme, s.Header, s.Hash, s.User, s.Signed, strings.Join(w.check.values, "+"), check}, " ")), " ")
		}
		out = append(out, check+" | "+when(w.when))
	}
	return strings.Join(out, "\n")
}

// Rules of which larger ones are made.
const (
	isA    = `{"match":{"type":"value","value":"1","parameter":{"source":"query","name":"a"}}}`
	isB    = `{"match":{"type":"value","value":"2","parameter":{"source":"payload","name":"b.c"}}}`
	signed = `{"match":{"type":"payload-hmac-sha256","secret":"s","parameter":{"source":"header","name":"x-sig"}}}`
	newer  = `{"match":{"type":"payload-hmac-sha256","secret":"n","parameter":{"source":"header","name":"X-Sig"}}}`
	home   = `{"match":{"type":"ip-whitelist","ip-range":"10.1.2.3/8 ::1"}}`
	token  = `{"match":{"type":"value","value":"t","parameter":{"source":"header","name":"x-auth-token"}}}`
)

func TestRules(t *testing.T) {
	tests := []struct{ name, rule, want string }{
		{"nothing", `{}`, ` | false`},
		{"value", isA, ` | query.a == "1"`},
		{"value of the body", isB, ` | text(payload.b.c) == "2"`},
		{"no value", `{"match":{"type":"value","parameter":{"source":"query","name":"a"}}}`, ` | has(query.a) && query.a == ""`},
		{"quotes", `{"match":{"type":"value","value":"a\"b\\c<","parameter":{"source":"query","name":"a\"b"}}}`, ` | query["a\"b"] == "a\"b\\c<"`},
		{"regex", `{"match":{"type":"regex","regex":"^v\\d","parameter":{"source":"payload","name":"tag"}}}`, ` | text(payload.tag) matches "^v\\d"`},
		{"regex that nothing fits", `{"match":{"type":"regex","regex":"v?","parameter":{"source":"header","name":"tag"}}}`, ` | has(header["Tag"]) && text(header["Tag"]) matches "v?"`},
		{"bad regex", `{"match":{"type":"regex","regex":"(","parameter":{"source":"header","name":"tag"}}}`, `error: the regular expression "(" is malformed: webhook answers every request with 500`},
		{"fixed text", `{"match":{"type":"value","value":"x","parameter":{"source":"string","name":"x"}}}`, ` | `},
		{"other fixed text", `{"match":{"type":"regex","regex":"y","parameter":{"source":"string","name":"x"}}}`, ` | false`},
		{"unknown source", `{"match":{"type":"value","value":"x","parameter":{"source":"context","name":"x"}}}`, `error: the rule looks at source "context", name "x", which webhook does not know: it answers every request with 500`},
		{"unknown type", `{"match":{"type":"nonsense","parameter":{"source":"query","name":"x"}}}`, ` | false`},
		{"and", `{"and":[` + isA + `,` + isB + `]}`, ` | query.a == "1" && text(payload.b.c) == "2"`},
		{"or", `{"or":[` + isA + `,` + isB + `,` + isA + `]}`, ` | query.a == "1" || text(payload.b.c) == "2"`},
		{"or in and", `{"and":[` + isA + `,{"or":[` + isA + `,` + isB + `]}]}`, ` | query.a == "1" && (query.a == "1" || text(payload.b.c) == "2")`},
		{"not", `{"not":` + isA + `}`, ` | query.a != "1"`},
		{"not not", `{"not":{"not":` + isA + `}}`, ` | !(query.a != "1")`},
		{"not in and: what is missing fails it", `{"and":[{"not":` + isA + `},` + isB + `]}`, ` | has(query.a) && query.a != "1" && text(payload.b.c) == "2"`},
		{"not in or", `{"or":[{"not":` + isA + `},` + isB + `]}`, ` | query.a != "1" || text(payload.b.c) == "2"`},
		{"not or", `{"not":{"or":[` + isA + `,` + isB + `]}}`, ` | !(query.a == "1" || text(payload.b.c) == "2")`},
		{"and comes before match", `{"and":[` + isA + `],"match":{"type":"value","value":"9","parameter":{"source":"query","name":"z"}}}`, ` | query.a == "1"`},
		{"and of none", `{"and":[]}`, ` | `},
		{"or of none", `{"or":[]}`, ` | false`},
		{"addresses", home, `10.0.0.0/8 ::1 | `},
		{"addresses and more", `{"and":[` + home + `,` + isA + `]}`, `10.0.0.0/8 ::1 | query.a == "1"`},
		{"addresses or more", `{"or":[` + home + `,` + isA + `]}`, ` | inRange(remote, "10.0.0.0/8 ::1") || query.a == "1"`},
		{"bad address", `{"match":{"type":"ip-whitelist","ip-range":"10.0.0"}}`, `error: "10.0.0" is not an address or a network: webhook answers every request with 500`},
		{"token", token, `token X-Auth-Token t | `},
		{"token and more", `{"and":[` + token + `,` + isA + `]}`, `token X-Auth-Token t | query.a == "1"`},
		{"token or more", `{"or":[` + token + `,` + isA + `]}`, ` | header["X-Auth-Token"] == "t" || query.a == "1"`},
		{"bearer", `{"match":{"type":"value","value":"Bearer b","parameter":{"source":"header","name":"authorization"}}}`, `bearer b | `},
		{"basic", `{"match":{"type":"value","value":"Basic bWU6cHc=","parameter":{"source":"header","name":"authorization"}}}`, `basic me pw | `},
		{"signature", signed, `hmac X-Sig s | `},
		{"signature and more", `{"and":[` + isA + `,{"and":[` + signed + `,{"not":` + isB + `}]}]}`, `hmac X-Sig s | query.a == "1" && has(payload.b.c) && text(payload.b.c) != "2"`},
		{"signature and addresses", `{"and":[` + signed + `,` + home + `]}`, `hmac X-Sig s 10.0.0.0/8 ::1 | `},
		{"signature or more", `{"or":[` + signed + `,` + isA + `]}`, " | query.a == \"1\"\nhmac X-Sig s | "},
		{"signatures with two secrets", `{"or":[` + signed + `,` + newer + `]}`, `hmac X-Sig s+n | `},
		{"two signatures at once", `{"and":[` + signed + `,` + newer + `]}`, `error: it wants two signatures of one request, and a route checks one`},
		{"no signature", `{"not":` + signed + `}`, `error: it runs for requests whose signature is wrong, which Homehook has no use for`},
		{"signature in the query", strings.Replace(signed, "header", "url", 1), `error: its signature is in the query, and a route looks for one in header fields only`},
		{"empty secret", strings.Replace(signed, `"s"`, `""`, 1), `error: the secret of its signature is empty: webhook answers every request with 500`},
		{"signed fields", strings.Replace(signed, `"name":"x-sig"`, `"name":"x-sig","headers-to-add-to-signature-payload":["X-Time"]`, 1), `hmac X-Sig {body}{header.X-Time} s | `},
		{"github", strings.Replace(signed, "x-sig", "x-hub-signature-256", 1), `github s | `},
		{"github's older one", strings.NewReplacer("x-sig", "X-Hub-Signature", "hmac-sha256", "hash-sha1").Replace(signed), `github s | `},
		{"scalr", `{"match":{"type":"scalr-signature","secret":"k"}}`, `scalr k | `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := waysOf(t, tt.rule); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// TestLiteral holds that a text comes out of a template as it went in.
func TestLiteral(t *testing.T) {
	for _, text := range []string{
		"", "plain", "{a}", "{ a }", "{{a}}", "{{ a }}", "{{{a}}}", "}", "}}", "{a}}", "{", "{{", "{{{", "a{", `{"a": {"b": 1}}`, "{1}", "}{a", "{a{b}c}", "{ {a} }}", "${HOME} {x", "{é}",
	} {
		if got := filled(t, literal(text)); got != text {
			t.Errorf("%q became %q, by %q", text, got, literal(text))
		}
	}
}

func FuzzLiteral(f *testing.F) {
	f.Add("{a}} {{b}")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1000 || strings.ContainsRune(text, 0) {
			return
		}
		if got := filled(t, literal(text)); got != text {
			t.Errorf("%q became %q, by %q", text, got, literal(text))
		}
	})
}

// filled is what a template without expressions comes to, as the body of an
// answer.
func filled(t *testing.T, template string) string {
	t.Helper()
	table, problems := routes.Compile([]routes.Spec{{
		Name: "r", Claim: "c", Match: "/", Unverified: true, Background: true, Accepted: &routes.RespondSpec{Body: template}, Respond: &routes.RespondSpec{},
	}})
	if len(problems) > 0 {
		t.Fatalf("%q: %s", template, problems[0].Message)
	}
	defer table.Close()
	r, _, _ := table.Find("c", []byte("GET"), []byte("/"))
	return string(r.Accepted(&routes.Delivery{}).Body)
}
