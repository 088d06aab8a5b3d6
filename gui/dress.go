package gui

import "fyne.io/fyne/v2"

// dress is how the app looks: a theme, in one of its variants.
type dress struct {
	theme   fyne.Theme
	variant fyne.ThemeVariant
}

func (s *shell) dress() dress {
	settings := s.desk.App.Settings()
	return dress{settings.Theme(), settings.ThemeVariant()}
}

// redress has the screen that comes to the front drawn anew where it was last in
// sight in another dress: Fyne recolours only what is in the window when that changes,
// and icons keep the colour they were drawn in.
func (s *shell) redress() {
	was, known := s.dressed[s.current]
	if is := s.dress(); known && was != is {
		s.desk.App.Settings().SetTheme(is.theme)
	}
}
