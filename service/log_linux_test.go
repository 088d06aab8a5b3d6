package service

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestJournaled holds that stderr counts as the journal's only while it is what
// the system has said.
func TestJournaled(t *testing.T) {
	var st unix.Stat_t
	if err := unix.Fstat(2, &st); err != nil {
		t.Fatal(err)
	}
	own := formatStream(st.Dev, st.Ino)
	for stream, want := range map[string]bool{"": false, own: true, own + "0": false, "8:1": false} {
		t.Setenv("JOURNAL_STREAM", stream)
		if got := journaled(); got != want {
			t.Errorf("JOURNAL_STREAM=%q counts as %v", stream, got)
		}
	}
}
