package history

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// redactRules are those that somebody who has the file tried to get around.
var redactRules = []string{"json.card.number", "form.pw", "query.rtok", "header.X"}

// storedBytes reads all files of a history as somebody does who greps for a value.
func storedBytes(t testing.TB, j *Journal) []byte {
	t.Helper()
	check(t, j.Index(t.Context()))
	check(t, j.Flush(t.Context()))
	names, err := filepath.Glob(filepath.Join(filepath.Dir(j.w.path), "*"))
	check(t, err)
	var all []byte
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || info.IsDir() {
			continue
		}
		b, err := os.ReadFile(name)
		check(t, err)
		all = append(all, b...)
	}
	return all
}

// What a handler says of a value that was taken out of the request is not kept
// either, whether the request comes with the answer, was written down before, or
// by an agent before.
func TestRedactEchoes(t *testing.T) {
	for _, tt := range []struct {
		name    string
		durable bool
		reopen  bool
	}{{"at once", false, false}, {"written down", true, false}, {"by an agent before", true, true}} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "history.db")
			o := Options{Seal: testKey, Redact: redactRules}
			j := openAt(t, path, o)
			r := numbered(1)
			r.Query = "rtok=S3CRET-query&a=1"
			r.Head = []byte("POST /x?" + r.Query + " HTTP/1.1\r\nX: Bearer S3CRET-head\r\n\r\n")
			r.Body = []byte(`{"card":{"number":"S3CRET \"body\""}}`)
			r.Size = int64(len(r.Body))
			if tt.durable {
				check(t, j.Begin(r, true))
			}
			if tt.reopen {
				check(t, j.Close())
				j = openAt(t, path, o)
			}
			f := done(1, Succeeded)
			if f.Head, f.Body = nil, nil; !tt.durable {
				f.Query, f.Head, f.Body = r.Query, r.Head, r.Body
			}
			a := &f.Log[0]
			a.ResponseHead = []byte("HTTP/1.1 200 OK\r\nLocation: /?t=S3CRET-query\r\n\r\n")
			a.ResponseBody = []byte(`you sent S3CRET-head and S3CRET%20%22body%22`)
			a.Output = []byte(`+ curl -d S3CRET-query; echo "S3CRET \"body\"" 'S3CRET "body"' S3CRET-he`)
			a.OutputTruncated = true
			a.Error, f.Reason = "cannot open S3CRET-query", "cannot open S3CRET-query"
			check(t, j.Finish(f))
			if all := storedBytes(t, j); bytes.Contains(all, []byte("S3CRET")) || bytes.Contains(all, []byte("s3cret")) {
				at := bytes.Index(bytes.ToLower(all), []byte("s3cret"))
				t.Errorf("kept: %q", all[max(at-100, 0):at+100])
			}
			got := get(t, j, r.ID)
			if a := got.Log[0]; !got.Redacted || string(a.ResponseBody) != "you sent [redacted] and [redacted]" ||
				string(a.Output) != `+ curl -d [redacted]; echo "[redacted]" '[redacted]' [redacted]` {
				t.Errorf("%q, %q", a.ResponseBody, a.Output)
			}
		})
	}
}

// What nothing is known of is not kept; what was taken from nothing is.
func TestRedactEchoesInDoubt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	j := openAt(t, path, Options{Seal: testKey, Redact: redactRules})
	r := numbered(1)
	r.Head, r.Body = []byte("POST / HTTP/1.1\r\nX: S3CRET-head\r\n\r\n"), nil
	check(t, j.Begin(r, true))
	plain := numbered(2)
	plain.Head, plain.Body = []byte("POST / HTTP/1.1\r\n\r\n"), nil
	check(t, j.Begin(plain, true))
	check(t, j.Close())
	other := bytes.Repeat([]byte{7}, 32) // the key was lost
	j = openAt(t, path, Options{Seal: other, Redact: redactRules})
	for n, want := range map[int]string{1: redacted, 2: "S3CRET-head", 3: "S3CRET-head"} {
		f := done(n, Succeeded)
		f.Head, f.Body, f.Log[0].Output = nil, nil, []byte("S3CRET-head")
		check(t, j.Finish(f))
		check(t, j.Flush(t.Context()))
		if got := string(get(t, j, testID(n)).Log[0].Output); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestEchoes(t *testing.T) {
	long := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("0123456789ab"), 20))
	for _, tt := range []struct {
		name, value, in, want string
		encoded, truncated    bool
	}{
		{name: "short", value: "12345", in: "12345", want: "12345"},
		{name: "twice", value: "secret", in: "a secret is a secret", want: "a [redacted] is a [redacted]"},
		{name: "HTML", value: "<secret>", in: "&lt;secret&gt;", want: redacted},
		{name: "JSON", value: "sec<\n>ret", in: `"sec<\n>ret" "sec\u003c\n\u003eret"`, want: `"[redacted]" "[redacted]"`},
		{name: "encoded", value: "secret", in: "\x1f\x8b", want: redacted, encoded: true},
		{name: "cut off", value: "secret-value", in: "a secret-va", want: "a [redacted]", truncated: true},
		{name: "cut off, long", value: long, in: "a " + long[:len(long)-1], want: "a [redacted]", truncated: true},
		{name: "cut off elsewhere", value: "secret-value", in: "a secret", want: "a secret"},
		{name: "cut off before", value: "secret-value", in: "et-value b", want: "[redacted] b", truncated: true},
		{name: "cut off before and behind", value: "secret-value", in: "et-value b secret-v", want: "[redacted] b [redacted]", truncated: true},
		{name: "barely begun", value: "secret-value", in: "a secre", want: "a secre", truncated: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var k taken
			k.add([]byte(tt.value))
			got, changed := k.echoes().content([]byte(tt.in), tt.encoded, tt.truncated)
			if string(got) != tt.want || changed != (tt.want != tt.in) {
				t.Errorf("changed %t, got %q, want %q", changed, got, tt.want)
			}
		})
	}
	var many taken
	for range takenMost + 1 {
		many.add([]byte("v"))
	}
	if got, _ := many.echoes().content([]byte("text"), false, false); string(got) != redacted {
		t.Errorf("got %q", got)
	}
}

// FuzzEchoes: neither a value nor its beginning at a cut stays.
func FuzzEchoes(f *testing.F) {
	f.Add("before", "s3cret-value", "after", 3)
	f.Fuzz(func(t *testing.T, before, value, after string, cut int) {
		value = strings.TrimSpace(value)
		if len(value) < echoBytes || strings.Contains(redacted, value[:echoBytes]) || strings.Contains(value, "[") {
			return
		}
		var k taken
		k.add([]byte(value))
		e := k.echoes()
		if got, _ := e.content([]byte(before+value+after), false, false); bytes.Contains(got, []byte(value)) && !strings.Contains(value, "]") {
			t.Errorf("%q is in %q", value, got)
		}
		if cut = echoBytes + max(cut, 0)%len(value); cut < len(value) {
			e.content([]byte(before+value[:cut]), false, true)
		}
	})
}
