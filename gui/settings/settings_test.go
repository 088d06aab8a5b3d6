package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"homehook/gui/look"
	"homehook/gui/part"
	"homehook/gui/settings"
	"homehook/gui/stage"
)

const household = `relays:
  - {name: mine, url: RELAY, token: relay/test}
claims:
  - {name: garage, relay: mine}
routes:
  - {name: deploy, claim: garage, match: POST /deploy, verify: {scheme: github, secret: github}, respond: {body: ok}}
history: {keep: 12d, redact: [header.Authorization]} # mine
`

func TestSections(t *testing.T) {
	s := stage.New(t, household)
	s.Host.State = part.ServiceState{System: "systemd", Installed: true, Enabled: true, State: "running", Program: "/usr/bin/homehook", Config: s.Config, Log: "journalctl --user -u homehook"}
	s.Window.Resize(fyne.NewSize(1000, 640))
	screen := settings.New(s.Desk)
	for _, c := range []struct{ section, sees string }{
		{"general", "Start in the tray"},
		{"notifications", "What routes notify me of"},
		{"history", "12d"},
		{"service", "systemd, starts when you sign in"},
		{"doctor", "github"},
	} {
		t.Run(c.section, func(t *testing.T) {
			s.Play(screen, part.Place{Section: c.section})
			s.Settle(func() bool { return stage.Sees(s.Window, c.sees) })
			for _, variant := range []string{look.Light, look.Dark} {
				s.App.Settings().SetTheme(look.NewTheme(variant, 1))
				s.Picture(t, "settings-"+c.section+"-"+variant)
			}
		})
	}
}

func TestHistoryIsSaved(t *testing.T) {
	s := stage.New(t, household)
	screen := settings.New(s.Desk)
	s.Play(screen, part.Place{Section: "history"})
	s.Settle(func() bool { return stage.Sees(s.Window, "12d") })
	if stage.Press(s.Window, "Save") {
		t.Fatal("there is nothing to save yet")
	}
	stage.Select(s.Window, "12d", "90 days")
	s.Settle(func() bool { return stage.Press(s.Window, "Save") })
	s.Settle(func() bool { return len(s.Said) > 0 })
	text, err := os.ReadFile(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "90d") || !strings.Contains(string(text), "header.Authorization") {
		t.Errorf("the file says %s", text)
	}
}

func TestServiceIsInstalled(t *testing.T) {
	s := stage.New(t, household)
	s.Host.State = part.ServiceState{System: "systemd"}
	screen := settings.New(s.Desk)
	s.Play(screen, part.Place{Section: "service"})
	s.Settle(func() bool { return stage.Press(s.Window, "Install and start") })
	s.Settle(func() bool { return len(s.Host.Asked()) == 2 })
	if calls := s.Host.Asked(); calls[0] != "install" || calls[1] != "start" {
		t.Errorf("asked for %v", calls)
	}
}

func TestDoctorLooks(t *testing.T) {
	s := stage.New(t, household)
	s.Connected("garage")
	screen := settings.New(s.Desk)
	s.Play(screen, part.Place{Section: "doctor"})
	s.Settle(func() bool { return stage.Press(s.Window, "Look for problems") })
	s.Settle(func() bool {
		return stage.Sees(s.Window, "thing to look at") || stage.Sees(s.Window, "things to look at")
	})
	if !stage.Press(s.Window, "Set it") {
		t.Fatalf("no remedy among %q", stage.Texts(s.Window))
	}
	if at := s.Went[len(s.Went)-1]; at.Screen != part.Credentials || at.Item != "github" || !at.New {
		t.Errorf("went to %+v", at)
	}
}

// TestNoServiceManager: where no service can be had, none is offered.
func TestNoServiceManager(t *testing.T) {
	s := stage.New(t, household)
	screen := settings.New(s.Desk)
	s.Play(screen, part.Place{Section: "service"})
	s.Settle(func() bool { return stage.Sees(s.Window, "This system has no service manager") })
	if stage.Press(s.Window, "Install and start") {
		t.Error("a service is offered that cannot be had")
	}
	s.Settle(func() bool { return stage.Sees(s.Window, "The agent runs, until you sign out.") })
}

// TestDoctorMends: a file that others may read is closed with a button, every line says
// what it is about, and the report can be copied.
func TestDoctorMends(t *testing.T) {
	s := stage.New(t, household)
	s.Connected("garage")
	loose := filepath.Join(s.Home, "state", "loose")
	if err := os.WriteFile(loose, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(loose, 0o644); err != nil {
		t.Fatal(err)
	}
	screen := settings.New(s.Desk)
	s.Play(screen, part.Place{Section: "doctor"})
	s.Settle(func() bool { return stage.Press(s.Window, "Look for problems") })
	s.Settle(func() bool { return stage.Press(s.Window, "Close to others") })
	s.Settle(func() bool {
		info, err := os.Stat(loose)
		return err == nil && info.Mode().Perm() == 0o600 && !stage.Sees(s.Window, loose)
	})
	for _, check := range []string{"Agent", "Keyring", "Scripts", "Proxy", "Notifications"} {
		if !stage.Sees(s.Window, check) {
			t.Errorf("no line says that it is about %s: %q", check, stage.Texts(s.Window))
		}
	}
	s.Picture(t, "doctor")
	if !stage.Press(s.Window, "Copy the report") {
		t.Fatal("the report cannot be copied")
	}
	s.Settle(func() bool { return strings.Contains(s.App.Clipboard().Content(), "problem  credentials") })
}
