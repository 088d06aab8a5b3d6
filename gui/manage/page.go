package manage

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
	"homehook/gui/part"
)

// page is what the three screens have in common: a title with buttons, and cards
// below it, or what stands in their place.
type page struct {
	desk   *part.Desk
	whole  *fyne.Container
	room   *fyne.Container // of the cards
	cards  *fyne.Container
	mild   *fyne.Container // what is said above the cards
	shown  bool
	listed bool // the cards are shown
	// wants are buttons that need the agent.
	wants []*part.Push
	add   *part.Push
	undo  []func() // what ends when it is hidden
}

func newPage(d *part.Desk, title, about string, buttons ...*part.Push) *page {
	p := &page{desk: d, cards: container.New(layout.NewCustomPaddedVBoxLayout(2 * theme.Padding())), mild: container.NewVBox(), room: container.NewStack()}
	row := container.NewHBox()
	for _, b := range buttons {
		row.Add(b)
	}
	p.wants = slices.Clone(buttons)
	if len(buttons) > 0 {
		p.add = buttons[len(buttons)-1]
	}
	head := part.Tight(part.Aside(title, theme.SizeNameHeadingText, part.Heading(title), row), part.Muted(about))
	edge := 2 * theme.InnerPadding()
	p.whole = container.New(layout.NewCustomPaddedLayout(theme.InnerPadding(), theme.InnerPadding(), edge, edge),
		container.NewBorder(container.NewVBox(head, p.mild), nil, nil, nil, p.room))
	p.instead(part.Loading(look.T("Asking the agent…")))
	return p
}

// Content is what is shown.
func (p *page) Content() fyne.CanvasObject { return p.whole }

// Find says that nothing searches here.
func (p *page) Find() bool { return false }

// Key leaves keys to the window.
func (p *page) Key(*fyne.KeyEvent) bool { return false }

// Shortcut leaves them to the window.
func (p *page) Shortcut(fyne.Shortcut) bool { return false }

// onNew takes Ctrl+N where the agent can be asked.
func (p *page) onNew(s fyne.Shortcut, do func()) bool {
	k, ok := s.(*desktop.CustomShortcut)
	if !ok || k.KeyName != fyne.KeyN || !p.desk.Feed.State().Live() {
		return false
	}
	do()
	return true
}

// Hidden ends what follows the agent for this screen.
func (p *page) Hidden() {
	p.shown = false
	for _, end := range p.undo {
		end()
	}
	p.undo = nil
}

// follow has refresh called for as long as the screen is shown.
func (p *page) follow(refresh func()) {
	if p.shown {
		return
	}
	p.shown = true
	p.undo = append(p.undo, p.desk.Feed.OnState(refresh), p.desk.Feed.OnConfig(refresh))
}

// instead shows something in place of the cards.
func (p *page) instead(o fyne.CanvasObject) {
	p.listed = false
	p.room.Objects = []fyne.CanvasObject{o}
	p.room.Refresh()
}

// list shows the cards.
func (p *page) list(cards []fyne.CanvasObject) {
	p.cards.Objects = cards
	p.cards.Refresh()
	p.whole.Refresh()
	if p.listed {
		return
	}
	p.instead(container.NewVScroll(container.New(layout.NewCustomPaddedLayout(1, 1, 1, 2*theme.Padding()), p.cards)))
	p.listed = true
}

// say puts a sentence above the cards; "" takes it away.
func (p *page) say(text string, of widget.Importance) {
	p.mild.Objects = nil
	if text != "" {
		l := part.Wrapped(text)
		l.Importance = of
		p.mild.Objects = []fyne.CanvasObject{l}
	}
	p.whole.Refresh()
}

// reach enables what needs the agent while there is one, and says when there is none.
func (p *page) reach() (live bool) {
	live = p.desk.Feed.State().Live()
	for _, b := range p.wants {
		if live {
			b.Enable()
		} else {
			b.Disable()
		}
	}
	if !live {
		p.say(look.T("The agent is not running; this is what it said last."), widget.LowImportance)
	}
	return live
}

// needsAgent remembers a button of a card, which belongs to cards that are shown
// anew with each change.
func (p *page) needsAgent(b *part.Push) *part.Push {
	if !p.desk.Feed.State().Live() {
		b.Disable()
	}
	return b
}

// more is a button that opens a menu below itself.
func more(items ...*fyne.MenuItem) *part.Push {
	var b *part.Push
	b = part.Quiet("", "more", func() { part.PopUp(b, items...) })
	return b
}

// item is an entry of a menu.
func item(label, icon string, do func()) *fyne.MenuItem {
	m := fyne.NewMenuItem(label, do)
	m.Icon = look.Icon(icon)
	return m
}

// card is what is known of one thing: a sign, its name with buttons at the end, and
// lines below the name.
func card(s look.Sign, name string, buttons []fyne.CanvasObject, lines ...fyne.CanvasObject) fyne.CanvasObject {
	title := widget.NewLabelWithStyle(part.Visible(name), fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	title.Truncation = fyne.TextTruncateEllipsis
	title.SizeName = theme.SizeNameSubHeadingText
	head := part.Aside(name, theme.SizeNameSubHeadingText, title, container.NewHBox(buttons...))
	column := container.NewVBox(container.New(layout.NewCustomPaddedLayout(theme.InnerPadding(), 0, theme.Padding(), 0), sign(s)))
	return part.Card(container.NewBorder(nil, nil, column, nil, part.Tight(append([]fyne.CanvasObject{head}, lines...)...)))
}

// sign is an icon in the size of a line.
func sign(s look.Sign) fyne.CanvasObject {
	return container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(theme.IconInlineSize()), widget.NewIcon(s.Resource())))
}

// facts is a line of short facts with dots between them; empty ones are left out.
func facts(all ...string) fyne.CanvasObject {
	all = slices.DeleteFunc(all, func(s string) bool { return s == "" })
	text := ""
	for i, s := range all {
		if i > 0 {
			text += "  ·  "
		}
		text += s
	}
	return part.Muted(text)
}

// trouble is a line that says what is wrong; nil for nothing.
func trouble(text string) []fyne.CanvasObject {
	if text == "" {
		return nil
	}
	l := part.Wrapped(part.VisibleLines(text))
	l.Importance = widget.DangerImportance
	return []fyne.CanvasObject{l}
}
