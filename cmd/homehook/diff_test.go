package main

import "testing"

func TestShowDiff(t *testing.T) {
	a, out, _ := newTestApp(t)
	a.showDiff("--- a\n+++ b\n@@ -1 +1 @@\n-x\x1b[2J\n+y\n")
	if want := "--- a\n+++ b\n@@ -1 +1 @@\n-x\\x1b[2J\n+y\n"; out.String() != want {
		t.Errorf("%q", out)
	}
	out.Reset()
	a.colour = true
	a.showDiff("-x\n+y\n")
	if want := "\x1b[31m-x\x1b[0m\n\x1b[32m+y\x1b[0m\n"; out.String() != want {
		t.Errorf("%q", out)
	}
}
