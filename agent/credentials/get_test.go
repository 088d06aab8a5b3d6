package credentials

import (
	"fmt"
	"testing"
)

// fifty is an open store of 50 credentials, name/0 to name/49.
func fifty(tb testing.TB) *Store {
	tb.Helper()
	s, err := Open(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	for i := range 50 {
		if err := s.Set(fmt.Sprint("name/", i), "whsec_0123456789abcdef0123456789abcdef"); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

// TestGetAgain holds that a file which has not changed is read, but neither decoded
// nor checked again: each delivery that is verified asks for a value.
func TestGetAgain(t *testing.T) {
	s := fifty(t)
	allocs := testing.AllocsPerRun(100, func() { wantValue(t, s, "name/25", "whsec_0123456789abcdef0123456789abcdef") })
	if allocs > 50 { // to decode takes some for each record
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkGet(b *testing.B) {
	s := fifty(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Get("name/25"); err != nil {
			b.Fatal(err)
		}
	}
}
