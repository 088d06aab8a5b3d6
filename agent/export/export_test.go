package export

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"homehook/agent/control"
)

// TestSecretsStayBehind looks for every secret of the record in every format.
func TestSecretsStayBehind(t *testing.T) {
	for _, format := range Formats() {
		t.Run(format, func(t *testing.T) {
			r := record()
			got := reveal(t, format, written(t, format, Options{}, r))
			if strings.Contains(got, "s3cret") {
				t.Errorf("a secret is in it:\n%s", got)
			}
			if format != CURL && !strings.Contains(got, hidden) {
				t.Errorf("nothing says that something was redacted:\n%s", got)
			}
			if diff := cmp.Diff(record(), r); diff != "" {
				t.Errorf("the record was changed: %s", diff)
			}
			asked := reveal(t, format, written(t, format, Options{WithSecrets: true}, r))
			want := map[string]int{HAR: 11, CURL: 7, JSONL: 10, CSV: 1}[format]
			if n := strings.Count(asked, "s3cret"); n < want {
				t.Errorf("asked for, %d secrets are in it, want %d or more:\n%s", n, want, asked)
			}
		})
	}
}

// reveal decodes what a format hides from a search.
func reveal(t *testing.T, format, out string) string {
	t.Helper()
	if format != JSONL {
		return out
	}
	var r control.Record
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return out + string(r.Head) + string(r.Body) + string(r.Log[0].ResponseHead)
}

func TestJSONLinesAreRecords(t *testing.T) {
	r := record()
	out := written(t, JSONL, Options{WithSecrets: true}, r, &control.Record{})
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 2 || strings.Contains(out, "null") {
		t.Fatalf("got %q", out)
	}
	var got control.Record
	if err := json.Unmarshal([]byte(lines[0]), &got); err != nil {
		t.Fatal(err)
	}
	want := filled(r)
	if diff := cmp.Diff(*want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWriteStops(t *testing.T) {
	boom := errors.New("boom")
	half := func(yield func(*control.Record, error) bool) {
		if yield(record(), nil) {
			yield(nil, boom)
		}
	}
	for _, format := range Formats() {
		if err := Write(&broken{1 << 20}, format, half, Options{}); !errors.Is(err, boom) {
			t.Errorf("%s: a broken history: %v", format, err)
		}
		if err := Write(&broken{10}, format, list(record(), record(), record(), record(), record()), Options{}); !errors.Is(err, errFull) {
			t.Errorf("%s: a full disk: %v", format, err)
		}
		if ContentType(format) == "" {
			t.Errorf("%s has no media type", format)
		}
	}
	err := Write(&broken{}, "xml", list(), Options{})
	if err == nil || err.Error() != `there is no format "xml"; use one of har, curl, jsonl, csv` || ContentType("xml") != "" {
		t.Errorf("xml: %v", err)
	}
}

func TestRedactQuery(t *testing.T) {
	for _, tt := range []struct{ query, want string }{
		{"", ""},
		{"a=1&b=2", "a=1&b=2"},
		{"token=x", "token=REDACTED"},
		{"a=1&ACCESS_TOKEN=x&b", "a=1&ACCESS_TOKEN=REDACTED&b"},
		{"hub.verify_token=x&hub.challenge=1", "hub.verify_token=REDACTED&hub.challenge=1"},
		{"to%6ben=x", "to%6ben=REDACTED"},
		{"api-key=x&apikey=y&key=z&keyboard=k", "api-key=REDACTED&apikey=REDACTED&key=REDACTED&keyboard=k"},
		{"sig=x&design=y&signature=z", "sig=REDACTED&design=y&signature=REDACTED"},
		{"X-Amz-Signature=x&X-Amz-Date=1", "X-Amz-Signature=REDACTED&X-Amz-Date=1"},
		{"author=bob&auth=x", "author=bob&auth=REDACTED"},
		{"password=a;b&c=1", "password=REDACTED&c=1"},
		{"a=1;token=x", "a=1;token=REDACTED"},
		{"next=/b?token=x&c=1", "next=/b?token=REDACTED&c=1"},
		{"a=1#token=x", "a=1#token=REDACTED"},
		{"a==&=b&&token", "a==&=b&&token"},
	} {
		if got := redactQuery(tt.query); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.query, got, tt.want)
		}
	}
}

