package ptth_test

import (
	"context"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

const (
	polled    = "POST /comet/garage HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer hh_t\r\nContent-Length: 0\r\n\r\n"
	eventText = `{"message-id":"m1","method":"GET","request-uri":"/a","http-version":"PTTH/0.9","headers":[["Host",""],["Accept","*/*"]],"body":""}`
	replyHead = "POST /comet/garage HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer hh_t\r\nContent-Type: application/json\r\nContent-Length: "
	replyText = `{"message-id":"m1","http-version":"PTTH/0.9","status":200,"reason":"OK","headers":[["Content-Type","text/plain"],["Date","D"]],"body":"GET /a "}`
)

func comet(relay *ptth.Dialer) *ptth.Dialer {
	relay.Dialect, relay.Token = ptth.DialectComet, "hh_t"
	return relay
}

// TestComet holds the bytes of polls, an event and its reply.
func TestComet(t *testing.T) {
	relay := handmade(t, func(_ int, p *peer) {
		p.want(polled)
		p.say(answer("application/json", "{}"))
		p.want(polled)
		p.say(answer("application/json; charset=utf-8", eventText))
		p.want(replyHead + "144\r\n\r\n" + replyText)
		p.say("HTTP/1.1 204 No Content\r\nPTTH-Max-Conns: 7\r\n\r\n")
		p.want(polled)
		p.say("HTTP/1.1 200 OK\r\nPTTH-Max-Conns: 7\r\nContent-Length: 0\r\n\r\n")
		p.want(polled)
		p.say(answer("application/json", "{}"))
	})
	s := serveDial(t, comet(&ptth.Dialer{Relay: relay}), hello)
	within(t, s.result, "end of Serve")
	if a := s.link.About(); a.Dialect != ptth.DialectComet || !a.Negotiated || a.MaxLinks != 7 || a.Ping != 0 || a.Whole || a.Shared || a.RoundTrip <= 0 {
		t.Errorf("about %+v", a)
	}
}

// TestCometReplies: what a handler answers, and what the relay gets.
func TestCometReplies(t *testing.T) {
	long := strings.Repeat("x", 8<<20)
	tests := []struct {
		name, event string
		handle      func(context.Context, *http1.Exchange)
		want        string // in the reply
	}{
		{"post", `{"message-id":"m","method":"POST","request-uri":"/p?q","headers":[["X-A","1"]],"body":"grüß"}`, hello, `"body":"POST /p?q grüß"`},
		{"binary", `{"message-id":"m","method":"PUT","request-uri":"/","headers":[],"body":"/wA=","body-encoding":"base64"}`, hello, `"body":"UFVUIC8g/wA=","body-encoding":"base64"`},
		{"head", `{"message-id":"m","method":"HEAD","request-uri":"/","headers":[],"body":""}`, hello, `["Content-Length","7"]],"body":""}`},
		{"no answer", eventText, func(context.Context, *http1.Exchange) {}, `"status":500,"reason":"Internal Server Error"`},
		{"half an answer", eventText, func(_ context.Context, x *http1.Exchange) {
			x.Start(200, nil)
			x.EndLength(4)
			io.WriteString(x, "ab")
		}, `"status":502,`},
		{"hints", eventText, func(ctx context.Context, x *http1.Exchange) {
			x.Start(103, nil)
			x.EndEmpty()
			hello(ctx, x)
		}, `"status":200,`},
		{"stream of events", eventText, func(_ context.Context, x *http1.Exchange) {
			x.Start(200, nil)
			x.Field("Content-Type", "text/event-stream; charset=utf-8")
			x.EndStream()
			io.WriteString(x, "data: 1\n\n")
			x.Flush()
		}, `"status":501,`},
		{"too long", eventText, func(_ context.Context, x *http1.Exchange) {
			x.Start(200, nil)
			x.EndLength(8<<20 + 1)
		}, `"status":502,"reason":"Bad Gateway"`},
		{"too long unsaid", eventText, func(_ context.Context, x *http1.Exchange) {
			x.Start(200, nil)
			x.EndStream()
			for range 3 {
				io.WriteString(x, long[:3<<20])
			}
			x.Finish()
		}, `the answer is longer than the 8 MiB that the dialect comet can carry`},
		{"as long as can be", eventText, func(_ context.Context, x *http1.Exchange) {
			x.Start(200, nil)
			x.EndStream()
			io.WriteString(x, long)
			x.Finish()
		}, `"body":"` + long + `"}`},
		{"fields of the connection", eventText, func(_ context.Context, x *http1.Exchange) {
			x.Start(200, nil)
			x.Field("Connection", "X-Hop")
			x.Field("X-Hop", "1")
			x.Field("X-End", "2")
			x.Field("Date", "D")
			x.EndLength(0)
			x.Finish()
		}, `"headers":[["X-End","2"],["Date","D"]],`},
		{"method that is none", `{"message-id":"m","method":"GE T","request-uri":"/"}`, hello, `"status":400`},
		{"target that would inject", `{"message-id":"m","method":"GET","request-uri":"/ HTTP/1.1\r\nX: y"}`, hello, `"status":400`},
		{"field that would inject", `{"message-id":"m","method":"GET","request-uri":"/","headers":[["A","b\r\nHomehook-Delivery: x"]]}`, hello, `"status":400`},
		{"name that would inject", `{"message-id":"m","method":"GET","request-uri":"/","headers":[["A:b\r\nC","d"]]}`, hello, `"status":400`},
		{"head that is too long", `{"message-id":"m","method":"GET","request-uri":"/","headers":[["A","` + strings.Repeat("a", 100<<10) + `"]]}`, hello, `"status":431`},
		{"body that is no base64", `{"message-id":"m","method":"GET","request-uri":"/","body":"?","body-encoding":"base64"}`, hello, `"status":400`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			reply := make(chan string, 1)
			relay := handmade(t, func(n int, p *peer) {
				if n > 0 {
					return
				}
				p.read()
				p.say(answer("application/json", tt.event))
				_, body := p.read()
				p.say(answer("application/json", "{}"))
				reply <- body
				p.read()
			})
			s := serveDial(t, comet(&ptth.Dialer{Relay: relay}), tt.handle)
			if got := within(t, reply, "reply"); !strings.Contains(got, tt.want) || !strings.HasPrefix(got, `{"message-id":"m`) {
				t.Errorf("got %.300s\nwant %.300s", got, tt.want)
			}
			if refused := strings.Contains(tt.want, `"status":4`); refused != (s.count.Load() == 0) {
				t.Errorf("%d exchanges", s.count.Load())
			}
		})
	}
}

