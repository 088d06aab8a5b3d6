package expression

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// typed is a delivery with a body of a type.
func typed(media, body string) *Input {
	return NewInput(Delivery{Header: []Field{{"content-type", media}}, Body: []byte(body)})
}

// text fills a template in.
func text(t *testing.T, in *Input, template string) string {
	t.Helper()
	got, _, err := mustTemplate(t, template).Text(in)
	if err != nil {
		return "error: " + err.Error()
	}
	return got
}

const multipartBody = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n" +
	"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ntwo\r\n" +
	"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../x.txt\"\r\nContent-Type: text/plain\r\n\r\nh\xc3\xa9llo\r\n" +
	"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"y\"\r\n\r\n\r\n" +
	"--b\r\nContent-Disposition: form-data; name=\"none\"; filename=\"\"\r\n\r\n\r\n--b--\r\n"

func TestBodies(t *testing.T) {
	const xmlBody = `<?xml version="1.0"?><!-- c --><o:order xmlns:o="urn:o" id="7"><item>a</item><item n="2">b &amp; c</item><empty/><deep><x><![CDATA[<y>]]></x></deep> text </o:order>`
	for _, tt := range []struct{ name, media, body, template, want string }{
		{"json of no type", "", `{"a": 1}`, "{json.a} {payload.a}", "1 1"},
		{"json of a wrong type", "text/plain", ` [1, {"b": 2}] `, "{json[1].b} {payload.root[1].b}", "2 2"},
		{"json with a mark", "", "\xef\xbb\xbf{\"a\":1}", "{json.a}", "1"},
		{"json that is a text", "", `"x"`, "{json} {payload}", "x x"},
		{"json twice", "", `{"a":1,"b":0,"a":2}`, "{json}", `{"a":2,"b":0}`},
		{"escapes", "", `{"a":"\u00e9\ud83d\ude00\ud800x\n\/"}`, "{json.a}", "é😀\ufffdx\n/"},
		{"no UTF-8", "", "{\"a\":\"\xff\"}", "{json.a}", "\ufffd"},
		{"no json", "application/json", `{"a":1}x`, "{json.a}|{payload.a}", "|"},
		{"form", "application/x-www-form-urlencoded; charset=UTF-8", "a=1&a=2&b+c=%41%zz&&d", `{form.a} {form["b c"]} {join(formAll("a"))} {form.d}| {payload.a}`, "1 A%zz 12 | 1"},
		{"form of another type", "text/plain", "a=1", "{form.a}|{payload.a}", "|"},
		{"json in a form", "application/x-www-form-urlencoded", "payload=%7B%22ref%22%3A%22main%22%7D", "{fromJSON(form.payload).ref}", "main"},
		{"form that looks like json", "application/x-www-form-urlencoded", `{"a":1}`, `{keys(payload)}|{json.a}`, `["{\"a\":1}"]|1`},
		{"multipart", "multipart/form-data; boundary=b", multipartBody, `{form.a} {formAll("a")} {files.f.name} {files.f.type} {files.f.size} {files.f.text} {len(filesAll("f"))} {files.g.name}|{payload.a}`, `one ["one","two"] x.txt text/plain 6 héllo 2 |one`},
		{"multipart without a name", "multipart/form-data; boundary=b", multipartBody, `{form.none}|{has(files.none)}`, "|false"},
		{"multipart that breaks off", "multipart/form-data; boundary=b", multipartBody[:120], "{form.a}|{files}", "|{}"},
		{"multipart without a boundary", "multipart/form-data", multipartBody, "{form.a}", ""},
		{"xml", "application/xml", xmlBody, `{xml.order.item[0]} {xml.order.item[1]["#text"]} {xml.order.item[1]["-n"]} {xml.order["-id"]} {xml.order.deep.x} {xml.order["#text"]}{xml.order.empty} {payload.order.deep}`, `a b & c 2 7 <y> text {"x":"<y>"}`},
		{"xml of no type", "", "\xef\xbb\xbf <a>1</a>", "{xml.a} {payload.a}", "1 1"},
		{"xml with an entity of its own", "", `<!DOCTYPE a [<!ENTITY b "bbb">]><a>&b;</a>`, "{xml.a}", ""},
		{"xml with a file", "", `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>`, "{xml.a}", ""},
		{"two roots", "", `<a/><b/>`, "{xml.a}", ""},
		{"half of xml", "", `<a><b>`, "{xml.a}", ""},
		{"other coding", "", `<?xml version="1.0" encoding="ISO-8859-1"?><a>x</a>`, "{xml.a}", ""},
		{"nothing", "", "", "{json}|{xml}|{form}|{payload}|{body}|{files}", "|||||{}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, text(t, typed(tt.media, tt.body), tt.template)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestNotesOfBodies has why there is nothing.
func TestNotesOfBodies(t *testing.T) {
	for _, tt := range []struct{ media, body, text, want string }{
		{"", "x", `json.a == 1`, "the body is not JSON"},
		{"", "", `json.a == 1`, "there is no body"},
		{"", "", `xml.a == 1`, "there is no body"},
		{"", "x", `xml.a == 1`, "the body is not XML"},
		{"", "x", `form.a == "1"`, "the body is not a form"},
		{"", "", `payload.a == 1`, "there is no body"},
		{"", "x", `payload.a == 1`, "the body is neither JSON nor XML nor a form"},
		{"", "{}", `fromJSON(header["Content-Type"]).a == 1`, "a text is not JSON"},
		{"", strings.Repeat("[", 201) + strings.Repeat("]", 201), `json.a == 1`, "the body is nested too deeply to look into"},
		{"", "[" + strings.Repeat("1,", 100_000) + "1]", `payload.a == 1`, "the body has too many parts to look into"},
		{"", strings.Repeat(" ", 8<<20) + "1", `json == 1`, "the body is too large to look into"},
		{"", strings.Repeat(" ", 8<<20) + "1", `body == ""`, "the body is too large to look into"},
		{"", strings.Repeat("<a>", 201) + strings.Repeat("</a>", 201), `xml.a == 1`, "the body is nested too deeply to look into"},
		{"", "<a>" + strings.Repeat("<b/>", 100_000) + "</a>", `xml.a == 1`, "the body has too many parts to look into"},
		{"", "<a " + strings.Repeat(`b="" `, 100_001) + "/>", `xml.a == 1`, "the body has too many parts to look into"},
		{"", strings.Repeat(" ", 8<<20) + "<a/>", `xml.a == ""`, "the body is too large to look into"},
		{typeForm, strings.Repeat("a&", 100_001), `form.a == ""`, "the body has too many parts to look into"},
		{typeForm, strings.Repeat("a", 8<<20+1), `has(files.a)`, "the body is too large to look into"},
		{"multipart/form-data; boundary=b", strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n", 1001) + "--b--\r\n", `form.a == ""`, "the body has too many parts to look into"},
	} {
		met, parts := mustCompile(t, tt.text).Eval(typed(tt.media, tt.body))
		if met || parts[0].Note != tt.want {
			t.Errorf("%s of %.20q: %v, %q", tt.text, tt.body, met, parts[0].Note)
		}
	}
}

// TestTemplateOfHugeBody holds that a value that may be there is not taken for
// none.
func TestTemplateOfHugeBody(t *testing.T) {
	in := typed("", strings.Repeat("[", 201)+strings.Repeat("]", 201))
	for _, template := range []string{"{json.a}", "a{payload.a}", "{method}{json.a}"} {
		if got := text(t, in, template); got != "error: the body is nested too deeply to look into" {
			t.Errorf("%s: %s", template, got)
		}
	}
	if got := text(t, in, "{len(body)}"); got != "402" {
		t.Error(got)
	}
}

// jsonSeeds are texts of which some are JSON.
var jsonSeeds = []string{
	``, ` `, `null`, `true`, `falsy`, `0`, `-0`, `01`, `1.`, `.1`, `1e5`, `1E+`, `-`, `1.0e-7`, `"a"`, `"a`, `"\u12"`, `"\ud83d\ude00"`, `"\x"`, `"` + "\n" + `"`,
	`[]`, `[1,]`, `[1 2]`, `[[[]]]`, `{}`, `{"a":1}`, `{"a":1,}`, `{"a" 1}`, `{a:1}`, `{"a":{"b":[null,{}]}}`, `{} {}`, "\xef\xbb\xbf{}", "\"\xff\"", `"\"`, "nul", "[1",
}

// sameAsStandard compares what is read with what encoding/json reads.
func sameAsStandard(t *testing.T, in []byte) {
	t.Helper()
	v, err := readJSON(in)
	if isLimit(err) {
		return
	}
	stripped := bytes.TrimPrefix(in, []byte("\xef\xbb\xbf"))
	if valid := json.Valid(stripped); valid != (err == nil) {
		t.Fatalf("%q: valid %v, error %v", in, valid, err)
	}
	if err != nil {
		return
	}
	var want, got any
	decode := func(b []byte, v *any) {
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		if err := d.Decode(v); err != nil {
			t.Fatalf("%q: %v", b, err)
		}
	}
	w := writer{room: 1 << 30}
	w.value(v)
	decode(stripped, &want)
	decode(w.b, &got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%q: %s", in, diff)
	}
}

func TestReadJSON(t *testing.T) {
	for _, s := range jsonSeeds {
		sameAsStandard(t, []byte(s))
	}
}

func TestManyMembers(t *testing.T) {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, `"k%d":%d,`, i, i)
	}
	in := typed("", "{"+b.String()+`"k7":"last"}`)
	if got := text(t, in, "{json.k7} {json.k999} {len(json)} {json.k1000}"); got != "last 999 1000 " {
		t.Error(got)
	}
}

func TestInputReadsOnce(t *testing.T) {
	in := typed("", `{"a":1}`)
	mustCompile(t, `method == ""`).Eval(in)
	if len(in.read) != 0 {
		t.Error("the body is read although nobody asks for it")
	}
	mustCompile(t, `json.a == 1 || json.b == 2`).Eval(in)
	in.d.Body = nil
	if met, _ := mustCompile(t, `json.a == 1`).Eval(in); !met {
		t.Error("the body is read again")
	}
}

func TestLimitErrors(t *testing.T) {
	if !isLimit(errMany) || isLimit(errors.New("x")) {
		t.Error("limits are not told from faults")
	}
}
