package stage

import (
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"

	"homehook/gui/look"
)

// pictures is the variable that names the folder for pictures of windows.
const pictures = "HOMEHOOK_TEST_PICTURES"

// Picture writes what the window shows to a file of that name, for people to look at.
// It does nothing unless HOMEHOOK_TEST_PICTURES names a folder.
func (s *Stage) Picture(t testing.TB, name string) {
	t.Helper()
	folder := os.Getenv(pictures)
	if folder == "" {
		return
	}
	f, err := os.Create(filepath.Join(folder, name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, s.Window.Canvas().Capture()); err != nil {
		t.Fatal(err)
	}
}

// Pictures writes three of them: in light and dark colours, and of a small window.
// The window is afterwards as it is at the beginning of a test.
func (s *Stage) Pictures(t testing.TB, name string) {
	t.Helper()
	if os.Getenv(pictures) == "" {
		return
	}
	usual, small := fyne.NewSize(1100, 720), fyne.NewSize(900, 600)
	for _, v := range []struct {
		suffix, theme string
		size          fyne.Size
	}{{"", look.Light, usual}, {"-dark", look.Dark, usual}, {"-small", look.Light, small}} {
		s.dress(v.theme, v.size)
		s.Picture(t, name+v.suffix)
	}
	s.dress(look.Light, usual)
}

// dress gives the window colours and a size, and the dialogs on it, too, which a real
// driver does by itself.
func (s *Stage) dress(theme string, size fyne.Size) {
	s.App.Settings().SetTheme(look.NewTheme(theme, 1))
	s.Window.Resize(size)
	for _, o := range s.Window.Canvas().Overlays().List() {
		o.Resize(size)
	}
}
