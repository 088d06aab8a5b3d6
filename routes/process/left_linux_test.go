package process

import (
	"maps"
	"slices"
	"testing"
)

func TestLeft(t *testing.T) {
	const self, group = 100, 90
	for _, tt := range []struct {
		name string
		list []suspect
		want []int
	}{
		{"a group without a leader", []suspect{{pid: 11, parent: 1, group: 10, marked: true}, {pid: 12, parent: 1, group: 10}}, []int{11, 12}},
		{"a group with a leader that is marked", []suspect{{pid: 10, parent: 1, group: 10, marked: true}, {pid: 12, parent: 1, group: 10}}, []int{10, 12}},
		{"a group of another", []suspect{{pid: 10, parent: 1, group: 10}, {pid: 11, parent: 10, group: 10, marked: true}, {pid: 12, parent: 10, group: 10}}, []int{11}},
		{"descendants", []suspect{{pid: 13, parent: 12, group: 13}, {pid: 12, parent: 11, group: 12}, {pid: 11, parent: 1, group: 11, marked: true}}, []int{11, 12, 13}},
		{"the own group", []suspect{{pid: 11, parent: 1, group: group, marked: true}, {pid: 12, parent: 1, group: group}}, []int{11}},
		{"who has started this", []suspect{{pid: 99, parent: 98, group: 98, marked: true}, {pid: 98, parent: 1, group: 98, marked: true}, {pid: 11, parent: 98, group: 11, marked: true}}, []int{11}},
		{"what this has started", []suspect{{pid: 101, parent: self, group: 101, marked: true}, {pid: 102, parent: 101, group: 102, marked: true}}, nil},
		{"none", []suspect{{pid: 11, parent: 1, group: 11}}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := slices.Sorted(maps.Keys(left(tt.list, self, 99, group))); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestValueOf(t *testing.T) {
	for env, want := range map[string]string{
		"":                  "",
		"A=1\x00NAME=x\x00": "x",
		"NAME=x":            "x",
		"MY_NAME=x\x00":     "",
		"NAME=\x00":         "",
	} {
		if got := valueOf([]byte(env), "NAME="); got != want {
			t.Errorf("%q: got %q, want %q", env, got, want)
		}
	}
}
