package ptth_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/ptth"
)

var order = []string{ptth.Dialect10, ptth.DialectPTTH, ptth.Dialect09, ptth.DialectComet, ptth.DialectReverseHTTP}

// picky is a relay that takes some dialects only.
type picky struct {
	url *url.URL

	mu      sync.Mutex
	asked   []string
	takes   []string
	refusal func(dialect string) string
}

const notFound = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\nnothing\n"

func newPicky(t *testing.T, takes ...string) *picky {
	r := &picky{takes: takes, refusal: func(string) string { return notFound }}
	r.url = handmade(t, r.play)
	return r
}

// asksFor tells which dialect a request is for.
func asksFor(head string) string {
	switch line, fields, _ := strings.Cut(head, "\r\n"); {
	case strings.Contains(fields, "Upgrade: PTTH/1.0\r\n"):
		return ptth.Dialect10
	case strings.Contains(fields, "Upgrade: ptth\r\n"):
		return ptth.DialectPTTH
	case strings.Contains(fields, "Upgrade: PTTH/0.9\r\n"):
		return ptth.Dialect09
	case strings.HasPrefix(line, "POST /comet/"):
		return ptth.DialectComet
	case strings.HasPrefix(line, "POST /reversehttp"):
		return ptth.DialectReverseHTTP
	}
	return head
}

func (r *picky) play(_ int, p *peer) {
	for {
		head, _ := p.read()
		if head == "" {
			return
		}
		dialect := asksFor(head)
		r.mu.Lock()
		r.asked = append(r.asked, dialect)
		taken, refusal := slices.Contains(r.takes, dialect), r.refusal
		r.mu.Unlock()
		if !taken {
			p.say(refusal(dialect))
			return
		}
		p.say(map[string]string{
			ptth.Dialect10:          switched,
			ptth.DialectPTTH:        "HTTP/1.1 101 S\r\nUpgrade: ptth\r\nConnection: Upgrade\r\nALPN: http%2F1.1\r\n\r\n",
			ptth.Dialect09:          "HTTP/1.1 101 S\r\nContent-Type: text/html\r\nDate: D\r\nUpgrade: PTTH/0.9\r\nContent-Length: 0\r\n\r\n",
			ptth.DialectComet:       answer("application/json", "{}"),
			ptth.DialectReverseHTTP: granted,
		}[dialect])
	}
}

// become changes what the relay takes, and returns what it was asked before.
func (r *picky) become(takes ...string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := r.asked
	r.takes, r.asked = takes, nil
	return asked
}

func (r *picky) refuse(f func(string) string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusal = f
}

// dialect dials and tells what came of it.
func dialectOf(t *testing.T, d *ptth.Dialer) string {
	t.Helper()
	l, err := d.Dial(t.Context(), "garage")
	if err != nil {
		return err.Error()
	}
	defer l.Close()
	return l.About().Dialect
}

// TestChoose: a relay of one dialect is found out, and remembered.
func TestChoose(t *testing.T) {
	for i, dialect := range order {
		t.Run(dialect, func(t *testing.T) {
			r := newPicky(t, dialect)
			d := &ptth.Dialer{Relay: r.url}
			for _, want := range [][]string{order[:i+1], {dialect}, {dialect}} {
				if got := dialectOf(t, d); got != dialect {
					t.Errorf("got %s", got)
				}
				if got := r.become(dialect); !slices.Equal(got, want) {
					t.Errorf("asked for %s, want %s", got, want)
				}
			}
		})
	}
}

// TestTold: a dialer that is told its dialect asks for that one only.
func TestTold(t *testing.T) {
	for _, dialect := range order {
		r := newPicky(t)
		d := &ptth.Dialer{Relay: r.url, Dialect: dialect}
		var refused *ptth.RefusedError
		if _, err := d.Dial(t.Context(), "garage"); !errors.As(err, &refused) || refused.Dialect != dialect || refused.Status != 404 {
			t.Errorf("%s: got %v", dialect, err)
		}
		if got := r.become(dialect); !slices.Equal(got, []string{dialect}) {
			t.Errorf("asked for %s", got)
		}
		if got := dialectOf(t, d); got != dialect {
			t.Errorf("got %s, want %s", got, dialect)
		}
	}
	if _, err := (&ptth.Dialer{Relay: newPicky(t).url, Dialect: "smtp"}).Dial(t.Context(), "garage"); err == nil || !strings.Contains(err.Error(), "comet") {
		t.Errorf("got %v", err)
	}
}

