package ptth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

const (
	claimHead = "POST /reversehttp HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer hh_t\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 32\r\n\r\n"
	claimForm = "name=garage&token=hh_t&lease=300"
	granted   = "HTTP/1.1 201 Created\r\nLink: <http://HOST/reversehttp/garage/hh_t/1>; rel=\"first\", <http://HOST/garage/>; rel=\"related\"\r\n" +
		"Location: http://HOST/reversehttp/garage/hh_t\r\nContent-Length: 0\r\n\r\n"
)

func pollFor(n int) string {
	return fmt.Sprintf("GET /reversehttp/garage/hh_t/%d HTTP/1.1\r\nHost: HOST\r\nAccept: message/http\r\n\r\n", n)
}

// enclosed is the answer to a poll that holds a request.
func enclosed(next int, request string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: message/http\r\nRequesting-Client: 10.0.0.1:99\r\n"+
		"Link: <http://HOST/reversehttp/garage/hh_t/%d>; rel=\"next\"\r\nContent-Length: %d\r\n\r\n%s", next, len(request), request)
}

func replyTo(n int, entity string) string {
	return fmt.Sprintf("POST /reversehttp/garage/hh_t/%d HTTP/1.1\r\nHost: HOST\r\nContent-Type: message/http\r\nContent-Length: %d\r\n\r\n%s", n, len(entity), entity)
}

const accepted = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"

func reverse(d *ptth.Dialer) *ptth.Dialer {
	d.Dialect, d.Token = ptth.DialectReverseHTTP, "hh_t"
	return d
}

