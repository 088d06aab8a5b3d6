package activity

import "fyne.io/fyne/v2"

// settle says where the list stands, before the model changes.
func (s *screen) settle() {
	s.model.anchor = s.list.rows.Top()
}

// sync shows the rows as the model has them. A list that stands at its top stays
// there, and one that is further down stays where it is in what is shown.
func (s *screen) sync() {
	m, rows := s.model, s.list.rows
	if rows.AtTop() {
		m.anchor, m.fresh = 0, 0
	}
	s.hold()
	rows.Place(m.anchor, m.chosen)
	s.list.now = clock()
	rows.Refresh()
	s.tell()
}

// hold keeps the row that a person has moved to by its id.
func (s *screen) hold() {
	m := s.model
	d := m.row(m.chosen)
	switch {
	case d != nil && d.ID == s.id:
	case d != nil && s.id == "": // it was not there yet when they moved to it
		s.id = d.ID
		if s.open {
			s.detail.Show(d.ID)
		}
	case s.id != "" && (d != nil || m.chosen < 0):
		m.chosen = m.find(s.id)
	}
}

// scrolled has the rows read that came into sight.
func (s *screen) scrolled() {
	m, rows := s.model, s.list.rows
	m.anchor = rows.Top()
	if rows.AtTop() {
		m.fresh = 0
	}
	m.fresh = min(m.fresh, m.anchor)
	m.see(rows.InSight())
	s.tellLive()
}

// moved follows a person to a row.
func (s *screen) moved(at int) {
	s.model.chosen = at
	s.id = ""
	s.stay()
	d := s.model.row(at)
	if d == nil {
		return
	}
	s.id = d.ID
	if s.open {
		s.stay = s.desk.Crew.After(follow, func() { s.detail.Show(d.ID) })
	}
}

// openDetail shows the delivery that a person has moved to.
func (s *screen) openDetail() {
	s.stay()
	s.open = true
	if s.id != "" {
		s.detail.Show(s.id)
	}
	s.arrange()
}

// closeDetail gives the list all the room.
func (s *screen) closeDetail() {
	s.stay()
	s.open = false
	s.detail.Clear()
	s.arrange()
	s.focusList()
}

// toTop goes to the newest.
func (s *screen) toTop() {
	s.list.rows.ToTop()
	s.sync()
	s.focusList()
}

func (s *screen) focusList() { s.desk.Window.Canvas().Focus(s.list.rows) }

// Find puts the focus on the search, of the detail if that is all there is.
func (s *screen) Find() bool {
	if s.open && s.narrow {
		return s.detail.Find()
	}
	s.desk.Window.Canvas().Focus(s.filters.search)
	return true
}

// Key moves in the list and acts on the delivery chosen.
func (s *screen) Key(e *fyne.KeyEvent) bool {
	if s.open && s.narrow {
		return s.detail.Key(e) || s.key(e)
	}
	return s.list.rows.Key(e) || s.key(e) || s.open && s.detail.Key(e)
}

// key takes the keys of the screen itself.
func (s *screen) key(e *fyne.KeyEvent) bool {
	switch {
	case e.Name == fyne.KeyR:
		s.retry()
	case e.Name == fyne.KeySlash:
		return s.Find()
	case e.Name == fyne.KeyEscape && s.open:
		s.closeDetail()
	default:
		return false
	}
	return true
}

// Shortcut is the detail's.
func (s *screen) Shortcut(c fyne.Shortcut) bool { return s.open && s.detail.Shortcut(c) }
