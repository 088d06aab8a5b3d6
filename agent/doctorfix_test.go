//go:build unix

package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"homehook/agent/control"
)

// TestFix: the agent closes to others what its doctor names, and nothing else.
func TestFix(t *testing.T) {
	h := startHome(t, "")
	dir := filepath.Dir(h.opts.History)
	loose := filepath.Join(dir, "secrets.sealed")
	outside := filepath.Join(t.TempDir(), "outside")
	linked := filepath.Join(dir, "linked")
	for _, path := range []string{loose, outside} {
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(outside, linked); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	fix := func(kind, path string) error {
		_, err := h.client.Fix(t.Context(), control.Action{Kind: kind, Name: path})
		return err
	}
	for _, tt := range []struct{ name, kind, path, want string }{
		{"another kind", control.ActionApproveRoute, loose, "the agent does fix_mode by itself"},
		{"not named by a finding", control.ActionFixMode, outside, "no finding of the doctor names that path"},
		{"the same file by another way", control.ActionFixMode, dir + "/./secrets.sealed", "no finding of the doctor names that path"},
		{"a hard link", control.ActionFixMode, linked, "no plain file or folder"},
	} {
		if err := fix(tt.kind, tt.path); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	for _, path := range []string{loose, dir} {
		if err := fix(control.ActionFixMode, path); err != nil {
			t.Error(err)
		}
	}
	for path, want := range map[string]os.FileMode{loose: 0o600, dir: 0o700, outside: 0o644} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

// TestOnce: what only repeats that a file is open to others is left out.
func TestOnce(t *testing.T) {
	open := control.Finding{Check: checkPermissions, Text: "others may read /s/a", Action: control.Action{Kind: control.ActionFixMode, Name: "/s/a"}}
	found := once([]control.Finding{
		open,
		{Check: checkCredentials, Text: "/s/a is open to others (0644); run: chmod 600 /s/a, and replace the secrets"},
		{Check: checkCredentials, Text: "cannot be read", Remedy: seeStore},
		{Check: checkKeyring, Text: "/s/b is open to others (0644); run: chmod 600 /s/b"},
	})
	if len(found) != 2 || found[0] != open || found[1].Check != checkKeyring {
		t.Errorf("%+v", found)
	}
}
