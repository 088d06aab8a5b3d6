package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProblemError(t *testing.T) {
	tests := []struct {
		name    string
		problem Problem
		want    string
	}{
		{"all", Problem{File: "config.yaml", Line: 12, Column: 9, Message: "unknown key", Remedy: "remove it"}, "config.yaml:12:9: unknown key; remove it"},
		{"no remedy", Problem{File: "config.yaml", Line: 12, Column: 9, Message: "unknown key", Remedy: ""}, "config.yaml:12:9: unknown key"},
		{"no place", Problem{File: "config.yaml", Line: 0, Column: 0, Message: "too large", Remedy: "make it smaller"}, "config.yaml: too large; make it smaller"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.problem.Error(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestProblemsSorted(t *testing.T) {
	a, b, c := Problem{Line: 1, Column: 2, Message: "a"}, Problem{Line: 1, Column: 9, Message: "b"}, Problem{Line: 3, Message: "c"}
	d := Problem{Line: 1, Column: 9, Message: "another at the same place"}
	got := Problems{c, b, a, d, b}.sorted()
	if diff := cmp.Diff(Problems{a, b, d, c}, got); diff != "" {
		t.Errorf("order differs (-want +got):\n%s", diff)
	}
	if want := ":1:2: a\n:1:9: b\n:1:9: another at the same place\n:3:0: c"; got.Error() != want {
		t.Errorf("got %q, want %q", got.Error(), want)
	}
}
