package ptth_test

import (
	"slices"
	"strings"
	"testing"

	"homehook/ptth"
)

// TestProbe reports each dialect, and keeps nothing.
func TestProbe(t *testing.T) {
	tests := []struct {
		name    string
		takes   []string
		refusal string
		dialect string
		want    []string // with a minus for those that are not offered
		chosen  string
		err     string
	}{
		{"all", order, notFound, "", []string{"ptth/1.0", "ptth", "ptth/0.9", "comet", "reversehttp"}, ptth.Dialect10, ""},
		{"last", order[4:], notFound, "", []string{"-ptth/1.0", "-ptth", "-ptth/0.9", "-comet", "reversehttp"}, ptth.DialectReverseHTTP, ""},
		{"none", nil, notFound, "", []string{"-ptth/1.0", "-ptth", "-ptth/0.9", "-comet", "-reversehttp"}, "", "nor does it take"},
		{"told", order, notFound, ptth.DialectComet, []string{"comet"}, ptth.DialectComet, ""},
		{"no token", nil, "HTTP/1.1 401 U\r\nContent-Length: 0\r\n\r\n", "", []string{"-ptth/1.0"}, "", "(401)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newPicky(t, tt.takes...)
			r.refuse(func(string) string { return tt.refusal })
			d := &ptth.Dialer{Relay: r.url, Dialect: tt.dialect}
			var got []string
			chosen, err := d.Probe(t.Context(), "garage", func(a ptth.Attempt) {
				s := a.Dialect
				if a.Err != nil {
					s = "-" + s
				} else if a.Link.Dialect != s || a.Link.RoundTrip <= 0 {
					t.Errorf("%+v", a)
				}
				got = append(got, s)
			})
			if !slices.Equal(got, tt.want) || chosen != tt.chosen {
				t.Errorf("got %s, chose %s", got, chosen)
			}
			if tt.err == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestProbeTurnsAway: a request that a probe happens to get is answered.
func TestProbeTurnsAway(t *testing.T) {
	reply := make(chan string, 1)
	relay := handmade(t, func(_ int, p *peer) {
		p.read()
		p.say(answer("application/json", eventText))
		_, body := p.read()
		reply <- body
		p.waitForEnd()
	})
	d := &ptth.Dialer{Relay: relay, Dialect: ptth.DialectComet}
	if chosen, err := d.Probe(t.Context(), "garage", func(ptth.Attempt) {}); chosen != ptth.DialectComet || err != nil {
		t.Errorf("got %s, %v", chosen, err)
	}
	if got := within(t, reply, "reply"); !strings.Contains(got, `"status":503`) || !strings.Contains(got, `["Retry-After","1"]`) {
		t.Errorf("got %s", got)
	}
}
