package settings

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
	"homehook/gui/part"
)

// section is one of the pages of the screen.
type section struct {
	name   string // as in part.Place
	title  string
	icon   string
	make   func() fyne.CanvasObject
	shown  func() // it comes to the front
	button *part.Push
}

// screen shows one section at a time.
type screen struct {
	desk     *part.Desk
	whole    *fyne.Container
	room     *fyne.Container
	tabs     *container.Scroll // of the sections' buttons
	sections []*section
	current  *section
	made     map[string]fyne.CanvasObject
	undo     []func()
	shown    bool
}

// New returns the screen of the settings.
func New(d *part.Desk) part.Screen {
	s := &screen{desk: d, room: container.NewStack(), made: map[string]fyne.CanvasObject{}}
	general, notices := newGeneral(d), newNotices(d)
	history, service, doctor := newHistory(d), newService(d), newDoctor(d)
	s.sections = []*section{
		{name: "general", title: look.T("General"), icon: "settings", make: general.content, shown: general.read},
		{name: "notifications", title: look.T("Notifications"), icon: "notify", make: notices.content, shown: func() {}},
		{name: "history", title: look.T("History"), icon: "clock", make: history.content, shown: history.read},
		{name: "service", title: look.T("Service"), icon: "play", make: service.content, shown: service.read},
		{name: "doctor", title: look.T("Doctor"), icon: "doctor", make: doctor.content, shown: doctor.show},
	}
	bar := container.NewHBox()
	for _, of := range s.sections {
		of.button = part.Quiet(of.title, of.icon, func() { s.show(of) })
		bar.Add(of.button)
	}
	s.tabs = container.NewHScroll(bar)
	edge := 2 * theme.InnerPadding()
	s.whole = container.New(layout.NewCustomPaddedLayout(theme.InnerPadding(), theme.InnerPadding(), edge, edge),
		container.NewBorder(container.NewVBox(part.Heading(look.T("Settings")), s.tabs, part.Line()), nil, nil, nil, s.room))
	return s
}

// Content is what is shown.
func (s *screen) Content() fyne.CanvasObject { return s.whole }

// Shown shows a section: the one asked for, the one of before, or the first.
func (s *screen) Shown(at part.Place) {
	to := s.current
	for _, of := range s.sections {
		if of.name == at.Section || to == nil {
			to = of
		}
	}
	if !s.shown {
		s.shown = true
		follow := func() {
			if s.current != nil {
				s.current.shown()
			}
		}
		s.undo = append(s.undo, s.desk.Feed.OnState(follow), s.desk.Feed.OnConfig(follow))
	}
	s.show(to)
}

// show brings a section to the front.
func (s *screen) show(of *section) {
	s.current = of
	if s.made[of.name] == nil {
		s.made[of.name] = container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 0, 0, 2*theme.Padding()), part.Narrow(of.make())))
	}
	for _, other := range s.sections {
		other.button.Importance = widget.LowImportance
		if other == of {
			other.button.Importance = widget.MediumImportance
		}
		other.button.Refresh()
	}
	s.uncover(of)
	s.room.Objects = []fyne.CanvasObject{s.made[of.name]}
	s.room.Refresh()
	of.shown()
}

// uncover scrolls to the button of a section where not all of them have room.
func (s *screen) uncover(of *section) {
	from, to := of.button.Position().X, of.button.Position().X+of.button.Size().Width
	x := min(s.tabs.Offset.X, from)
	if room := s.tabs.Size().Width; to > x+room {
		x = to - room
	}
	if room := s.tabs.Size().Width; room > 0 && x != s.tabs.Offset.X {
		s.tabs.ScrollToOffset(fyne.NewPos(x, 0))
	}
}

// Hidden ends what follows the agent.
func (s *screen) Hidden() {
	s.shown = false
	for _, end := range s.undo {
		end()
	}
	s.undo = nil
}

// Find says that nothing searches here.
func (s *screen) Find() bool { return false }

// Key goes from section to section by the arrows.
func (s *screen) Key(key *fyne.KeyEvent) bool {
	step := map[fyne.KeyName]int{fyne.KeyLeft: -1, fyne.KeyRight: 1}[key.Name]
	if step == 0 {
		return false
	}
	for i, of := range s.sections {
		if of == s.current && i+step >= 0 && i+step < len(s.sections) {
			s.show(s.sections[i+step])
			s.desk.Window.Canvas().Focus(s.current.button)
			return true
		}
	}
	return false
}

// Shortcut leaves them to the window.
func (s *screen) Shortcut(fyne.Shortcut) bool { return false }

// group is a title with what belongs to it.
func group(title string, rows ...fyne.CanvasObject) fyne.CanvasObject {
	return container.NewVBox(part.Title(title), part.Card(container.NewVBox(rows...)), widget.NewLabel(""))
}
