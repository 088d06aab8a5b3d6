package relay

import (
	"net"
	"strings"
	"testing"

	"homehook/ptth"
)

const smuggled = "GET /~garage/smuggled HTTP/1.1\r\nHost: r\r\n\r\n"

// TestFraming sends what intermediaries have been fooled with. None of it may
// reach the agent, and nothing behind it may be read as a request.
func TestFraming(t *testing.T) {
	const post = "POST /~garage/x HTTP/1.1\r\nHost: r\r\n"
	long := strings.Repeat("a", 70_000)
	tests := []struct {
		name string
		send string
		want int
	}{
		{"length and chunked", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, 400},
		{"two lengths", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd" + smuggled, 400},
		{"same length twice", post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc" + smuggled, 400},
		{"length with a sign", post + "Content-Length: +5\r\n\r\nabcde" + smuggled, 400},
		{"length in hex", post + "Content-Length: 0x5\r\n\r\nabcde" + smuggled, 400},
		{"length below 0", post + "Content-Length: -1\r\n\r\n" + smuggled, 400},
		{"length as a list", post + "Content-Length: 5,5\r\n\r\nabcde" + smuggled, 400},
		{"length of 2^64", post + "Content-Length: 18446744073709551616\r\n\r\n" + smuggled, 400},
		{"coding xchunked", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + smuggled, 501},
		{"coding chunked, identity", post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + smuggled, 501},
		{"coding with 0xa0", post + "Transfer-Encoding: chunked\xa0\r\n\r\n0\r\n\r\n" + smuggled, 501},
		{"coding on HTTP/1.0", "POST /~garage/x HTTP/1.0\r\nHost: r\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, 400},
		{"space before the colon", post + "X-A : b\r\n\r\n" + smuggled, 400},
		{"tab before the colon", post + "X-A\t: b\r\n\r\n" + smuggled, 400},
		{"field starts with a space", post + " X-A: b\r\n\r\n" + smuggled, 400},
		{"bare LF", "POST /~garage/x HTTP/1.1\nHost: r\n\n" + smuggled, 400},
		{"bare CR in a value", post + "X-A: b\rc\r\n\r\n" + smuggled, 400},
		{"NUL in a value", post + "X-A: b\x00c\r\n\r\n" + smuggled, 400},
		{"control byte in a value", post + "X-A: b\x01c\r\n\r\n" + smuggled, 400},
		{"body shorter than announced", post + "Content-Length: 50\r\n\r\nabc", 400},
		{"long body shorter than announced", post + "Content-Length: 100000\r\n\r\nabc", 400},
		{"chunked body that ends early", post + "Transfer-Encoding: chunked\r\n\r\n5\r\nab", 400},
		{"malformed chunk size", post + "Transfer-Encoding: chunked\r\n\r\nzz\r\nab" + smuggled, 400},
		{"no Host", "POST /~garage/x HTTP/1.1\r\n\r\n" + smuggled, 400},
		{"no Host, asks for a link", "POST /~garage/x HTTP/1.1\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\n" + smuggled, 400},
		{"no Host, asks for an old link", "GET /~garage/x HTTP/1.1\r\nUpgrade: PTTH/0.9\r\n\r\n" + smuggled, 400},
		{"two Hosts", post + "Host: r\r\n\r\n" + smuggled, 400},
		{"Host with an at sign", "POST /~garage/x HTTP/1.1\r\nHost: a@b\r\n\r\n" + smuggled, 400},
		{"Host with a slash", "POST /~garage/x HTTP/1.1\r\nHost: a/b\r\n\r\n" + smuggled, 400},
		{"Host with a space", "POST /~garage/x HTTP/1.1\r\nHost: a b\r\n\r\n" + smuggled, 400},
		{"Host with two colons", "POST /~garage/x HTTP/1.1\r\nHost: a:b:c\r\n\r\n", 400},
		{"another authority", "GET http://evil.example/~garage/x HTTP/1.1\r\nHost: r\r\nConnection: close\r\n\r\n", 421},
		{"another scheme", "GET ftp://127.0.0.1/~garage/x HTTP/1.1\r\nHost: r\r\nConnection: close\r\n\r\n", 421},
		{"CONNECT", "CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: 169.254.169.254:80\r\nConnection: close\r\n\r\n", 405},
		{"TRACE", "TRACE /~garage/x HTTP/1.1\r\nHost: r\r\nAuthorization: secret\r\nMax-Forwards: 0\r\nConnection: close\r\n\r\n", 405},
		{"long target", "GET /~garage/" + long + " HTTP/1.1\r\nHost: r\r\n\r\n", 414},
		{"long head", post + "X-A: " + long + "\r\n\r\n", 431},
		{"many fields", post + strings.Repeat("X-A: b\r\n", 200) + "\r\n", 431},
		{"nominated signature", post + "Webhook-Signature: v1\r\nConnection: close, webhook-signature\r\n\r\n", 400},
		{"malformed escape", "GET /~garage/%zz HTTP/1.1\r\nHost: r\r\nConnection: close\r\n\r\n", 400},
		{"expectation", post + "Expect: 200-ok\r\nContent-Length: 2\r\n\r\nab", 417},
	}
	everyDialect(t, Options{}, func(t *testing.T, tr *testRelay, _ string, got *seen) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				answer := tr.rawEnd(t, tt.send)
				if !strings.HasPrefix(answer, "HTTP/1.1 "+itoa(tt.want)+" ") {
					t.Errorf("answer %.200q, want %d", answer, tt.want)
				}
				if n := strings.Count(answer, "HTTP/1.1 "); n != 1 {
					t.Errorf("%d answers, want 1: %.300q", n, answer)
				}
				if strings.Contains(answer, "secret") {
					t.Errorf("the answer repeats a credential: %q", answer)
				}
				if tt.want == 405 && !strings.Contains(answer, "\r\nAllow: ") {
					t.Errorf("no Allow in %q", answer)
				}
			})
		}
		t.Cleanup(func() {
			if n := got.count(); n != 0 {
				t.Errorf("the agent got %d requests: %q", n, got.head)
			}
		})
	})
}

