package imports

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocs holds that the guide explains every difference that a report names.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/import.md")
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	code, found := regexp.MustCompile(`differ\("([a-z0-9-]+)"`), 0
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range code.FindAllStringSubmatch(string(text), -1) {
			if found++; !strings.Contains(string(page), "`"+m[1]+"`") {
				t.Errorf("docs/import.md does not explain %s", m[1])
			}
		}
	}
	for _, d := range webhookAlways {
		if !strings.Contains(string(page), "| `"+d.Code+"` |") {
			t.Errorf("docs/import.md does not explain %s", d.Code)
		}
	}
	if found < 20 {
		t.Errorf("only %d differences found in the code", found)
	}
}
