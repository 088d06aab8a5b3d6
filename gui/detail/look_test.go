package detail_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"mime/multipart"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"homehook/agent/control"
	"homehook/gui/detail"
	"homehook/gui/look"
	"homehook/gui/stage"
)

// newest is the delivery that came last.
func newest(t testing.TB, s *stage.Stage) control.Delivery {
	t.Helper()
	page, _, err := s.Client().Deliveries(t.Context(), control.Query{Limit: 1})
	if err != nil || len(page) == 0 {
		t.Fatalf("deliveries: %v, %d", err, len(page))
	}
	return page[0]
}

func drawing(t testing.TB, w, h int) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w {
		m.Set(i, i%h, color.RGBA{uint8(i), 80, 120, 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func form(t testing.TB) (text, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.SetBoundary("AaB03x")
	_ = w.WriteField("title", "Front door")
	f, _ := w.CreateFormFile("photo", "door.png")
	_, _ = f.Write([]byte(drawing(t, 20, 20)))
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}

func TestPictures(t *testing.T) {
	folder := os.Getenv("PICTURES")
	if folder == "" {
		t.Skip()
	}
	s := stage.New(t, household)
	url := s.Connected("garage")
	if err := s.Client().SetCredential(t.Context(), "github/garage", "It's a secret"); err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	send := func(name, path, body string, fields ...string) {
		s.Post(url+path, body, fields...)
		ids[name] = newest(t, s).ID
	}
	send("json", "/hooks/github?installation=42&x=%E2%80%AE", `{"action":"opened","number":17,"pull_request":{"title":"Wärmepumpe: neue Regelung \u00fc","draft":false,"labels":["heating","urgent",null],"user":{"login":"octocat","id":583231,"site_admin":false}},"empty":{},"list":[],"url":"https://example.com/a/very/long/path/that/does/not/fit/on/one/line/of/the/pane/so/that/it/wraps","bidi":"a`+"\u202e"+`b"}`, "Content-Type", "application/json", "X-GitHub-Event", "pull_request", "X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
	send("bad", "/bad", "{\n  \"a\": 1,\n  \"b\": tru,\n}", "Content-Type", "application/json")
	send("form", "/form", "name=J%C3%B6rg&message=Hello+world&tick=on", "Content-Type", "application/x-www-form-urlencoded")
	text, kind := form(t)
	send("parts", "/parts", text, "Content-Type", kind)
	send("png", "/png", drawing(t, 320, 200), "Content-Type", "image/png")
	send("hex", "/hex", "\x00\x01\x02binary\xff\xfe"+strings.Repeat("\x00abc", 100), "Content-Type", "application/octet-stream")
	send("script", "/run", "x")
	send("signed", "/signed", "{}", "X-Hub-Signature-256", "sha256=00")
	send("when", "/when", `{"action":"closed"}`, "X-Kind", "push")
	for _, size := range []fyne.Size{{Width: 1100, Height: 720}, {Width: 900, Height: 600}, {Width: 700, Height: 600}} {
		p := detail.New(s.Desk)
		s.Window.SetContent(p.Content())
		s.Window.Resize(size)
		p.Show(ids["json"])
		s.Settle(func() bool { return detail.Settled(p) })
		p.Shortcut(ctrl(fyne.KeyE))
		e := detail.Edited(p)
		s.Settle(e.Compared)
		e.Set("/other", "", "{\"a\": 1}")
		s.Settle(func() bool { return e.Diff() != "" })
		shot(t, s, filepath.Join(folder, "edit-"+map[float32]string{1100: "1100", 900: "900", 700: "700"}[size.Width]+".png"))
		s.CloseTop()
		if size.Width == 700 {
			p.Show(ids["script"])
			s.Settle(func() bool { return detail.Settled(p) })
			p.Shortcut(ctrl(fyne.KeyR))
			s.Settle(func() bool { return strings.Contains(detail.Written(s.Window.Canvas()), "/bin/sh") })
			shot(t, s, filepath.Join(folder, "confirm.png"))
			test.Tap(detail.Button(s.Window.Canvas(), detail.Word("Run it")))
			s.Settle(func() bool { return detail.Button(s.Window.Canvas(), detail.Word("Show the new delivery")) != nil })
			shot(t, s, filepath.Join(folder, "replayed.png"))
		}
	}
	for _, v := range []string{look.Light, look.Dark} {
		s.App.Settings().SetTheme(look.NewTheme(v, 1))
		for _, width := range []float32{420, 640} {
			for name, id := range ids {
				p := detail.New(s.Desk)
				p.OnClose = func() {}
				s.Window.SetContent(container.NewStack(p.Content()))
				s.Window.Resize(fyne.NewSize(width, 640))
				p.Show(id)
				s.Settle(func() bool { return detail.Settled(p) })
				for i := range 5 {
					detail.Turn(p, i)
					s.Settle(func() bool { return detail.Settled(p) })
					if name != "json" && i > 0 && width == 640 || v == look.Dark && name != "json" && name != "script" {
						continue
					}
					shot(t, s, filepath.Join(folder, name+"-"+string('0'+rune(i))+"-"+v+"-"+map[float32]string{420: "420", 640: "640"}[width]+".png"))
				}
			}
		}
	}
}

func shot(t testing.TB, s *stage.Stage, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, s.Window.Canvas().Capture()); err != nil {
		t.Fatal(err)
	}
}
