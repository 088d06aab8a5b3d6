package main

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	names := []string{"greet", "deploy the blog", "Everything else"}
	for name, want := range map[string]string{
		"great": "greet", "GREET": "greet", "deploy": "deploy the blog", "everythingelse": "Everything else",
		"nope": "", "": "", "x": "", strings.Repeat("a", 100): "",
	} {
		if got := nearest(name, names); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "abd", 1}, {"abc", "bc", 1}, {"kitten", "sitting", 3}} {
		if got := distance(tt.a, tt.b) + distance(tt.b, tt.a); got != 2*tt.want {
			t.Errorf("%q and %q: got %d, want %d", tt.a, tt.b, got, 2*tt.want)
		}
	}
}

func TestNoteMissing(t *testing.T) {
	a, _, errs := newTestApp(t)
	a.noteMissing("claim", "garage", []string{"garage"})
	a.noteMissing("claim", "", nil)
	a.noteMissing("claim", "no\x1bpe", []string{"garage"})
	a.noteMissing("route", "greed", []string{"greet"})
	want := "no claim \"no\\x1bpe\" is configured\nno route \"greed\" is configured; did you mean \"greet\"?\n"
	if errs.String() != want {
		t.Errorf("got %q, want %q", errs, want)
	}
}

func TestNoRoute(t *testing.T) {
	for name, want := range map[string]string{
		"greed": `did you mean "greet"?`, "zzz": `it has "greet", "app"`,
	} {
		a, _, errs := newTestApp(t)
		if code := a.report(t.Context(), noRoute(name, []string{"greet", "app"})); code != exitFailed || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: code %d, %q", name, code, errs)
		}
	}
}
