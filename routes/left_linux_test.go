package routes

import (
	"maps"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
)

// orphan runs the test binary as a script whose agent was killed: as the leader
// of a group, or in one whose leader has ended, and a child of nobody here.
func orphan(t *testing.T, id string, play ...string) {
	t.Helper()
	c := exec.Command("/bin/sh", append([]string{"-c", `"$0" "$@" >/dev/null 2>&1 &`, self(t), "play"}, play...)...)
	c.Env = append(os.Environ(), deliveryVariable+id)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
}

// TestSweepDelivery kills what is left of a delivery, with all that belongs to
// it, and nothing of another one whose id begins alike.
func TestSweepDelivery(t *testing.T) {
	c, other := newCensus(t), newCensus(t)
	orphan(t, "0199-left", "tree", c.addr)
	orphan(t, "0199-left-not", "tree", other.addr)
	orphan(t, "0199-lef", "hold", other.addr)
	all, others := c.arrive(t, 4), other.arrive(t, 5)
	own := exec.Command(self(t), "play", "hold", other.addr)
	own.Env = append(os.Environ(), deliveryVariable+"0199-left")
	if err := own.Start(); err != nil {
		t.Fatal(err)
	}
	defer own.Wait()
	defer own.Process.Kill()
	others = append(others, other.arrive(t, 1)...)
	if n := SweepDelivery("0199-none", "0199-left", ""); n != 4 {
		t.Errorf("%d processes were killed, want 4", n)
	}
	if n := alive(all); n != 0 {
		t.Errorf("%d are left", n)
	}
	if n := alive(others); n != len(others) {
		t.Errorf("%d of %d others live", n, len(others))
	}
	if n := SweepDelivery("0199-left"); n != 0 {
		t.Errorf("%d processes were killed the second time", n)
	}
	if n := SweepDelivery("0199-left-not", "0199-lef"); n != 5 {
		t.Errorf("%d of the others were killed", n)
	}
}

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

func TestDeliveryOf(t *testing.T) {
	for env, want := range map[string]string{
		"":                               "",
		"A=1\x00HOMEHOOK_DELIVERY=x\x00": "x",
		"HOMEHOOK_DELIVERY=x":            "x",
		"MY_HOMEHOOK_DELIVERY=x\x00":     "",
		"HOMEHOOK_DELIVERY=\x00":         "",
	} {
		if got := deliveryOf([]byte(env)); got != want {
			t.Errorf("%q: got %q, want %q", env, got, want)
		}
	}
}