// TestReverseHTTP holds the bytes of a claim, polls, a request and the reply.
func TestReverseHTTP(t *testing.T) {
	relay := handmade(t, func(_ int, p *peer) {
		p.want(claimHead + claimForm)
		p.say(granted)
		p.want(pollFor(1))
		p.say("HTTP/1.1 204 No Content\r\nLink: <http://HOST/reversehttp/garage/hh_t/2>; rel=\"next\"\r\n\r\n")
		p.want(pollFor(2))
		p.say("HTTP/1.1 204 No Content\r\n\r\n")
		p.want(pollFor(2))
		p.say(enclosed(3, "POST /garage/a?b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nbody"))
		p.want(replyTo(2, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: D\r\nContent-Length: 21\r\n\r\nPOST /garage/a?b body"))
		p.say(accepted)
		p.want(pollFor(3))
		p.say(enclosed(4, "GET /garage/ HTTP/1.0\r\n\r\n"))
		p.want(replyTo(3, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: D\r\nContent-Length: 13\r\n\r\nGET /garage/ "))
		p.say("HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nlate")
		p.want(pollFor(4))
	})
	s := serveDial(t, reverse(&ptth.Dialer{Relay: relay}), hello)
	if err := within(t, s.result, "end of Serve"); err != nil {
		t.Error(err)
	}
	want := ptth.About{Dialect: ptth.DialectReverseHTTP, Whole: true, Public: relay.String() + "/garage/", RoundTrip: s.link.About().RoundTrip}
	if got := s.link.About(); got != want || got.RoundTrip <= 0 {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestClaims: the forms in which relays grant a claim, and those that are none.
func TestClaims(t *testing.T) {
	tests := []struct{ name, answer, want string }{
		{"as the document has it", granted, ""},
		{"again", strings.Replace(granted, "201 Created", "204 No Content", 1), ""},
		{"two fields", "HTTP/1.1 201 C\r\nLink: <http://HOST/reversehttp/garage/hh_t/1>; rel=first\r\nLink: </garage/>; rel=related\r\nContent-Length: 0\r\n\r\n", ""},
		{"other order", "HTTP/1.1 200 O\r\nlink: </g,a>;title=\"a, b; c\\\"\" ; rel=\"related x\",</reversehttp/garage/hh_t/1>;REL=\"First\"\r\nContent-Length: 0\r\n\r\n", ""},
		{"behind TLS it does not know of", "HTTP/1.1 201 C\r\nLink: <http://127.0.0.1/reversehttp/garage/hh_t/1>; rel=first\r\nContent-Length: 0\r\n\r\n", ""},
		{"with a text", "HTTP/1.1 201 C\r\nLink: </reversehttp/garage/hh_t/1>; rel=first\r\nContent-Length: 5\r\n\r\nhello", ""},
		{"no link", "HTTP/1.1 201 C\r\nContent-Length: 0\r\n\r\n", "relay grants no claim by ReverseHttp (201)"},
		{"link that is open", "HTTP/1.1 201 C\r\nLink: <http://HOST/; rel=first\r\nContent-Length: 0\r\n\r\n", "relay grants no claim by ReverseHttp (201)"},
		{"other host", "HTTP/1.1 201 C\r\nLink: <http://evil.test/1>; rel=first\r\nContent-Length: 0\r\n\r\n", "a URL that is not its own"},
		{"other port", "HTTP/1.1 201 C\r\nLink: <http://127.0.0.1:1/1>; rel=first\r\nContent-Length: 0\r\n\r\n", "a URL that is not its own"},
		{"with a user", "HTTP/1.1 201 C\r\nLink: <http://a:b@HOST/1>; rel=first\r\nContent-Length: 0\r\n\r\n", "a URL that is not its own"},
		{"file", "HTTP/1.1 201 C\r\nLink: <file:///etc/passwd>; rel=first\r\nContent-Length: 0\r\n\r\n", "a URL that is not its own"},
		{"space", "HTTP/1.1 201 C\r\nLink: </a?b HTTP/1.1 x>; rel=first\r\nContent-Length: 0\r\n\r\n", "a URL that is not its own"},
		{"foreign Location", "HTTP/1.1 201 C\r\nLink: </1>; rel=first\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", "a URL that is not its own"},
		{"taken", "HTTP/1.1 403 F\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\ntaken\n", "relay refuses a link (403): taken"},
		{"redirect to another host", "HTTP/1.1 307 M\r\nLocation: http://evil.test/\r\nContent-Length: 0\r\n\r\n", "must not see the token"},
		{"login page", answer("text/html", "<html>"), "captive portal"},
		{"no HTTP", "220 smtp.test\r\n\r\n", "malformed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			polled := make(chan struct{}, 10)
			relay := handmade(t, func(n int, p *peer) {
				if head, _ := p.read(); strings.HasPrefix(head, "POST") {
					p.say(tt.answer)
					head, _ = p.read()
					if head == "" {
						return
					}
					if tt.want != "" || head != pollFor(1) {
						t.Errorf("connection %d: got %q", n, head)
					}
					polled <- struct{}{}
				}
			})
			l, err := reverse(&ptth.Dialer{Relay: relay}).Dial(t.Context(), "garage")
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hh_t") {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			serveLink(t, l, hello)
			within(t, polled, "poll")
		})
	}
}

// TestClaimTarget: where a claim is made, and with which secret.
func TestClaimTarget(t *testing.T) {
	for path, want := range map[string]string{"": "/reversehttp", "/": "/reversehttp", "/a/": "/a/reversehttp", "/a/reversehttp": "/a/reversehttp", "/x/{name}?k=v": "/x/garage?k=v", "/?k=v": "/reversehttp?k=v"} {
		heads, forms := make(chan string, 2), make(chan string, 2)
		relay := handmade(t, func(_ int, p *peer) {
			head, form := p.read()
			p.say("HTTP/1.1 403 F\r\nContent-Length: 0\r\n\r\n")
			heads <- head
			forms <- form
		})
		u, err := url.Parse(relay.String() + path)
		if err != nil {
			t.Fatal(err)
		}
		d := &ptth.Dialer{Relay: u, Dialect: ptth.DialectReverseHTTP}
		d.Dial(t.Context(), "garage")
		d.Dial(t.Context(), "garage")
		if got := within(t, heads, "claim"); !strings.HasPrefix(got, "POST "+want+" HTTP/1.1\r\n") || strings.Contains(got, "Authorization") {
			t.Errorf("%s: got %q", path, got)
		}
		one, two := within(t, forms, "form"), within(t, forms, "form")
		if one != two || len(one) < len("name=garage&token=&lease=300")+20 {
			t.Errorf("without a token: %q, then %q", one, two)
		}
	}
}

// TestReverseHTTPReplies: what a handler answers, and what the relay gets.
func TestReverseHTTPReplies(t *testing.T) {
	held := make(chan struct{})
	tests := []struct {
		name, request string
		handle        func(context.Context, *http1.Exchange)
		want          string
	}{
		{"none", "GET / HTTP/1.1\r\n\r\n", func(context.Context, *http1.Exchange) {}, "HTTP/1.1 500 Internal Server Error\r\n"},
		{"half, soon", "GET / HTTP/1.1\r\n\r\n", func(_ context.Context, x *http1.Exchange) {
			x.Start(200, nil)
			x.EndLength(5)
			io.WriteString(x, "ab")
		}, "HTTP/1.1 502 Bad Gateway\r\n"},
		{"length found out", "GET / HTTP/1.1\r\n\r\n", func(_ context.Context, x *http1.Exchange) {
			x.Start(200, nil)
			x.Field("Date", "D")
			x.EndStream()
			io.WriteString(x, "ab")
			x.Finish()
		}, "Content-Length: 49\r\n\r\nHTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 2\r\n\r\nab"},
		{"head", "HEAD / HTTP/1.1\r\n\r\n", func(_ context.Context, x *http1.Exchange) {
			x.Start(200, nil)
			x.Field("Date", "D")
			x.EndLength(70000)
			x.Finish()
		}, "Content-Length: 51\r\n\r\nHTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 70000\r\n\r\n"},
		{"no content", "GET / HTTP/1.1\r\n\r\n", func(_ context.Context, x *http1.Exchange) {
			x.Start(204, nil)
			x.Field("Date", "D")
			x.EndEmpty()
			x.Finish()
		}, "Content-Length: 36\r\n\r\nHTTP/1.1 204 No Content\r\nDate: D\r\n\r\n"},
		{"stream", "GET / HTTP/1.1\r\n\r\n", func(_ context.Context, x *http1.Exchange) {
			x.Start(200, nil)
			x.Field("Date", "D")
			x.EndStream()
			io.WriteString(x, "data: 1\n\n")
			<-held
			io.WriteString(x, "data: 2\n\n")
			x.Finish()
		}, "Transfer-Encoding: chunked\r\n\r\n[HTTP/1.1 200 OK\r\nDate: D\r\n\r\n][data: 1\n\n][data: 2\n\n]"},
		{"long", "GET / HTTP/1.1\r\n\r\n", func(_ context.Context, x *http1.Exchange) {
			x.Start(200, nil)
			x.Field("Date", "D")
			x.EndLength(100_000)
			io.WriteString(x, strings.Repeat("x", 100_000))
			x.Finish()
		}, "Content-Length: 100052\r\n\r\nHTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100_000)},
		{"no request", "hello", hello, "HTTP/1.1 400 Bad Request\r\n"},
		{"target that is none", "GET  HTTP/1.1\r\n\r\n", hello, "HTTP/1.1 400 Bad Request\r\n"},
		{"bare line feeds", "GET / HTTP/1.1\n\n", hello, "HTTP/1.1 400 Bad Request\r\n"},
		{"long body", "POST / HTTP/1.1\r\n\r\n" + strings.Repeat("y", 100_000), hello, strings.Repeat("y", 100_000)},
		{"long body that nobody reads", "POST / HTTP/1.1\r\n\r\n" + strings.Repeat("y", 3_000_000), func(_ context.Context, x *http1.Exchange) {
			x.Text(200, "no thanks")
		}, "no thanks\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			reply := make(chan string, 3)
			serve := func(p *peer) {
				for {
					head, body := p.read()
					switch {
					case strings.HasPrefix(head, "GET /reversehttp/garage/hh_t/2"), head == "":
						return
					case strings.HasPrefix(head, "GET"):
						p.Conn.Write([]byte(strings.ReplaceAll(enclosed(2, tt.request), "HOST", p.host)))
					case strings.HasPrefix(head, "POST /reversehttp/garage/hh_t/1"):
						p.say(accepted)
						reply <- head + body
					default:
						p.say(granted)
					}
				}
			}
			relay := handmade(t, func(_ int, p *peer) { serve(p) })
			if tt.name == "stream" {
				time.AfterFunc(500*time.Millisecond, func() { close(held) })
			}
			serveDial(t, reverse(&ptth.Dialer{Relay: relay}), tt.handle)
			got := within(t, reply, "reply")
			if !strings.Contains(got, tt.want) {
				t.Errorf("got  %.400q\nwant %.400q", got, tt.want)
			}
		})
	}
}

// TestReverseHTTPBreaks: a part of an answer does not pass for the whole, and
// the link goes on.
func TestReverseHTTPBreaks(t *testing.T) {
	for name, handle := range map[string]func(context.Context, *http1.Exchange){
		"of unknown length": func(_ context.Context, x *http1.Exchange) {
			x.Start(200, nil)
			x.EndStream()
			io.WriteString(x, strings.Repeat("x", 70_000))
		},
		"of known length": func(_ context.Context, x *http1.Exchange) {
			x.Start(200, nil)
			x.EndLength(80_000)
			io.WriteString(x, strings.Repeat("x", 70_000))
		},
	} {
		t.Run(name, func(t *testing.T) {
			again := make(chan string, 1)
			relay := handmade(t, func(n int, p *peer) {
				if n == 1 {
					head, _ := p.read()
					again <- head
					return
				}
				p.want(claimHead + claimForm)
				p.say(granted)
				p.want(pollFor(1))
				p.say(enclosed(2, "GET / HTTP/1.1\r\n\r\n"))
				if b, _ := io.ReadAll(p); strings.HasSuffix(string(b), "0\r\n\r\n") || len(b) < 70_000 || len(b) > 71_000 {
					t.Errorf("got %d bytes", len(b))
				}
			})
			serveDial(t, reverse(&ptth.Dialer{Relay: relay}), handle)
			if got := within(t, again, "next poll"); got != pollFor(2) {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestReverseHTTPUnwanted: when the relay answers before the end of an endless
// answer, there is nobody to take the rest.
func TestReverseHTTPUnwanted(t *testing.T) {
	stopped := make(chan error, 1)
	relay := handmade(t, func(n int, p *peer) {
		if n > 0 {
			return
		}
		p.read()
		p.say(granted)
		p.read()
		p.say(enclosed(2, "GET / HTTP/1.1\r\n\r\n"))
		p.ReadString('\n')
		p.say("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
		io.Copy(io.Discard, p)
	})
	serveDial(t, reverse(&ptth.Dialer{Relay: relay}), func(_ context.Context, x *http1.Exchange) {
		x.Start(200, nil)
		x.EndStream()
		var err error
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for ; err == nil; <-tick.C {
			io.WriteString(x, "tick\n")
			err = x.Flush()
		}
		stopped <- err
	})
	if err := within(t, stopped, "end of the stream"); err == nil {
		t.Error("no error")
	}
}

// TestClaimAnew: a relay that has forgotten the claim is asked again, once.
func TestClaimAnew(t *testing.T) {
	for _, status := range []string{"404 Not Found", "410 Gone", "403 Forbidden"} {
		t.Run(status, func(t *testing.T) {
			lost := "HTTP/1.1 " + status + "\r\nContent-Length: 4\r\n\r\ngone"
			relay := handmade(t, func(n int, p *peer) {
				switch n {
				case 0:
					p.want(claimHead + claimForm)
					p.say(granted)
					p.want(pollFor(1))
					p.say("HTTP/1.1 204 No Content\r\n\r\n")
					p.want(pollFor(1))
					p.say(lost)
					p.waitForEnd()
				case 1:
					p.want(claimHead + claimForm)
					p.say(strings.ReplaceAll(granted, "hh_t/1>", "hh_t/9>"))
					p.want(pollFor(9))
					p.say(lost)
				default:
					t.Errorf("connection %d", n)
				}
			})
			s := serveDial(t, reverse(&ptth.Dialer{Relay: relay}), hello)
			err := within(t, s.result, "end of Serve")
			var refused *ptth.RefusedError
			if !errors.As(err, &refused) || !strings.HasPrefix(status, fmt.Sprint(refused.Status)) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestReverseHTTPEnds: what ends the polls.
func TestReverseHTTPEnds(t *testing.T) {
	tests := []struct{ name, answer, want string }{
		{"closed", "", ""},
		{"busy", "HTTP/1.1 503 B\r\nContent-Length: 0\r\n\r\n", "relay grants no claim by ReverseHttp (503)"},
		{"other type", answer("application/http", "GET / HTTP/1.1\r\n\r\n"), "relay grants no claim by ReverseHttp (200)"},
		{"next elsewhere", "HTTP/1.1 204 N\r\nLink: <http://evil.test/>; rel=next\r\n\r\n", "a URL that is not its own"},
		{"request with next elsewhere", strings.ReplaceAll(enclosed(2, "GET / HTTP/1.1\r\n\r\n"), "http://HOST", "http://evil.test"), "a URL that is not its own"},
		{"switch unasked", "HTTP/1.1 101 S\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\nGET / HTTP/1.1\r\n\r\n", "relay grants no claim by ReverseHttp (101)"},
		{"cut", "HTTP/1.1 200 O\r\nContent-Type: message/http\r\nContent-Length: 99\r\n\r\nGET / HT", "EOF"},
		{"endless head", "HTTP/1.1 200 O\r\nA: " + strings.Repeat("a", 1<<17), "longer than"},
		{"endless hints", strings.Repeat("HTTP/1.1 100 C\r\n\r\n", 100), "too many informational answers"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			relay := handmade(t, func(n int, p *peer) {
				if n > 0 {
					return
				}
				p.read()
				p.say(granted)
				p.read()
				p.Conn.Write([]byte(tt.answer))
			})
			s := serveDial(t, reverse(&ptth.Dialer{Relay: relay}), hello)
			err := within(t, s.result, "end of Serve")
			if tt.want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if s.count.Load() != 0 {
				t.Error("something was run")
			}
		})
	}
}

// TestReverseHTTPAgain: a reply that was kept whole is not lost with its
// connection.
func TestReverseHTTPAgain(t *testing.T) {
	want := replyTo(1, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: D\r\nContent-Length: 6\r\n\r\nGET / ")
	for name, seen := range map[string]bool{"closed while it ran": false, "closed behind the reply": true} {
		t.Run(name, func(t *testing.T) {
			closed := make(chan struct{})
			polled := make(chan struct{})
			relay := handmade(t, func(n int, p *peer) {
				switch n {
				case 0:
					p.want(claimHead + claimForm)
					p.say(granted)
					p.want(pollFor(1))
					p.say(enclosed(2, "GET / HTTP/1.1\r\n\r\n"))
					if seen {
						p.want(want)
					}
					p.Conn.Close()
					close(closed)
				case 1:
					p.want(want)
					p.say(accepted)
					p.want(pollFor(2))
					close(polled)
				}
			})
			serveDial(t, reverse(&ptth.Dialer{Relay: relay}), func(ctx context.Context, x *http1.Exchange) {
				if !seen {
					within(t, closed, "closing")
				}
				hello(ctx, x)
			})
			within(t, polled, "next poll")
		})
	}
}
