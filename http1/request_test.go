package http1

import (
	"fmt"
	"strings"
	"testing"
)

// TestReadRequest holds the rules of RFC 9112 for a request head. The status
// is what the sender gets told, 0 for a request that is accepted.
func TestReadRequest(t *testing.T) {
	const end = "\r\n\r\n"
	tests := []struct {
		name   string
		head   string // without the blank line, unless it is about that
		status int
	}{
		// Request line.
		{"plain", "GET / HTTP/1.1\r\nHost: a", 0},
		{"no fields", "GET / HTTP/1.1", 0},
		{"HTTP/1.0", "GET / HTTP/1.0", 0},
		{"own method", "FROB-NI_CATE! / HTTP/1.1", 0},
		{"query", "GET /a?b=%zz&c HTTP/1.1", 0},
		{"two slashes", "GET //a//b HTTP/1.1", 0},
		{"empty line first", "\r\nGET / HTTP/1.1\r\nHost: a", 400},
		{"nothing but an empty line", "\r\n", 400},
		{"no version", "GET /", 400},
		{"no target", "GET HTTP/1.1", 400},
		{"method only", "GET", 400},
		{"empty target", "GET  HTTP/1.1", 400},
		{"space first", " GET / HTTP/1.1", 400},
		{"two spaces before the target", "GET  / HTTP/1.1", 400},
		{"two spaces behind the target", "GET /  HTTP/1.1", 400},
		{"space behind the version", "GET / HTTP/1.1 ", 400},
		{"tab for a space", "GET\t/\tHTTP/1.1", 400},
		{"space in the target", "GET /a b HTTP/1.1", 400},
		{"brackets in the method", "G(T / HTTP/1.1", 400},
		{"non-ASCII method", "G\xc3\x84T / HTTP/1.1", 400},
		{"non-ASCII target", "GET /\xc3\xa4 HTTP/1.1", 400},
		{"NUL in the target", "GET /\x00 HTTP/1.1", 400},
		{"DEL in the target", "GET /\x7f HTTP/1.1", 400},
		{"fragment", "GET /a#b HTTP/1.1", 400},
		{"bare CR in the line", "GET /\r HTTP/1.1", 400},
		{"TLS client hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400},

		// Version.
		{"lower-case version", "GET / http/1.1", 400},
		{"no minor version", "GET / HTTP/1", 400},
		{"HTTP/1.2", "GET / HTTP/1.2", 505},
		{"HTTP/2.0", "GET / HTTP/2.0", 505},
		{"HTTP/0.9", "GET / HTTP/0.9", 505},
		{"preface of HTTP/2", "PRI * HTTP/2.0", 505},
		{"two digits", "GET / HTTP/1.10", 400},
		{"leading zero", "GET / HTTP/01.1", 400},
		{"another protocol", "GET / RTSP/1.0", 400},
		{"letter in the version", "GET / HTTP/1.x", 400},

		// Forms of the target.
		{"malformed escape", "GET /%zz HTTP/1.1", 400},
		{"cut escape", "GET /a%2 HTTP/1.1", 400},
		{"bare percent sign", "GET /% HTTP/1.1", 400},
		{"good escapes", "GET /%2e%2E%00%ff HTTP/1.1", 0},
		{"relative", "GET a/b HTTP/1.1", 400},
		{"backslash", `GET \ HTTP/1.1`, 400},
		{"query only", "GET ?a HTTP/1.1", 400},
		{"absolute", "GET http://a.example:80/b?c HTTP/1.1", 0},
		{"absolute without a path", "GET http://a HTTP/1.1", 0},
		{"absolute with a query only", "GET http://a?b HTTP/1.1", 0},
		{"absolute, address in brackets", "GET http://[::1]:8080/ HTTP/1.1", 0},
		{"absolute without an authority", "GET http:///a HTTP/1.1", 400},
		{"absolute with user information", "GET http://u:p@a/ HTTP/1.1", 400},
		{"absolute with a malformed escape", "GET http://a/%zz HTTP/1.1", 400},
		{"absolute with a bad port", "GET http://a:b/ HTTP/1.1", 400},
		{"absolute with an open bracket", "GET http://[::1/ HTTP/1.1", 400},
		{"a query that looks absolute", "GET a?b=http://c HTTP/1.1", 400},
		{"a path that looks absolute", "GET a:/b://c/ HTTP/1.1", 400},
		{"scheme that starts with a digit", "GET 1http://a/ HTTP/1.1", 400},
		{"no scheme", "GET ://a/ HTTP/1.1", 400},
		{"asterisk", "OPTIONS * HTTP/1.1", 0},
		{"asterisk for another method", "GET * HTTP/1.1", 400},
		{"asterisk and more", "OPTIONS *a HTTP/1.1", 400},
		{"authority", "CONNECT a.example:443 HTTP/1.1", 0},
		{"authority in brackets", "CONNECT [::1]:443 HTTP/1.1", 0},
		{"authority with a bad port", "CONNECT a:b HTTP/1.1", 400},
		{"authority with a bad escape", "CONNECT a%zz:1 HTTP/1.1", 400},
		{"authority for another method", "GET a.example:443 HTTP/1.1", 400},

		// Line ends.
		{"bare LF behind the line", "GET / HTTP/1.1\nHost: a", 400},
		{"bare LF behind a field", "GET / HTTP/1.1\r\nHost: a\nX: b", 400},
		{"bare LF in the blank line", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
		{"bare CR in a value", "GET / HTTP/1.1\r\nX: a\rb", 400},
		{"bare CR at the end of a value", "GET / HTTP/1.1\r\nX: a\r", 400},
		{"bare CR for a line end", "GET / HTTP/1.1\r\nX: a\rHost: b", 400},

		// Fields.
		{"folded with a space", "GET / HTTP/1.1\r\nX: a\r\n b", 400},
		{"folded with a tab", "GET / HTTP/1.1\r\nX: a\r\n\tb", 400},
		{"first field starts with a space", "GET / HTTP/1.1\r\n X: a", 400},
		{"space before the colon", "GET / HTTP/1.1\r\nHost : a", 400},
		{"tab before the colon", "GET / HTTP/1.1\r\nHost\t: a", 400},
		{"space in a name", "GET / HTTP/1.1\r\nX Y: a", 400},
		{"no colon", "GET / HTTP/1.1\r\nHost a", 400},
		{"no name", "GET / HTTP/1.1\r\n: a", 400},
		{"non-ASCII name", "GET / HTTP/1.1\r\nX\xe4: a", 400},
		{"NUL in a name", "GET / HTTP/1.1\r\nX\x00: a", 400},
		{"quotation mark in a name", "GET / HTTP/1.1\r\n\"X\": a", 400},
		{"every character of a name", "GET / HTTP/1.1\r\n!#$%&'*+-.^_`|~0Az: a", 0},
		{"NUL in a value", "GET / HTTP/1.1\r\nX: a\x00b", 400},
		{"escape in a value", "GET / HTTP/1.1\r\nX: \x1b[2J", 400},
		{"DEL in a value", "GET / HTTP/1.1\r\nX: a\x7f", 400},
		{"vertical tab before a value", "GET / HTTP/1.1\r\nX: \va", 400},
		{"tab in a value", "GET / HTTP/1.1\r\nX: a\tb", 0},
		{"bytes above ASCII in a value", "GET / HTTP/1.1\r\nX: \xc3\xa4\xff", 0},
		{"empty value", "GET / HTTP/1.1\r\nX:", 0},
		{"blank value", "GET / HTTP/1.1\r\nX: \t ", 0},

		// Host.
		{"empty Host", "GET / HTTP/1.1\r\nHost:", 0},
		{"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b", 400},
		{"the same Host twice", "GET / HTTP/1.1\r\nHost: a\r\nhost: a", 400},
		{"Host with user information", "GET / HTTP/1.1\r\nHost: u@a", 400},
		{"Host with a slash", "GET / HTTP/1.1\r\nHost: a/b", 400},
		{"Host with a space", "GET / HTTP/1.1\r\nHost: a b", 400},
		{"Host with a query", "GET / HTTP/1.1\r\nHost: a?b", 400},
		{"Host with a backslash", "GET / HTTP/1.1\r\nHost: a\\b", 400},
		{"Host above ASCII", "GET / HTTP/1.1\r\nHost: \xc3\xa4", 400},
		{"Host in brackets", "GET / HTTP/1.1\r\nHost: [fe80::1]:80", 0},

		// Length.
		{"length", "POST / HTTP/1.1\r\nContent-Length: 0", 0},
		{"leading zeros", "POST / HTTP/1.1\r\nContent-Length: 000", 0},
		{"no length", "POST / HTTP/1.1\r\nContent-Length:", 400},
		{"plus sign", "POST / HTTP/1.1\r\nContent-Length: +5", 400},
		{"minus sign", "POST / HTTP/1.1\r\nContent-Length: -1", 400},
		{"hexadecimal", "POST / HTTP/1.1\r\nContent-Length: 0x5", 400},
		{"list", "POST / HTTP/1.1\r\nContent-Length: 5,5", 400},
		{"space in it", "POST / HTTP/1.1\r\nContent-Length: 5 5", 400},
		{"underscore", "POST / HTTP/1.1\r\nContent-Length: 1_0", 400},
		{"decimal point", "POST / HTTP/1.1\r\nContent-Length: 5.0", 400},
		{"2^63-1", "POST / HTTP/1.1\r\nContent-Length: 9223372036854775807", 0},
		{"2^63", "POST / HTTP/1.1\r\nContent-Length: 9223372036854775808", 400},
		{"2^64", "POST / HTTP/1.1\r\nContent-Length: 18446744073709551616", 400},
		{"2^64+5", "POST / HTTP/1.1\r\nContent-Length: 18446744073709551621", 400},
		{"two lengths", "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6", 400},
		{"the same length twice", "POST / HTTP/1.1\r\nContent-Length: 5\r\ncontent-length: 5", 400},

		// Transfer coding.
		{"chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked", 0},
		{"chunked in capitals", "POST / HTTP/1.1\r\nTRANSFER-ENCODING: CHUNKED", 0},
		{"chunked and length", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5", 400},
		{"length and chunked", "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked", 400},
		{"chunked on 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked", 400},
		{"chunked, chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, chunked", 501},
		{"chunked in two fields", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 501},
		{"xchunked", "POST / HTTP/1.1\r\nTransfer-Encoding: xchunked", 501},
		{"chunked, identity", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity", 501},
		{"identity", "POST / HTTP/1.1\r\nTransfer-Encoding: identity", 501},
		{"gzip, chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked", 501},
		{"chunked and 0xA0", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\xa0", 501},
		{"0x0B and chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: \vchunked", 400},
		{"chunked in quotes", "POST / HTTP/1.1\r\nTransfer-Encoding: \"chunked\"", 501},
		{"chunked with a parameter", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked;q=1", 501},
		{"no coding", "POST / HTTP/1.1\r\nTransfer-Encoding:", 501},

		// Connection.
		{"usual options", "GET / HTTP/1.1\r\nConnection: keep-alive, Upgrade, close, TE\r\nTE: trailers", 0},
		{"option without a field", "GET / HTTP/1.1\r\nConnection: x-gone", 0},
		{"hop-by-hop field named", "GET / HTTP/1.1\r\nConnection: Keep-Alive\r\nKeep-Alive: timeout=5", 0},
		{"upgrade to h2c", "GET / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA", 0},
		{"end-to-end field named", "GET / HTTP/1.1\r\nConnection: close, webhook-signature\r\nWebhook-Signature: v1,x", 400},
		{"end-to-end field named behind it", "GET / HTTP/1.1\r\nX-Hub-Signature-256: x\r\nConnection: X-Hub-Signature-256", 400},
		{"Host named", "GET / HTTP/1.1\r\nHost: a\r\nConnection: host", 400},
		{"empty options", "GET / HTTP/1.1\r\nConnection: ,, ,close", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := received(tt.head+end, Limits{}).ReadRequest()
			if got := statusOf(err); got != tt.status || (err != nil) != (tt.status != 0) {
				t.Fatalf("got %d (%v), want %d; head %q", got, err, tt.status, tt.head)
			}
			if err == nil && string(r.Raw()) != tt.head+"\r\n" {
				t.Errorf("raw head changed:\n got %q\nwant %q", r.Raw(), tt.head+"\r\n")
			}
		})
	}
}

func TestRequestLimits(t *testing.T) {
	field := func(n int) string { return "X: " + strings.Repeat("a", n-5) + "\r\n" } // n bytes
	tests := []struct {
		name   string
		lim    Limits
		head   string
		status int
	}{
		{"longest target", Limits{Target: 100}, "GET /" + strings.Repeat("a", 99) + " HTTP/1.1\r\n\r\n", 0},
		{"target too long", Limits{Target: 100}, "GET /" + strings.Repeat("a", 100) + " HTTP/1.1\r\n\r\n", 414},
		{"default target limit", Limits{}, "GET /" + strings.Repeat("a", 70_000) + " HTTP/1.1\r\n\r\n", 414},
		{"endless line", Limits{}, "GET /" + strings.Repeat("a", 200_000), 414},
		{"endless method", Limits{}, strings.Repeat("A", 200_000), 414},
		{"most fields", Limits{}, "GET / HTTP/1.1\r\n" + strings.Repeat("X: a\r\n", 128) + "\r\n", 0},
		{"too many fields", Limits{}, "GET / HTTP/1.1\r\n" + strings.Repeat("X: a\r\n", 129) + "\r\n", 431},
		{"longest head", Limits{Head: 5000}, "GET / HTTP/1.1\r\n" + field(4982) + "\r\n", 0},
		{"head too long", Limits{Head: 5000}, "GET / HTTP/1.1\r\n" + field(4983) + "\r\n", 431},
		{"default head limit", Limits{}, "GET / HTTP/1.1\r\n" + field(70_000) + "\r\n", 431},
		{"endless field", Limits{}, "GET / HTTP/1.1\r\nX: " + strings.Repeat("a", 200_000), 431},
		{"head below the buffer's size", Limits{Head: 50}, "GET / HTTP/1.1\r\n" + field(40) + "\r\n", 431},
		{"large but allowed", Limits{}, "GET / HTTP/1.1\r\n" + field(60_000) + "\r\n", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := received(tt.head, tt.lim).ReadRequest()
			if got := statusOf(err); got != tt.status || (err != nil) != (tt.status != 0) {
				t.Fatalf("got %d (%v), want %d", got, err, tt.status)
			}
		})
	}
}

func TestRequestTargetParts(t *testing.T) {
	tests := []struct {
		line, host        string // as sent; host "-" means no field
		path, query, auth string
		absolute          bool
	}{
		{"GET /", "h", "/", "", "h", false},
		{"GET /a/%2e%2E//b;c?d?e=%zz", "h:1", "/a/%2e%2E//b;c", "d?e=%zz", "h:1", false},
		{"GET /?", "", "/", "", "", false},
		{"GET /a://b", "h", "/a://b", "", "h", false},
		{"GET http://x:2/p?q", "h", "/p", "q", "x:2", true},
		{"GET HTTPS://x", "-", "/", "", "x", true},
		{"GET http://x?q", "-", "/", "q", "x", true},
		{"OPTIONS *", "h", "*", "", "h", false},
		{"CONNECT x:443", "h", "x:443", "", "h", false},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			head := tt.line + " HTTP/1.1\r\n"
			if tt.host != "-" {
				head += "Host: " + tt.host + "\r\n"
			}
			r, err := received(head+"\r\n", Limits{}).ReadRequest()
			if err != nil {
				t.Fatal(err)
			}
			path, query := r.PathQuery()
			got := fmt.Sprintf("%s|%s|%s|%v|%v", path, query, r.Host(), r.Absolute(), r.HasHost())
			want := fmt.Sprintf("%s|%s|%s|%v|%v", tt.path, tt.query, tt.auth, tt.absolute, tt.host != "-")
			if got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if string(r.Path()) != tt.path {
				t.Errorf("Path: got %q, want %q", r.Path(), tt.path)
			}
			if method, _, _ := strings.Cut(tt.line, " "); !r.IsMethod(method) || r.IsMethod(strings.ToLower(method)) {
				t.Errorf("method %q", r.Method)
			}
		})
	}
}

// TestQueryPresence tells an empty query from none.
func TestQueryPresence(t *testing.T) {
	for target, present := range map[string]bool{"/a": false, "/a?": true} {
		r, err := received("GET "+target+" HTTP/1.1\r\n\r\n", Limits{}).ReadRequest()
		if err != nil {
			t.Fatal(err)
		}
		if _, q := r.PathQuery(); (q != nil) != present {
			t.Errorf("%s: query %q, want present %v", target, q, present)
		}
	}
}

// TestHeadInPieces reads one head in reads of every size, so that no rule
// depends on where the network cuts.
func TestHeadInPieces(t *testing.T) {
	const head = "POST /hook HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
	for size := 1; size <= len(head)+5; size++ {
		c := NewConn(&memConn{in: &pieces{head + "hello" + "GET /next HTTP/1.1\r\n\r\n", size}}, Limits{})
		r, err := c.ReadRequest()
		if err != nil {
			t.Fatalf("pieces of %d: %v", size, err)
		}
		if got := readAll(t, r.Body); got != "hello" {
			t.Fatalf("pieces of %d: body %q", size, got)
		}
		if r, err = c.ReadRequest(); err != nil || string(r.Target) != "/next" {
			t.Fatalf("pieces of %d: next request: %v", size, err)
		}
	}
}
