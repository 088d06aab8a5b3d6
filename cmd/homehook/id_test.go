package main

import (
	"strings"
	"testing"
	"time"
)

func TestCheckID(t *testing.T) {
	const whole = "0198c0de-7a1b-7c3d-8e4f-5a6b7c8d9e0f"
	for _, in := range []string{whole, whole[:8], whole[:9], whole[:20], strings.ToUpper(whole)} {
		if got, err := checkID(in); err != nil || got != strings.ToLower(in) {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "zz", "0198c0d", "0198c0deX", "0198c0de7a1b", whole + "0", "0198c0d-", "../../../", "0198c0de\x00"} {
		a, _, _ := newTestApp(t)
		_, err := checkID(in)
		if code := a.report(t.Context(), err); code != exitUsage {
			t.Errorf("%q: exit code %d", in, code)
		}
	}
}

func TestSpan(t *testing.T) {
	at := time.UnixMilli(0x0198c0de7a1b)
	tests := []struct {
		prefix string
		long   time.Duration
	}{
		{"0198c0de", 65535 * time.Millisecond},
		{"0198c0de-", 65535 * time.Millisecond},
		{"0198c0de-7a", 255 * time.Millisecond},
		{"0198c0de-7a1b", 0},
		{"0198c0de-7a1b-7c3d", 0},
	}
	for _, tt := range tests {
		from, until := span(tt.prefix)
		if from.After(at) || until.Before(at) || until.Sub(from) != tt.long {
			t.Errorf("%s: %v to %v", tt.prefix, from, until)
		}
	}
}
