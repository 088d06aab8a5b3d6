package manage_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"homehook/gui/manage"
	"homehook/gui/part"
	"homehook/gui/stage"
)

// file is the configuration as it is now.
func file(t *testing.T, s *stage.Stage) string {
	t.Helper()
	text, err := os.ReadFile(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// push pushes a button as soon as there is one.
func push(s *stage.Stage, word string) {
	s.Settle(func() bool { return stage.Press(s.Window, word) })
}

// sees waits for a text.
func sees(s *stage.Stage, text string) {
	s.Settle(func() bool { return stage.Sees(s.Window, text) })
}

func TestClaimIsAdded(t *testing.T) {
	s := stage.New(t, household)
	screen := manage.NewClaims(s.Desk)
	s.Play(screen, part.Place{})
	sees(s, "garage")
	push(s, "New claim")
	if !stage.Fill(s.Window, "Name", "Not A Label") {
		t.Fatal("no entry for the name")
	}
	push(s, "Claim it")
	sees(s, "cannot be part of a URL")
	stage.Fill(s.Window, "Name", "office")
	s.Picture(t, "manage-claim-form")
	push(s, "Claim it")
	url := s.Connected("office")
	sees(s, "office")
	sees(s, "No route takes what arrives here.")
	if !strings.Contains(file(t, s), "name: office") {
		t.Errorf("the file says %s", file(t, s))
	}
	// No route takes what comes there yet.
	if status := s.Post(url+"/x", "hello"); status != http.StatusNotFound {
		t.Errorf("status %d", status)
	}
}

func TestClaimChangesItsAnswer(t *testing.T) {
	s := stage.New(t, household)
	s.Connected("garage")
	s.Play(manage.NewClaims(s.Desk), part.Place{})
	push(s, "Change")
	if !stage.Select(s.Window, "Home's answer, or 202 when that takes long", "Always 202, once it is kept") {
		t.Fatalf("no answer to choose among %q", stage.Texts(s.Window))
	}
	stage.Select(s.Window, "never", "after 1 d without a delivery")
	push(s, "Save")
	s.Closed()
	sees(s, "alarm after 1 d of silence")
	if got := file(t, s); !strings.Contains(got, "name: garage, relay: mine, answer: store, silence: ") {
		t.Errorf("the file says %s", got)
	}
}

func TestClaimIsReleased(t *testing.T) {
	s := stage.New(t, household)
	s.Settle(func() bool { return s.Feed.State().Status != nil })
	screen := manage.NewClaims(s.Desk)
	s.Play(screen, part.Place{})
	sees(s, "garage")
	stage.Menu(s.Window, "garage", "Release…")
	push(s, "Release")
	sees(s, "is used by route") // said in the dialog, which stays
	s.CloseTop()
	if !strings.Contains(file(t, s), "name: garage") {
		t.Errorf("the file says %s", file(t, s))
	}
}

func TestURLIsCopied(t *testing.T) {
	s := stage.New(t, household)
	url := s.Connected("garage")
	s.Play(manage.NewClaims(s.Desk), part.Place{})
	push(s, "Copy URL")
	if got := s.App.Clipboard().Content(); strings.TrimSuffix(got, "/") != url {
		t.Errorf("copied %q, want %q", got, url)
	}
	push(s, "QR code")
	sees(s, "Open in the browser")
	s.Picture(t, "manage-claim-qr")
	if !s.CloseTop() || s.Window.Canvas().Overlays().Top() != nil {
		t.Error("the dialog does not close")
	}
}

func TestDialogSurvivesTheAgent(t *testing.T) {
	s := stage.New(t, household)
	s.Connected("garage")
	s.Play(manage.NewClaims(s.Desk), part.Place{})
	push(s, "New claim")
	stage.Fill(s.Window, "Name", "office")
	s.StopAgent()
	sees(s, "What you typed stays")
	if stage.Press(s.Window, "Claim it") {
		t.Error("without an agent the button can be pushed")
	}
	s.StartAgent()
	push(s, "Claim it")
	s.Connected("office")
}

func TestNewByKey(t *testing.T) {
	s := stage.New(t, household)
	s.Settle(func() bool { return s.Feed.State().Status != nil })
	for name, c := range map[string]struct {
		screen part.Screen
		sees   string
	}{
		"claims":      {manage.NewClaims(s.Desk), "It is part of the URL"},
		"credentials": {manage.NewCredentials(s.Desk), "As routes and relays name it"},
		"relays":      {manage.NewRelays(s.Desk), "Copied from its owner"},
	} {
		s.Play(c.screen, part.Place{})
		if !c.screen.Shortcut(&desktop.CustomShortcut{KeyName: fyne.KeyN, Modifier: fyne.KeyModifierShortcutDefault}) {
			t.Errorf("%s does not take Ctrl+N", name)
		}
		sees(s, c.sees)
		s.CloseTop()
		c.screen.Hidden()
	}
}
