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
