package credentials

import "testing"

// TestInMemory holds that a store which goes on with its root key says when the
// keyring would not give that out again, without asking the user anything.
func TestInMemory(t *testing.T) {
	if !onBus(t) {
		return
	}
	d := startDouble(t)
	s := openWith(t, inKeyring(t.TempDir()))
	set(t, s, "github", "value")
	if s.InMemory(t.Context()) {
		t.Error("of an open keyring")
	}
	d.change(func() { d.locked, d.calls = true, map[string]int{} })
	if !s.InMemory(t.Context()) {
		t.Error("not of a locked keyring")
	}
	if s.Ready() != nil || d.count("Unlock") != 0 {
		t.Errorf("%v; asked to unlock %d times", s.Ready(), d.count("Unlock"))
	}
	d.change(func() { d.locked = false })
	if s.InMemory(t.Context()) {
		t.Error("of a keyring that is open again")
	}
}
