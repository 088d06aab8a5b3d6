package routing

import (
	"context"
	"errors"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// screen is the list of the routes and the editor of one.
type screen struct {
	desk *part.Desk
	// file is the configuration as the agent has told it last; nil before.
	file        *control.Configuration
	failed      error // why it could not be told
	credentials []string
	senders     []control.Sender
	templates   []control.Template
	shown       bool
	place       part.Place // to go to once the configuration is known
	turn        int
	forget      []func()

	root    *fyne.Container
	sides   *fyne.Container
	list    *rows
	read    readRoutes
	left    *fyne.Container // the list with what is above it
	middle  *fyne.Container // of the list: itself, or what is there in its place
	find    *part.Entry
	fresh   *part.Push
	banner  *fyne.Container // what is wrong, and what can be undone
	faults  *fyne.Container
	notice  *fyne.Container
	editor  *editor
	whole   *whole
	content *fyne.Container
}

// New returns the screen of the routes.
func New(d *part.Desk) part.Screen {
	s := &screen{desk: d}
	s.list = newRows(s, actions{
		edit: s.edit, remove: s.remove, double: s.double, toggle: s.toggle, approve: s.approve,
		move: s.move, chosen: func(int) {},
	})
	s.editor = newEditor(d, s)
	s.editor.file = func() *control.Configuration { return s.file }
	s.editor.saved = s.changed
	s.editor.closed = s.unedit
	s.whole = newWhole(d, s)
	s.whole.saved, s.whole.closed = s.changed, s.unwhole
	s.find = part.NewEntry(look.T("Find a route"))
	s.find.SetIcon(look.Icon("search"))
	s.find.OnChanged = func(string) { s.relist() }
	s.find.OnSubmitted = func(string) { d.Window.Canvas().Focus(s.list) }
	s.fresh = part.Primary(look.T("New route"), "add", s.offer)
	s.faults, s.notice = container.NewVBox(), container.NewVBox()
	s.banner = container.NewVBox(s.faults, s.notice)
	s.middle = container.NewStack(part.Loading(look.T("Asking the agent…")))
	find := container.New(&atLeast{width: 180}, s.find)
	head := part.Aside(look.T("Routes"), theme.SizeNameHeadingText, part.Heading(look.T("Routes")), container.NewHBox(container.NewCenter(find), container.NewCenter(s.fresh)))
	s.left = container.NewBorder(container.NewVBox(head, s.banner), nil, nil, nil, s.middle)
	s.sides = container.New(&beside{open: func() bool { return s.editor.sheet != nil }}, s.left, s.editor.content)
	edge := 2 * theme.InnerPadding() // as all screens have it
	s.content = container.New(layout.NewCustomPaddedLayout(theme.InnerPadding(), theme.InnerPadding(), edge, edge), s.sides)
	s.root = container.NewStack(s.content)
	return s
}

// atLeast gives an object a least width.
type atLeast struct{ width float32 }

func (a *atLeast) MinSize(o []fyne.CanvasObject) fyne.Size {
	return o[0].MinSize().Max(fyne.NewSize(part.Scaled(a.width), 0))
}

func (a *atLeast) Layout(o []fyne.CanvasObject, size fyne.Size) { o[0].Resize(size) }

// Content is what is shown.
func (s *screen) Content() fyne.CanvasObject { return s.root }

// Shown follows the agent's configuration from now on.
func (s *screen) Shown(place part.Place) {
	if !s.shown {
		s.shown = true
		s.forget = []func(){s.desk.Feed.OnConfig(s.load), s.desk.Feed.OnState(s.reach)}
	}
	s.place = place
	s.load()
}

// Hidden ends that. What is in the editor stays.
func (s *screen) Hidden() {
	s.shown = false
	for _, forget := range s.forget {
		forget()
	}
	s.forget = nil
}

// known is all that the screen asks the agent for.
type known struct {
	file        *control.Configuration
	credentials []control.Credential
	senders     []control.Sender
	templates   []control.Template
}

// load asks the agent for its configuration and what goes with it.
func (s *screen) load() {
	s.turn++
	turn := s.turn
	client := s.desk.Client()
	part.Do(s.desk, func(ctx context.Context) (k known, err error) {
		if k.file, err = client.Configuration(ctx); err != nil {
			return k, err
		}
		var failed [3]error
		k.credentials, failed[0] = client.Credentials(ctx)
		k.senders, failed[1] = client.Senders(ctx)
		k.templates, failed[2] = client.Templates(ctx)
		return k, errors.Join(failed[1], failed[2]) // without credentials there is only less to choose
	}, func(k known, err error) {
		if turn != s.turn {
			return
		}
		if k.file == nil {
			s.failed = err
			s.paint()
			return
		}
		if k.credentials != nil {
			s.credentials = nil
			for i := range k.credentials {
				s.credentials = append(s.credentials, k.credentials[i].Name)
			}
		}
		if k.senders != nil {
			s.senders = k.senders
		}
		if k.templates != nil {
			s.templates = k.templates
		}
		s.take(k.file)
		s.editor.refile(k.file)
		s.arrive()
	})
}

// changed takes the configuration that this screen has made, and asks again: an
// answer that is on its way may be older.
func (s *screen) changed(c *control.Configuration) {
	s.take(c)
	s.load()
}

// take shows a configuration.
func (s *screen) take(c *control.Configuration) {
	s.file, s.failed = c, nil
	claims := make([]string, len(c.Claims))
	for i := range c.Claims {
		claims[i] = c.Claims[i].Name
	}
	s.editor.learn(claims, s.credentials, s.senders)
	s.whole.refile(c)
	s.paint()
}

// reach follows whether there is an agent to ask.
func (s *screen) reach() {
	if s.desk.Feed.State().Live() && s.file == nil {
		s.load()
	}
	if s.desk.Feed.State().Live() {
		s.editor.back()
		s.whole.back()
	}
	s.editor.refresh()
	s.whole.refresh()
	s.paint()
}

// arrive goes to the place that was asked for, now that the routes are known.
func (s *screen) arrive() {
	place := s.place
	s.place = part.Place{}
	switch {
	case place.New && place.Item != "":
		s.editor.leaving(func() { s.from(place.Item) })
	case place.New:
		s.editor.leaving(s.blank)
	case place.Item != "":
		at := slices.IndexFunc(s.file.Routes, func(e control.ConfigEntry) bool { return e.Name == place.Item })
		if at >= 0 {
			s.list.choose(at)
			s.edit(at)
		}
	}
}

// paint shows the list, or what there is in place of it.
func (s *screen) paint() {
	able(s.fresh)(s.live() && s.file != nil && len(s.file.Claims) > 0)
	s.fault()
	switch {
	case s.file != nil && len(s.file.Routes) > 0:
		s.put(s.list)
		s.relist()
	case s.file != nil && len(s.file.Problems) > 0:
		s.put(part.Empty("problem", look.T("The configuration cannot be used"), look.T("The agent goes on with the last good one. Mend the file, and its routes are here again."),
			part.Primary(look.T("Edit the file"), "edit", s.editFile)))
	case s.file != nil && len(s.file.Claims) == 0:
		s.put(s.noClaims())
	case s.file != nil:
		s.put(s.noRoutes())
	case s.failed != nil && away(s.failed), s.failed == nil && !s.live():
		s.put(part.Empty("idle", look.T("The agent is away"), look.T("Its routes are shown as soon as it is back.")))
	case s.failed != nil:
		s.put(part.Failed(s.failed, s.load))
	}
}

func (s *screen) live() bool { return s.desk.Feed.State().Live() }

func (s *screen) put(o fyne.CanvasObject) {
	if len(s.middle.Objects) == 1 && s.middle.Objects[0] == o {
		return
	}
	s.middle.Objects = []fyne.CanvasObject{o}
	s.middle.Refresh()
}

// relist shows the routes that are looked for.
func (s *screen) relist() {
	if s.file == nil {
		return
	}
	s.list.show(s.read.of(s.file, s.desk.Feed.State().Status), s.find.Text)
}

// noClaims is shown where there is nothing that a route could belong to.
func (s *screen) noClaims() fyne.CanvasObject {
	return part.Empty("routes", look.T("No claim yet"), look.T("A route says what happens with the requests to one of your addresses. Claim an address first."),
		part.Primary(look.T("Set up step by step"), "wizard", func() { s.desk.Wizard() }),
		part.Button(look.T("Claims"), "claims", func() { s.desk.Show(part.Place{Screen: part.Claims}) }))
}

// noRoutes is shown where there is no route yet.
func (s *screen) noRoutes() fyne.CanvasObject {
	return part.Empty("routes", look.T("No route yet"), look.T("A route says what happens when a request arrives: pass it on, run a script, save it, show a notification."),
		part.Primary(look.T("From a template"), "add", func() { s.fromTemplate("") }),
		part.Button(look.T("Begin with nothing"), "edit", s.blank))
}

// fault shows above the list that the agent is away, or what keeps the file from use.
func (s *screen) fault() {
	s.faults.Objects = nil
	if !s.live() && s.file != nil {
		s.faults.Add(note("idle", theme.ColorNameWarning, look.T("The agent is away. This is what it had last; nothing can be changed until it is back."), nil))
	}
	if s.file != nil && len(s.file.Problems) > 0 && len(s.file.Routes) > 0 {
		text := look.T("The file is not in use, the last good one is.")
		for i := range s.file.Problems[:min(len(s.file.Problems), 3)] {
			text += "\n" + placed(&s.file.Problems[i])
		}
		s.faults.Add(note("problem", theme.ColorNameError, text, part.Button(look.T("Edit the file"), "edit", s.editFile)))
	}
	s.faults.Hidden = len(s.faults.Objects) == 0
	s.left.Refresh()
}

// note is a few words in a strip, with what to do about them.
func note(icon string, colour fyne.ThemeColorName, text string, do fyne.CanvasObject) fyne.CanvasObject {
	sign := container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(theme.IconInlineSize()), widget.NewIcon(look.IconIn(icon, colour))))
	if do != nil {
		do = container.NewCenter(do)
	}
	return part.Card(container.NewBorder(nil, nil, sign, do, part.Wrapped(text)))
}

