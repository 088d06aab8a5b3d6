package detail

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

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
}

// New returns a pane that shows nothing yet.
func New(d *part.Desk) *Pane {
	p := &Pane{desk: d, content: container.NewStack()}
	p.Clear()
	return p
}

// Content is what is shown; always the same object.
func (p *Pane) Content() fyne.CanvasObject { return p.content }

// Show has the delivery with this id read from the agent and shown.
func (p *Pane) Show(id string) {
	p.id = id
	p.asked++
	asked := p.asked
	part.Do(p.desk, func(ctx context.Context) (*control.Record, error) {
		return p.desk.Client().Delivery(ctx, id)
	}, func(r *control.Record, err error) {
		if asked != p.asked {
			return
		}
		p.record = r
		if err != nil {
			p.set(part.Failed(err, func() { p.Show(id) }))
		}
	})
}

// Clear shows that no delivery is chosen.
func (p *Pane) Clear() {
	p.id, p.record = "", nil
	p.asked++
	p.set(part.Empty("activity", look.T("No delivery is chosen"), look.T("Choose one to see its request, its response and what the routes did with it.")))
}

// Changed says that a delivery is another one now; it is read again if it is the
// one that is shown.
func (p *Pane) Changed(d control.Delivery) {
	if d.ID == p.id {
		p.Show(d.ID)
	}
}

// Key takes a key that nothing with the focus has taken; false if it means nothing
// here.
func (p *Pane) Key(k *fyne.KeyEvent) bool {
	if k.Name != fyne.KeyEscape || p.OnClose == nil {
		return false
	}
	p.OnClose()
	return true
}

// Shortcut takes a combination with Ctrl or Cmd; false if it means nothing here.
func (p *Pane) Shortcut(fyne.Shortcut) bool { return false }

// Find puts the focus on the search of the body that is shown; false if there is
// none.
func (p *Pane) Find() bool { return false }

// set shows one object.
func (p *Pane) set(o fyne.CanvasObject) {
	p.content.Objects = []fyne.CanvasObject{o}
	p.content.Refresh()
}
