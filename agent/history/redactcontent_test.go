package history

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// Content is seen for what it is, and what cannot be seen into goes as a whole.
func TestRedactContent(t *testing.T) {
	const (
		form    = "user=me&pw=secret&%70w=again"
		formOut = "user=me&pw=%5Bredacted%5D&%70w=%5Bredacted%5D"
		isForm  = "Content-Type: application/x-www-form-urlencoded"
		card    = `{"card":{"number":"secret","exp":"1/30"}}`
		cardOut = `{"card":{"number":"[redacted]","exp":"1/30"}}`
		all     = "[redacted]"
	)
	parts := "--b\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nme\r\n--b\r\n" +
		"Content-Disposition: form-data; name=\"pw\"\r\n\r\nsecret\r\n--b--\r\n"
	partsOut := strings.Replace(parts, "secret", all, 1)
	typed := "--b\r\nContent-Disposition: form-data; name=\"event\"\r\nContent-Type: %\r\n\r\n" + card + "\r\n--b--\r\n"
	image := "\xff\xd8\xff\xe0 secret"
	for _, tt := range []struct{ name, head, in, want string }{
		{"form", isForm + "; charset=utf-8", form, formOut},
		{"form with a broken type", isForm + "; =", form, formOut},
		{"form without a type", "X: y", form, formOut},
		{"form of another type", "Content-Type: text/plain", form, formOut},
		{"form of two types", isForm + "\r\nContent-Type: text/plain", form, formOut},
		{"form of two types, the other way", "Content-Type: text/plain\r\n" + isForm, form, formOut},
		{"form in Latin 1", isForm, "a=\xe9&pw=secret", "a=\xe9&pw=%5Bredacted%5D"},
		{"semicolons", isForm, "a=1;pw=secret&b=2", "a=1;pw=%5Bredacted%5D&b=2"},
		{"a semicolon in the value", isForm, "pw=x;secret&b=2", "pw=%5Bredacted%5D&b=2"},
		{"lines in the value", isForm, "pw=x\nsecret&b=2", "pw=%5Bredacted%5D&b=2"},
		{"lines", "Content-Type: text/plain", "pw=secret\r\nb=2\r\n", "pw=%5Bredacted%5D\r\nb=2\r\n"},
		{"list", isForm, "pw[]=secret&pw%5B1%5D=again&pwd=x", "pw[]=%5Bredacted%5D&pw%5B1%5D=%5Bredacted%5D&pwd=x"},
		{"name with a broken escape", isForm, "p%77[%zz]=secret", "p%77[%zz]=%5Bredacted%5D"},
		{
			"JSON in a form", isForm, "a=1&payload=%7B%22card%22%3A%7B%22number%22%3A%22secret%22%7D%7D&b=2",
			"a=1&payload=%7B%22card%22%3A%7B%22number%22%3A%22%5Bredacted%5D%22%7D%7D&b=2",
		},
		{"plain JSON in a form", isForm, "a=1&payload=" + card + "&b=2", "a=1&payload=%7B%22card%22%3A%7B%22number%22%3A%22%5Bredacted%5D%22%2C%22exp%22%3A%221%2F30%22%7D%7D&b=2"},
		{"plain JSON with an ampersand", isForm, `p={"x":"a&b","card":{"number":"secret"}}`, `p={"x":"a&b","card":{"number":"[redacted]"}}`},
		{"JSON as a form", isForm, card, cardOut},
		{"JSON", "Content-Type: application/cloudevents+json", " " + card, " " + cardOut},
		{"JSON under another name", "Content-Type: text/plain", card, cardOut},
		{"JSON without a name", "X: y", "[" + card + "]", "[" + cardOut + "]"},
		{"JSON in a string", "X: y", `{"Message":"{\"card\":{\"number\":\"secret\"}}"}`, `{"Message":"{\"card\":{\"number\":\"[redacted]\"}}"}`},
		{"JSON in a string that is cut off", "X: y", `{"Message":"{\"card\":{\"number\":\"secr`, `{"Message":"[redacted]"`},
		{"brackets in a string", "X: y", `{"message":"[ci] {x}"}`, `{"message":"[ci] {x}"}`},
		{"JSON behind something", "Content-Type: text/event-stream", "data: " + card + "\n\n", "data: " + cardOut + "\n\n"},
		{"no JSON under its name", "Content-Type: application/json", "<card>secret</card>", all},
		{"broken JSON", "X: y", `{"a":1,'card':{"number":"secret"}}`, `{"a":1,[redacted]`},
		{"broken list", "X: y", "[" + card + ",]", "[" + cardOut + ",]"},
		{"JSON in UTF-16", "X: y", "{\x00\"\x00c\x00", all},
		{"compressed", "Content-Type: application/json\r\nContent-Encoding: gzip", "\x1f\x8b secret", all},
		{"compressed, not said", "X: y", "\x1f\x8b secret", all},
		{"not compressed", "Content-Encoding: identity", "text", "text"},
		{"an image", "Content-Type: image/jpeg", image, image},
		{"text", "X: y", "it costs 5 < 6; a = b [x] {y", "it costs 5 < 6; a = b [x] {y"},
		{"parts", "Content-Type: multipart/form-data; boundary=b", parts, partsOut},
		{"parts with short lines", "Content-Type: multipart/form-data; boundary=b", strings.ReplaceAll(parts, "\r", ""), strings.ReplaceAll(partsOut, "\r", "")},
		{"parts without a type", "X: y", parts, partsOut},
		{"parts without boundary", "Content-Type: multipart/form-data", parts, partsOut},
		{
			"parts of two boundaries", "Content-Type: multipart/form-data; boundary=b\r\nContent-Type: multipart/form-data; boundary=c",
			parts + "--c\r\n", all,
		},
		{"parts of a boundary that is not there", "Content-Type: multipart/form-data; boundary=c", "secret", all},
		{"a part that is cut off", "Content-Type: multipart/form-data; boundary=b", parts[:len(parts)-10], strings.Replace(parts[:len(parts)-10], "secre", all, 1)},
		{"a part without a head", "Content-Type: multipart/form-data; boundary=b", "--b\r\npw: secret\r\n--b--\r\n", "--b\r\n[redacted]\r\n--b--\r\n"},
		{"JSON in a part", "X: y", strings.Replace(typed, "%", "text/plain", 1), strings.Replace(strings.Replace(typed, "%", "text/plain", 1), "secret", all, 1)},
		{
			"a part in base64", "X: y", strings.Replace(typed, "%", "a/b\r\nContent-Transfer-Encoding: base64", 1),
			strings.Replace(strings.Replace(typed, "%", "a/b\r\nContent-Transfer-Encoding: base64", 1), card, all, 1),
		},
		{"empty", "Content-Type: application/json", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := redactorOf(t, "form.pw", "json.card.number")
			got, changed := r.content([]byte(tt.in), contentOf([]byte("POST / HTTP/1.1\r\n"+tt.head+"\r\n\r\n")), &taken{})
			if string(got) != tt.want || changed != (tt.want != tt.in) {
				t.Errorf("changed %t\n got %q\nwant %q", changed, got, tt.want)
			}
		})
	}
}

