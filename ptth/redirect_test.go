package ptth_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"homehook/http1"
	"homehook/ptth"
)

func redirectTo(status int, location string) string {
	return fmt.Sprintf("HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", status, location)
}

func TestRedirects(t *testing.T) {
	for _, status := range []int{307, 308} {
		t.Run(fmt.Sprint(status, " to another port"), func(t *testing.T) {
			there := newScripted(t, nil, switched)
			here := newScripted(t, nil, redirectTo(status, there.url.String()+"/other?x"))
			if err := reach(&ptth.Dialer{Relay: here.url, Token: "hh_t"}); err != nil {
				t.Fatal(err)
			}
			r := there.requests()[0]
			if r.RequestURI != "/other?x" || r.Host != there.url.Host || r.Header.Get("Authorization") != "" {
				t.Errorf("asked %s of %s with token %q", r.RequestURI, r.Host, r.Header.Get("Authorization"))
			}
			if got := here.requests()[0].Header.Get("Authorization"); got != "Bearer hh_t" {
				t.Errorf("the relay itself got %q", got)
			}
		})
		t.Run(fmt.Sprint(status, " to another host"), func(t *testing.T) {
			there := newScripted(t, nil, switched)
			named := "http://localhost:" + there.url.Port() + "/"
			here := newScripted(t, nil, redirectTo(status, named))
			if err := reach(&ptth.Dialer{Relay: here.url, Token: "hh_t"}); err != nil {
				t.Skipf("localhost does not lead to 127.0.0.1 here: %v", err)
			}
			if got := there.requests()[0].Header.Get("Authorization"); got != "" {
				t.Errorf("the token leaked: %q", got)
			}
		})
	}
}

// TestRedirectWithinHost keeps the token, also where Location is relative.
func TestRedirectWithinHost(t *testing.T) {
	tokens := make(chan string, 10)
	r := newRelay(t, func(x *http1.Exchange) bool {
		v, _ := x.Request.Get("Authorization")
		tokens <- string(x.Request.Target) + " " + string(v)
		if string(x.Request.Target) == "/moved" {
			return false
		}
		x.Start(308, nil)
		x.Field("Location", "/moved")
		x.EndLength(0)
		x.Finish()
		return true
	})
	al, err := (&ptth.Dialer{Relay: r.url, Token: "hh_t"}).Dial(context.Background(), "garage")
	if err != nil {
		t.Fatal(err)
	}
	defer al.Close()
	closing(t, within(t, r.links, "link"))
	for _, want := range []string{"/ptth/garage Bearer hh_t", "/moved Bearer hh_t"} {
		if got := within(t, tokens, "request"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestRedirectAndBack: a token that stayed behind does not come back.
func TestRedirectAndBack(t *testing.T) {
	there := newScripted(t, nil, "")
	here := newScripted(t, nil, redirectTo(307, there.url.String()))
	there.say(redirectTo(307, here.url.String()+"/back"))
	err := reach(&ptth.Dialer{Relay: here.url, Token: "hh_t"})
	if err == nil || !strings.Contains(err.Error(), "redirects too often") {
		t.Errorf("got %v", err)
	}
	with := 0
	for _, r := range append(here.requests(), there.requests()...) {
		if r.Header.Get("Authorization") != "" {
			with++
		}
	}
	if with != 1 {
		t.Errorf("the token was sent %d times, want once", with)
	}
}

// TestRedirectCount follows five redirects, and not six.
func TestRedirectCount(t *testing.T) {
	for hops, ok := range map[int]bool{5: true, 6: false} {
		asked := 0
		r := newRelay(t, func(x *http1.Exchange) bool {
			if asked++; asked > hops {
				return false
			}
			x.Start(307, nil)
			x.Field("Location", fmt.Sprint("/", asked))
			x.EndLength(0)
			x.Finish()
			return true
		})
		al, err := (&ptth.Dialer{Relay: r.url}).Dial(context.Background(), "garage")
		if (err == nil) != ok || asked != 6 {
			t.Errorf("%d redirects: asked %d times, %v", hops, asked, err)
		}
		if err == nil {
			al.Close()
			closing(t, within(t, r.links, "link"))
		}
	}
}

func TestRedirectToPlain(t *testing.T) {
	server, client := certificate(t)
	there := newScripted(t, nil, switched)
	here := newScripted(t, server, redirectTo(307, there.url.String()))
	err := reach(&ptth.Dialer{Relay: here.url, TLS: client, Token: "hh_t"})
	if err == nil || !strings.Contains(err.Error(), "relay redirects from https to http") {
		t.Errorf("got %v", err)
	}
	if n := len(there.requests()); n != 0 {
		t.Errorf("%d requests went out in the clear", n)
	}
}

func TestRedirectToTLS(t *testing.T) {
	server, client := certificate(t)
	there := newScripted(t, server, switched)
	here := newScripted(t, nil, redirectTo(308, there.url.String()))
	if err := reach(&ptth.Dialer{Relay: here.url, TLS: client, Token: "hh_t"}); err != nil {
		t.Fatal(err)
	}
	if got := there.requests()[0].Header.Get("Authorization"); got != "" {
		t.Errorf("the token leaked: %q", got)
	}
}

// TestRedirectToNoURL: what a relay writes into Location gets into the head of
// the next request, and must not be able to say more there than where to ask.
func TestRedirectToNoURL(t *testing.T) {
	for _, location := range []string{"/x?a HTTP/1.1", "/x?\xff", "http://\xff.example/", "", "javascript:alert(1)", "http://"} {
		r := newScripted(t, nil, redirectTo(307, location))
		var bad *ptth.AnswerError
		if err := reach(&ptth.Dialer{Relay: r.url, Token: "hh_t", Dialect: ptth.Dialect10}); !errors.As(err, &bad) {
			t.Errorf("%q: %v", location, err)
		}
		if n := len(r.requests()); n != 1 {
			t.Errorf("%q: asked %d times", location, n)
		}
	}
}

// TestAnswerError: an answer that is none is told from one that did not come,
// which is worth another try soon; no error names a port of this machine, or
// each would be news.
func TestAnswerError(t *testing.T) {
	t.Parallel()
	for answer, nonsense := range map[string]bool{
		"SSH-2.0-OpenSSH_9.6\r\n\r\n":                          true,
		"HTTP/1.1 200 OK\r\nA: \x1b\r\n\r\n":                   true,
		"HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", 70<<10): true,
		strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 20):    true,
		redirectTo(307, "/again"):                              true,
		"":                                                     false,
		"HTTP/1.1 200 OK\r\nUpgr":                              false,
		"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n": false,
	} {
		r := newScripted(t, nil, answer)
		err := reach(&ptth.Dialer{Relay: r.url, Dialect: ptth.Dialect10})
		var bad *ptth.AnswerError
		if err == nil || errors.As(err, &bad) != nonsense {
			t.Errorf("%.40q: %v", answer, err)
		}
		if strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%.40q: %v", answer, err)
		}
	}
}