// TestCometAgain: a reply is not lost with its connection.
func TestCometAgain(t *testing.T) {
	const again = replyHead + "144\r\n\r\n" + replyText
	for name, first := range map[string]func(*peer){
		"closed while it ran":     func(p *peer) { p.say(answer("application/json", eventText)) },
		"closed behind the reply": func(p *peer) { p.say(answer("application/json", eventText)); p.want(again) },
		"closed as was said": func(p *peer) {
			p.say(strings.Replace(answer("application/json", eventText), "\r\n", "\r\nConnection: close\r\n", 1))
		},
		"HTTP/1.0": func(p *peer) {
			p.say("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + eventText)
		},
	} {
		t.Run(name, func(t *testing.T) {
			closed := make(chan struct{})
			relay := handmade(t, func(n int, p *peer) {
				switch n {
				case 0:
					p.want(polled)
					first(p)
					p.Conn.Close()
					close(closed)
				case 1:
					p.want(again)
					p.say(answer("application/json", "{}"))
					p.want(polled)
				default:
					t.Errorf("connection %d", n)
				}
			})
			s := serveDial(t, comet(&ptth.Dialer{Relay: relay}), func(ctx context.Context, x *http1.Exchange) {
				if name != "closed behind the reply" {
					within(t, closed, "closing")
				}
				hello(ctx, x)
			})
			within(t, s.result, "end of Serve")
			if s.count.Load() != 1 {
				t.Errorf("run %d times", s.count.Load())
			}
		})
	}
}

// TestCometOnce: a reply is tried twice and no more.
func TestCometOnce(t *testing.T) {
	relay := handmade(t, func(n int, p *peer) {
		p.read()
		if n == 0 {
			p.say(answer("application/json", eventText))
			p.read()
		}
		if n > 1 {
			t.Errorf("connection %d", n)
		}
	})
	s := serveDial(t, comet(&ptth.Dialer{Relay: relay}), hello)
	within(t, s.result, "end of Serve")
}

// TestCometEnds: the ways in which polls end.
func TestCometEnds(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000)
	tests := []struct{ name, answer, want string }{
		{"closed", "", ""},
		{"refused", "HTTP/1.1 401 U\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nno\n", "relay refuses a link (401): no"},
		{"login page", answer("text/html", "<html>"), "captive portal"},
		{"switch unasked", "HTTP/1.1 101 S\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\nGET / HTTP/1.1\r\n\r\n", "relay takes no polls (101)"},
		{"redirect", "HTTP/1.1 307 M\r\nLocation: http://other.test/\r\nContent-Length: 0\r\n\r\n", "relay takes no polls (307)"},
		{"no JSON", answer("application/json", "{"), "JSON object"},
		{"two objects", answer("application/json", "{}{}"), "JSON object"},
		{"list", answer("application/json", "["+eventText+"]"), "JSON object"},
		{"no id", answer("application/json", `{"method":"GET","request-uri":"/"}`), "message-id"},
		{"empty id", answer("application/json", `{"message-id":"","method":"GET","request-uri":"/"}`), "message-id"},
		{"deep", answer("application/json", deep), "JSON object"},
		{"not UTF-8", answer("application/json", "{\"message-id\":\"\xff\"}"), "JSON object"},
		{"announced too long", "HTTP/1.1 200 O\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n", "exceeds the limit"},
		{"cut", "HTTP/1.1 200 O\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{", "unexpected EOF"},
		{"endless hints", strings.Repeat("HTTP/1.1 100 C\r\n\r\n", 100), "too many informational answers"},
		{"endless head", "HTTP/1.1 200 O\r\nA: " + strings.Repeat("a", 1<<17), "longer than"},
		{"no HTTP", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "malformed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			relay := handmade(t, func(_ int, p *peer) {
				p.read()
				p.say(answer("application/json", "{}"))
				p.read()
				p.Conn.Write([]byte(tt.answer))
			})
			s := serveDial(t, comet(&ptth.Dialer{Relay: relay}), hello)
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

// TestCometHeld: a poll that is held has been taken, and ends when it is told
// to.
func TestCometHeld(t *testing.T) {
	t.Parallel()
	relay := handmade(t, func(_ int, p *peer) { p.want(polled); p.waitForEnd() })
	s := serveDial(t, comet(&ptth.Dialer{Relay: relay}), hello)
	s.leave()
	if err := within(t, s.result, "end of Serve"); err != nil {
		t.Error(err)
	}
}

// TestCometLeave: a link that is to be left takes what the poll under way
// brings, and sends no other but the reply to it.
func TestCometLeave(t *testing.T) {
	out, told := make(chan struct{}), make(chan struct{})
	relay := handmade(t, func(_ int, p *peer) {
		p.want(polled)
		p.say(answer("application/json", "{}"))
		p.want(polled)
		close(out)
		<-told
		p.say(answer("application/json", eventText))
		p.want(replyHead + "144\r\n\r\n" + replyText)
		p.say(answer("application/json", "{}"))
		p.waitForEnd()
	})
	s := serveDial(t, comet(&ptth.Dialer{Relay: relay}), hello)
	within(t, out, "poll")
	s.link.Leave()
	close(told)
	if err := within(t, s.result, "end of Serve"); err != nil {
		t.Error(err)
	}
}

// TestCometStops: an exchange that runs is finished and its reply sent, and
// nothing is awaited then.
func TestCometStops(t *testing.T) {
	replied := make(chan struct{})
	relay := handmade(t, func(_ int, p *peer) {
		p.read()
		p.say(answer("application/json", eventText))
		p.want(replyHead + "144\r\n\r\n" + replyText)
		close(replied)
		p.waitForEnd()
	})
	var s *served
	ready := make(chan struct{})
	s = serveDial(t, comet(&ptth.Dialer{Relay: relay}), func(ctx context.Context, x *http1.Exchange) {
		<-ready
		s.leave()
		hello(ctx, x)
	})
	close(ready)
	began := time.Now()
	if err := within(t, s.result, "end of Serve"); err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("got %v after %v", err, time.Since(began))
	}
	within(t, replied, "reply")
}

