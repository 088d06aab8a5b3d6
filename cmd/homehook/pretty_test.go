package main

import (
	"strings"
	"testing"
	"time"
)

func TestPretty(t *testing.T) {
	const form, xml = "application/x-www-form-urlencoded", "application/xml"
	tests := []struct {
		name, kind, in, want string
		cut                  bool
	}{
		{"JSON", "application/json", `{"a":[1]}`, "{\n  \"a\": [\n    1\n  ]\n}", false},
		{"JSON that does not say so", "", `{"a":1}`, "{\n  \"a\": 1\n}", false},
		{"large numbers keep their digits", "", `[12345678901234567890.10]`, "[\n  12345678901234567890.10\n]", false},
		{"text", "", `a=b`, `a=b`, false},
		{"only the beginning", "", `{"a":1}`, `{"a":1}`, true},
		{"brackets in a string are no depth", "", `["` + strings.Repeat(`\"[`, 99) + `"]`, "[\n  \"" + strings.Repeat(`\"[`, 99) + "\"\n]", false},
		{"too deep", "", strings.Repeat("[", 99) + strings.Repeat("]", 99), strings.Repeat("[", 99) + strings.Repeat("]", 99), false},
		{"form", form, "token=a%2Bb+c&text=two%0Alines&empty=&bare&%C3%BC=1", "token = a+b c\ntext = two\\nlines\nempty = \nbare = \nü = 1\n", false},
		{"form that is none", form, "a=%zz", "a=%zz", false},
		{"empty form", form, "", "", false},
		{"form that is JSON", form, `{"a":"b=c&d"}`, "{\n  \"a\": \"b=c&d\"\n}", false},
		{"form that is text", form, "hello", "hello", false},
		{"form that is text with an equals sign", form, "the sum = 3", "the sum = 3", false},
		{"form that is Base64", form, "aGVsbG8=", "aGVsbG8=", false},
		{"form with blanks in a value", form, "text=hello you", "text = hello you\n", false},
		{
			"XML", xml, `<?xml version="1.0"?><a x="1&amp;2"><b>text &lt; more</b><c/><!-- note --></a>`,
			"<?xml version=\"1.0\"?>\n<a x=\"1&amp;2\">\n  <b>text &lt; more</b>\n  <c></c>\n  <!-- note -->\n</a>", false,
		},
		{"XML that does not say so", "", `<?xml version="1.0"?><a/>`, "<?xml version=\"1.0\"?>\n<a></a>", false},
		{
			"XML with prefixes", "application/atom+xml", `<s:Envelope xmlns:s="u"><s:Body>x<i/>y</s:Body></s:Envelope>`,
			"<s:Envelope xmlns:s=\"u\">\n  <s:Body>x\n    <i></i>\n    y\n  </s:Body>\n</s:Envelope>", false,
		},
		{"XML with an entity of its own", xml, `<!DOCTYPE a [<!ENTITY e "boom">]><a>&e;</a>`, `<!DOCTYPE a [<!ENTITY e "boom">]><a>&e;</a>`, false},
		{"XML that does not end", xml, `<a><b>`, `<a><b>`, false},
		{"XML that does not begin", xml, `</a>`, `</a>`, false},
		{"XML too deep", xml, strings.Repeat("<a>", 99) + strings.Repeat("</a>", 99), strings.Repeat("<a>", 99) + strings.Repeat("</a>", 99), false},
		{"no XML", xml, `hello`, `hello`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(pretty([]byte(tt.in), tt.kind, tt.cut)); got != tt.want {
				t.Errorf("%q\nwant %q", got, tt.want)
			}
		})
	}
}

// TestPrettyIsBounded lays out what is made to grow.
func TestPrettyIsBounded(t *testing.T) {
	const n = maxPretty / 8
	for _, in := range []string{
		strings.Repeat("[", n) + strings.Repeat("]", n),
		"<?xml?>" + strings.Repeat("<a>", n) + strings.Repeat("</a>", n),
		strings.Repeat(strings.Repeat("[", maxDepth)+strings.Repeat("]", maxDepth)+",", n/maxDepth),
	} {
		began := time.Now()
		got := pretty([]byte(in), "", false)
		if len(got) > 64*len(in) || time.Since(began) > 5*time.Second {
			t.Errorf("%d bytes became %d in %s", len(in), len(got), time.Since(began))
		}
	}
}

func FuzzPretty(f *testing.F) {
	f.Add([]byte(`{"a":[1,"b"]}`), "application/json")
	f.Add([]byte("a=b&c=%41"), "application/x-www-form-urlencoded")
	f.Add([]byte(`<a x="1"><b>c</b></a>`), "text/xml")
	f.Fuzz(func(t *testing.T, p []byte, kind string) {
		if got := pretty(p, kind, false); len(got) > 2*maxDepth*(len(p)+1)+8*len(p) {
			t.Errorf("%d bytes became %d", len(p), len(got))
		}
	})
}

func TestContentTypeOf(t *testing.T) {
	tests := []struct {
		head    string
		request bool
		want    string
	}{
		{"POST / HTTP/1.1\r\nHost: x\r\ncontent-type: Application/JSON; charset=utf-8\r\n\r\n", true, "application/json"},
		{"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n", false, "text/xml"},
		{"POST / HTTP/1.1\r\nHost: x\r\n\r\n", true, ""},
		{"no head", true, ""},
		{"", false, ""},
	}
	for _, tt := range tests {
		if got := contentTypeOf([]byte(tt.head), tt.request); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.head, got, tt.want)
		}
	}
}
