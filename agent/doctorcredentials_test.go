package agent

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"homehook/agent/credentials"
)

// TestDoctorOfDamage holds that what is left of credentials in the clear, what is
// spoiled, and what somebody else has written, are told.
func TestDoctorOfDamage(t *testing.T) {
	dir := t.TempDir()
	store, err := credentials.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	path := filepath.Join(dir, "secrets.sealed")
	write := func(text []byte) {
		t.Helper()
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	examine := func() string {
		t.Helper()
		d := &doctor{store: store}
		d.keyring(t.Context())
		d.damage()
		text := ""
		for _, f := range d.found {
			text += f.Check + " " + string(f.State) + ": " + f.Text + "\n"
		}
		return text
	}
	if err := store.Set("github", "first"); err != nil {
		t.Fatal(err)
	}
	older, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Set("github", "second"); err != nil {
		t.Fatal(err)
	}
	wants(t, examine(), "keyring ok: ", "!problem")
	newer, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(older)
	wants(t, examine(), "keyring problem: "+path+" was changed by something else than Homehook", "!credentials problem")
	write(newer[:len(newer)-2])
	wants(t, examine(), "keyring ok: ", "credentials problem: "+path+" is damaged")
	write(newer)
	left := filepath.Join(dir, ".credentials.json.taken")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wants(t, examine(), "credentials problem: "+left+" has credentials in the clear")
	if bytes.Equal(older, newer) {
		t.Error("nothing was changed")
	}
}