// TestChooseTogether: one look is enough for all that dial at once.
func TestChooseTogether(t *testing.T) {
	r := newPicky(t, ptth.DialectReverseHTTP)
	d := &ptth.Dialer{Relay: r.url}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got := dialectOf(t, d); got != ptth.DialectReverseHTTP {
				t.Errorf("got %s", got)
			}
		})
	}
	wg.Wait()
	asked := r.become()
	for _, dialect := range order[:4] {
		if n := len(slices.DeleteFunc(slices.Clone(asked), func(s string) bool { return s != dialect })); n != 1 {
			t.Errorf("asked %d times for %s", n, dialect)
		}
	}
}

// TestRefusals: which answers mean that another dialect may do.
func TestRefusals(t *testing.T) {
	for status, goesOn := range map[int]bool{
		200: true, 204: true, 400: true, 404: true, 405: true, 406: true, 410: true, 426: true, 501: true, 505: true,
		401: false, 403: false, 407: false, 408: false, 429: false, 500: false, 502: false, 503: false, 504: false,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			r := newPicky(t, ptth.DialectComet)
			r.refuse(func(string) string {
				if status == 204 {
					return "HTTP/1.1 204 No Content\r\nServer: s\r\n\r\n"
				}
				return fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n", status)
			})
			want, asked := fmt.Sprintf("relay opens no link with PTTH/1.0 (%d)", status), order[:1]
			if status == 401 || status == 403 || status == 429 {
				want = fmt.Sprintf("relay refuses a link (%d)", status)
			}
			if goesOn {
				want, asked = ptth.DialectComet, order[:4]
			}
			if got := dialectOf(t, &ptth.Dialer{Relay: r.url}); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if got := r.become(); !slices.Equal(got, asked) {
				t.Errorf("asked for %s, want %s", got, asked)
			}
		})
	}
}

