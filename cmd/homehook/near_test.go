package main

import (
	"strings"
	"testing"
)

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
