package credentials

import (
	"context"
	"strings"
	"testing"
)

func TestCheckPassphrase(t *testing.T) {
	for phrase, ok := range map[string]bool{"": false, "ab": false, "1234567": false, "äöüäöüä": false, "12345678": true, "correct horse": true} {
		if err := CheckPassphrase(phrase); (err == nil) != ok {
			t.Errorf("%q: %v", phrase, err)
		} else if err != nil && phrase != "" && strings.Contains(err.Error(), phrase) {
			t.Errorf("the error repeats %q", phrase)
		}
	}
}

// TestUnlock holds that a store that was opened without its passphrase, or with
// another one, can be given it later, and moved then.
func TestUnlock(t *testing.T) {
	dir := sealedStore(t)
	s := open(t, dir)
	wantError(t, "Unlock of a store with a file", s.Unlock("right"), nil, "not made of a passphrase")
	if err := s.Move(t.Context(), PlacePassphrase, phrase("right")); err != nil {
		t.Fatal(err)
	}
	wrong := func(context.Context) (string, error) { return "wrong", nil }
	for name, o := range map[string]Options{"without": {Dir: dir}, "with another": {Dir: dir, Passphrase: wrong}} {
		s := openWith(t, o)
		waited := make(chan error, 1)
		if s.Ready() == nil {
			t.Fatalf("%s: ready", name)
		}
		wantError(t, name, s.Unlock("wrong"), ErrWrongPassphrase, "the passphrase is not that of "+s.path+"; try again")
		if err := s.Unlock("right"); err != nil {
			t.Fatal(err)
		}
		go func() { waited <- s.Wait(t.Context()) }()
		if err := <-waited; err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := s.Get("github"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if s.InMemory(t.Context()) {
			t.Errorf("%s: a keyring is said to have the root key", name)
		}
	}
	s = openWith(t, Options{Dir: dir})
	wantError(t, "Ready", s.Ready(), ErrNoPassphrase, "homehook secret store file")
	if err := s.Unlock("right"); err != nil {
		t.Fatal(err)
	}
	if err := s.Move(t.Context(), PlaceFile, Options{}); err != nil {
		t.Fatal(err)
	}
	if again := open(t, dir); again.Ready() != nil || again.Place() != PlaceFile {
		t.Errorf("%v in %s", again.Ready(), again.Place())
	}
}
