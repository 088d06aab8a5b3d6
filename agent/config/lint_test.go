package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	const text = `relays: [{name: mine, url: "https://relay.example.com"}]
claims: [{name: garage}]
routes:
  - match: /
    unverified: true
    forward:
      to: "http://127.0.0.1:1"
      headers: {Authorization: Basic bWU6eA==}
`
	if found, err := Lint(path); err != nil || found != nil {
		t.Errorf("no file: %v %v", found, err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := Lint(path)
	if err != nil || len(found) != 1 || found[0].Line != 8 || !strings.Contains(found[0].Message, "looks like a secret") {
		t.Errorf("got %v, %v", found, err)
	}
	if _, err := Load(path); err != nil {
		t.Error("a warning keeps the file from loading: ", err)
	}
}

// TestOddNames: names that people cannot read are told, and work.
func TestOddNames(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{`"open the door"`, ""},
		{`"Tür \U0001F468\u200D\U0001F469 öffnen"`, ""},
		{`"two\nlines"`, "U+000A"},
		{`"a\e[2Jb"`, "U+001B"},
		{`"right \u202eleft"`, "U+202E"},
		{`"` + strings.Repeat("ä", mostName) + `"`, ""},
		{`"` + strings.Repeat("ä", mostName+1) + `"`, "201 characters"},
	} {
		v := view("f", []byte(small+"routes:\n  - match: /\n    name: "+tt.name+"\n    claim: garage\n    respond: {}\n    unverified: true\n"))
		if len(v.Problems) > 0 || (len(v.Warnings) == 1) != (tt.want != "") {
			t.Errorf("%s: %v, %v", tt.name, v.Problems, v.Warnings)
			continue
		}
		if tt.want != "" {
			if w := v.Warnings[0]; !strings.Contains(w.Message, tt.want) || w.Field != "name" || w.Remedy == "" || w.Line == 0 {
				t.Errorf("%s: %+v", tt.name, w)
			}
		}
	}
}
