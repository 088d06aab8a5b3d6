package export

import (
	"encoding/json"
	"strings"
	"testing"

	"homehook/agent/control"
)

func TestRedactJSON(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		named      bool
		want       string // "" for no JSON
	}{
		{"plain", `{"a": 1}`, false, `{"a": 1}`},
		{
			"names", `{"password":"x","access_token":"x","refreshToken":"x","api_key":"x","client_secret":"x","private-key":"x","authorization":"x","passwd":"x"}`, false,
			`{"password":"REDACTED","access_token":"REDACTED","refreshToken":"REDACTED","api_key":"REDACTED","client_secret":"REDACTED","private-key":"REDACTED","authorization":"REDACTED","passwd":"REDACTED"}`,
		},
		{"depth and white space", "[ {\"a\" : {\"b\": [ {\"Token\" :\t\"x\" } ]}} ]\n", false, "[ {\"a\" : {\"b\": [ {\"Token\" :\t\"REDACTED\" } ]}} ]\n"},
		{"any value", `{"secret":{"a":[1,{"token":"x"}]},"pin":1234,"b":2}`, false, `{"secret":"REDACTED","pin":"REDACTED","b":2}`},
		{"nothing to tell", `{"token":null,"secret":"","session":false,"credentials":[]}`, false, `{"token":null,"secret":"","session":false,"credentials":[]}`},
		{"escaped name", `{"to\u006ben":"x"}`, false, `{"to\u006ben":"REDACTED"}`},
		{"escaped quote", `{"password":"a\"b","c":"}"}`, false, `{"password":"REDACTED","c":"}"}`},
		{"lines", "{\"token\":\"x\"}\n{\"token\":\"y\"}\n", false, "{\"token\":\"REDACTED\"}\n{\"token\":\"REDACTED\"}\n"},
		{"lines among others", "begin\n{\"token\":\"x\"}\nend", false, "begin\n{\"token\":\"REDACTED\"}\nend"},
		{"JSON in a string", `{"payload":"{\"token\":\"x\"}"}`, false, `{"payload":"{\"token\":\"REDACTED\"}"}`},
		{"URL in a string", `{"url":"https://a/?b=1&token=x"}`, false, `{"url":"https://a/?b=1&token=REDACTED"}`},
		{"cut off", `{"a":1,"password":"hun`, true, `{"a":1,"password":"REDACTED"`},
		{"broken", `{"a":NaN,"password":"x"}`, true, `{"a":REDACTED`},
		{"byte order mark", "\ufeff{\"token\":\"x\"}", false, "\ufeff{\"token\":\"REDACTED\"}"},
		{"text", "password: x", false, ""},
		{"bracket", "[INFO] token x", false, ""},
		{"JSON only by name", "It's down", true, ""},
		{"brace", "{not: json}", false, ""},
	} {
		out, ok := redactJSON([]byte(tt.text), tt.named)
		if ok != (tt.want != "") || ok && string(out) != tt.want {
			t.Errorf("%s: got %q, %t", tt.name, out, ok)
		}
	}
}

// TestRedactBodies: requests, answers and output, in all that has bodies.
func TestRedactBodies(t *testing.T) {
	r := record()
	r.Body = []byte(`{"user":"bob","password":"s3cret"}`)
	r.Log[0].Output = []byte(`{"deep":[{"access_token":"s3cret"}]}`)
	r.Log[0].ResponseHead = []byte("HTTP/1.1 200 OK\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n")
	r.Log[0].ResponseBody = []byte("access_token=s3cret&scope=repo")
	for _, format := range Formats() {
		if got := reveal(t, format, written(t, format, Options{}, r)); strings.Contains(got, "s3cret") {
			t.Errorf("%s: a secret is in it:\n%s", format, got)
		}
	}
	c := redacted(r)
	if !strings.Contains(string(c.Body), `"user":"bob"`) || !strings.HasSuffix(string(c.Log[0].ResponseBody), "&scope=repo") {
		t.Errorf("too little is left: %q, %q", c.Body, c.Log[0].ResponseBody)
	}
	only := &control.Record{Log: []control.Attempt{{Output: []byte(`{"token":"x"}`)}}}
	if !redacted(only).Redacted {
		t.Error("nothing says that output was redacted")
	}
}

// FuzzRedactJSON: what is JSON stays JSON, and no secret is left in it.
func FuzzRedactJSON(f *testing.F) {
	f.Add(`{"a":[1,{"token":"x"}],"b":"{\"secret\":\"y\"}"}`)
	f.Add(`{"password":{"token":[`)
	f.Add("[\"\\u0000\",-1e5,true]\n{}")
	f.Fuzz(func(t *testing.T, text string) {
		for _, named := range []bool{true, false} {
			out, ok := redactJSON([]byte(text), named)
			if json.Valid([]byte(text)) && ok && !json.Valid(out) {
				t.Errorf("%q became %q", text, out)
			}
			again, _ := redactJSON(out, named)
			if json.Valid([]byte(text)) && ok && string(again) != string(out) {
				t.Errorf("%q became %q and then %q", text, out, again)
			}
		}
		var v any
		if json.Unmarshal([]byte(text), &v) == nil {
			out, _ := redactJSON([]byte(text), true)
			if json.Unmarshal(out, &v) == nil && leaks(v) {
				t.Errorf("%q became %q", text, out)
			}
		}
	})
}

// leaks looks for a string under a secret name.
func leaks(v any) bool {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if leaks(e) {
				return true
			}
		}
	case map[string]any:
		for name, e := range v {
			if s, ok := e.(string); ok && isSecret(name, true) && s != "" && s != hidden || leaks(e) {
				return true
			}
		}
	}
	return false
}
