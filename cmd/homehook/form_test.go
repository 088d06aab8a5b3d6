package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"homehook/agent/control"
)

// edited is the form of a record after its text was changed from old to new.
func edited(t *testing.T, r *control.Record, old, new string) (f, after *form, err error) {
	t.Helper()
	f, err = formOf(r)
	if err != nil {
		t.Fatal(err)
	}
	text := f.text(r)
	if !bytes.Contains(text, []byte(old)) {
		t.Fatalf("no %q in\n%s", old, text)
	}
	after, err = f.parseForm(bytes.Replace(text, []byte(old), []byte(new), 1))
	return f, after, err
}

func TestFormText(t *testing.T) {
	r := record(oldID, `{"a":1}`, "")
	r.Redacted, r.BodyTruncated, r.Size = true, true, 100
	f, err := formOf(r)
	if err != nil {
		t.Fatal(err)
	}
	want := formHelp + "# Some values were redacted before the delivery was kept: fill them in.\n" +
		"# Only the first 7 bytes of 100 bytes of the body are kept: fill in the rest.\n" +
		"POST /hi?a=1\nHost: garage.example\nX-Kind: test\n\n{\"a\":1}\n"
	if diff := cmp.Diff(want, string(f.text(r))); diff != "" {
		t.Error(diff)
	}
}

func TestFormChanges(t *testing.T) {
	tests := []struct {
		name, body, old, new string
		want                 control.Replay
	}{
		{"nothing", "x", "", "", control.Replay{}},
		{"method", "x", "POST /hi?a=1", "PUT /hi?a=1", control.Replay{Method: "PUT"}},
		{"target", "x", "POST /hi?a=1", "POST /ho HTTP/1.1", control.Replay{Target: "/ho"}},
		{"a field", "x", "X-Kind: test", "X-Kind:  other ", control.Replay{Headers: []control.Field{{"Host", "garage.example"}, {"X-Kind", "other"}}}},
		{"a field more", "x", "X-Kind: test\n", "X-Kind: test\nx-empty:\n", control.Replay{Headers: []control.Field{{"Host", "garage.example"}, {"X-Kind", "test"}, {"x-empty", ""}}}},
		{"no fields", "x", "Host: garage.example\nX-Kind: test\n", "", control.Replay{Headers: []control.Field{}}},
		{"body", `{"a":1}`, `"a":1`, `"a":2`, control.Replay{Body: []byte(`{"a":2}`)}},
		{"body with a line end of its own", "a\n", "\n\na\n", "\n\nb\n", control.Replay{Body: []byte("b\n")}},
		{"line end taken away", "a\n", "\n\na\n", "\n\na", control.Replay{Body: []byte("a")}},
		{"body gone", "abc", "abc\n", "", control.Replay{Body: []byte{}}},
		{"body where none was", "", "test\n\n", "test\n\nabc\n", control.Replay{Body: []byte("abc")}},
		{"binary body stays", "\x00\x01", "test\n", "test\n", control.Replay{}},
		{"binary body replaced", "\x00\x01", "test\n\n", "test\n\nabc\n", control.Replay{Body: []byte("abc")}},
		{"lines that end as on Windows", "x", "POST /hi?a=1\nHost: garage.example\nX-Kind: test\n\n", "POST /hi?a=1\r\nHost: garage.example\r\nX-Kind: test\r\n\r\n", control.Replay{}},
		{"lines like comments in the body", "# a\n# b", "# b", "# c", control.Replay{Body: []byte("# a\n# c")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, after, err := edited(t, record(oldID, tt.body, ""), tt.old, tt.new)
			if err != nil {
				t.Fatal(err)
			}
			var got control.Replay
			changed, err := f.changes(after, &got)
			if err != nil || changed == cmp.Equal(tt.want, control.Replay{}) {
				t.Errorf("changed %t, %v", changed, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFormErrors(t *testing.T) {
	tests := []struct{ name, old, new, want string }{
		{"one word", "POST /hi?a=1", "POST", `line 5: "POST" is not a method and a target`},
		{"four words", "POST /hi?a=1", "POST /hi a=1 HTTP/1.1", "line 5: "},
		{"no colon", "X-Kind: test", "X-Kind test", `line 7: "X-Kind test" is not a header field`},
		{"a blank in a name", "X-Kind: test", "X Kind: test", "line 7: "},
		{"body without an empty line", "X-Kind: test\n\n", "X-Kind: test\n", "an empty line comes before the body"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := edited(t, record(oldID, "{}", ""), tt.old, tt.new)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	for _, text := range []string{"", "# only\n\n# this\n", " \n"} {
		if f, err := (&form{}).parseForm([]byte(text)); f != nil || err != nil {
			t.Errorf("%q: %+v, %v", text, f, err)
		}
	}
}

func TestFormOfWhatIsNotWhole(t *testing.T) {
	r := record(oldID, "\x00half", "")
	r.BodyTruncated = true
	if _, err := formOf(r); err == nil || !strings.Contains(err.Error(), "only the first 5 bytes") {
		t.Errorf("cut body: %v", err)
	}
	r = record(oldID, "", "")
	r.Head = []byte("no head")
	if _, err := formOf(r); err == nil {
		t.Error("a head that does not read is none to edit")
	}
}

func TestFieldsThatAreNoUTF8(t *testing.T) {
	r := record(oldID, "x", "")
	r.Head = []byte("POST / HTTP/1.1\r\nHost: x\r\nX-Name: caf\xe9\r\n\r\n")
	f, after, err := edited(t, r, "\n\nx", "\n\ny")
	if err != nil {
		t.Fatal(err)
	}
	var ask control.Replay
	if changed, err := f.changes(after, &ask); !changed || err != nil || ask.Headers != nil {
		t.Errorf("body changed: %t, %v, %v", changed, err, ask.Headers)
	}
	_, after, _ = edited(t, r, "Host: x", "Host: y")
	if _, err := f.changes(after, &ask); err == nil || !strings.Contains(err.Error(), "X-Name") {
		t.Errorf("field changed: %v", err)
	}
}

// FuzzForm writes a request down and reads it again: nothing has changed then.
func FuzzForm(f *testing.F) {
	f.Add("POST /a HTTP/1.1\r\nHost: x\r\nX: y\r\n\r\n", []byte("body"))
	f.Add("GET / HTTP/1.0\r\n\r\n", []byte("# a\n\n"))
	f.Add("PUT / HTTP/1.1\r\nHost: x\r\nA:\r\nA: \xe9\r\n\r\n", []byte{0})
	f.Fuzz(func(t *testing.T, head string, body []byte) {
		r := &control.Record{Head: []byte(head), Body: body}
		before, err := formOf(r)
		if err != nil {
			return
		}
		text := before.text(r)
		after, err := before.parseForm(text)
		if err != nil || after == nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		var ask control.Replay
		if changed, err := before.changes(after, &ask); changed || err != nil {
			t.Errorf("changed to %+v (%v) by\n%s", ask, err, text)
		}
	})
}

// FuzzParseForm reads what a user may leave behind.
func FuzzParseForm(f *testing.F) {
	f.Add([]byte("# x\nPOST /a\nHost: x\n\nbody\n"))
	f.Add([]byte("POST /a HTTP/1.1\r\n\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if after, err := (&form{}).parseForm(text); err == nil && after != nil && (after.method == "" || after.target == "") {
			t.Errorf("%+v", after)
		}
	})
}
