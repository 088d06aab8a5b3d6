package detail

import (
	"bytes"
	"context"
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// Pane shows one delivery. It belongs to the goroutine of the user interface.
type Pane struct {
	// OnClose is called when a person closes the pane, by its button or Esc; nil is
	// nothing.
	OnClose func()

	desk    *part.Desk
	content *fyne.Container
	id      string          // of the delivery that is shown, or asked for
	record  *control.Record // nil until it is there
	asked   int             // counts what was asked, to know stale answers by

	tab    int // that is looked at, of this delivery and of the next
	tabs   *container.AppTabs
	shown  []*tab
	built  *control.Record // that the tabs are of
	top    *header
	result *replayed       // what came of the last replay from here
	hint   *widget.Label   // that the agent is away, or at work
	above  *fyne.Container // the tabs
	edit   *editor         // the dialog that is open; nil is none
	busy   bool            // something was asked for that changes something
	able   able            // what is shown of what can be done

	pictures pictures
	visit    *visit // of the delivery that is shown
}

// New returns a pane that shows nothing yet.
func New(d *part.Desk) *Pane {
	p := &Pane{desk: d, content: container.NewStack()}
	d.Feed.OnState(p.reach)
	p.Clear()
	return p
}

// Content is what is shown; always the same object.
func (p *Pane) Content() fyne.CanvasObject { return p.content }

// Show has the delivery with this id read from the agent and shown.
func (p *Pane) Show(id string) {
	if id == "" {
		p.Clear()
		return
	}
	if id != p.id {
		p.enter(id)
		p.put(part.Loading(look.T("Reading the delivery…")))
	}
	p.load()
}

// enter leaves the delivery that is shown for another one, or for none.
func (p *Pane) enter(id string) {
	p.visit.end()
	p.id, p.record, p.result = id, nil, nil
	p.visit = &visit{pictures: &p.pictures}
}

// load asks for the delivery. An answer to an earlier question is dropped.
func (p *Pane) load() {
	p.asked++
	asked, id := p.asked, p.id
	p.desk.Crew.Go(func(ctx context.Context) func() {
		r, err := p.desk.Client().Delivery(ctx, id)
		return func() {
			if asked == p.asked {
				p.loaded(r, err)
			}
		}
	})
}

func (p *Pane) loaded(r *control.Record, err error) {
	switch {
	case err == nil:
		p.record = r
		p.build()
	case errors.Is(err, control.ErrNotFound):
		p.record = nil
		p.put(p.closable(part.Empty("expired", look.T("This delivery is gone"), look.T("It was removed from the history, which keeps deliveries only so long."))))
	case p.record != nil && !p.desk.Feed.State().Live():
		// What is known stays, and the pane says that the agent is away.
	case errors.Is(err, control.ErrNotRunning):
		p.put(p.closable(part.Empty("paused", look.T("The agent is not running"), look.T("The delivery is shown when it is back."))))
	default:
		p.put(p.closable(part.Failed(err, p.load)))
	}
}

// Clear shows that no delivery is chosen.
func (p *Pane) Clear() {
	p.enter("")
	p.built, p.shown = nil, nil // which have the whole body
	p.asked++
	p.put(part.Empty("activity", look.T("No delivery is chosen"), look.T("Choose one to see its request, its response and what the routes did with it.")))
}

// Changed says that a delivery is another one now; it is read again if it is the
// one that is shown.
func (p *Pane) Changed(d control.Delivery) {
	if d.ID == p.id && p.id != "" {
		p.load()
	}
}

// reach follows whether there is an agent to ask.
func (p *Pane) reach() {
	if p.id == "" {
		return
	}
	if p.record == nil {
		if p.desk.Feed.State().Live() {
			p.load()
		}
		return
	}
	p.enable()
}

// enable says what can be done now. The state of the agent changes often, and all of
// the pane is painted anew, so nothing is done where it would be the same.
func (p *Pane) enable() {
	live := p.desk.Feed.State().Live()
	now := able{header: p.top, live: live, busy: p.busy}
	if p.able == now {
		return
	}
	p.able = now
	p.hint.Importance, p.hint.Hidden = widget.LowImportance, live && !p.busy
	text := look.T("It is running…")
	if !live {
		p.hint.Importance = widget.WarningImportance
		text = look.T("The agent is not running: this is what is known of before.")
	}
	p.hint.SetText(text)
	p.top.enable(live && !p.busy)
	p.content.Refresh()
}

// able is what decides on what can be done with a delivery.
type able struct {
	header     *header
	live, busy bool
}

// Key takes a key that nothing with the focus has taken; false if it means nothing
// here.
func (p *Pane) Key(k *fyne.KeyEvent) bool {
	if k.Name != fyne.KeyEscape || p.OnClose == nil || p.id == "" {
		return false
	}
	p.OnClose()
	return true
}

// Shortcut takes a combination with Ctrl or Cmd; false if it means nothing here.
func (p *Pane) Shortcut(s fyne.Shortcut) bool {
	c, ok := s.(*desktop.CustomShortcut)
	if !ok || c.Modifier&fyne.KeyModifierShift != 0 {
		return false
	}
	if p.edit != nil {
		if c.KeyName == fyne.KeyReturn || c.KeyName == fyne.KeyEnter {
			p.edit.sheet.Submit()
			return true
		}
		return false
	}
	if p.record == nil {
		return false
	}
	switch c.KeyName {
	case fyne.KeyR:
		p.replay()
	case fyne.KeyE:
		p.openEditor()
	case fyne.KeyM:
		p.makeRoute()
	default:
		return false
	}
	return true
}

// Find puts the focus on the search of the body that is shown; false if there is
// none.
func (p *Pane) Find() bool {
	if p.record == nil || p.tabs == nil {
		return false
	}
	t := p.shown[p.tabs.SelectedIndex()]
	b := t.searched()
	return b != nil && b.focusFind()
}

// put shows one object.
func (p *Pane) put(o fyne.CanvasObject) {
	p.content.Objects = []fyne.CanvasObject{o}
	p.content.Refresh()
}

// closable adds the button that closes the pane.
func (p *Pane) closable(o fyne.CanvasObject) fyne.CanvasObject {
	if p.OnClose == nil {
		return o
	}
	return container.NewBorder(container.NewBorder(nil, nil, nil, p.closer()), nil, nil, nil, o)
}

func (p *Pane) closer() *part.Push {
	return part.Quiet("", "close", func() {
		if p.OnClose != nil {
			p.OnClose()
		}
	})
}

// build shows the record.
func (p *Pane) build() {
	r := p.record
	was := p.shown
	p.shown = []*tab{p.requestTab(), p.responseTab(), p.attemptsTab(), p.traceTab(), p.rawTab()}
	if p.built != nil && p.built.ID == r.ID && bytes.Equal(p.built.Body, r.Body) && bytes.Equal(p.built.Head, r.Head) {
		p.shown[0], p.shown[4] = was[0], was[4] // with what a person has searched and folded
	}
	p.built = r
	items := make([]*container.TabItem, len(p.shown))
	for i, t := range p.shown {
		if t.item == nil {
			t.item = container.NewTabItem(t.title, container.NewStack())
		}
		items[i] = t.item
	}
	p.turn(p.tab)
	p.tabs = container.NewAppTabs(items...)
	p.tabs.SelectIndex(p.tab)
	p.tabs.OnSelected = func(*container.TabItem) { p.turn(p.tabs.SelectedIndex()) }
	p.arrange()
}

// arrange puts what is new of the delivery above its tabs.
func (p *Pane) arrange() {
	focused := p.top.focused(p.desk.Window.Canvas())
	p.top = newHeader(p, p.record)
	p.hint = part.Muted("")
	p.above = container.NewVBox(p.top.object, p.hint)
	if p.result != nil {
		p.above.Add(p.result.object(p))
	}
	p.content.Objects = []fyne.CanvasObject{container.NewBorder(p.above, nil, nil, nil, p.tabs)}
	p.enable() // which paints it
	p.top.focus(p.desk.Window.Canvas(), focused)
}

// turn makes a tab when it is first looked at.
func (p *Pane) turn(i int) {
	p.tab = i
	t := p.shown[i]
	if t.made {
		return
	}
	t.made = true
	stack := t.item.Content.(*fyne.Container)
	stack.Objects = []fyne.CanvasObject{t.make()}
	stack.Refresh()
}

// tab is one of the ways to look at a delivery.
type tab struct {
	title string
	make  func() fyne.CanvasObject
	made  bool
	item  *container.TabItem
	// searched is the body that is looked at; nil is none.
	searched func() *body
}

func noBody() *body { return nil }
