package detail_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"homehook/agent/control"
	"homehook/gui/detail"
	"homehook/gui/part"
	"homehook/gui/stage"
)

const secret = "It's a secret"

// household is a configuration with a route of each kind that the pane tells apart.
const household = `relays:
  - {name: mine, url: RELAY, token: relay/test}
claims:
  - {name: garage, relay: mine}
routes:
  - {name: run, claim: garage, match: /run, unverified: true, script: {command: [/bin/sh, -c, 'echo "seen $HOMEHOOK_PATH"; echo oops >&2; exit 3']}}
  - {name: signed, claim: garage, match: /signed, verify: {scheme: github, secret: github/garage}, respond: {body: ok}}
  - {name: pushes, claim: garage, match: /when, unverified: true, when: 'json.action == "opened" && header["x-kind"] == "pull"', respond: {body: "yes"}}
  - {name: all, claim: garage, match: /, unverified: true, respond: {status: 201, headers: {Content-Type: application/json}, body: '{"ok":true,"n":[1,2,3]}'}}
`

// scene is a pane with its relay, agent and window.
type scene struct {
	*stage.Stage
	t    *testing.T
	pane *detail.Pane
	url  string
}

func play(t *testing.T, configuration string) *scene {
	t.Helper()
	s := &scene{Stage: stage.New(t, configuration), t: t}
	if err := s.Client().SetCredential(t.Context(), "github/garage", secret); err != nil {
		t.Fatal(err)
	}
	s.pane = detail.New(s.Desk)
	s.pane.OnClose = func() { s.pane.Clear() }
	s.Window.SetContent(s.pane.Content())
	s.Window.Resize(fyne.NewSize(640, 640))
	s.url = s.Connected("garage")
	return s
}

// send sends a webhook and shows its delivery.
func (s *scene) send(path, body string, fields ...string) (id string) {
	s.t.Helper()
	s.Post(s.url+path, body, fields...)
	s.Settle(func() bool {
		d := newest(s.t, s.Stage)
		id = d.ID
		return d.State != control.Received && d.State != control.Running
	})
	s.show(id)
	return id
}

func (s *scene) show(id string) {
	s.t.Helper()
	s.pane.Show(id)
	s.settled()
}

func (s *scene) settled() {
	s.t.Helper()
	s.Settle(func() bool { return detail.Settled(s.pane) })
}

// turn shows a tab and returns all that is written on it.
func (s *scene) turn(i int) string {
	s.t.Helper()
	detail.Turn(s.pane, i)
	s.settled()
	return s.written()
}

// written is all text in the window, of what is visible.
func (s *scene) written() string { return detail.Written(s.Window.Canvas()) }

func (s *scene) wants(text string, parts ...string) {
	s.t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			s.t.Errorf("%q is not in:\n%s", p, text)
		}
	}
}

// tap pushes the button with a word.
func (s *scene) tap(word string) {
	s.t.Helper()
	b := detail.Button(s.Window.Canvas(), word)
	if b == nil {
		s.t.Fatalf("no button %q in:\n%s", word, s.written())
	}
	test.Tap(b)
}

func ctrl(key fyne.KeyName) fyne.Shortcut {
	return &desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault}
}

func signature(body string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(m.Sum(nil))
}

func TestEachBodyInItsWay(t *testing.T) {
	s := play(t, household)
	parts, boundary := form(t)
	tests := []struct {
		name, kind, body string
		want             []string
	}{
		{"json", "application/json", `{"a":[1,"x"]}`, []string{"JSON", `"a": [`, `"x"`}},
		{"json by another name", "text/plain", `[true]`, []string{"JSON", "true"}},
		{"wrong json", "application/json", "{\n \"a\": tru\n}", []string{"line 2, column 10", "Text"}},
		{"deep json", "application/json", strings.Repeat("[", 100_000), []string{"nested too deep", "Text"}},
		{"form", "application/x-www-form-urlencoded", "name=J%C3%B6rg&tick=on", []string{"Form", "Jörg", "tick"}},
		{"no form", "application/x-www-form-urlencoded", `{"a":1}`, []string{"JSON", `"a": 1`}},
		{"multipart", boundary, parts, []string{"Parts", "Front door", "door.png"}},
		{"picture", "image/png", drawing(t, 32, 20), []string{"Picture", "32 × 20"}},
		{"binary", "application/octet-stream", "\x00\x01abc\xff", []string{"Hex", "00 01 61 62 63 ff", "..abc."}},
		{"hostile", "text/plain", "a\u202eb\x1b[2J\u200b", []string{"a‹U+202E›b‹ESC›[2J‹U+200B›"}},
		{"xml", "application/xml", "<a>\n <b/>\n</a>", []string{"Text", "<b/>"}},
		{"html", "text/html", `<img src="http://example.com/x.png">`, []string{`<img src="http`}},
		{"long line", "text/plain", strings.Repeat("abcdefghij", 100_000), []string{"Text", "abcdefghijabc"}},
		{"empty", "text/plain", "", []string{"Headers"}},
	}
	for _, tt := range tests {
		s.send("/"+strings.ReplaceAll(tt.name, " ", "-"), tt.body, "Content-Type", tt.kind)
		detail.Turn(s.pane, 0)
		s.settled()
		s.wants(s.written(), tt.want...)
	}
}

