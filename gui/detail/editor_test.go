package detail_test

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"homehook/gui/detail"
)

// edit opens the dialog for what is shown and waits for the comparison.
func (s *scene) edit() *detail.Editor {
	s.t.Helper()
	if !s.pane.Shortcut(ctrl(fyne.KeyE)) {
		s.t.Fatal("Ctrl+E means nothing")
	}
	e := detail.Edited(s.pane)
	if e == nil {
		s.t.Fatal("no dialog")
	}
	s.Settle(e.Compared)
	return e
}

func TestEditAndReplay(t *testing.T) {
	s := play(t, household)
	s.Window.Resize(fyne.NewSize(1100, 720))
	s.send("/x?a=1", "{\n \"a\": 1,\n \"b\": 2\n}", "Content-Type", "application/json", "X-Kind", "old")
	e := s.edit()
	fields := e.Texts()[2]
	if !strings.Contains(fields, "X-Kind: old") || strings.Contains(fields, "Homehook-") || strings.Contains(fields, "Content-Length") {
		t.Errorf("fields to edit:\n%s", fields)
	}
	e.Set("/y?a=2", strings.Replace(fields, "X-Kind: old", "X-Kind: new\nX-More: yes", 1), "{\n \"a\": 1,\n \"b\": 3\n}")
	s.Settle(func() bool { return strings.Contains(e.Diff(), "+X-More: yes") })
	s.wants(e.Diff(), "-POST /x?a=1", "+POST /y?a=2", "-X-Kind: old", "+X-Kind: new", "- \"b\": 2", "+ \"b\": 3", "@@ -1,")
	s.pane.Shortcut(ctrl(fyne.KeyReturn))
	s.Settle(func() bool { return strings.Contains(s.written(), "Show the new delivery") })
	s.show(newest(t, s.Stage).ID)
	s.wants(s.turn(4), "POST /y?a=2", "X-Kind: new", "X-More: yes", `"b": 3`)
}

func TestEditorSaysWhatIsWrong(t *testing.T) {
	s := play(t, household)
	s.send("/x", "text")
	e := s.edit()
	e.Set("no slash", "No colon", "")
	s.pane.Shortcut(ctrl(fyne.KeyReturn))
	s.wants(s.written(), "A path begins with a slash", "Line 1:", "is not a header field", "not right yet")
	e.Set("/good", "A: b", "")
	s.pane.Shortcut(ctrl(fyne.KeyEnter))
	s.Settle(func() bool { return detail.Edited(s.pane) == nil })
}

func TestEditorOutlivesTheAgent(t *testing.T) {
	s := play(t, household)
	s.send("/x", "text")
	e := s.edit()
	s.StopAgent()
	s.Settle(func() bool { return strings.Contains(s.written(), "What you typed stays") })
	e.Set("/kept", "A: b", "typed while it was away")
	s.pane.Shortcut(ctrl(fyne.KeyReturn))
	if detail.Edited(s.pane) != e {
		t.Fatal("the dialog is gone")
	}
	s.StartAgent()
	s.Settle(func() bool { return !strings.Contains(s.written(), "What you typed stays") })
	if got := strings.Join(e.Texts(), "|"); got != "POST|/kept|A: b|typed while it was away" {
		t.Errorf("typed: %s", got)
	}
	s.Connected("garage")
	s.pane.Shortcut(ctrl(fyne.KeyReturn))
	s.Settle(func() bool { return detail.Edited(s.pane) == nil })
	s.show(newest(t, s.Stage).ID)
	s.wants(s.turn(4), "POST /kept", "typed while it was away")
}

func TestEditorSignsAnew(t *testing.T) {
	s := play(t, household)
	s.send("/signed", "{}", "X-Hub-Signature-256", signature("{}"))
	e := s.edit()
	s.Settle(func() bool { return e.Signs() != nil })
	if got := e.Signs(); got.Scheme != "github" || got.Secret != "github/garage" {
		t.Errorf("signs with %+v", got)
	}
	s.wants(e.Resigned(), "made anew when it is sent: github, with github/garage.")
	e.Set("", "", `{"changed":true}`)
	s.pane.Shortcut(ctrl(fyne.KeyReturn))
	s.Settle(func() bool { return strings.Contains(s.written(), "Replayed, the handler answered 200") })
}

func TestEditorWithoutText(t *testing.T) {
	s := play(t, household)
	s.send("/bin", "\x00\x01\xff")
	e := s.edit()
	s.wants(s.written(), "3 B that are not edited as text")
	e.Replace([]byte("\x00\x02four"))
	s.Settle(func() bool { return strings.Contains(s.written(), "6 B that are not edited as text") })
	s.pane.Shortcut(ctrl(fyne.KeyReturn))
	s.Settle(func() bool { return detail.Edited(s.pane) == nil })
	s.show(newest(t, s.Stage).ID)
	s.wants(s.turn(0), "00 02 66 6f 75 72")
	s.send("/run", "x")
	e = s.edit()
	e.Set("/run?again", "", "")
	s.pane.Shortcut(ctrl(fyne.KeyReturn))
	s.Settle(func() bool { return strings.Contains(s.written(), "Run it once more?") })
	if !s.CloseTop() {
		t.Error("nothing to close")
	}
}

func TestWhatIsNotKeptWhole(t *testing.T) {
	s := play(t, household+"history: {body: 10, redact: [header.X-Key]}\n")
	s.send("/x", "0123456789abcdef", "X-Key", "geheim")
	s.wants(s.written(), "Only the first 10 B of 16 B are kept.", "0123456789")
	s.tap("Replay")
	s.Settle(func() bool { return strings.Contains(s.written(), "It was not replayed") })
	s.CloseTop()
	e := s.edit()
	s.wants(s.written(), "fill in the rest", "fill them in")
	fields := e.Texts()[2]
	if strings.Contains(fields, "geheim") {
		t.Error("a redacted value is shown")
	}
	e.Set("", "Content-Type: text/plain\nX-Key: neu", "0123456789abcdef")
	s.pane.Shortcut(ctrl(fyne.KeyReturn))
	s.Settle(func() bool { return strings.Contains(s.written(), "Replayed, the handler answered 201") })
}
