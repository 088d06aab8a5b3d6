package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// The command builds a history, answers all its questions, and finds what it
// was told to hide.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	for _, round := range []string{"new", "found"} {
		var out bytes.Buffer
		if err := run(t.Context(), &out, dir, 2000, 1, time.Minute); err != nil {
			t.Fatalf("%s: %v\n%s", round, err, &out)
		}
		if stored := strings.Contains(out.String(), "stored 2000"); stored != (round == "new") {
			t.Errorf("%s: stored %t", round, stored)
		}
		for _, q := range questions(2000) {
			if !strings.Contains(out.String(), q.name) {
				t.Errorf("%s: no answer to %q", round, q.name)
			}
		}
	}
}

func TestTooSlow(t *testing.T) {
	var out bytes.Buffer
	err := run(t.Context(), &out, "", 100, 1, time.Nanosecond)
	if err == nil || !strings.Contains(err.Error(), "took longer") {
		t.Errorf("error %v", err)
	}
}

func TestOnlyBuilt(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), &out, t.TempDir(), 100, 0, time.Nanosecond); err != nil || !strings.Contains(out.String(), "stored 100") || strings.Contains(out.String(), "median") {
		t.Errorf("error %v, output %s", err, &out)
	}
}