// Find puts the focus on the search.
func (s *screen) Find() bool {
	if !s.sides.Objects[0].Visible() {
		return false
	}
	s.desk.Window.Canvas().Focus(s.find)
	return true
}

// Key takes what nothing with the focus has taken.
func (s *screen) Key(k *fyne.KeyEvent) bool {
	switch {
	case k.Name == fyne.KeyEscape && s.whole.open:
		s.whole.Close()
	case k.Name == fyne.KeyEscape && s.editor.sheet != nil && s.editor.trying():
		s.editor.untry()
	case k.Name == fyne.KeyEscape && s.editor.sheet != nil:
		s.editor.Close()
	case k.Name == fyne.KeyEscape && s.find.Text != "":
		s.find.SetText("")
		s.desk.Window.Canvas().Focus(s.list)
	case s.editor.sheet == nil && !s.whole.open:
		return s.list.key(k.Name)
	default:
		return false
	}
	return true
}

// Shortcut takes a combination.
func (s *screen) Shortcut(c fyne.Shortcut) bool {
	if _, ok := c.(*desktop.CustomShortcut); !ok {
		return false
	}
	switch listed := s.sides.Objects[0].Visible() && s.file != nil && !s.whole.open; {
	case command(c, fyne.KeyN) && s.file != nil && !s.fresh.Disabled():
		s.editor.leaving(s.blank)
	case command(c, fyne.KeyS) && s.whole.open:
		s.whole.Save()
	case command(c, fyne.KeyS) && s.editor.sheet != nil:
		s.editor.Save()
	case command(c, fyne.KeyF):
		return s.Find()
	case alt(c, fyne.KeyUp) && listed:
		return s.list.up()
	case alt(c, fyne.KeyDown) && listed:
		return s.list.down()
	default:
		return false
	}
	return true
}
