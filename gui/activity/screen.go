package activity

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"homehook/agent/control"
	"homehook/gui/detail"
	"homehook/gui/feed"
	"homehook/gui/look"
	"homehook/gui/part"
)

const (
	// pace is the least time between two changes of the rows by what arrives.
	pace = 200 * time.Millisecond
	// follow is how long the detail waits while a person moves from row to row.
	follow = 80 * time.Millisecond
	// preferSplit is where list and detail part, of the width.
	preferSplit = "activity.split"
)

// screen is the list of deliveries with the one that is chosen beside it.
type screen struct {
	desk    *part.Desk
	model   *model
	list    *list
	filters *filters
	detail  *detail.Pane
	body    *fyne.Container
	middle  *fyne.Container // the list, or what is shown in its place
	side    *fyne.Container // the detail, with the way back where there is no room for both
	back    *fyne.Container
	split   *container.Split
	notice  *fyne.Container // that nothing is recorded

	shown   bool
	removes []func()     // of what listens to the feed
	pending feed.Changes // since the last change of the rows
	waits   bool         // a change of the rows is to come
	queued  bool         // a look at the model is to come
	last    time.Time
	stay    func() // has the detail stay as it is
	open    bool   // the detail is shown
	narrow  bool
	id      string    // of the delivery that a person has moved to
	state   string    // what is shown in place of the list
	off     bool      // the history is switched off
	began   time.Time // when reading began
}

var _ part.Screen = (*screen)(nil)

// New returns the screen.
func New(d *part.Desk) part.Screen { return newScreen(d) }

func newScreen(d *part.Desk) *screen {
	s := &screen{desk: d, detail: detail.New(d), stay: func() {}}
	s.model = newModel(d.Client(), d.Crew, s.stale)
	s.list = newList(s.model)
	s.list.dim = !d.Feed.State().Live()
	s.filters = newFilters(d, s.choose)
	s.filters.live.jump.OnTapped = s.toTop
	s.filters.search.leave = s.focusList
	s.filters.resized = func() { s.body.Refresh() }
	s.list.rows.Chosen = s.moved
	s.list.rows.Opened = func(int) { s.openDetail() }
	s.list.rows.Moved = s.scrolled
	s.detail.OnClose = s.closeDetail
	s.layOut()
	return s
}

// Content is the whole screen.
func (s *screen) Content() fyne.CanvasObject { return s.body }

// Shown lists what the place says, and from now on what arrives.
func (s *screen) Shown(place part.Place) {
	if !s.shown {
		s.shown = true
		s.removes = append(s.removes, s.desk.Feed.OnChanges(s.arrived), s.desk.Feed.OnState(s.reached), s.desk.Feed.OnConfig(s.configured))
		s.configured()
		s.filters.resume()
		if s.model.ready {
			s.model.again.due()
			s.readDetail()
		} else if place.Query == nil {
			s.model.load(s.filters.query)
		}
	}
	if q := place.Query; q != nil {
		chosen := *q
		chosen.Limit, chosen.Cursor = 0, ""
		s.filters.show(chosen, "")
		s.choose(chosen)
	}
	if place.Item != "" {
		s.id, s.model.chosen = place.Item, s.model.find(place.Item)
		s.openDetail()
	}
	s.sync()
}

// Hidden ends what costs anything.
func (s *screen) Hidden() {
	for _, remove := range s.removes {
		remove()
	}
	s.removes, s.shown, s.pending = nil, false, feed.Changes{}
	s.filters.wait()
	s.stay()
	s.model.stop()
	s.desk.App.Preferences().SetFloat(preferSplit, s.split.Offset)
}

// choose lists what another query chooses.
func (s *screen) choose(q control.Query) {
	s.pending, s.began = feed.Changes{}, time.Now()
	s.model.load(q)
	s.list.rows.ToTop()
}

// arrived notes changes and takes them in soon.
func (s *screen) arrived(c feed.Changes) {
	if c.Anew {
		s.pending = feed.Changes{Anew: true}
	}
	s.pending.Deliveries = append(s.pending.Deliveries, c.Deliveries...)
	if s.waits {
		return
	}
	s.waits = true
	s.desk.Crew.After(max(pace-time.Since(s.last), 0), s.takeIn)
}

// takeIn has the changes shown that were noted.
func (s *screen) takeIn() {
	s.waits, s.last = false, time.Now()
	if !s.shown {
		return
	}
	c := s.pending
	s.pending = feed.Changes{}
	s.settle()
	s.model.apply(c)
	if c.Anew {
		s.readDetail()
	}
	for i := range c.Deliveries {
		if s.open && c.Deliveries[i].ID == s.id {
			s.detail.Changed(c.Deliveries[i])
		}
	}
	s.sync()
}

// readDetail has the delivery that is shown read again, since it may have changed
// without being told of.
func (s *screen) readDetail() {
	if s.open && s.id != "" {
		s.detail.Show(s.id)
	}
}

// reached follows whether the agent can be asked.
func (s *screen) reached() {
	if live := s.desk.Feed.State().Live(); live == s.list.dim {
		s.list.dim = !live
		if live {
			s.model.retry()
			s.model.again.due()
		}
	}
	s.sync()
}

// configured asks for the names that filters offer, and whether anything is
// recorded.
func (s *screen) configured() {
	part.Do(s.desk, s.desk.Client().Routes, func(all []control.Route, err error) {
		if err == nil {
			s.filters.routes = nil
			for i := range all {
				s.filters.routes = append(s.filters.routes, all[i].Name)
			}
		}
	})
	part.Do(s.desk, s.desk.Client().Configuration, func(c *control.Configuration, err error) {
		if err == nil {
			s.off, _ = c.History.Values["off"].(bool)
			s.sync()
		}
	})
}

// stale has the rows shown as the model has them, soon.
func (s *screen) stale() {
	if s.queued {
		return
	}
	s.queued = true
	s.desk.Crew.After(0, func() {
		s.queued = false
		s.sync()
	})
}

// retry has a delivery that failed run once more.
func (s *screen) retry() {
	if s.id == "" || !s.desk.Feed.State().Live() {
		return
	}
	id := s.id
	part.Do(s.desk, func(ctx context.Context) (*control.Delivery, error) { return s.desk.Client().Retry(ctx, id) },
		func(d *control.Delivery, err error) {
			if err != nil {
				s.desk.Tell(look.T("It is not tried again"), err)
				return
			}
			s.desk.Say(look.T("It is tried again"))
			s.arrived(feed.Changes{Deliveries: []control.Delivery{*d}})
		})
}
