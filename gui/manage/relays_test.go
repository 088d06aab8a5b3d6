package manage_test

import (
	"strings"
	"testing"

	"homehook/gui/manage"
	"homehook/gui/part"
	"homehook/gui/stage"
)

func TestRelayIsTested(t *testing.T) {
	s := stage.New(t, household)
	s.Connected("garage")
	s.Play(manage.NewRelays(s.Desk), part.Place{})
	sees(s, "ptth/1.0")
	push(s, "Test")
	sees(s, "It works with ptth/1.0")
	s.Picture(t, "manage-relay-test")
}

func TestRelayIsAddedAndRemoved(t *testing.T) {
	s := stage.New(t, household)
	s.Play(manage.NewRelays(s.Desk), part.Place{})
	push(s, "New relay")
	stage.Fill(s.Window, "URL", "not an address")
	push(s, "Add")
	sees(s, "not that of a relay")
	stage.Fill(s.Window, "URL", s.Relay+"/")
	stage.Fill(s.Window, "Name", "second")
	stage.Fill(s.Window, "Token", "hunter2")
	s.Picture(t, "manage-relay-form")
	push(s, "Add")
	s.Closed()
	sees(s, "second")
	if text := file(t, s); !strings.Contains(text, "token: relay/second") || strings.Contains(text, "hunter2") {
		t.Errorf("the file says %s", text)
	}
	stage.Menu(s.Window, "second", "Remove…")
	push(s, "Remove")
	s.Closed()
	s.Settle(func() bool { return !strings.Contains(file(t, s), "second") })
	stage.Menu(s.Window, "mine", "Remove…")
	push(s, "Remove")
	sees(s, "is used by claim")
}

func TestNothingThereYet(t *testing.T) {
	s := stage.New(t, "")
	for _, c := range []struct {
		screen part.Screen
		sees   string
	}{
		{manage.NewClaims(s.Desk), "No claims yet"},
		{manage.NewRelays(s.Desk), "No relay yet"},
	} {
		s.Play(c.screen, part.Place{})
		sees(s, c.sees)
		c.screen.Hidden()
	}
	stage.Press(s.Window, "Choose a relay")
	if len(s.Went) != 1 || s.Went[0].Screen != "wizard" {
		t.Errorf("went to %+v", s.Went)
	}
}

func TestWithoutAnAgent(t *testing.T) {
	s := stage.Empty(t)
	s.Settle(func() bool { return s.Feed.State().Err != nil })
	for _, screen := range []part.Screen{manage.NewClaims(s.Desk), manage.NewCredentials(s.Desk), manage.NewRelays(s.Desk)} {
		s.Play(screen, part.Place{})
		sees(s, "The agent is not running")
		screen.Hidden()
	}
}