func TestRedactHead(t *testing.T) {
	for _, tt := range []struct{ head, want string }{
		{"GET /?token=x HTTP/1.1\r\n\r\n", "GET /?token=REDACTED HTTP/1.1\r\n\r\n"},
		{"GET / HTTP/1.1\nX-Gitlab-Token: x\n", "GET / HTTP/1.1\nX-Gitlab-Token: REDACTED\n"},
		{"GET / HTTP/1.1\r\nX-API-Key:x", "GET / HTTP/1.1\r\nX-API-Key: REDACTED"},
		{"GET / HTTP/1.1\r\nX-Shopify-Hmac-SHA256: x\r\nHmacSignature: y\r\n", "GET / HTTP/1.1\r\nX-Shopify-Hmac-SHA256: REDACTED\r\nHmacSignature: REDACTED\r\n"},
		{"GET / HTTP/1.1\r\nX-Event-Key: repo:push\r\nIdempotency-Key: 1\r\n", "GET / HTTP/1.1\r\nX-Event-Key: repo:push\r\nIdempotency-Key: 1\r\n"},
		{"GET / HTTP/1.1\r\nLink: <https://a/?sig=x>; rel=next\r\n", "GET / HTTP/1.1\r\nLink: <https://a/?sig=REDACTED>; rel=next\r\n"},
		{"nothing", "nothing"},
	} {
		if got := string(redactHead([]byte(tt.head), true)); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.head, got, tt.want)
		}
	}
	if redactHead(nil, true) != nil {
		t.Error("a head that is not kept becomes one")
	}
}

func TestRedactForms(t *testing.T) {
	r := record()
	r.Head = []byte("POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\n\r\n")
	r.Body = []byte("token=s3cret&text=hi")
	if got := string(redacted(r).Body); got != "token=REDACTED&text=hi" {
		t.Errorf("got %q", got)
	}
	r.Head = []byte("POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\n")
	if got := string(redacted(r).Body); got != string(r.Body) {
		t.Errorf("got %q", got)
	}
}

func TestParseHead(t *testing.T) {
	for _, tt := range []struct {
		raw, method, target string
		fields              int
	}{
		{"", "", "", 0},
		{"GET /x HTTP/1.1", "GET", "/x", 0},
		{"GET /x HTTP/1.1\r\nA: 1\r\nB:2\r\n\r\n", "GET", "/x", 2},
		{"GET /x HTTP/1.1\nA: 1\n", "GET", "/x", 1},
		{"GET /x HTTP/1.1\r\nno field\r\na b: 1\r\n: 2\r\n folded: 3\r\nA: 1\r\n", "GET", "/x", 1},
	} {
		h := parseHead([]byte(tt.raw))
		if h.word(0) != tt.method || h.word(1) != tt.target || len(h.fields) != tt.fields {
			t.Errorf("%q: got %+v", tt.raw, h)
		}
	}
	h := parseHead([]byte("GET / HTTP/1.1\r\nA: \t1 \r\na: 2\r\nE:\r\n"))
	if h.get("a") != "1" || h.get("E") != "" || !h.has("e") || h.has("x") {
		t.Errorf("got %+v", h)
	}
}

// TestTargetWithoutHead: what the history still has of a delivery whose head
// it does not keep.
func TestTargetWithoutHead(t *testing.T) {
	r := record()
	r.Head = nil
	h := parseHead(r.Head)
	if got := origin(h) + target(r, h); got != "https://localhost/hook/a%2Fb?ref=1&token=s3cret&next=%2F" || method(r, h) != "POST" {
		t.Errorf("got %s %s", method(r, h), got)
	}
}

// TestRedactedSaysSo: who reads an export can tell that it is not what came.
func TestRedactedSaysSo(t *testing.T) {
	plain := &control.Record{Head: []byte("GET /x?a=1 HTTP/1.1\r\nHost: a\r\n\r\n"), Body: []byte("token=x")}
	if redacted(plain).Redacted || !redacted(record()).Redacted {
		t.Error("the mark is wrong")
	}
	plain.Redacted = true
	if !redacted(plain).Redacted {
		t.Error("the mark of the history is lost")
	}
}

// FuzzHead holds what is read of heads, and what is left of them, against
// bytes that nobody has checked.
func FuzzHead(f *testing.F) {
	f.Add([]byte(requestHead))
	f.Add([]byte(responseHead))
	f.Add([]byte("\n\n:\n a: b\nA:\xff\r\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		h := parseHead(raw)
		for _, x := range h.fields {
			if !isToken([]byte(x.name)) || strings.ContainsAny(x.value, "\n") {
				t.Errorf("field %q: %q", x.name, x.value)
			}
		}
		clean := redactHead(raw, true)
		if strings.Count(string(clean), "\n") != strings.Count(string(raw), "\n") {
			t.Errorf("%q became %q", raw, clean)
		}
		for _, x := range parseHead(clean).fields {
			if isSecret(x.name, false) && x.value != hidden {
				t.Errorf("%q is left of %q", x.value, raw)
			}
		}
		r := &control.Record{Head: raw, Body: raw, Log: []control.Attempt{{ResponseHead: raw, ResponseBody: raw}}}
		for _, format := range Formats() {
			out := written(t, format, Options{}, r)
			if format == HAR && !json.Valid([]byte(out)) {
				t.Errorf("no JSON: %q", out)
			}
			if format == CURL && !isPrintable(strings.TrimSuffix(out, "\n")) {
				t.Errorf("not one line of printable text: %q", out)
			}
		}
	})
}