// TestNonsensePolls: a relay whose answers make no sense does not make an agent
// spin.
func TestNonsensePolls(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		dialect, claimed, answer string
	}{
		"comet":       {ptth.DialectComet, "", answer("application/json", `{"message-id":"m","method":1}`)},
		"reversehttp": {ptth.DialectReverseHTTP, granted, answer("message/http", "nonsense")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The first polls may follow each other at once.
			const hasty = 13
			var polls atomic.Int32
			paced := make(chan time.Time, 2)
			relay := handmade(t, func(_ int, p *peer) {
				for {
					head, _ := p.read()
					switch {
					case head == "":
						return
					case strings.HasPrefix(head, "POST /reversehttp HTTP/1.1"):
						p.say(tt.claimed)
					case strings.HasPrefix(head, "POST /reversehttp"):
						p.say("HTTP/1.1 202 A\r\nContent-Length: 0\r\n\r\n")
					default:
						if n := polls.Add(1); n == hasty || n == hasty+1 {
							paced <- time.Now()
						}
						p.say(tt.answer)
					}
				}
			})
			s := serveDial(t, &ptth.Dialer{Relay: relay, Token: "hh_t", Dialect: tt.dialect}, hello)
			before := within(t, paced, "a poll that waits")
			after := within(t, paced, "the poll behind it")
			s.link.Close()
			within(t, s.result, "end of Serve")
			if rest := after.Sub(before); rest < 900*time.Millisecond || s.count.Load() != 0 {
				t.Errorf("polls follow each other in %v, %d exchanges", rest, s.count.Load())
			}
		})
	}
}
