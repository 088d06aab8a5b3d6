package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStoreWhereItWillBe chooses for the root key of a store without credentials the
// place that it would have had anyway: it is there then, not only said to be.
func TestStoreWhereItWillBe(t *testing.T) {
	a, _, errs := newTestApp(t)
	p, err := a.paths()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(p.State, 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		errs.Reset()
		code := a.execute(t.Context(), []string{"secret", "store", "file"})
		// Its state folder is empty at first: what was only said to be is made.
		if code != exitDone || !strings.Contains(errs.String(), "the root key is in a file beside the sealed one already\n") {
			t.Errorf("code %d: %s", code, errs)
		}
		if _, err := os.Stat(filepath.Join(p.State, "root.key")); err != nil {
			t.Error(err)
		}
	}
}
