//go:build !linux

package credentials

import (
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zalando/go-keyring"
)

// TestSystemKeyring uses the keyring of whoever runs the test, where he allows it,
// and leaves nothing in it.
func TestSystemKeyring(t *testing.T) {
	if os.Getenv("HOMEHOOK_TEST_KEYRING") != "1" {
		t.Skip("HOMEHOOK_TEST_KEYRING is not 1: the keyring is left alone")
	}
	o := Options{Dir: t.TempDir(), New: []Place{PlaceKeyring}}
	s := openWith(t, o)
	set(t, s, "github", "value")
	if s.Place() != PlaceKeyring {
		t.Errorf("Place() = %q", s.Place())
	}
	if diff := cmp.Diff([]string{sealedName}, filesIn(t, o.Dir)); diff != "" {
		t.Errorf("files differ (-want +got):\n%s", diff)
	}
	wantValue(t, openWith(t, o), "github", "value")
	c, err := s.readSealed()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Move(t.Context(), PlaceFile, Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Get(ringService, user(c.head.Key)); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("the root key is still in the keyring: %v", err)
	}
	if err := s.Move(t.Context(), PlaceKeyring, Options{}); err != nil {
		t.Fatal(err)
	}
	if c, err = s.readSealed(); err != nil {
		t.Fatal(err)
	}
	if err := keyring.Delete(ringService, user(c.head.Key)); err != nil {
		t.Fatal(err)
	}
	again := openWith(t, o)
	wantError(t, "Ready", again.Ready(), nil, "is not in the keyring; bring it back, or begin anew with: homehook secret store keyring --anew")
	if errors.Is(again.Ready(), ErrLocked) {
		t.Errorf("it is waited for: %v", again.Ready())
	}
}
