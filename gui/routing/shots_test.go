package routing_test

import (
	"image/png"
	"os"
	"strconv"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"homehook/gui/look"
	"homehook/gui/part"
	"homehook/gui/routing"
	"homehook/gui/stage"
)

const many = `relays:
  - {name: mine, url: RELAY, token: relay/test}
claims:
  - {name: garage, relay: mine}
routes:
  # the blog
  - name: deploy the blog
    match: POST /github/{repo}
    verify: {scheme: github, secret: github}
    events: [push]
    when: json.ref == "refs/heads/main"
    script:
      command: [/bin/echo, "--", "{json.ref}"]   # said aloud
      timeout: 60s
    background: true
  - name: doorbell
    match: POST /bell
    unverified: true
    continue: true
    notify: {title: Somebody is at the door}
  - name: invoices
    off: true
    match: POST /invoices
    verify: {scheme: stripe, secret: stripe}
    save: {folder: /tmp, name: "{id}.json"}
  - name: everything else to Home Assistant
    match: /
    unverified: true
    forward: {to: "http://127.0.0.1:8123", strip: /ha}
`

func shot(t *testing.T, s *stage.Stage, name string) {
	f, err := os.Create("/tmp/shots/" + name + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, s.Window.Canvas().Capture()); err != nil {
		t.Fatal(err)
	}
}

func TestShots(t *testing.T) {
	if os.Getenv("SHOTS") == "" {
		t.Skip()
	}
	_ = os.MkdirAll("/tmp/shots", 0o700)
	s := stage.New(t, many)
	if l := os.Getenv("SPEAK"); l != "" {
		s.Speak(l)
	}
	variant := look.Light
	if os.Getenv("DARK") != "" {
		variant = look.Dark
		s.App.Settings().SetTheme(look.NewTheme(look.Dark, 1))
	}
	pre := variant + os.Getenv("SPEAK") + "-"
	if os.Getenv("SMALL") != "" {
		s.Window.Resize(fyne.NewSize(900, 600))
		pre += "small-"
	}
	if os.Getenv("WIDTH") != "" {
		n, _ := strconv.Atoi(os.Getenv("WIDTH"))
		s.Window.Resize(fyne.NewSize(float32(n), 720))
		pre += os.Getenv("WIDTH") + "-"
	}
	url := s.Connected("garage")
	for range 3 {
		s.Post(url+"/bell", `{"visitor":"ann"}`)
	}
	s.Post(url+"/github/blog", `{"ref":"refs/heads/main"}`, "X-GitHub-Event", "push")
	scr := routing.New(s.Desk)
	s.Window.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) {
		if !s.Desk.CloseTop() {
			scr.Key(k)
		}
	})
	s.Play(scr, part.Place{})
	wait(s, 30)
	shot(t, s, pre+"list")
	scr.Shown(part.Place{Item: "deploy the blog"})
	wait(s, 60)
	shot(t, s, pre+"edit")
	press := func(text string) {
		for _, o := range test.LaidOutObjects(s.Window.Content()) {
			if b, ok := o.(*part.Push); ok && b.Text == text && b.Visible() {
				test.Tap(b)
				return
			}
		}
		t.Errorf("no button %q", text)
	}
	type entry interface {
		fyne.Focusable
		SetText(string)
	}
	focus := s.Window.Canvas().Focused().(entry)
	focus.SetText("deploy all")
	wait(s, 60)
	focus.SetText("doorbell")
	wait(s, 80)
	shot(t, s, pre+"edit-wrong")
	focus.SetText("deploy all")
	wait(s, 80)
	press(look.T("Try…"))
	wait(s, 60)
	shot(t, s, pre+"try")
	s.Window.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	wait(s, 10)
	shot(t, s, pre+"try-detail")
	press(look.T("Back to the route"))
	press(look.T("Cancel"))
	wait(s, 10)
	shot(t, s, pre+"discard")
	s.Window.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	wait(s, 20)
	scr.Shown(part.Place{New: true})
	wait(s, 60)
	shot(t, s, pre+"new")
	scr.Key(&fyne.KeyEvent{Name: fyne.KeyEscape})
	wait(s, 10)
	routing.Template(scr)
	wait(s, 60)
	shot(t, s, pre+"template")
	s.Desk.CloseTop()
	broken := strings.ReplaceAll(strings.ReplaceAll(many, "RELAY", s.Relay), "notify: {title", "notfy: {title")
	told := false
	s.Feed.OnConfig(func() { told = true })
	if err := os.WriteFile(s.Config, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Settle(func() bool { return told })
	wait(s, 60)
	shot(t, s, pre+"broken")
	_ = os.WriteFile("/tmp/shots/broken.xml", []byte(test.RenderToMarkup(s.Window.Canvas())), 0o600)
	press(look.T("Edit the file"))
	wait(s, 30)
	shot(t, s, pre+"whole")
}

func wait(s *stage.Stage, n int) {
	s.Settle(func() bool { n--; return n <= 0 })
}
