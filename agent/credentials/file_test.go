package credentials

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestFormat holds that the first version's file is read, and written, for
// ever as it is.
func TestFormat(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("testdata", "v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := decode(want)
	if err != nil {
		t.Fatal(err)
	}
	r := record{Value: `It's a <secret> & "more"`, Set: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	if diff := cmp.Diff(r, all["github"]); diff != "" {
		t.Errorf("record differs (-want +got):\n%s", diff)
	}
	got, err := encode(all)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), string(got)); diff != "" {
		t.Errorf("file differs (-want +got):\n%s", diff)
	}
}

func TestTooMany(t *testing.T) {
	all := records{}
	for i := range maxFile/maxValue + 1 {
		all[strings.Repeat("a", 1+i%50)+"/"+strings.Repeat("b", i/50)] = record{Value: strings.Repeat("v", maxValue)}
	}
	if _, err := encode(all); err == nil || !strings.Contains(err.Error(), "more than 8 MiB") {
		t.Errorf("got %v, want the limit", err)
	}
}

// TestSetAgain holds that a new value takes the place of the old one and
// leaves the other credentials alone.
func TestSetAgain(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	text, err := os.ReadFile(filepath.Join("testdata", "v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	before, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Set("relay/mine", "another"); err != nil {
		t.Fatal(err)
	}
	after, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before[0], after[0]); diff != "" {
		t.Errorf("another credential changed (-before +after):\n%s", diff)
	}
	if after[1].Fingerprint == before[1].Fingerprint || !after[1].Set.After(before[1].Set) {
		t.Errorf("the listing still shows the old value: %+v", after[1])
	}
	if got, err := s.Get("relay/mine"); err != nil || got != "another" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestWriteFails holds that a write that fails says so, changes nothing and
// leaves nothing behind.
func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if err := os.MkdirAll(filepath.Join(s.path, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.replace([]byte("{}")); err == nil || !strings.Contains(err.Error(), "write credentials: ") {
		t.Errorf("got %v, want an error", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("files left behind: %v", left)
	}
}