func TestTabs(t *testing.T) {
	s := play(t, household)
	s.send("/run?a=1&b=%E2%80%AE", "x", "X-Evil", "a\u202eb")
	s.wants(s.written(), "Failed", "for good", "Sender not checked", "POST /run?a=1&b=%E2%80%AE", "the script failed")
	s.tap("Query (2)")
	s.wants(s.written(), "‹U+202E›")
	s.wants(s.turn(1), "500")
	s.wants(s.turn(2), "script", "exit 3", "seen /run", "oops")
	s.wants(s.turn(3), "first route that fits the path", "took it", "Nothing was asked of the sender.")
	s.wants(s.turn(4), "POST /run?a=1", "X-Evil", "a‹U+202E›b")
	s.send("/when", `{"action":"closed"}`)
	s.wants(s.turn(3), "pushes", "did not take it", `json.action == "opened"`, "false", "not needed", "took it")
	s.send("/signed", "{}", "X-Hub-Signature-256", signature("{"))
	s.wants(s.written(), "Rejected", "Sender refused")
	s.wants(s.turn(3), "The sender is refused", "refused it")
	s.wants(s.turn(2), "No handler has run", "refused before one could run")
	s.wants(s.turn(1), "Homehook answered 401 by itself")
	s.wants(s.written(), "refused by route signed")
	if detail.Button(s.Window.Canvas(), "Retry") != nil {
		t.Error("what was refused is offered to be tried again as it came")
	}
	s.send("/signed", "{}", "X-Hub-Signature-256", signature("{}"))
	s.wants(s.written(), "Succeeded", "Verified (github)")
	s.wants(s.turn(3), "took it", "The sender was verified: what github asks for was right.")
	s.wants(s.turn(1), "200 OK", "ok")
}

func TestNothingLoadingGoneAndAway(t *testing.T) {
	s := play(t, household)
	s.wants(s.written(), "No delivery is chosen")
	s.pane.Show("01a204b2-9d1d-74d1-97e4-300f18c57c90")
	s.wants(s.written(), "Reading the delivery")
	s.Settle(func() bool { return strings.Contains(s.written(), "is gone") })
	first := s.send("/one", "1")
	second := s.send("/two", "2")
	s.pane.Show(first)
	s.pane.Show(second) // the answer for the first is dropped, whenever it comes
	s.settled()
	s.wants(s.written(), "/two")
	s.StopAgent()
	s.Settle(func() bool { return !s.Feed.State().Live() })
	s.Settle(func() bool { return strings.Contains(s.written(), "what is known of before") })
	s.wants(s.written(), "/two")
	if s.pane.Shortcut(ctrl(fyne.KeyR)); detail.Busy(s.pane) {
		t.Error("it asks an agent that is away")
	}
	s.pane.Show(first)
	s.Settle(func() bool { return strings.Contains(s.written(), "shown when it is back") })
	s.StartAgent()
	s.settled()
	s.wants(s.written(), "/one")
	if !s.pane.Key(&fyne.KeyEvent{Name: fyne.KeyEscape}) {
		t.Error("Esc means nothing")
	}
	s.wants(s.written(), "No delivery is chosen")
}