// Rules of one kind leave alone what only the other could apply to.
func TestRedactContentOfOneKind(t *testing.T) {
	for _, tt := range []struct{ name, rule, in, want string }{
		{"a form rule and JSON", "form.pw", `{"u":"/?a=1&pw=x"}`, `{"u":"/?a=1&pw=x"}`},
		{"a form rule and a form that looks like JSON", "form.pw", "[a]=1&pw=secret", "[a]=1&pw=%5Bredacted%5D"},
		{"a json rule and a form", "json.pw", "pw=x", "pw=x"},
		{"neither", "header.pw", "\x1f\x8b", "\x1f\x8b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, _ := redactorOf(t, tt.rule).content([]byte(tt.in), declared{}, nil); string(got) != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A text that begins JSON over and over must not take long.
func TestRedactContentInTime(t *testing.T) {
	in := []byte("x" + strings.Repeat(`{"a":[`+strings.Repeat("1,", 50), 3_000) + "!")
	began := time.Now()
	got, _ := redactorOf(t, "json.card.number").content(in, declared{}, nil)
	if took := time.Since(began); took > 5*time.Second || !bytes.HasSuffix(got, []byte(redacted)) {
		t.Errorf("%s, %d bytes", took, len(got))
	}
}

// FuzzRedactContent looks for a form, JSON or parts that keep the value.
func FuzzRedactContent(f *testing.F) {
	for _, s := range []string{"a=1&", "{\"a\":[1,", "--b\r\nA: b\r\n\r\n", "x;y=%7B", "\ufeff", "[info] "} {
		f.Add(s, "&z=1")
	}
	r := redactorOf(f, "form.pw", "json.card.number")
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.Contains(before+after, "S3CRET") {
			return
		}
		is := declared{types: []string{"application/x-www-form-urlencoded"}}
		if out, _ := r.content([]byte(before+"&pw=S3CRET&"+after), is, &taken{}); bytes.Contains(out, []byte("S3CRET")) {
			t.Errorf("form kept: %q", out)
		}
		r.content([]byte(before+after), declared{}, nil) // does not fail
	})
}
