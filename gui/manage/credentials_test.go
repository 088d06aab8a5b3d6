package manage_test

import (
	"strings"
	"testing"

	"homehook/gui/manage"
	"homehook/gui/part"
	"homehook/gui/stage"
)

func TestMissingCredentialIsSet(t *testing.T) {
	s := stage.New(t, household)
	s.Play(manage.NewCredentials(s.Desk), part.Place{})
	sees(s, "nothing is stored")
	push(s, "Set")
	stage.Fill(s.Window, "Value", "a secret of GitHub's")
	push(s, "Save")
	sees(s, "used by the route deploy")
	s.Settle(func() bool { return !stage.Sees(s.Window, "nothing is stored") })
	for _, text := range stage.Texts(s.Window) {
		if strings.Contains(text, "a secret") {
			t.Errorf("the value is shown: %q", text)
		}
	}
}

func TestGeneratedCredentialIsShownOnce(t *testing.T) {
	s := stage.New(t, household)
	s.Play(manage.NewCredentials(s.Desk), part.Place{})
	sees(s, "relay/test")
	push(s, "New credential")
	stage.Fill(s.Window, "Name", "stripe")
	push(s, "Generate one")
	push(s, "Copy")
	made := s.App.Clipboard().Content()
	if len(made) != 43 {
		t.Fatalf("generated %q", made)
	}
	if !stage.Sees(s.Window, made[:10]) {
		t.Error("what was generated is not shown")
	}
	push(s, "Save")
	s.Closed()
	sees(s, "stripe")
	if stage.Sees(s.Window, made[:10]) {
		t.Error("what was generated is shown again")
	}
}

func TestCredentialIsRotated(t *testing.T) {
	s := stage.New(t, household)
	s.Play(manage.NewCredentials(s.Desk), part.Place{})
	push(s, "Rotate")
	push(s, "Save")
	sees(s, "A value is needed")
	stage.Fill(s.Window, "Value", "another token")
	push(s, "Save")
	sees(s, "2 values are valid, the older until")
	stage.Menu(s.Window, "relay/test", "Drop the older values…")
	push(s, "Drop")
	s.Settle(func() bool { return !stage.Sees(s.Window, "values are valid") })
}

func TestCredentialIsRemoved(t *testing.T) {
	s := stage.New(t, household)
	s.Play(manage.NewCredentials(s.Desk), part.Place{})
	sees(s, "relay/test")
	stage.Menu(s.Window, "relay/test", "Remove…")
	sees(s, "It is used by the relay mine")
	push(s, "Remove")
	s.Settle(func() bool { return len(s.Said) > 0 })
	s.Settle(func() bool { return !stage.Sees(s.Window, "fingerprint") })
}

func TestPlaceIsChanged(t *testing.T) {
	s := stage.New(t, household)
	s.Play(manage.NewCredentials(s.Desk), part.Place{})
	sees(s, "relay/test")
	push(s, "Where they are kept")
	stage.Select(s.Window, "a file of its own, for you alone", "nowhere: a passphrase")
	sees(s, "It is asked for when the agent starts")
	stage.Fill(s.Window, "Passphrase", "correct horse battery staple")
	s.Picture(t, "manage-place")
	push(s, "Move")
	sees(s, "under a passphrase")
}