// TestRouting asks for every kind of address.
func TestRouting(t *testing.T) {
	const end = "\r\nConnection: close\r\n\r\n"
	unknown := errUnknown.detail + "\n"
	tests := []struct {
		name   string
		send   string
		status int
		body   string // "" for any
		target string // at the agent; "" for nothing there
		prefix string
	}{
		{"path mode", "GET /~garage/a?b=c HTTP/1.1\r\nHost: r" + end, 200, "", "/a?b=c", "/~garage"},
		{"path mode in capitals", "GET /~GARAGE/a HTTP/1.1\r\nHost: r" + end, 200, "", "/a", "/~GARAGE"},
		{"path mode, bare", "GET /~garage HTTP/1.1\r\nHost: r" + end, 200, "", "/", "/~garage"},
		{"path mode, bare with query", "GET /~garage?x=1 HTTP/1.1\r\nHost: r" + end, 200, "", "/?x=1", "/~garage"},
		{"path mode, escaped tilde", "GET /%7Egarage/a HTTP/1.1\r\nHost: r" + end, 200, "", "/a", "/%7Egarage"},
		{"path mode without Host", "GET /~garage/a HTTP/1.0\r\n\r\n", 200, "", "/a", "/~garage"},
		{"host mode on localhost", "GET /a HTTP/1.1\r\nHost: garage.localhost:8080" + end, 200, "", "/a", ""},
		{"host mode on the domain", "GET /a HTTP/1.1\r\nHost: Garage.relay.EXAMPLE.com." + end, 200, "", "/a", ""},
		{"host mode keeps own paths", "GET /healthz HTTP/1.1\r\nHost: garage.localhost" + end, 200, "", "/healthz", ""},
		{"host mode, absolute form", "GET http://garage.localhost/a?b HTTP/1.1\r\nHost: garage.localhost" + end, 200, "", "/a?b", ""},
		{"absolute form without a path", "GET http://garage.localhost HTTP/1.1\r\nHost: garage.localhost" + end, 200, "", "/", ""},
		{"absolute form, path mode", "GET http://127.0.0.1/~garage/a HTTP/1.1\r\nHost: 127.0.0.1" + end, 200, "", "/a", "/~garage"},
		{"raw path is kept", "GET /~garage/%2e%2e%2f/..;/%00/\\/../x HTTP/1.1\r\nHost: r" + end, 200, "", "/%2e%2e%2f/..;/%00/\\/../x", "/~garage"},
		{"unusual method", "FROBNICATE /~garage/a HTTP/1.1\r\nHost: r" + end, 200, "", "/a", "/~garage"},

		{"unknown claim", "GET /~nobody/a HTTP/1.1\r\nHost: r" + end, 404, unknown, "", ""},
		{"malformed claim", "GET /~no_body/a HTTP/1.1\r\nHost: r" + end, 404, unknown, "", ""},
		{"empty claim", "GET /~/a HTTP/1.1\r\nHost: r" + end, 404, unknown, "", ""},
		{"long claim", "GET /~" + strings.Repeat("a", 64) + "/ HTTP/1.1\r\nHost: r" + end, 404, unknown, "", ""},
		{"unknown host", "GET /a HTTP/1.1\r\nHost: nobody.localhost" + end, 404, unknown, "", ""},
		{"two labels", "GET /a HTTP/1.1\r\nHost: x.garage.localhost" + end, 404, unknown, "", ""},
		{"unknown path", "GET /garage HTTP/1.1\r\nHost: r" + end, 404, unknown, "", ""},
		{"dots are not resolved", "GET /x/../~garage/ HTTP/1.1\r\nHost: r" + end, 404, unknown, "", ""},

		{"health", "GET /healthz HTTP/1.1\r\nHost: r" + end, 200, "ok\n", "", ""},
		{"home", "GET / HTTP/1.1\r\nHost: relay.example.com" + end, 200, pageHome, "", ""},
		{"post to home", "POST / HTTP/1.1\r\nHost: r" + end, 405, "", "", ""},
		{"OPTIONS of the server", "OPTIONS * HTTP/1.1\r\nHost: r" + end, 204, "", "", ""},
		{"OPTIONS, last hop", "OPTIONS /~garage/a HTTP/1.1\r\nHost: r\r\nMax-Forwards: 0" + end, 204, "", "", ""},
		{"OPTIONS, more hops", "OPTIONS /~garage/a HTTP/1.1\r\nHost: r\r\nMax-Forwards: 3" + end, 200, "", "/a", "/~garage"},
		{"WebSocket", "GET /~garage/ws HTTP/1.1\r\nHost: r\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n", 200, "", "/ws", "/~garage"},
		{"link without Upgrade", "GET /ptth/garage HTTP/1.1\r\nHost: r" + end, 426, "", "", ""},
	}
	everyDialect(t, Options{Domain: "Relay.Example.com"}, func(t *testing.T, tr *testRelay, dialect string, got *seen) {
		for _, tt := range tests {
			if tt.name == "WebSocket" && !tunnels(dialect) {
				tt.status, tt.target = 501, ""
			}
			if dialect == ptth.DialectReverseHTTP && tt.target != "" { // which keeps the prefix
				tt.target, tt.prefix = rawTarget(tt.send), ""
			}
			t.Run(tt.name, func(t *testing.T) {
				before := got.count()
				status, body := tr.ask(t, tt.send)
				if status != tt.status || tt.body != "" && body != tt.body {
					t.Fatalf("got %d %q, want %d %q", status, body, tt.status, tt.body)
				}
				if tt.target == "" {
					if n := got.count(); n != before {
						t.Fatalf("the agent got %q", got.last(t))
					}
					return
				}
				head := got.last(t)
				method, _, _ := strings.Cut(tt.send, " ")
				if !strings.HasPrefix(head, method+" "+tt.target+" HTTP/1.1\r\n") {
					t.Errorf("the agent got %q, want target %q", head, tt.target)
				}
				if strings.Contains(head, "X-Forwarded-Prefix: ") != (tt.prefix != "") || !strings.Contains(head, tt.prefix+"\r\n") {
					t.Errorf("prefix %q is not stated in %q", tt.prefix, head)
				}
			})
		}
	})
}

