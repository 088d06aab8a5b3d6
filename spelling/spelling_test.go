package spelling

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	keys := []string{"name", "claim", "match", "unverified", "forward", "script", "respond"}
	routes := []string{"greet", "deploy the blog", "Everything else"}
	long := strings.Repeat("a", 100)
	for _, tt := range []struct {
		name, given, want string
		names             []string
	}{
		{"swapped", "macth", "match", keys},
		{"another case", "Match", "match", keys},
		{"one left out", "mach", "match", keys},
		{"too far", "colour", "", keys},
		{"nothing", "", "", keys},
		{"one letter", "x", "", keys},
		{"one letter of another", "great", "greet", routes},
		{"in capitals", "GREET", "greet", routes},
		{"too far from all", "nope", "", routes},
		{"nothing of routes", "", "", routes},
		{"one letter of routes", "x", "", routes},
		{"too long for routes", long, "", routes},
		{"case of the names", "everythingelse", "Everything else", routes},
		{"the beginning", "deploy", "deploy the blog", routes},
		{"too long", long, "", []string{"b" + long}},
		{"no names", "a", "", nil},
		{"behind the first 200", "greed", "", append(make([]string, 200), "greet")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Nearest(tt.given, tt.names); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "abd", 1}, {"abc", "bc", 1}, {"kitten", "sitting", 3}, {"abcd", "acbd", 1},
	} {
		if got := Distance(tt.a, tt.b) + Distance(tt.b, tt.a); got != 2*tt.want {
			t.Errorf("%q and %q: got %d, want %d", tt.a, tt.b, got, 2*tt.want)
		}
	}
	if long := strings.Repeat("a", 65); Distance(long, long) != 130 {
		t.Error("long names are compared")
	}
}