// TestPreferred: what a relay names in a 426 is tried next.
func TestPreferred(t *testing.T) {
	tests := []struct {
		offers string
		want   []string
	}{
		{"", order},
		{"ptth", order},
		{"PTTH/0.9", []string{ptth.Dialect10, ptth.Dialect09, ptth.DialectPTTH, ptth.DialectComet, ptth.DialectReverseHTTP}},
		{"websocket, Ptth/0.9 ,PTTH", []string{ptth.Dialect10, ptth.Dialect09, ptth.DialectPTTH, ptth.DialectComet, ptth.DialectReverseHTTP}},
		{"reversehttp", []string{ptth.Dialect10, ptth.DialectReverseHTTP, ptth.DialectPTTH, ptth.Dialect09, ptth.DialectComet}},
		{"PTTH/2.0, h2c", order},
	}
	for _, tt := range tests {
		t.Run(tt.offers, func(t *testing.T) {
			r := newPicky(t)
			r.refuse(func(dialect string) string {
				if dialect == ptth.Dialect10 {
					return "HTTP/1.1 426 U\r\nUpgrade: " + tt.offers + "\r\nContent-Length: 0\r\n\r\n"
				}
				return notFound
			})
			_, err := (&ptth.Dialer{Relay: r.url}).Dial(t.Context(), "garage")
			var none *ptth.NoDialectError
			var first *ptth.RefusedError
			if !errors.As(err, &none) || !errors.As(err, &first) || first.Status != 426 || none.Note != "" {
				t.Errorf("got %v", err)
			}
			if got := r.become(); !slices.Equal(got, tt.want) {
				t.Errorf("asked for %s, want %s", got, tt.want)
			}
			if !strings.HasPrefix(err.Error(), "relay opens no link with PTTH/1.0 (426); nor does it take ") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestStripped: an answer that asks for what was sent tells of a proxy.
func TestStripped(t *testing.T) {
	for name, tt := range map[string]struct {
		answer string
		want   []string
	}{
		"names it":        {"HTTP/1.1 426 U\r\nUpgrade: PTTH/1.0\r\nContent-Length: 0\r\n\r\n", []string{ptth.Dialect10, ptth.DialectComet}},
		"names two":       {"HTTP/1.1 426 U\r\nUpgrade: ptth, PTTH/1.0\r\nContent-Length: 0\r\n\r\n", []string{ptth.Dialect10, ptth.DialectPTTH, ptth.DialectComet}},
		"names it by 400": {"HTTP/1.1 400 U\r\nUpgrade: PTTH/1.0\r\nContent-Length: 0\r\n\r\n", []string{ptth.Dialect10, ptth.DialectComet}},
		"says it": {
			"HTTP/1.1 426 U\r\nContent-Type: text/plain\r\nContent-Length: 58\r\n\r\nif it sent them, a proxy in between has removed them again",
			[]string{ptth.Dialect10, ptth.DialectComet},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newPicky(t, ptth.DialectComet)
			r.refuse(func(string) string { return tt.answer })
			d := &ptth.Dialer{Relay: r.url}
			for range 2 {
				l, err := d.Dial(t.Context(), "garage")
				if err != nil {
					t.Fatal(err)
				}
				l.Close()
				if a := l.About(); a.Dialect != ptth.DialectComet || !strings.Contains(a.Note, "removes the field Upgrade") {
					t.Errorf("about %+v", a)
				}
			}
			if got := r.become(); !slices.Equal(got, append(tt.want, ptth.DialectComet)) {
				t.Errorf("asked for %s, want %s", got, tt.want)
			}
			_, err := (&ptth.Dialer{Relay: r.url}).Dial(t.Context(), "garage")
			if err == nil || !strings.Contains(err.Error(), "removes the field Upgrade") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestPreferredIsNotStripped: a relay that names two and grants the other.
func TestPreferredIsNotStripped(t *testing.T) {
	r := newPicky(t, ptth.DialectPTTH)
	r.refuse(func(string) string {
		return "HTTP/1.1 426 U\r\nUpgrade: ptth, PTTH/1.0\r\nContent-Length: 0\r\n\r\n"
	})
	l, err := (&ptth.Dialer{Relay: r.url}).Dial(t.Context(), "garage")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a := l.About(); a.Dialect != ptth.DialectPTTH || a.Note != "" {
		t.Errorf("about %+v", a)
	}
}

// TestPortal: what looks like a login page is named, and asked once.
func TestPortal(t *testing.T) {
	for name, answer := range map[string]string{
		"301":  "HTTP/1.1 301 M\r\nLocation: http://login.test/\r\nContent-Length: 0\r\n\r\n",
		"302":  "HTTP/1.1 302 F\r\nLocation: http://login.test/\r\nContent-Length: 0\r\n\r\n",
		"303":  "HTTP/1.1 303 S\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n",
		"511":  "HTTP/1.1 511 N\r\nContent-Length: 0\r\n\r\n",
		"page": answer("Text/HTML; charset=utf-8", "<html>"),
	} {
		t.Run(name, func(t *testing.T) {
			r := newPicky(t)
			r.refuse(func(string) string { return answer })
			_, err := (&ptth.Dialer{Relay: r.url, Token: "hh_t"}).Dial(t.Context(), "garage")
			var refused *ptth.RefusedError
			if !errors.Is(err, ptth.ErrPortal) || !errors.As(err, &refused) || !strings.HasPrefix(err.Error(), "relay opens no link with PTTH/1.0 (") {
				t.Errorf("got %v", err)
			}
			if got := r.become(); !slices.Equal(got, order[:1]) {
				t.Errorf("asked for %s", got)
			}
		})
	}
}

// TestChange: when a relay does not take any more what it took, all that is
// left is tried.
func TestChange(t *testing.T) {
	r := newPicky(t, ptth.DialectComet)
	d := &ptth.Dialer{Relay: r.url}
	if got := dialectOf(t, d); got != ptth.DialectComet {
		t.Fatal(got)
	}
	r.become(ptth.DialectReverseHTTP)
	if got := dialectOf(t, d); got != ptth.DialectReverseHTTP {
		t.Error(got)
	}
	want := []string{ptth.DialectComet, ptth.Dialect10, ptth.DialectPTTH, ptth.Dialect09, ptth.DialectReverseHTTP}
	if got := r.become(ptth.Dialect10); !slices.Equal(got, want) {
		t.Errorf("asked for %s, want %s", got, want)
	}
	if got := dialectOf(t, d); got != ptth.Dialect10 {
		t.Error(got)
	}
	r.become()
	r.refuse(func(string) string { return "HTTP/1.1 503 S\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n" })
	var refused *ptth.RefusedError
	if _, err := d.Dial(t.Context(), "garage"); !errors.As(err, &refused) || refused.RetryAfter != 7*time.Second {
		t.Errorf("got %v", err)
	}
	if got := r.become(ptth.Dialect10); !slices.Equal(got, order[:1]) {
		t.Errorf("asked for %s: a relay that is busy is asked for nothing else", got)
	}
}

// TestUpward: once a day something better is tried.
func TestUpward(t *testing.T) {
	r := newPicky(t, ptth.DialectReverseHTTP)
	now := time.Now()
	d := &ptth.Dialer{Relay: r.url}
	d.SetClock(func() time.Time { return now })
	steps := []struct {
		after time.Duration
		takes []string
		want  string
		asked []string
	}{
		{0, []string{ptth.DialectReverseHTTP}, ptth.DialectReverseHTTP, order},
		{23 * time.Hour, order, ptth.DialectReverseHTTP, order[4:]},
		{time.Hour, []string{ptth.DialectReverseHTTP}, ptth.DialectReverseHTTP, order},
		{time.Hour, order, ptth.DialectReverseHTTP, order[4:]},
		{23 * time.Hour, order[3:], ptth.DialectComet, order[:4]},
		{time.Hour, order, ptth.DialectComet, order[3:4]},
		{23 * time.Hour, order, ptth.Dialect10, order[:1]},
		{100 * time.Hour, order, ptth.Dialect10, order[:1]},
	}
	for i, s := range steps {
		now = now.Add(s.after)
		r.become(s.takes...)
		if got := dialectOf(t, d); got != s.want {
			t.Errorf("step %d: got %s, want %s", i, got, s.want)
		}
		if got := r.become(); !slices.Equal(got, s.asked) {
			t.Errorf("step %d: asked for %s, want %s", i, got, s.asked)
		}
	}
}

// TestUpgradeAsPoll: a relay that knows polls only may take the request for a
// switch for one, and answer with an event.
func TestUpgradeAsPoll(t *testing.T) {
	for name, first := range map[string]string{"event": eventText, "none": "{}"} {
		t.Run(name, func(t *testing.T) {
			replied := make(chan string, 1)
			relay := handmade(t, func(n int, p *peer) {
				head, _ := p.read()
				if !strings.HasPrefix(head, "POST /ptth/garage HTTP/1.1\r\n") || strings.Contains(head, "Upgrade") != (n == 0) {
					t.Errorf("got %q", head)
				}
				if n == 0 {
					time.Sleep(100 * time.Millisecond) // the pause itself: nothing has come so far
					p.say(answer("application/json", first))
				} else {
					p.say(answer("application/json", eventText))
				}
				_, reply := p.read()
				p.say(answer("application/json", "{}"))
				if n == 1 || first != "{}" {
					replied <- reply
				}
				p.read()
			})
			d := &ptth.Dialer{Relay: relay}
			for range 2 {
				s := serveDial(t, d, hello)
				if first != "{}" {
					if got := within(t, replied, "reply"); got != replyText {
						t.Errorf("got %q", got)
					}
				}
				if got := s.link.About().Dialect; got != ptth.DialectComet {
					t.Errorf("got %s", got)
				}
			}
			if first == "{}" {
				within(t, replied, "reply")
			}
		})
	}
}

// TestLikeAPoll: an answer in JSON that is no event does not make a poll.
func TestLikeAPoll(t *testing.T) {
	for _, body := range []string{`{"error":"no such place"}`, `[]`, `null`, `"x"`, `{"message-id":1}`} {
		r := newPicky(t)
		r.refuse(func(string) string { return answer("application/json", body) })
		_, err := (&ptth.Dialer{Relay: r.url}).Dial(t.Context(), "garage")
		var none *ptth.NoDialectError
		if !errors.As(err, &none) || len(r.become()) != 5 {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

// TestSearchCancelled: who gives up does not take the others with him.
func TestSearchCancelled(t *testing.T) {
	began := make(chan struct{}, 2)
	relay := handmade(t, func(n int, p *peer) {
		p.read()
		began <- struct{}{}
		if n == 0 {
			p.waitForEnd() // the first one is left without an answer
			return
		}
		p.say(switched)
		p.waitForEnd()
	})
	d := &ptth.Dialer{Relay: relay}
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan string, 1)
	go func() {
		_, err := d.Dial(ctx, "garage")
		first <- err
	}()
	within(t, began, "first request")
	go func() { second <- dialectOf(t, d) }()
	cancel()
	if err := within(t, first, "end of the first"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := within(t, second, "end of the second"); got != ptth.Dialect10 {
		t.Errorf("got %s", got)
	}
}
