package detail

import "fyne.io/fyne/v2"

// Settled says whether a pane shows its delivery, and the body of its tab.
func Settled(p *Pane) bool {
	if p.record == nil || p.tabs == nil {
		return false
	}
	b := p.shown[p.tabs.SelectedIndex()].searched()
	return b == nil || b.read != nil
}

// Turn shows a tab.
func Turn(p *Pane, i int) { p.tabs.SelectIndex(i) }

// Body is the body that a tab shows.
func Body(p *Pane) *body { return p.shown[p.tabs.SelectedIndex()].searched() }

// Menu are the texts of the menu of what is wanted seldom, and what they do.
func Menu(p *Pane) []*fyne.MenuItem { return p.moreItems() }
