package export

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"homehook/agent/control"
)

// shape is what HTTP Archive 1.2 wants of an object: its members by name, a
// question mark behind those that may be missing.
type shape map[string]any

// kind is a member that is no object: "string", "number" or "boolean".
type kind string

// each is a list of objects.
type each struct{ of shape }

var (
	pairShape   = shape{"name": kind("string"), "value": kind("string"), "comment?": kind("string")}
	cookieShape = shape{
		"name": kind("string"), "value": kind("string"), "path?": kind("string"), "domain?": kind("string"),
		"expires?": kind("string"), "httpOnly?": kind("boolean"), "secure?": kind("boolean"), "comment?": kind("string"),
	}
	archive = shape{"log": shape{
		"version": kind("string"), "comment?": kind("string"),
		"creator": shape{"name": kind("string"), "version": kind("string"), "comment?": kind("string")},
		"entries": each{shape{
			"startedDateTime": kind("string"), "time": kind("number"), "comment?": kind("string"),
			"cache":   shape{},
			"timings": shape{"send": kind("number"), "wait": kind("number"), "receive": kind("number")},
			"request": shape{
				"method": kind("string"), "url": kind("string"), "httpVersion": kind("string"), "cookies": each{cookieShape},
				"headers": each{pairShape}, "queryString": each{pairShape}, "headersSize": kind("number"), "bodySize": kind("number"),
				"postData?": shape{"mimeType": kind("string"), "text": kind("string"), "comment?": kind("string")},
			},
			"response": shape{
				"status": kind("number"), "statusText": kind("string"), "httpVersion": kind("string"), "cookies": each{cookieShape},
				"headers": each{pairShape}, "redirectURL": kind("string"), "headersSize": kind("number"), "bodySize": kind("number"),
				"comment?": kind("string"),
				"content": shape{
					"size": kind("number"), "mimeType": kind("string"), "text?": kind("string"), "encoding?": kind("string"), "comment?": kind("string"),
				},
			},
		}},
	}}
)

// misfits lists where a value is not of a shape.
func misfits(path string, want, got any) (list []string) {
	switch want := want.(type) {
	case shape:
		object, ok := got.(map[string]any)
		if !ok {
			return []string{path + " is no object"}
		}
		for name := range object {
			if want[name] == nil && want[name+"?"] == nil && name[0] != '_' {
				list = append(list, path+" has an unknown member "+name)
			}
		}
		for name, member := range want {
			plain, optional := strings.CutSuffix(name, "?")
			if v, ok := object[plain]; ok {
				list = append(list, misfits(path+"."+plain, member, v)...)
			} else if !optional {
				list = append(list, path+" lacks "+plain)
			}
		}
	case each:
		array, ok := got.([]any)
		if !ok {
			return []string{path + " is no list"}
		}
		for i, v := range array {
			list = append(list, misfits(fmt.Sprintf("%s[%d]", path, i), want.of, v)...)
		}
	case kind:
		is := map[string]string{"string": "string", "float64": "number", "bool": "boolean"}[fmt.Sprintf("%T", got)]
		if is != string(want) {
			list = append(list, fmt.Sprintf("%s is a %s", path, is))
		}
	}
	return list
}

func archived(t *testing.T, o Options, records ...*control.Record) (any, []harEntry) {
	t.Helper()
	out := []byte(written(t, HAR, o, records...))
	var loose any
	var strict struct{ Log struct{ Entries []harEntry } }
	if err := json.Unmarshal(out, &loose); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if err := json.Unmarshal(out, &strict); err != nil {
		t.Fatal(err)
	}
	return loose, strict.Log.Entries
}

func TestHARIsValid(t *testing.T) {
	binary := record()
	binary.Body, binary.BodyTruncated = []byte{0, 0xff}, true
	binary.Log[0].ResponseBody, binary.Log[0].ResponseTruncated = []byte{0xfe}, true
	odd := &control.Record{Head: []byte("OPTIONS * HTTP/1.0\r\nX: \xe9\r\nCookie: =;;\r\n\r\n")}
	for name, records := range map[string][]*control.Record{
		"none": nil, "one": {record()}, "several": {record(), binary, odd, {}},
	} {
		for _, secrets := range []bool{false, true} {
			got, _ := archived(t, Options{WithSecrets: secrets, Version: "1.2.3"}, records...)
			if list := misfits("", archive, got); list != nil {
				slices.Sort(list)
				t.Errorf("%s: %s", name, strings.Join(list, "\n"))
			}
		}
	}
}