// What was verified is told as it was at the time, whatever has become of the route.
func TestVerifiedOutlivesItsRoute(t *testing.T) {
	s := play(t, household)
	id := s.send("/signed", "{}", "X-Hub-Signature-256", signature("{}"))
	now := strings.Replace(strings.ReplaceAll(household, "RELAY", s.Relay), "name: signed", "name: other", 1)
	if err := os.WriteFile(s.Config, []byte(now), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Settle(func() bool {
		routes, err := s.Client().Routes(t.Context())
		return err == nil && len(routes) > 1 && routes[1].Name == "other"
	})
	s.pane.Clear()
	s.show(id)
	s.wants(s.written(), "route signed", "Verified (github)")
	s.tap("Replay")
	s.Settle(func() bool { return strings.Contains(s.written(), "Show the new delivery") })
	s.show(newest(t, s.Stage).ID)
	s.wants(s.written(), "A replay")
	s.wants(s.turn(3), "A replay runs whoever has signed it.")
}

func TestReplayAndRetry(t *testing.T) {
	s := play(t, household)
	id := s.send("/x", `{"a":1}`, "Content-Type", "application/json")
	replay := detail.Button(s.Window.Canvas(), "Replay")
	s.Window.Canvas().Focus(replay)
	replay.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	s.Settle(func() bool { return strings.Contains(s.written(), "Show the new delivery") })
	if focused := s.Window.Canvas().Focused(); focused != fyne.Focusable(detail.Button(s.Window.Canvas(), "Replay")) {
		t.Errorf("the focus is at %v, not at the button that was pushed", focused)
	}
	s.wants(s.written(), "The handler's answer is the same as before.", "Replayed, the handler answered 201")
	s.tap("Show the new delivery")
	copied := newest(t, s.Stage).ID
	if want := (part.Place{Screen: part.Activity, Item: copied}); len(s.Went) != 1 || s.Went[0].Item != want.Item || copied == id {
		t.Errorf("went to %+v, want %+v", s.Went, want)
	}
	s.send("/run", "x")
	s.tap("Replay")
	s.Settle(func() bool { return strings.Contains(s.written(), "Run it once more?") })
	s.wants(s.written(), "/bin/sh")
	s.tap("Run it")
	s.Settle(func() bool { return strings.Contains(s.written(), "Show the new delivery") })
	s.tap("Retry")
	s.Settle(func() bool { return len(s.Said) > 0 && s.Said[len(s.Said)-1] == "It is tried again" })
	s.settled()
}

func TestMenu(t *testing.T) {
	s := play(t, household)
	id := s.send("/x", `{"a":1}`, "Content-Type", "application/json", "Authorization", "Bearer geheim")
	choose := func(text string) {
		t.Helper()
		for _, m := range detail.Menu(s.pane) {
			if m.Label == text {
				m.Action()
				return
			}
		}
		t.Fatalf("no %q in the menu", text)
	}
	choose("Copy id")
	if got := s.App.Clipboard().Content(); got != id {
		t.Errorf("copied %q", got)
	}
	choose("Copy as cURL")
	s.Settle(func() bool { return strings.Contains(s.App.Clipboard().Content(), "curl") })
	if strings.Contains(s.App.Clipboard().Content(), "geheim") {
		t.Error("a secret was copied")
	}
	s.pane.Shortcut(ctrl(fyne.KeyM))
	if w := s.Went[len(s.Went)-1]; w.Screen != part.Routes || !w.New || w.Item != id {
		t.Errorf("went to %+v", w)
	}
	choose("Export HAR…")
	s.wants(s.written(), "Leave credentials")
	s.CloseTop()
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	s := play(t, household)
	s.send("/x", "\x00\xff body")
	path := filepath.Join(t.TempDir(), "body.bin")
	if err := os.WriteFile(path, []byte("older"), 0o644); err != nil {
		t.Fatal(err)
	}
	detail.Save(s.pane, path, false)
	s.Settle(func() bool { return len(s.Said) > 0 })
	got, err := os.ReadFile(path)
	info, _ := os.Stat(path)
	if err != nil || string(got) != "\x00\xff body" || info.Mode().Perm() != 0o600 {
		t.Errorf("%q, %v, %v", got, err, info.Mode())
	}
	detail.Save(s.pane, path, true)
	s.Settle(func() bool { return len(s.Said) > 1 })
	if got, _ := os.ReadFile(path); !strings.Contains(string(got), `"log"`) {
		t.Errorf("no HAR: %.80q", got)
	}
	detail.Save(s.pane, filepath.Join(path, "not", "there"), true)
	s.Settle(func() bool { return strings.Contains(s.written(), "This was not written") })
}

func TestSearchInABody(t *testing.T) {
	s := play(t, household)
	s.send("/x", `{"list":["Garage","garage","door"]}`, "Content-Type", "application/json")
	if !s.pane.Find() {
		t.Fatal("there is nothing to search")
	}
	typed := s.Window.Canvas().Focused()
	test.Type(typed, "garage")
	s.Settle(func() bool { return strings.Contains(s.written(), "1/2") })
	typed.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	s.wants(s.written(), "2/2")
	test.Type(typed, "xyz")
	s.Settle(func() bool { return strings.Contains(s.written(), "Not found") })
}

func TestDuplicateLeadsToItsOriginal(t *testing.T) {
	s := play(t, household)
	body := `{"a":1}`
	id := s.send("/signed", body, "X-Hub-Signature-256", signature(body), "X-GitHub-Delivery", "one")
	s.send("/signed", body, "X-Hub-Signature-256", signature(body), "X-GitHub-Delivery", "one")
	s.wants(s.written(), "Duplicate")
	for _, m := range detail.Menu(s.pane) {
		if m.Label == "Show the original" {
			m.Action()
		}
	}
	if len(s.Went) != 1 || s.Went[0].Item != id {
		t.Errorf("went to %+v", s.Went)
	}
}

// A table of many fields comes bit by bit, and whole.
func TestLongTable(t *testing.T) {
	s := play(t, household)
	var fields []string
	for i := range 60 {
		fields = append(fields, fmt.Sprintf("X-Field-%d", i), fmt.Sprintf("value %d", i))
	}
	s.send("/x", "", fields...)
	s.Settle(func() bool { return strings.Contains(s.written(), "value 59") })
}

func TestChangedReadsAgain(t *testing.T) {
	s := play(t, household)
	id := s.send("/run", "x")
	s.wants(s.written(), "Failed")
	s.turn(2)
	s.pane.Changed(control.Delivery{ID: "another"})
	s.pane.Changed(control.Delivery{ID: id})
	s.settled()
	s.wants(s.written(), "oops")
}