// tunnels reports whether a dialect carries a switch of protocols.
func tunnels(dialect string) bool {
	return dialect != ptth.DialectPTTH && dialect != ptth.DialectComet && dialect != ptth.DialectReverseHTTP
}

// rawTarget is the target of a request as it was sent, in origin form.
func rawTarget(request string) string {
	target := strings.Fields(request)[1]
	if _, rest, ok := strings.Cut(target, "://"); ok {
		_, path, _ := strings.Cut(rest, "/")
		target = "/" + path
	}
	return target
}

// TestMethods passes on what the relay knows nothing of, once and as it is.
func TestMethods(t *testing.T) {
	t.Parallel()
	everyDialect(t, Options{}, func(t *testing.T, tr *testRelay, _ string, got *seen) {
		for _, method := range []string{"PROPFIND", "MKCOL", "REPORT", "LOCK", "M-SEARCH", "FROBNICATE", "get"} {
			before := got.count()
			status, _ := tr.ask(t, method+" /~garage/dav HTTP/1.1\r\nHost: r\r\nConnection: close\r\nContent-Length: 5\r\n\r\n<a/>\n")
			if head := got.last(t); status != 200 || got.count() != before+1 || !strings.HasPrefix(head, method+" ") {
				t.Errorf("%s: %d, the agent got %q", method, status, head)
			}
			got.mu.Lock()
			if body := got.body[len(got.body)-1]; body != "<a/>\n" {
				t.Errorf("%s: body %q", method, body)
			}
			got.mu.Unlock()
		}
	})
}

// TestSenderResets sends a whole request and resets the connection: it was
// delivered once, and the agent goes on.
func TestSenderResets(t *testing.T) {
	everyDialect(t, Options{}, func(t *testing.T, tr *testRelay, _ string, got *seen) {
		nc := tr.conn(t)
		if _, err := nc.Write([]byte("POST /~garage/x HTTP/1.1\r\nHost: r\r\nContent-Length: 5\r\n\r\nhello")); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "the delivery", func() bool { return got.count() == 1 })
		if err := nc.(*net.TCPConn).SetLinger(0); err != nil {
			t.Fatal(err)
		}
		nc.Close()
		if status, _ := tr.ask(t, askGarage); status != 200 || got.count() != 2 {
			t.Errorf("afterwards: %d, %d deliveries", status, got.count())
		}
	})
}
