package routes

import (
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

func TestDuration(t *testing.T) {
	for _, tt := range []struct {
		text, print string
		want        time.Duration
	}{
		{"60s", "1m", time.Minute},
		{"2m", "2m", 2 * time.Minute},
		{"30d", "30d", 30 * day},
		{"1d12h", "36h", 36 * time.Hour},
		{"250ms", "250ms", 250 * time.Millisecond},
		{"1h30m", "1h30m", 90 * time.Minute},
		{"0s", "0s", 0},
		{"1m10s", "1m10s", 70 * time.Second},
		{"10m", "10m", 10 * time.Minute},
		{"20h", "20h", 20 * time.Hour},
	} {
		var d Duration
		if err := d.UnmarshalText([]byte(tt.text)); err != nil || time.Duration(d) != tt.want || d.String() != tt.print {
			t.Errorf("%s: got %v, prints %s, %v", tt.text, time.Duration(d), d, err)
		}
	}
	for _, text := range []string{"", "60", "-1s", "+1s", "1x", "d", "-1d", "1.5d", "1d-1h", "99999999d", "1 h", "1d2d", "65535d999999h"} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken as %s", text, d)
		}
	}
}

func TestSize(t *testing.T) {
	for _, tt := range []struct {
		text, print string
		want        Size
	}{
		{"1024", "1KiB", 1024},
		{"1MiB", "1MiB", 1 << 20},
		{"32MB", "32MB", 32e6},
		{"1 gib", "1GiB", 1 << 30},
		{"0", "0", 0},
		{"7B", "7", 7},
		{"1TB", "1TB", 1e12},
		{"1025", "1025", 1025},
	} {
		var s Size
		if err := s.UnmarshalText([]byte(tt.text)); err != nil || s != tt.want || s.String() != tt.print {
			t.Errorf("%s: got %d, prints %s, %v", tt.text, int64(s), s, err)
		}
	}
	for _, text := range []string{"", "B", "MiB", "-1", "1.5MB", "1XB", "9999999999TB", "1e3"} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken as %s", text, s)
		}
	}
}

func FuzzUnits(f *testing.F) {
	for _, s := range []string{"60s", "30d", "1d2h3m4s", "1MiB", "32 MB", "1024"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var d, d2 Duration
		if d.UnmarshalText([]byte(text)) == nil && (d2.UnmarshalText([]byte(d.String())) != nil || d2 != d || d < 0) {
			t.Errorf("duration %q prints as %q", text, d)
		}
		var s, s2 Size
		if s.UnmarshalText([]byte(text)) == nil && (s2.UnmarshalText([]byte(s.String())) != nil || s2 != s || s < 0) {
			t.Errorf("size %q prints as %q", text, s)
		}
	})
}

func TestSpecFromYAML(t *testing.T) {
	var s Spec
	err := yaml.Unmarshal([]byte(`
name: deploy
claim: garage
match: POST /github/{repo}
unverified: true
script:
  command: [/bin/deploy, --now]
  timeout: 90s
  output: 64KiB
  env: {MODE: fast}
`), &s)
	if err != nil || s.Script == nil || time.Duration(s.Script.Timeout) != 90*time.Second || s.Script.Output != 64<<10 || s.Script.Env["MODE"] != "fast" {
		t.Errorf("got %+v %+v, %v", s, s.Script, err)
	}
}

func TestSizeWords(t *testing.T) {
	for size, want := range map[Size]string{0: "0 bytes", 1: "1 byte", 10: "10 bytes", 1000: "1KB", 32 << 20: "32MiB"} {
		if got := size.words(); got != want {
			t.Errorf("%d: %s", size, got)
		}
	}
}