func TestHAREntry(t *testing.T) {
	_, entries := archived(t, Options{WithSecrets: true}, record())
	e := entries[0]
	got := []any{
		e.Started, e.Time, e.Timings.Send + e.Timings.Wait + e.Timings.Receive,
		e.Request.Method, e.Request.URL, e.Request.Version, e.Request.Query, e.Request.Cookies, len(e.Request.Headers),
		e.Request.Headers[8], *e.Request.Post, e.Request.HeadersSize, e.Request.BodySize,
		e.Response.Status, e.Response.StatusText, e.Response.Redirect, e.Response.Cookies, e.Response.Content,
	}
	want := []any{
		"2026-03-01T12:00:00.5Z", 3.5, 3.5,
		"POST", "https://garage.relay.example.com/hook/a%2Fb?ref=1&token=s3cret&next=%2F", "HTTP/1.1",
		[]harPair{{"ref", "1"}, {"token", "s3cret"}, {"next", "/"}},
		[]harCookie{{Name: "sid", Value: "s3cret"}, {Name: "theme", Value: "dark"}},
		11,
		harPair{"X-Plain", `it's "fine"`},
		harPost{MimeType: "application/json", Text: `{"a": 1}`},
		int64(len(requestHead)), int64(8),
		302, "Found", "/next?ok=1&api_key=s3cret",
		[]harCookie{{Name: "sid", Value: "s3cret", Path: "/", HTTPOnly: true, Expires: "2026-10-21T07:28:00Z"}},
		harContent{Size: 6, MimeType: "text/plain", Text: "moved\n"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHARPrefixAndScheme(t *testing.T) {
	r := &control.Record{Head: []byte("GET /x?a HTTP/1.1\r\nHost: relay:8080\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Prefix: /~garage\r\n\r\n")}
	_, entries := archived(t, Options{}, r)
	if got := entries[0].Request.URL; got != "http://relay:8080/~garage/x?a" {
		t.Errorf("got %q", got)
	}
	r.Head = []byte("GET / HTTP/1.1\r\nHost: evil/?x=\r\n\r\n")
	_, entries = archived(t, Options{}, r)
	if got := entries[0].Request.URL; got != "https://localhost/" {
		t.Errorf("got %q", got)
	}
}

// TestHARShowsTheLastAnswer: an attempt that was cut off does not hide the
// answer before it.
func TestHARShowsTheLastAnswer(t *testing.T) {
	r := record()
	r.Log = append([]control.Attempt{{Number: 1, ResponseHead: []byte("HTTP/1.1 500 Oops now\r\n\r\n")}}, r.Log...)
	r.Log = append(r.Log, control.Attempt{Number: 3})
	_, entries := archived(t, Options{}, r)
	if s := entries[0].Response; s.Status != 302 || s.Content.Text != "moved\n" {
		t.Errorf("got %+v", s)
	}
	r.Log = r.Log[:1]
	_, entries = archived(t, Options{}, r)
	if s := entries[0].Response; s.Status != 500 || s.StatusText != "Oops now" {
		t.Errorf("got %d %q", s.Status, s.StatusText)
	}
}

// TestHARTellsWhoGotWhat: the response is that of a handler, whatever the sender
// got.
func TestHARTellsWhoGotWhat(t *testing.T) {
	for _, tt := range []struct {
		name          string
		sender        int
		log           []control.Attempt
		status        int
		text, comment string
	}{
		{"the same", 302, record().Log, 302, "Found", ""},
		{"accepted before", 202, record().Log, 302, "Found", "the answer of the handler; the sender got 202"},
		{"refused", 401, nil, 0, "", "no handler answered; the sender got 401"},
		{"nothing yet", 0, nil, 0, "", ""},
		{"bodies are not kept", 202, []control.Attempt{{Status: 500}}, 500, "Internal Server Error", "the answer of the handler; the sender got 202"},
	} {
		r := record()
		r.Status, r.Log = tt.sender, tt.log
		_, entries := archived(t, Options{}, r)
		e := entries[0]
		if e.SenderStatus != tt.sender || e.Response.Status != tt.status || e.Response.StatusText != tt.text || e.Response.Comment != tt.comment || !e.Redacted {
			t.Errorf("%s: sender %d, response %d %q, %q", tt.name, e.SenderStatus, e.Response.Status, e.Response.StatusText, e.Response.Comment)
		}
	}
}
