package access

import "testing"

// TestUnmapped: who has no number in a container may own its folders, and a user of
// it may not, whatever that one's number.
func TestUnmapped(t *testing.T) {
	for _, tt := range []struct {
		name, uids, shown string
		want              int
	}{
		{"the machine itself", "         0          0 4294967295\n", "65534\n", -1},
		{"one user", "0 1000 1\n", "65534\n", 65534},
		{"a container that has all of 65536", "0 100000 65536\n", "65534\n", -1},
		{"one that ends before", "0 1000 1\n1 100000 65533\n", "65534\n", 65534},
		{"nobody alone", "0 1000 1\n65534 165534 1\n", "65534\n", -1},
		{"another number", "0 100000 65536\n", "99999\n", 99999},
		{"no map yet", "", "65534\n", 65534},
		{"no number", "0 1000 1\n", "x", -1},
		{"no map", "x 1\n", "65534\n", -1},
	} {
		if got := unmapped(tt.uids, tt.shown); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}
