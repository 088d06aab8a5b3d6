package activity

import (
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// typing is how long the search waits for the next letter.
const typing = 250 * time.Millisecond

// filters is the bar above the list: a search, a menu for each filter, and those
// that are in force as words that can be taken off.
type filters struct {
	desk   *part.Desk
	chosen func(control.Query) // called when a person wants another query
	// resized is called when the bar may be higher or lower than it was.
	resized func()
	query   control.Query
	span    string // the name of the time that query looks at

	search *searchEntry
	wait   func() // stops waiting for the next letter
	menus  []*tag
	words  *fyne.Container
	live   *liveSign
	count  *widget.Label
	bar    *fyne.Container
	routes []string
}

func newFilters(d *part.Desk, chosen func(control.Query)) *filters {
	f := &filters{desk: d, chosen: chosen, wait: func() {}, resized: func() {}, live: newLiveSign(), count: widget.NewLabel("")}
	f.search = newSearchEntry(f.typed)
	f.count.Importance = widget.LowImportance
	f.menus = []*tag{
		f.menu(look.T("Claim"), f.claimItems), f.menu(look.T("Route"), f.routeItems), f.menu(look.T("State"), f.stateItems),
		f.menu(look.T("Method"), f.methodItems), f.menu(look.T("Status"), f.statusItems), f.menu(look.T("Time"), f.timeItems),
	}
	right := container.NewHBox(f.live.box, f.count)
	all := []fyne.CanvasObject{f.search, right}
	for _, b := range f.menus {
		all = append(all, b)
	}
	f.words = container.New(&flow{})
	f.words.Hide()
	f.bar = container.NewVBox(container.New(&barLayout{}, all...), f.words)
	return f
}

// typed searches when no letter has come for a while, and at once for nothing.
func (f *filters) typed(text string) {
	f.wait()
	search := func() {
		q := f.query
		q.Search = text
		f.set(q, f.span)
	}
	if text == "" {
		search()
		return
	}
	f.wait = f.desk.Crew.After(typing, search)
}

// resume searches for what was typed when the screen was left.
func (f *filters) resume() {
	if f.search.Text != f.query.Search {
		f.typed(f.search.Text)
	}
}

// set has another query shown, unless it is the same.
func (f *filters) set(q control.Query, span string) {
	if q == f.query {
		return
	}
	f.show(q, span)
	f.chosen(q)
}

// show shows which filters are in force.
func (f *filters) show(q control.Query, span string) {
	f.wait()
	f.query, f.span = q, span
	f.search.put(q.Search)
	f.words.RemoveAll()
	for _, w := range words(&q, span) {
		f.words.Add(newTag(w.text, "close", true, func() {
			q := f.query
			w.off(&q)
			f.set(q, f.kept(q))
		}))
	}
	f.words.Hidden = len(f.words.Objects) == 0
	if len(f.words.Objects) > 1 {
		f.words.Add(newTag(look.T("Clear filters"), "close", false, f.clear))
	}
	f.resized()
}

// kept is the name of the time looked at, if that is still the one of q.
func (f *filters) kept(q control.Query) string {
	if q.Since.Equal(f.query.Since) && q.Until.Equal(f.query.Until) {
		return f.span
	}
	return ""
}

// clear takes all filters off, and the search.
func (f *filters) clear() { f.set(control.Query{}, "") }

// menu is a button that opens a menu of what to filter by.
func (f *filters) menu(text string, items func() []*fyne.MenuItem) *tag {
	b := newTag(text, "below", false, nil)
	b.pushed = func() {
		m := widget.NewPopUpMenu(fyne.NewMenu("", items()...), f.desk.Window.Canvas())
		m.ShowAtRelativePosition(fyne.NewPos(0, b.Size().Height+theme.Padding()/2), b)
		f.desk.Window.Canvas().Focus(m)
	}
	return b
}

// item is an entry of a menu, which changes the query.
func (f *filters) item(text string, checked bool, change func(*control.Query)) *fyne.MenuItem {
	i := fyne.NewMenuItem(text, func() {
		q := f.query
		change(&q)
		f.set(q, f.kept(q))
	})
	i.Checked = checked
	return i
}

// choices are the entries of a menu of values, of which the first is none. One that
// is chosen and not among the values is offered, too.
func (f *filters) choices(any, now string, values, labels []string, put func(*control.Query, string)) []*fyne.MenuItem {
	items := []*fyne.MenuItem{f.item(any, now == "", func(q *control.Query) { put(q, "") }), fyne.NewMenuItemSeparator()}
	known := now == ""
	for i, v := range values {
		known = known || v == now
		items = append(items, f.item(labels[i], v == now, func(q *control.Query) { put(q, v) }))
	}
	if !known {
		items = append(items, f.item(part.Visible(part.Cut(now, 60)), true, func(q *control.Query) { put(q, now) }))
	}
	return items
}

func (f *filters) claimItems() []*fyne.MenuItem {
	var claims []string
	if status := f.desk.Feed.State().Status; status != nil {
		for i := range status.Claims {
			claims = append(claims, status.Claims[i].Name)
		}
	}
	return f.choices(look.T("All claims"), f.query.Claim, claims, claims, func(q *control.Query, v string) { q.Claim = v })
}

func (f *filters) routeItems() []*fyne.MenuItem {
	return f.choices(look.T("All routes"), f.query.Route, f.routes, f.routes, func(q *control.Query, v string) { q.Route = v })
}

func (f *filters) stateItems() []*fyne.MenuItem {
	var labels []string
	for _, s := range states {
		labels = append(labels, look.DeliverySign(s).Word)
	}
	items := f.choices(look.T("All states"), f.query.State, states, labels, func(q *control.Query, v string) { q.State = v })
	items[0].Icon = look.IconIn("activity", look.ColourMuted)
	for i, s := range states {
		items[i+2].Icon = look.DeliverySign(s).Resource()
	}
	return items
}

func (f *filters) methodItems() []*fyne.MenuItem {
	return f.choices(look.T("All methods"), f.query.Method, methods, methods, func(q *control.Query, v string) { q.Method = v })
}

func (f *filters) statusItems() []*fyne.MenuItem {
	var values []string
	for _, s := range statuses {
		values = append(values, strconv.Itoa(s))
	}
	now := ""
	if f.query.Status != 0 {
		now = strconv.Itoa(f.query.Status)
	}
	items := f.choices(look.T("All statuses"), now, values, values, func(q *control.Query, v string) { q.Status, _ = strconv.Atoi(v) })
	return append(items, fyne.NewMenuItemSeparator(), fyne.NewMenuItem(look.T("Other…"), f.askStatus))
}

func (f *filters) timeItems() []*fyne.MenuItem {
	none := f.query.Since.IsZero() && f.query.Until.IsZero()
	items := []*fyne.MenuItem{f.timeItem(look.T("Any time"), none, time.Time{}, time.Time{}, ""), fyne.NewMenuItemSeparator()}
	now := time.Now()
	for _, p := range periods() {
		until := time.Time{}
		if p.until != nil {
			until = p.until(now)
		}
		items = append(items, f.timeItem(p.name, f.span == p.name, p.since(now), until, p.name))
	}
	return append(items, fyne.NewMenuItemSeparator(), fyne.NewMenuItem(look.T("From … to …"), f.askTime))
}

func (f *filters) timeItem(text string, checked bool, since, until time.Time, span string) *fyne.MenuItem {
	i := fyne.NewMenuItem(text, func() {
		q := f.query
		q.Since, q.Until = since, until
		f.set(q, span)
	})
	i.Checked = checked
	return i
}
